"""Who acts for a firm: authorised in writing, for a time, handed over, ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import User
from marketplace.accounts.organising import end_membership, set_scope
from marketplace.accounts.permissions import Role
from marketplace.foundation import audit, clock, files
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import moment
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid
from marketplace.foundation.files import StoredFile
from marketplace.notifications.actions import send

from ...models import Firm
from .. import queries
from ..models import FirmAgent
from ..rules import next_day
from .histories import keep_history
from .people import REMIND_AT
from .standing import must_be

RULE = "file.agent"


@dataclass(frozen=True)
class Authority:
    """What an agent may do for the firm, by which paper, from when to when."""

    document_number: str
    document: StoredFile
    file: bool  # keep the file, answer the offices
    enter: bool  # enter needs, quote, take orders
    contract: bool  # sign, deliver
    starts_on: date
    ends_on: date

    @property
    def scope(self) -> str:
        """The codes of what it covers, as a linked account's role holds them."""
        chosen = {"file": self.file, "enter": self.enter, "contract": self.contract}
        return ",".join(code for code, covered in chosen.items() if covered)


def appoint_agent(
    firm: Firm,
    name: str,
    phone: str,
    authority: Authority,
    user: User | None,
    actor: Actor,
    now: datetime,
) -> FirmAgent:
    """Authorise an agent; the one before, if any, ends the same moment (hand-over).

    A linked account may do for the firm what the authority covers, from the next request on.
    Raises Invalid naming the field: a period that is over or too long, no scope, an account that
    is not of the firm's staff, or is its administrator's, whom no authority narrows.
    """
    lock(firm)
    now = max(now, clock.now())
    must_be(firm, firm.may_be_supplemented)
    today = clock.local_day(now)
    _refuse_period(firm, authority, today)
    if not (authority.file or authority.enter or authority.contract):
        raise Invalid(_("请至少选择一项授权事项"), field="scope", rule=RULE)
    if user is not None:
        _refuse_account(accounts.live_roles(user.id, firm.organisation_id))
    before = queries.agent_now(firm.id)
    was = firm.agent_name
    if before is not None:
        _end(before, _("交接给新经办人"), actor, now, keep=user)
    row = FirmAgent(
        firm_id=firm.id,
        user_id=user.id if user else None,
        name=name,
        phone=phone,
        document_number=authority.document_number,
        document_id=authority.document.id,
        may_file=authority.file,
        may_enter=authority.enter,
        may_contract=authority.contract,
        starts_on=authority.starts_on,
        ends_on=authority.ends_on,
        granted_by=actor.user_id,
        granted_at=now,
        next_check_at=_next(firm, authority.ends_on, now),
    )
    db.session.add(row)
    firm.agent_name, firm.agent_phone = name, phone
    db.session.flush()
    if user is not None:
        set_scope(user.id, firm.organisation_id, authority.scope, actor, now)
    audit.record(
        "firm_agent.appointed",
        actor,
        row,
        now,
        firm=firm.id,
        document=authority.document.sha256,
        starts_on=authority.starts_on,
        ends_on=authority.ends_on,
        scope=authority.scope,
        before=before.id if before else None,
    )
    keep_history(firm, "agent", was, name, actor, now)
    return row


def end_agent(row: FirmAgent, reason: str, actor: Actor, now: datetime) -> None:
    """End an authority before its time, with a reason; the agent's staff account ends with it."""
    lock(row.firm)
    lock(row)
    if row.ended_at is not None:
        raise Conflict(_("该授权已经撤销或到期"), rule=RULE)
    if not reason.strip():
        raise Invalid(_("请写明终止授权的理由"), field="reason", rule="reason")
    _end(row, reason.strip(), actor, now)
    keep_history(row.firm, "agent", row.name, None, actor, now)


def advance_agent(row: FirmAgent, actor: Actor, now: datetime) -> None:
    """Remind of the coming end; on the day after the last, end the authority. Let the paper of
    one erased go."""
    row.next_check_at = None
    if row.ended_at is not None:
        if row.is_erased:
            files.erase(row.document, "授权终止后保存期满", actor, now)
        return
    left = (row.ends_on - clock.local_day(now)).days
    if left < 0:
        _end(row, "授权到期", actor, now)
        keep_history(row.firm, "agent", row.name, None, actor, now)
    else:
        row.next_check_at = _next(row.firm, row.ends_on, now)
    told = "经办人授权已到期" if left < 0 else f"经办人授权将于 {left} 天后到期"
    send(
        row.firm.organisation_id,
        told,
        f"授权书 {row.document_number} 有效期至 {row.ends_on.isoformat()}。请续期或交接。",
        "/firm/agents",
        f"firm_agent:{row.id}:{max(left, -1)}",
        now,
        address=row.firm.organisation.email,
    )


def _end(
    row: FirmAgent, reason: str, actor: Actor, now: datetime, keep: User | None = None
) -> None:
    row.ended_at = now
    row.ended_by = actor.user_id
    row.reason = reason
    row.next_check_at = None
    db.session.flush()
    audit.record("firm_agent.ended", actor, row, now, firm=row.firm_id)
    if row.user_id is None or (keep is not None and keep.id == row.user_id):
        return
    set_scope(row.user_id, row.firm.organisation_id, None, actor, now)
    for membership in accounts.live_memberships(row.user_id, row.firm.organisation_id):
        if membership.role is Role.FIRM_STAFF:
            end_membership(membership, actor, now)


def _refuse_account(roles: Sequence[Role]) -> None:
    if Role.FIRM_STAFF not in roles:
        raise Invalid(_("请选择本单位经办人角色的账号"), field="account", rule=RULE)
    if Role.FIRM_ADMIN in roles:
        raise Invalid(
            _("该账号同时是机构管理员，授权事项限制不了管理员，请选择只有经办人角色的账号"),
            field="account",
            rule=RULE,
        )


def _next(firm: Firm, ends_on: date, now: datetime) -> datetime:
    """The next reminder, else the instant the authority is over."""
    today = clock.local_day(now)
    values = queries.file_policy(firm.register_code, today).values
    day = next_day(ends_on, today, values.reminder_days)
    over = moment(ends_on + timedelta(days=1), time(0, 0))
    return min(moment(day, REMIND_AT), over) if day else over


def _refuse_period(firm: Firm, authority: Authority, today: date) -> None:
    if authority.starts_on > today:
        raise Invalid(_("授权起始日期不能晚于今天，交接自提交时生效"), field="starts_on", rule=RULE)
    if authority.ends_on < max(authority.starts_on, today):
        raise Invalid(_("授权截止日期不得早于起始日期和今天"), field="ends_on", rule=RULE)
    longest = queries.file_policy(firm.register_code, today).values.agent_longest_days
    if (authority.ends_on - authority.starts_on).days > longest:
        raise Invalid(
            _("一次授权最长 %(n)d 日，到期可重新授权", n=longest), field="ends_on", rule=RULE
        )
