"""What a firm does with its own file: draft, supplement, send, pause, leave."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.accounts.identity import checked_identity
from marketplace.accounts.models import Organisation, OrganisationFunction, OrganisationKind
from marketplace.foundation import audit, clock, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import working_calendar
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid
from marketplace.foundation.files import StoredFile
from marketplace.notifications.actions import send

from . import queries
from .decoupling import queries as decoupling
from .drafting.actions import refuse_stale
from .file.actions.histories import keep_history
from .file.actions.standing import must_be
from .file.queries import waiting_check
from .leaving.actions import require_waited
from .leaving.queries import back_from
from .likeness.actions import look
from .likeness.queries import undecided
from .models import Firm, FirmStatus
from .reviewing import barred, enter_register
from .screening.actions import keep_copy

BARRED_KINDS = (
    OrganisationKind.AGENCY,
    OrganisationKind.NATURAL_PERSON,
    OrganisationKind.VILLAGE_COMMITTEE,
)


def open_file(organisation: Organisation, register: str, actor: Actor, now: datetime) -> Firm:
    """Begin a firm's file on a register, or return the one it has."""
    found = queries.firm_of(organisation.id, register)
    if found is not None:
        return found
    party = organisation.function is OrganisationFunction.PARTY
    if not party or organisation.kind in BARRED_KINDS:
        raise Conflict(_("机关、村（居）民委员会和自然人不能入驻为中介服务机构"), rule="firm.kind")
    firm = Firm(
        organisation_id=organisation.id,
        register_code=register,
        application=1,
        decoupled=False,
        paused=False,
    )
    lifecycle.begin(firm, FirmStatus.DRAFT, actor, now)
    return firm


def reopen_file(firm: Firm, actor: Actor, now: datetime) -> None:
    """Begin a new application after a refusal, a removal or leaving."""
    lock(firm)
    require_waited(firm, max(now, clock.now()))
    lifecycle.move(firm, FirmStatus.DRAFT, actor, now)
    firm.application += 1
    for column in (
        "submitted_at",
        "form_due_at",
        "returned_at",
        "return_notice",
        "checked_by",
        "checked_at",
        "recommendation",
        "check_reason",
        "decided_by",
        "decided_at",
        "decision_reason",
        "publicity_ends_at",
        "publicity_closed_at",
        "committed_at",
        "committed_by",
    ):
        setattr(firm, column, None)


def save_file(
    firm: Firm,
    *,
    legal_representative: str,
    legal_identity: str | None,
    agent_name: str,
    agent_phone: str,
    introduction: str,
    decoupled: bool,
    licence: StoredFile | None,
    actor: Actor,
    now: datetime,
    mark: str = "",
) -> None:
    """Keep the subject part of an application. An empty identity or licence keeps the former.

    ``mark``: what was kept when the page was opened (``drafting.queries.mark``); raises Elsewhere
    where another window has changed the same field meanwhile.
    """
    lock(firm)
    must_be(firm, firm.may_be_written)
    given = {
        "legal_representative": legal_representative,
        "agent_name": agent_name,
        "agent_phone": agent_phone,
        "introduction": introduction,
        "decoupled": decoupled,
    }
    refuse_stale(firm, given, mark)
    organisation = firm.organisation
    for field, before, after in (
        ("legal_representative", organisation.legal_representative, legal_representative),
        ("agent", firm.agent_name, agent_name),
        ("introduction", firm.introduction, introduction),
    ):
        keep_history(firm, field, before, after, actor, now)
    organisation.legal_representative = legal_representative or None
    if legal_identity:
        firm.legal_digest = queries.person_digest(
            checked_identity(legal_identity, "legal_identity")
        )
    firm.agent_name = agent_name or None
    firm.agent_phone = agent_phone or None
    firm.introduction = introduction or None
    firm.decoupled = decoupled
    if licence is not None:
        firm.licence_file_id = licence.id
    db.session.flush()
    audit.record("firm.saved", actor, firm, now, decoupled=decoupled, licence=firm.licence_file_id)


def submit_application(firm: Firm, committed: bool, actor: Actor, now: datetime) -> None:
    """Send the application to the bureau with the signed commitment.

    Raises Invalid naming the first thing still missing. In mode ``open`` it is listed at once.
    """
    lock(firm)
    now = max(now, clock.now())
    if not firm.may_be_written:
        raise Conflict(_("申请已经提交，请等待审查结果"), rule="firm.status")
    if lacks := queries.missing(firm, now):
        raise Invalid(_("还不能提交：%(what)s", what=";".join(text for _p, text in lacks)))
    if not committed:
        raise Invalid(_("请阅读并勾选入驻承诺"), field="committed", rule="commitment")
    edition = queries.admission_policy(firm.register_code, clock.local_day(now))
    firm.edition_id = edition.id
    firm.submitted_at = now
    firm.committed_at = now
    firm.committed_by = actor.user_id
    firm.form_due_at = working_calendar().deadline(now, edition.values.form_check_working_days)
    lifecycle.move(firm, FirmStatus.SUBMITTED, actor, now, check_at=firm.form_due_at)
    keep_copy(firm, now)
    look(firm, actor, now)
    if list_at_once(firm, actor, now):
        return
    send(
        accounts.bureau(firm.register_code).id,
        f"入驻申请待审查：{firm.organisation.name}",
        f"请在 {edition.values.form_check_working_days} 个工作日内完成形式审查。",
        f"/supervision/applications/{firm.public_id}",
        f"firm:{firm.id}:{firm.application}:submitted:{now.isoformat()}",
        now,
    )


def list_at_once(firm: Firm, actor: Actor, now: datetime) -> bool:
    """Where the edition lists at once: list a firm that has been sent, unless something has to be
    decided first; says whether it did. The caller holds the firm."""
    values = queries.admission_policy(firm.register_code, clock.local_day(now)).values
    if values.mode != "open" or firm.status is not FirmStatus.SUBMITTED:
        return False
    if values.decoupling_required and decoupling.uncleared(firm):
        return False
    if undecided(firm.id) or barred(firm, now) or back_from(firm, now):
        return False
    enter_register(firm, actor, now)
    return True


def set_availability(
    firm: Firm, paused: bool, capacity: int | None, actor: Actor, now: datetime
) -> None:
    """Pause or resume taking orders; ``capacity`` limits running contracts (None: no limit)."""
    must_be(firm, firm.is_listed)
    if capacity is not None and not 1 <= capacity <= 999:
        raise Invalid(_("承接上限为 1 至 999 份合同"), field="capacity", rule="capacity")
    if not paused and firm.committed_at is None:
        # taken over from an older register: nobody has promised anything yet
        raise Conflict(_("请先认领机构档案并签署入驻承诺，再恢复接单"), rule="firm.claim")
    overdue = waiting_check(firm.id)
    if not paused and overdue is not None and overdue.paused:
        raise Conflict(
            _("因逾期未完成年度自查暂停接单，完成自查后自动恢复"), rule="file.self_check"
        )
    firm.paused = paused
    firm.capacity = capacity
    audit.record("firm.availability", actor, firm, now, paused=paused, capacity=capacity)
