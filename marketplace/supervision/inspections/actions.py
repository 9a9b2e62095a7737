"""Open the inspection of a contract, and record what it found."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _

from marketplace.contracts.models import Contract
from marketplace.foundation import clock, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import working_calendar
from marketplace.foundation.crypto import digest
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid, Refused
from marketplace.foundation.files import StoredFile
from marketplace.notifications.actions import send

from . import queries
from .models import ContractInspection, InspectionStatus

DOCUMENT, FINDINGS = (2, 120), (5, 1000)


def open_inspection(contract_id: int, actor: Actor, now: datetime) -> ContractInspection | None:
    """The inspection a running contract is due while its firm stands under key supervision.

    The contract is locked first. None where none is due, or it was opened already.
    """
    contract = lock(db.session.get_one(Contract, contract_id))
    now = max(now, clock.now())
    for found in queries.uninspected(now, contract_id):
        days = found.edition.values.inspection_days
        made = ContractInspection(
            contract_id=contract_id,
            organisation_id=found.organisation_id,
            jurisdiction_code=found.jurisdiction_code,
            grade=found.grade,
            grade_since=found.since,
            opened_at=now,
            due_at=working_calendar().deadline(now, days),
            edition_id=found.edition.id,
        )
        lifecycle.begin(made, InspectionStatus.DUE, actor, now)
        until = clock.written(made.due_at)
        for organisation_id in (contract.firm_id, contract.owner_id):
            send(
                organisation_id,
                f"合同 {contract.number} 列入重点监管检查",
                f"机构信用等级为 {found.grade.value} 级，属重点监管，履行中的合同逐份检查。"
                f"管理机构应于 {until} 前完成检查，请予以配合。",
                f"/contracts/{contract.public_id}",
                f"inspection:{made.id}:{organisation_id}:due",
                now,
            )
        return made
    return None


def record_outcome(
    inspection: ContractInspection,
    outcome: InspectionStatus,
    document: str,
    findings: str,
    evidence: StoredFile | None,
    actor: Actor,
    now: datetime,
) -> ContractInspection:
    """Say what an inspection found; its content's digest stands in the audit ledger.

    Sanctions do not follow by themselves: what was found is proposed like any other breach. Raises
    Invalid naming the field, Conflict when it was made already, Refused to a party of the contract.
    """
    lock(inspection)
    now = max(now, clock.now())
    contract = inspection.contract
    if actor.organisation_id in (contract.owner_id, contract.firm_id):
        raise Refused(_("本单位是合同的一方，应当回避"), rule="recusal")
    if inspection.status is not InspectionStatus.DUE:
        raise Conflict(_("该份合同的检查已经办结"), rule="lifecycle")
    if outcome is InspectionStatus.DUE:
        raise Invalid(_("请选择检查结论"), field="outcome", rule="inspection.outcome")
    if outcome is InspectionStatus.FAULTS and evidence is None:
        raise Invalid(
            _("发现问题的，请附检查记录等证据材料"), field="evidence", rule="inspection.evidence"
        )
    inspection.document = _written(document, "document", *DOCUMENT)
    inspection.findings = _written(findings, "findings", *FINDINGS)
    inspection.evidence_file_id = evidence.id if evidence else None
    inspection.done_by = actor.user_id
    inspection.done_at = now
    content = {
        "contract": contract.number,
        "outcome": outcome.value,
        "document": inspection.document,
        "findings": inspection.findings,
        "evidence": evidence.sha256 if evidence else None,
    }
    lifecycle.move(
        inspection, outcome, actor, now, reason=inspection.findings, content=digest(content)
    )
    for organisation_id in (contract.firm_id, contract.owner_id):
        send(
            organisation_id,
            f"合同 {contract.number} 的重点监管检查：{outcome.title}",
            f"检查文书 {inspection.document}。{inspection.findings}",
            f"/contracts/{contract.public_id}",
            f"inspection:{inspection.id}:{organisation_id}:done",
            now,
        )
    return inspection


def _written(text: str, field: str, least: int, most: int) -> str:
    cleaned = text.strip()
    if not least <= len(cleaned) <= most:
        raise Invalid(
            _("请填写 %(min)d 到 %(max)d 个字", min=least, max=most), field=field, rule="text"
        )
    return cleaned


def facts_for_card(found: ContractInspection) -> str:
    """What a finished inspection found, as the facts a card would rest on."""
    contract = found.contract
    return (
        f"检查合同 {contract.number}（{contract.need.title}）发现问题：{found.findings}"
        f"\n检查文书：{found.document}"
    )
