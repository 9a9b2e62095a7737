"""Appeals: filed by the firm, stayed or not, decided from above, with what follows.

The decision stands meanwhile unless stayed. A review may leave, shorten or revoke it, never make
it harder. (RULES section 11)
"""

from __future__ import annotations

from datetime import datetime, timedelta

from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.foundation import audit, calendar, clock, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Invalid, Missing, Refused
from marketplace.foundation.files import StoredFile
from marketplace.foundation.languages import stored
from marketplace.notifications.actions import send

from .. import queries as decisions
from ..actions.cards import CLOSE_OF_DAY, LONGEST, policy_for, written
from ..actions.succession import bring_along
from ..actions.undoing import bring_cards_along, restate_notice, reverse_all, take_notice_down
from ..locking import locked
from ..models import Blacklisting, BlacklistingStatus, Card, CardStatus, Case, CaseStatus
from ..repairs.closing import close_repair
from . import access, queries
from .models import Appeal, AppealStatus

_RUNNING = (
    CardStatus.SUSPENDED,
    CardStatus.STAYED,
    BlacklistingStatus.IN_FORCE,
    BlacklistingStatus.STAYED,
)
_STAYED = (CardStatus.STAYED, BlacklistingStatus.STAYED)


def file_appeal(
    decision: Card | Case,
    grounds: str,
    actor: Actor,
    now: datetime,
    file: StoredFile | None = None,
) -> Appeal:
    """Appeal against a card or a decided case, once, within the edition's working days.

    Raises Missing to strangers, Conflict when the period is over or an appeal was filed.
    """
    # a red card of the clock is revoked with the yellow one before it: the same order there
    now = locked(now, decision.follows if isinstance(decision, Card) else None, decision)
    if decision.organisation_id != actor.organisation_id:
        raise Missing("decision")
    if not appealable(decision):
        raise Conflict(_("目前没有可以申诉的决定"), rule="appeal.decision")
    if queries.appeal_against(decision) is not None:
        raise Conflict(_("对该决定已提出申诉，请在申诉页面查看进展"), rule="appeal.once")
    if now >= decisions.appeal_end(decision):
        raise Conflict(_("申诉期限已过"), field="grounds", rule="appeal.period")
    edition = policy_for(decision.jurisdiction_code, now)
    due = calendar.working_calendar().deadline(now, edition.values.appeal_decision_days)
    made = Appeal(
        card_id=decision.id if isinstance(decision, Card) else None,
        case_id=decision.id if isinstance(decision, Case) else None,
        organisation_id=decision.organisation_id,
        jurisdiction_code=decision.jurisdiction_code,
        edition_id=edition.id,
        grounds=written(grounds, "grounds"),
        evidence_file_id=file.id if file else None,
        filed_by=actor.user_id,
        filed_at=now,
        due_at=due,
    )
    lifecycle.begin(made, AppealStatus.FILED, actor, now, check_at=due)
    name = made.organisation.public_name
    for office in queries.reviewing_offices(made.jurisdiction_code):
        _send(made, office.id, f"收到申诉，请复核：{name}", made.grounds, f"filed:{office.id}", now)
    bureau = accounts.bureau(made.jurisdiction_code)
    _send(made, bureau.id, f"当事机构已提出申诉：{name}", made.grounds, "filed", now)
    return made


def appealable(decision: Card | Case) -> bool:
    """Whether something was decided that stands."""
    if isinstance(decision, Case):
        return decision.status is CaseStatus.DECIDED
    return decision.status in decisions.STANDING_CARDS


def decide_stay(
    appeal: Appeal, stayed: bool, reason: str, actor: Actor, now: datetime
) -> Blacklisting | None:
    """Decide whether the decision is carried out while it is reviewed; may be decided anew.

    A stay lifts the bar the same second; it does not move the end of the sanction. Returns the
    blacklisting that bars again when a stay is taken back, so that what follows is carried out.
    """
    now = _open(appeal, actor, now)
    if bool(appeal.stayed) is stayed and appeal.stay_decided_at is not None:
        raise Conflict(_("已作出相同的决定"), rule="appeal.stay")
    if stayed and not can_be_stayed(appeal):
        raise Conflict(_("该决定没有正在执行的限制，无需停止执行"), rule="appeal.stay")
    appeal.stay_reason = written(reason, "reason")
    appeal.stayed, appeal.stay_decided_at = stayed, now
    appeal.stay_decided_by = actor.user_id
    resumed = None
    if stayed:
        _hold(appeal, actor, now)
    else:
        resumed = _resume(appeal, actor, now)
    db.session.flush()
    audit.record("sanction_appeals.stay", actor, appeal, now, stayed=stayed)
    words = "复核期间停止执行原决定" if stayed else "复核期间不停止执行原决定"
    _tell_parties(appeal, words, appeal.stay_reason, f"stay:{now.isoformat()}", now)
    return resumed


def can_be_stayed(appeal: Appeal) -> bool:
    """Whether a restriction runs that can be stopped."""
    if appeal.card is not None:
        return appeal.card.status is CardStatus.SUSPENDED
    row = _row(appeal)
    return row is not None and row.status is BlacklistingStatus.IN_FORCE


def uphold(
    appeal: Appeal, reason: str, actor: Actor, now: datetime, panel: str = ""
) -> Blacklisting | None:
    """The decision stands. Returns the blacklisting that bars again after a stay."""
    now = _open(appeal, actor, now)
    _close(appeal, AppealStatus.UPHELD, reason, panel, actor, now)
    resumed = _resume(appeal, actor, now)
    _tell_parties(appeal, "申诉复核结论：维持原决定", appeal.decision_reason or "", "decided", now)
    return resumed


def change(
    appeal: Appeal, shorter: int, reason: str, actor: Actor, now: datetime, panel: str = ""
) -> Blacklisting | None:
    """Shorten the sanction: months of a blacklisting, days of a red card, from its first day.

    Where the shorter time is over it ends now. Raises Invalid when it is not shorter.
    """
    now = _open(appeal, actor, now)
    target = _restriction(appeal)
    start = appeal.decision.decided_at
    if target is None or target.until_at is None or start is None:
        raise Conflict(_("该决定没有期限，只能维持或者撤销"), rule="appeal.change")
    if target.status not in _RUNNING:
        raise Conflict(_("该决定已经期满，只能维持或者撤销"), rule="appeal.change")
    first = clock.local_day(start)
    if shorter < 1:
        raise Invalid(_("期限至少为 1"), field="shorter", rule="appeal.shorter")
    last = (
        first + timedelta(days=shorter)
        if isinstance(target, Card)
        else calendar.add_months(first, shorter)
    )
    until = calendar.moment(last, CLOSE_OF_DAY)
    if until >= target.until_at:
        raise Invalid(
            _("复核不得加重处理，变更后的期限应当短于原期限"),
            field="shorter",
            rule="appeal.shorter",
        )
    appeal.shorter = shorter
    _close(appeal, AppealStatus.CHANGED, reason, panel, actor, now)
    target.until_at = until
    target.next_check_at = until
    db.session.flush()
    changed = f"经申诉复核，期限变更为至{clock.written(until)}止。"
    resumed = None
    if until > now and target.status in _STAYED:
        resumed = _resume(appeal, actor, now, changed)
    else:
        restate_notice(target, until, changed, actor, now)
    if until <= now:
        ended = CardStatus.ENDED if isinstance(target, Card) else BlacklistingStatus.ENDED
        lifecycle.move(target, ended, actor, now, reason="申诉复核变更期限")
    if isinstance(target, Blacklisting):
        bring_along(target, changed, actor, now)
    else:
        bring_cards_along(target, changed, actor, now)
    words = f"申诉复核结论：变更原决定，至{clock.written(until)}止"
    _tell_parties(appeal, words, appeal.decision_reason or "", "decided", now)
    return resumed


def revoke(appeal: Appeal, reason: str, actor: Actor, now: datetime, panel: str = "") -> None:
    """Undo the decision: the bar is off the same second, its notice is taken back, and what it
    put on the rating ledger is reversed from the day it took effect."""
    now = _open(appeal, actor, now)
    _close(appeal, AppealStatus.REVOKED, reason, panel, actor, now)
    why = "申诉复核撤销原决定"
    if appeal.card is not None:
        _revoke_card(appeal.card, appeal, why, actor, now)
        _revoke_what_followed(appeal, appeal.card, why, actor, now)
    row = _row(appeal)
    if row is not None:
        take_notice_down(row, why, actor, now)
        if row.status is not BlacklistingStatus.REVOKED:
            lifecycle.move(row, BlacklistingStatus.REVOKED, actor, now, reason=why)
        bring_along(row, why, actor, now)
    if appeal.case is not None:
        reverse_all(appeal.case, appeal, why, actor, now, from_the_start=True)
        close_repair(appeal.case, why, actor, now)
    _tell_parties(appeal, "申诉复核结论：撤销原决定", appeal.decision_reason or "", "decided", now)


def advance_appeal(appeal: Appeal, actor: Actor, now: datetime) -> None:
    """The clock: the time to decide is over; the offices over it are told."""
    appeal.next_check_at = None
    audit.record("sanction_appeals.overdue", actor, appeal, now)
    for office in queries.reviewing_offices(appeal.jurisdiction_code):
        name = appeal.organisation.public_name
        _send(appeal, office.id, f"申诉复核已超期：{name}", "", f"overdue:{office.id}", now)


def _revoke_card(card: Card, appeal: Appeal, why: str, actor: Actor, now: datetime) -> None:
    now = locked(now, card)
    if card.status is CardStatus.REVOKED:
        # the clock's red card had an appeal of its own, or went along with the yellow one
        return
    take_notice_down(card, why, actor, now)
    lifecycle.move(card, CardStatus.REVOKED, actor, now, reason=why)
    reverse_all(card, appeal, why, actor, now, from_the_start=True)
    close_repair(card, why, actor, now)
    bring_cards_along(card, why, actor, now)


def _revoke_what_followed(
    appeal: Appeal, yellow: Card, why: str, actor: Actor, now: datetime
) -> None:
    """Revoke the red card the clock made of a yellow one that should not have been.

    What the firm asked for in an appeal of its own against it, still open, is done by that.
    """
    red = decisions.follower_of(yellow)
    if red is None or red.proposed_by is not None:
        return
    own = queries.appeal_against(red)
    now = locked(now, own)
    _revoke_card(red, appeal, why, actor, now)
    if own is None or own.status is not AppealStatus.FILED:
        return
    reason = (
        f"该红牌因黄牌未完成整改而出具，该黄牌已经申诉复核撤销，一并撤销。{appeal.decision_reason}"
    )
    _close(own, AppealStatus.REVOKED, reason[:LONGEST], appeal.panel or "", actor, now)
    _tell_parties(own, "申诉复核结论：撤销原决定", own.decision_reason or "", "decided", now)


def _open(appeal: Appeal, actor: Actor, now: datetime) -> datetime:
    """Lock an appeal that waits; its reviewer had no part in the decision. Returns since when."""
    now = locked(now, appeal, appeal.decision, _row(appeal))
    if appeal.status is not AppealStatus.FILED:
        raise Conflict(_("该申诉已有复核结论，请刷新页面查看"), rule="lifecycle")
    if actor.user_id is None or actor.user_id in access.took_part(appeal.decision):
        raise Refused(_("参与过原决定的人员不能复核"), rule="two_officers")
    return now


def _close(
    appeal: Appeal, to: AppealStatus, reason: str, panel: str, actor: Actor, now: datetime
) -> None:
    appeal.decision_reason = written(reason, "reason")
    appeal.panel = panel.strip()[:500] or None
    appeal.decided_by, appeal.decided_at = actor.user_id, now
    lifecycle.move(appeal, to, actor, now)


def _row(appeal: Appeal) -> Blacklisting | None:
    return appeal.case.blacklisting if appeal.case is not None else None


def _hold(appeal: Appeal, actor: Actor, now: datetime) -> None:
    target = _restriction(appeal)
    if target is None or target.until_at is None:
        return
    stayed = CardStatus.STAYED if isinstance(target, Card) else BlacklistingStatus.STAYED
    lifecycle.move(target, stayed, actor, now, check_at=target.until_at)
    words = f"因申诉复核，自{clock.written(now)}起停止执行本决定。"
    restate_notice(target, target.until_at, words, actor, now, stayed=True)


def _resume(appeal: Appeal, actor: Actor, now: datetime, besides: str = "") -> Blacklisting | None:
    """Carry out again what was stayed; returns the blacklisting that bars again.

    ``besides`` is what else the one notice of it tells.
    """
    target = _restriction(appeal)
    if target is None or target.until_at is None or target.status not in _STAYED:
        return None
    running = CardStatus.SUSPENDED if isinstance(target, Card) else BlacklistingStatus.IN_FORCE
    lifecycle.move(target, running, actor, now, check_at=target.until_at)
    words = f"{besides}自{clock.written(now)}起恢复执行本决定。"
    restate_notice(target, target.until_at, words, actor, now)
    return target if isinstance(target, Blacklisting) else None


def _restriction(appeal: Appeal) -> Card | Blacklisting | None:
    return appeal.card if appeal.card is not None else _row(appeal)


def _tell_parties(appeal: Appeal, words: str, body: str, occasion: str, now: datetime) -> None:
    subject = f"{words}：{stored(appeal.title)}"
    firm = appeal.organisation
    _send(appeal, firm.id, subject, body, f"{occasion}:firm", now, address=firm.email)
    bureau = accounts.bureau(appeal.jurisdiction_code)
    told = f"{words}：{firm.public_name}"
    _send(appeal, bureau.id, told, body, f"{occasion}:bureau", now)


def _send(
    appeal: Appeal,
    organisation_id: int,
    subject: str,
    body: str,
    occasion: str,
    now: datetime,
    address: str | None = None,
) -> None:
    send(
        organisation_id,
        subject[:200],
        body,
        f"/appeals/{appeal.public_id}",
        f"appeal:{appeal.id}:{occasion}",
        now,
        address=address,
    )
