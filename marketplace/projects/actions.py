"""Publishing a need and what follows: extension, failure, withdrawal.

Selection calls ``publish``, ``extend_entry``, ``republish`` and ``fail_need``; drafting and
corrections have modules of their own.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from flask_babel import gettext as _

from marketplace.foundation import audit, clock, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import moment, working_calendar
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Refused
from marketplace.notifications import actions as notifications

from . import queries
from .checking import check_budget, check_method, item_in_force, require_gate, require_status
from .drafting import submit_need
from .models import Need, NeedStatus
from .rules import SelectionPolicy, least_entry_days
from .splitting import flag_split


def require_second_person(need: Need, proposer_id: int | None, actor: Actor) -> None:
    """For agencies, institutions and government money the approver is not the proposer."""
    if need.two_person and actor.user_id == proposer_id:
        raise Refused(
            _("经办与审批须由两人分别办理，请由本单位另一位审批人办理"), rule="two_persons"
        )


def publish(need: Need, actor: Actor, now: datetime) -> None:
    """Publish a submitted need (or, acting alone, a draft) and start its entry period.

    Called by selection, which adds the draw's commitment and the messages. Freezes the edition;
    asks the gate and the price once more by the standards of this day.
    """
    lock(need)
    if need.is_ordered:
        raise Conflict(_("该需求随下单办理，不单独发布"), rule="need.channel")
    require_second_person(need, need.proposer_id, actor)
    if need.status is NeedStatus.DRAFT and not need.two_person:
        submit_need(need, actor, now)
    require_status(need, NeedStatus.SUBMITTED)
    day = clock.local_day(now)
    edition = queries.selection_policy(need.jurisdiction_code, day)
    for code in need.item_codes:
        item_in_force(code, need.jurisdiction_code, now)
    check_method(need, edition.values)
    require_gate(need, need.budget, now)
    check_budget(need, actor, now, asks=False)
    flag_split(need, actor, now)
    need.selection_edition_id = edition.id
    need.approver_id = actor.user_id
    need.published_at = now
    _open_entries(need, edition.values, now)
    lifecycle.move(
        need,
        NeedStatus.PUBLISHED,
        actor,
        now,
        check_at=need.entry_deadline,
        edition=edition.id,
        entry_deadline=need.entry_deadline,
    )


def republish(need: Need, reason: str, actor: Actor, now: datetime) -> None:
    """Send a need back to publication after its draw was annulled: entries open afresh."""
    _open_entries(need, queries.policy_of(need, clock.local_day(now)).values, now)
    lifecycle.move(
        need, NeedStatus.PUBLISHED, actor, now, reason=reason, check_at=need.entry_deadline
    )


def _open_entries(need: Need, policy: SelectionPolicy, now: datetime) -> None:
    deadline = entry_deadline_for(policy, need.budget, now, need.entry_working_days)
    set_entry_deadline(need, policy, deadline)
    need.extensions_used = 0


def entry_deadline_for(
    policy: SelectionPolicy, budget: Decimal, now: datetime, working_days: int = 1
) -> datetime:
    """When entries close for a need of ``budget`` yuan opened ``now``.

    ``working_days`` is what the owner wants; the edition's least for the budget always holds.
    """
    days = max(working_days, least_entry_days(policy, budget))
    return _deadline(policy, now, days)


def _deadline(policy: SelectionPolicy, start: datetime, working_days: int) -> datetime:
    return working_calendar().deadline(start, working_days, policy.entry_closes_at)


def set_entry_deadline(need: Need, policy: SelectionPolicy, deadline: datetime) -> None:
    """Store when entries close and the choice begins (later the same day)."""
    need.entry_deadline = deadline
    need.choice_at = moment(clock.local_day(deadline), policy.choice_from)


def extend_entry(need: Need, actor: Actor, now: datetime) -> bool:
    """Move the entry deadline once more for lack of entrants; False when it may not be moved.

    Counted from the deadline that has passed, by the edition the need was published under; from
    now where that would be over already, because the clock stood still.
    """
    policy = queries.policy_of(need, clock.local_day(now)).values
    if need.status is not NeedStatus.PUBLISHED or need.extensions_used >= policy.extensions:
        return False
    assert need.entry_deadline is not None
    before = need.entry_deadline
    again = _deadline(policy, before, policy.extension_working_days)
    if again <= now:
        again = _deadline(policy, now, policy.extension_working_days)
    set_entry_deadline(need, policy, again)
    need.extensions_used += 1
    need.next_check_at = need.entry_deadline
    db.session.flush()
    audit.record(
        "needs.extended", actor, need, now, before=before, entry_deadline=need.entry_deadline
    )
    return True


def fail_need(need: Need, reason: str, actor: Actor, now: datetime) -> None:
    """End a need without a winner; ``reason`` (Chinese) is public and goes to the owner."""
    need.outcome_reason = reason
    lifecycle.move(need, NeedStatus.FAILED, actor, now, reason=reason)
    notifications.send(
        need.owner_id,
        f"选取失败：{need.title}",
        f"{need.number} 选取失败。{reason}。可修改后重新发布。",
        f"/owner/needs/{need.public_id}",
        f"need:{need.id}:failed",
        now,
        need.owner.email,
    )


def request_withdrawal(need: Need, reason: str, actor: Actor, now: datetime) -> None:
    """Propose to withdraw a published need; another person of the owner decides."""
    lock(need)
    require_open(need, clock.now())
    need.withdrawal_reason = reason
    need.withdrawal_proposer_id = actor.user_id
    audit.record("needs.withdrawal_requested", actor, need, now)


def withdraw_need(need: Need, reason: str, actor: Actor, now: datetime) -> None:
    """Withdraw a published need before entries close; the reason is public.

    Where two persons are needed somebody else must have requested it first.
    """
    lock(need)
    require_open(need, clock.now())
    if need.two_person and need.withdrawal_proposer_id is None:
        raise Conflict(_("撤回须先由经办人提出并写明理由，再由审批人批准"), rule="two_persons")
    require_second_person(need, need.withdrawal_proposer_id, actor)
    need.outcome_reason = reason
    lifecycle.move(need, NeedStatus.WITHDRAWN, actor, now, reason=reason)


def require_open(need: Need, at: datetime) -> None:
    """Refuse to touch a need once its entries are closed. Lock first, then read the clock."""
    if (
        need.status is not NeedStatus.PUBLISHED
        or need.entry_deadline is None
        or at >= need.entry_deadline
    ):
        raise Conflict(_("报名已截止或需求已结束，不能再更正或撤回"), rule="need.closed")
