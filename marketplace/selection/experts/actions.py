"""Apply, check, admit or refuse, be on duty, leave, be removed."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.foundation import audit, clock, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import working_calendar
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid, Refused
from marketplace.foundation.files import StoredFile
from marketplace.notifications.actions import send, send_letter

from . import queries
from .models import ENDED, Expert, ExpertRelation, ExpertStatus, ExpertTrade

RULE = "experts"


@dataclass(frozen=True)
class Application:
    """What somebody says of himself; ``relations`` are (organisation key, how)."""

    title: str
    credentials: str
    trades: Sequence[str]
    relations: Sequence[tuple[int, str]]


def apply(
    said: Application, register: str, file: StoredFile | None, actor: Actor, now: datetime
) -> Expert:
    """Apply to a pool, again after a refusal or an end too.

    Raises Conflict while one is under way or too soon after a removal, Invalid for what is
    missing: a trade, credentials, their file.
    """
    assert actor.user_id is not None
    assert actor.organisation_id is not None
    lock(accounts.organisation(actor.organisation_id))
    now = max(now, clock.now())
    edition = queries.edition_on(register, clock.local_day(now))
    found = queries.expert_of(actor.user_id, register)
    if found is not None:
        _may_return(found, edition.values.return_months, now)
    if len(said.credentials.strip()) < edition.values.credentials_shortest:
        raise Invalid(
            _(
                "请写明专业经历和资格，不少于 %(count)d 个字",
                count=edition.values.credentials_shortest,
            ),
            field="credentials",
            rule=RULE,
        )
    if file is None and (found is None or found.file_id is None):
        raise Invalid(_("请上传职称或者资格证书"), field="file", rule=RULE)
    made = found or Expert(
        user_id=actor.user_id, register_code=register, number=_number(), available=True
    )
    made.organisation_id, made.title = actor.organisation_id, said.title.strip()
    made.credentials = said.credentials.strip()
    made.file_id = file.id if file is not None else made.file_id
    made.edition_id, made.applied_at = edition.id, now
    made.decide_by = working_calendar().deadline(now, edition.values.decide_working_days)
    made.checked_by = made.decided_by = made.proposed_by = made.removed_by = None
    if found is None:
        lifecycle.begin(made, ExpertStatus.APPLIED, actor, now)
    else:
        lifecycle.move(made, ExpertStatus.APPLIED, actor, now)
    _set(made, said, edition.values.trades_most, edition.values.relations_most, now)
    send(
        accounts.bureau(register).id,
        "收到评审专家入库申请",
        f"审核期限 {clock.written(made.decide_by)}。",
        f"/supervision/experts/{made.public_id}",
        f"expert:{made.id}:applied:{now.isoformat()}",
        now,
    )
    return made


def _number() -> str:
    """Eighteen characters, as a credit code's place in a draw asks for."""
    return f"ZJ{secrets.randbelow(10**16):016d}"


def _may_return(found: Expert, months: int, now: datetime) -> None:
    if found.status not in ENDED:
        raise Conflict(_("您已在库或者申请正在办理"), rule=RULE)
    if found.status is ExpertStatus.REMOVED:
        since = clock.local_day(found.status_since)
        today = clock.local_day(now)
        passed = (today.year - since.year) * 12 + today.month - since.month
        if passed < months or (passed == months and today.day < since.day):
            raise Conflict(_("被移出后满 %(months)d 个月方可再次申请", months=months), rule=RULE)


def edit_relations_and_trades(
    found: Expert, trades: Sequence[str], relations: Sequence[tuple[int, str]], actor: Actor
) -> None:
    """An expert keeps his own declarations up to date; trades only ever become fewer."""
    lock(found)
    now = clock.now()
    if found.status is not ExpertStatus.ADMITTED:
        raise Conflict(_("当前不在库，不能修改"), rule=RULE)
    had = {each.trade for each in found.trades}
    if not set(trades) <= had:
        raise Invalid(_("增加评审专业须重新申请，由管理机构核对"), field="trades", rule=RULE)
    values = queries.edition_on(found.register_code, clock.local_day(now)).values
    said = Application(found.title, found.credentials, trades, relations)
    _set(found, said, values.trades_most, values.relations_most, now)
    audit.record("experts.edited", actor, found, now, trades=len(trades), relations=len(relations))


def _set(
    expert: Expert, said: Application, trades_most: int, relations_most: int, now: datetime
) -> None:
    known = queries.trades(expert.register_code, clock.local_day(now))
    chosen = [trade for trade in dict.fromkeys(said.trades) if trade in known]
    if not 1 <= len(chosen) <= trades_most:
        raise Invalid(
            _("请选择 1 至 %(most)d 个评审专业", most=trades_most), field="trades", rule=RULE
        )
    if len(said.relations) > relations_most:
        raise Invalid(
            _("有关系的单位最多 %(most)d 家", most=relations_most), field="relations", rule=RULE
        )
    if len({key for key, _how in said.relations}) != len(said.relations):
        raise Invalid(_("同一单位只需填写一次"), field="relations", rule=RULE)
    expert.trades, expert.relations = [], []
    db.session.flush()
    expert.trades = [ExpertTrade(trade=trade) for trade in chosen]
    expert.relations = [
        ExpertRelation(organisation_id=key, how=how.strip()[:200]) for key, how in said.relations
    ]
    db.session.flush()


def check(found: Expert, actor: Actor) -> None:
    """The first officer compared the credentials with their papers and hands on to another."""
    lock(found)
    now = clock.now()
    _another(actor, found.user_id)
    found.checked_by = actor.user_id
    lifecycle.move(found, ExpertStatus.CHECKED, actor, now)


def admit(found: Expert, actor: Actor) -> None:
    """Admit a checked applicant, by another officer than who checked him."""
    lock(found)
    now = clock.now()
    _another(actor, found.user_id, found.checked_by)
    found.decided_by, found.admitted_at, found.reason = actor.user_id, now, None
    found.available, found.away_until = True, None
    lifecycle.move(found, ExpertStatus.ADMITTED, actor, now)
    _tell(found, "已入评审专家库", "抽取到您时，请按期答复是否参加评审。", now)


def refuse(found: Expert, reason: str, actor: Actor) -> None:
    """Not admit an applicant, with reasons."""
    lock(found)
    now = clock.now()
    _another(actor, found.user_id, found.checked_by)
    found.decided_by, found.reason = actor.user_id, _said(found, reason, now)
    lifecycle.move(found, ExpertStatus.REFUSED, actor, now, reason=found.reason)
    _tell(found, "未予入评审专家库", f"理由：{found.reason}", now)


def set_duty(found: Expert, available: bool, away_until: date | None, actor: Actor) -> None:
    """An expert's own word on whether, and from what day on, he can be drawn."""
    lock(found)
    now = clock.now()
    if found.status is not ExpertStatus.ADMITTED:
        raise Conflict(_("当前不在库，不能修改"), rule=RULE)
    if away_until is not None and away_until < clock.local_day(now):
        raise Invalid(_("日期不能早于今天"), field="away_until", rule=RULE)
    found.available, found.away_until = available, away_until
    db.session.flush()
    audit.record("experts.duty", actor, found, now, available=available)


def leave(found: Expert, reason: str, actor: Actor) -> None:
    """Leave the pool by one's own declaration; a panel one was drawn for goes on without."""
    lock(found)
    now = clock.now()
    found.reason = reason.strip()[:1000]
    lifecycle.move(found, ExpertStatus.LEFT, actor, now, reason=found.reason)


def propose_removal(found: Expert, reason: str, actor: Actor) -> None:
    """Propose to remove an expert: from now on he is drawn no more."""
    lock(found)
    now = clock.now()
    _another(actor, found.user_id)
    found.proposed_by, found.reason = actor.user_id, _said(found, reason, now)
    lifecycle.move(found, ExpertStatus.REMOVING, actor, now, reason=found.reason)


def decide_removal(found: Expert, remove: bool, actor: Actor) -> None:
    """Another officer removes the expert, or keeps him."""
    lock(found)
    now = clock.now()
    if found.status is not ExpertStatus.REMOVING:
        raise Conflict(_("当前没有待决定的移出建议"), rule=RULE)
    _another(actor, found.user_id, found.proposed_by)
    if remove:
        found.removed_by = actor.user_id
        lifecycle.move(found, ExpertStatus.REMOVED, actor, now, reason=found.reason)
        _tell(found, "已移出评审专家库", f"理由：{found.reason}", now)
        return
    found.proposed_by = None
    lifecycle.move(found, ExpertStatus.ADMITTED, actor, now)


def _another(actor: Actor, *others: int | None) -> None:
    if actor.user_id in others:
        raise Refused(_("须由本人和前一环节办理人以外的人办理"), rule="two_people")


def _said(found: Expert, reason: str, now: datetime) -> str:
    least = queries.edition_on(found.register_code, clock.local_day(now)).values.reason_shortest
    if len(reason.strip()) < least:
        raise Invalid(
            _("请写明理由，不少于 %(count)d 个字", count=least), field="reason", rule=RULE
        )
    return reason.strip()[:1000]


def _tell(found: Expert, what: str, body: str, now: datetime) -> None:
    """A letter to the person: where he works need not know what he judges."""
    if found.user.email:
        send_letter(
            found.user.email,
            what,
            body,
            "/experts/me",
            f"expert:{found.id}:{found.status}:{now.isoformat()}",
            now,
        )
