"""Raise a finding, answer it, send the answer back or close it."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import func, select

from marketplace.accounts.queries import bureau
from marketplace.foundation import clock, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid, Missing, Refused
from marketplace.foundation.languages import for_storing, stored
from marketplace.notifications import actions as notifications

from ..models import AuditSample, SampleItem, SampleKind, SampleStatus
from . import queries
from .access import answers_for
from .models import AuditFinding, FindingKind, FindingSeverity, FindingStatus

LONGEST = 2000


def raise_finding(
    sample: AuditSample,
    position: int,
    kind: FindingKind,
    severity: FindingSeverity,
    text: str,
    evidence: str,
    entry_number: int | None,
    actor: Actor,
    now: datetime,
) -> AuditFinding:
    """Put a finding into the working papers of a sample; the bureau concerned is told at once.

    ``entry_number`` must be a row of the rating ledger of the sampled organisation. Raises Invalid
    naming the field, Conflict once the sample was handed over, Missing for an unknown position.
    """
    lock(sample)
    now = max(now, clock.now())
    if sample.status is not SampleStatus.DRAWN:
        raise Conflict(_("抽查已提交复核，不能再登记问题"), rule="sample.state")
    item = db.session.scalar(
        select(SampleItem).where(SampleItem.sample_id == sample.id, SampleItem.position == position)
    )
    if item is None or actor.user_id is None or actor.organisation_id is None:
        raise Missing(f"item {position}")
    if entry_number is not None and not (
        sample.kind is SampleKind.GRADES and queries.entry_of_item(item, entry_number)
    ):
        raise Invalid(
            _("信用记录编号 %(number)s 不是该机构在本名录的记录", number=entry_number),
            field="entry_number",
            rule="finding.entry",
        )
    before = db.session.scalar(
        select(func.max(AuditFinding.number)).where(AuditFinding.sample_id == sample.id)
    )
    finding = AuditFinding(
        sample_id=sample.id,
        item_id=item.id,
        number=(before or 0) + 1,
        kind=kind,
        severity=severity,
        jurisdiction_code=queries.place_of(sample, item),
        text=_written(text, "text"),
        evidence=_written(evidence, "evidence", 500),
        entry_number=entry_number,
        raised_by=actor.user_id,
        raised_for=actor.organisation_id,
        raised_at=now,
    )
    lifecycle.begin(finding, FindingStatus.OPEN, actor, now)
    _ask(finding, now, "raised")
    return finding


def answer_finding(finding: AuditFinding, answer: str, actor: Actor, now: datetime) -> None:
    """Answer for the audited bureau. Raises Refused for another office, one above it too, and
    Conflict unless the finding waits for an answer."""
    lock(finding)
    now = max(now, clock.now())
    if not answers_for(actor, finding):
        raise Refused(_("只能由被审计的管理机构答复"), rule="finding.office")
    finding.answer = _written(answer, "answer")
    finding.answered_by = actor.user_id
    finding.answered_at = now
    lifecycle.move(finding, FindingStatus.ANSWERED, actor, now)
    _tell_auditors(finding, now)


def judge_answer(
    finding: AuditFinding, accept: bool, judgement: str, actor: Actor, now: datetime
) -> None:
    """Close a finding whose answer is enough, or send it back with what is missing.

    Never by whoever answered. The answer stays readable in the history either way.
    """
    lock(finding)
    now = max(now, clock.now())
    if actor.user_id is None or actor.user_id == finding.answered_by:
        raise Refused(_("答复的人不能审核本人的答复，请由其他人员办理"), rule="two_people")
    finding.judgement = _written(judgement, "judgement")
    if accept:
        finding.closed_by = actor.user_id
        finding.closed_at = now
        lifecycle.move(finding, FindingStatus.CLOSED, actor, now, reason=finding.judgement)
        return
    lifecycle.move(finding, FindingStatus.OPEN, actor, now, reason=finding.judgement)
    _ask(finding, now, f"returned:{now.timestamp():.0f}")


@for_storing()
def _ask(finding: AuditFinding, now: datetime, occasion: str) -> None:
    notifications.send(
        bureau(finding.jurisdiction_code).id,
        _("审计发现问题，请答复"),
        _(
            "抽查第 %(sample)s 号登记了%(severity)s问题：%(kind)s。请核实后书面答复。",
            sample=finding.sample.number,
            severity=stored(finding.severity.title),
            kind=stored(finding.kind.title),
        ),
        f"/supervision/findings/{finding.public_id}",
        f"audit_finding:{finding.id}:{occasion}",
        now,
    )


@for_storing()
def _tell_auditors(finding: AuditFinding, now: datetime) -> None:
    notifications.send(
        finding.raised_for,
        _("审计发现的问题已有答复"),
        _(
            "抽查第 %(sample)s 号第 %(number)s 个问题已答复，请审核。",
            sample=finding.sample.number,
            number=finding.number,
        ),
        f"/supervision/findings/{finding.public_id}",
        f"audit_finding:{finding.id}:answered:{now.timestamp():.0f}",
        now,
    )


def _written(text: str, field: str, longest: int = LONGEST) -> str:
    cleaned = text.strip()
    if not 2 <= len(cleaned) <= longest:
        raise Invalid(
            _("请填写 %(min)d 到 %(max)d 个字", min=2, max=longest), field=field, rule="text"
        )
    return cleaned
