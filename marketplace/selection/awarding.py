"""From a chosen entry to an accepted award: notice, offer, acceptance, the next reserve."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _

from marketplace.fees.checking import PriceQuestion
from marketplace.fees.rules.judging import Gate
from marketplace.foundation import clock, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import working_calendar
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Invalid, Refused
from marketplace.foundation.money import format_yuan
from marketplace.intermediaries.queries import promises_of
from marketplace.notices import actions as notice_actions
from marketplace.notices import queries as notices
from marketplace.notices.models import NoticeStatus
from marketplace.notices.rules import NoticeState
from marketplace.notifications.actions import send
from marketplace.projects import actions as projects_actions
from marketplace.projects.models import METHODS, Need, NeedStatus, SelectionMethod
from marketplace.projects.packages.pricing import (
    check_prices,
    price_shares,
    questions_of,
    require_prices,
)
from marketplace.projects.pricing import said_of
from marketplace.ratings import actions as ratings
from marketplace.ratings.rules.entries import ConductKind

from . import queries, telling
from .closing import credit_code, store_checks
from .drawing import ranking
from .holding import require_draw_stands
from .models import (
    Award,
    AwardStatus,
    CheckStage,
    Entry,
    EntryStatus,
    RoundStatus,
    SelectionRound,
)
from .sealing import low


def award_in_order(
    need: Need, running: SelectionRound, actor: Actor, now: datetime, after: int = 0
) -> Award | None:
    """Award to the first of the round's order after place `after` that is still eligible.

    The first award is announced for the notice period; a reserve, already public in the result,
    is offered at once. An abnormally low quote waits for its explanation and the owner's word,
    and is passed by where it does not stand. With nobody left the need fails.
    """
    by_code = {credit_code(entry): entry for entry in queries.listed(running)}
    order = ranking(running)
    for place in range(after + 1, len(order) + 1):
        entry = by_code.get(order[place - 1])
        if entry is None or not _may_be_awarded(need, entry, now):
            continue
        stands = low.stands(need, running, entry, actor, now)
        if stands is None:
            return None
        if not stands:
            continue
        award = _new_award(need, running, entry, place, now)
        lifecycle.begin(award, AwardStatus.PROPOSED, actor, now)
        if not _price_holds(need, award, actor, now):
            lifecycle.move(award, AwardStatus.BARRED, actor, now, reason="报价不符合收费标准")
            continue
        _announce(need, running, award, actor, now)
        return award
    _fail(need, running, actor, now, "名单中的机构均不再符合条件或放弃中选")
    return None


def propose_pick(need: Need, entry: Entry, reason: str, actor: Actor, now: datetime) -> Award:
    """Choose one of the entrants directly, with a reason that will be published.

    The caller holds the need's lock. Where two persons must act the pick waits for the approver;
    otherwise it is announced at once. Raises Conflict before the choice time or in a wrong state,
    Invalid for a short reason or a price over the limit for government money, Refused for an
    entrant no longer eligible.
    """
    running = queries.live_round(need)
    _edition_id, values = queries.edition_of(need, clock.local_day(now))
    if need.method is not SelectionMethod.DIRECT_PICK or need.status is not NeedStatus.SELECTING:
        raise Conflict(_("当前不能直接选取"), rule="pick.state")
    if need.choice_at is None or now < need.choice_at:
        raise Conflict(_("尚未到选取时间"), rule="pick.early")
    if queries.award_of(need) is not None:
        raise Conflict(_("已有中选机构，请刷新页面查看最新结果"), rule="award.live")
    if entry.round_id != running.id or entry.status is not EntryStatus.LISTED:
        raise Conflict(_("该机构不在名单内"), rule="pick.entry")
    if len(reason) < values.pick_reason_shortest:
        raise Invalid(
            _("请写明选取理由，不少于 %(count)d 个字", count=values.pick_reason_shortest),
            field="reason",
            rule="pick.reason",
        )
    if need.government_invested and entry.quoted >= values.direct_pick_limit:
        raise Invalid(
            _(
                "政府投资项目直接选取须低于 %(limit)s 元",
                limit=format_yuan(values.direct_pick_limit),
            ),
            field="entry",
            rule="pick.limit",
        )
    if not _may_be_awarded(need, entry, now):
        raise Refused(_("该机构已不符合条件，请另选"), rule="pick.eligible")
    award = _new_award(need, running, entry, 1, now)
    award.reason = reason
    award.proposed_by = actor.user_id
    award.acts_alone = not need.two_person
    lifecycle.begin(award, AwardStatus.PROPOSED, actor, now)
    _require_price(need, award, actor, now)
    if award.acts_alone:
        award.approved_by = actor.user_id
        _announce(need, running, award, actor, now)
    return award


def approve_pick(need: Need, award: Award, actor: Actor, now: datetime) -> None:
    """Approve a proposed pick and announce it; the approver is another person (RULES 6)."""
    if award.status is not AwardStatus.PROPOSED:
        raise Conflict(_("该选取不在待审批状态"), rule="pick.state")
    if actor.user_id == award.proposed_by:
        raise Refused(_("提出选取的人不能审批，请由另一位审批人办理"), rule="pick.two_persons")
    if not _may_be_awarded(need, award.entry, now):
        raise Refused(_("该机构已不符合条件，请退回另选"), rule="pick.eligible")
    _require_price(need, award, actor, now)
    award.approved_by = actor.user_id
    _announce(need, award.round, award, actor, now)


def return_pick(award: Award, reason: str, actor: Actor, now: datetime) -> None:
    """Send a proposed pick back to the person who proposed it, with the reason."""
    lifecycle.move(award, AwardStatus.RETURNED, actor, now, reason=reason)


def end_notice(need: Need, award: Award, actor: Actor, now: datetime) -> None:
    """At the end of the notice: offer the award, let it fall, or wait for objections and for the
    superior bureau's word on annulling the draw."""
    notice = notices.latest("award", award)
    state = notices.state(notice, now) if notice is not None else NoticeState.CLEAR
    held = queries.waits_for_annulment(award.round)
    if award.notice_ends_at is not None and now < award.notice_ends_at:
        need.next_check_at = award.notice_ends_at
    elif state is NoticeState.UPHELD and not held:
        fall(need, award, AwardStatus.UPHELD, actor, now, "异议成立")
    elif state is NoticeState.CLEAR and not held:
        offer(need, award, actor, now)
    else:
        # looked for by the sweep once the last objection is answered and the annulment refused
        need.next_check_at = None


def offer(need: Need, award: Award, actor: Actor, now: datetime) -> None:
    """The award is final: the firm accepts within the edition's working days."""
    if not _may_be_awarded(need, award.entry, now):
        fall(need, award, AwardStatus.BARRED, actor, now, "中选机构已不符合条件")
        return
    _edition_id, values = queries.edition_of(need, clock.local_day(now))
    award.final_at = now
    award.accept_by = working_calendar().deadline(now, values.accept_working_days)
    lifecycle.move(award, AwardStatus.OFFERED, actor, now, accept_by=award.accept_by)
    need.next_check_at = award.accept_by
    send(
        award.organisation_id,
        f"请确认中选：{need.title}",
        "中选结果已生效，请在期限内确认；逾期未确认视为放弃，由后备机构递补。",
        f"/entries/{award.entry.public_id}",
        f"award:{award.id}:offered",
        now,
        address=award.organisation.email,
    )


def accept(need: Need, award: Award, actor: Actor, now: datetime) -> None:
    """The winner accepts; the caller holds the need's lock and read `now` after it."""
    if award.status is not AwardStatus.OFFERED:
        raise Conflict(_("当前没有待确认的中选"), rule="award.state")
    require_draw_stands(award)
    if award.accept_by is None or now >= award.accept_by:
        raise Conflict(_("确认期限已过"), rule="award.late")
    if not _may_be_awarded(need, award.entry, now):
        raise Refused(_("机构当前不符合条件，不能确认中选"), rule="award.eligible")
    award.accepted_at = now
    lifecycle.move(award, AwardStatus.ACCEPTED, actor, now)
    need.next_check_at = None
    send(
        need.owner_id,
        f"中选机构已确认：{need.title}",
        "中选机构已确认，请按期签订合同。",
        f"/owner/needs/{need.public_id}/selection",
        f"award:{award.id}:accepted",
        now,
    )


def decline(need: Need, award: Award, reason: str, actor: Actor, now: datetime) -> None:
    """The winner gives the award up: a conduct entry, and the next reserve is offered it."""
    if award.status is not AwardStatus.OFFERED:
        raise Conflict(_("当前没有待确认的中选"), rule="award.state")
    require_draw_stands(award)
    _post_abandoned(need, award, actor, now)
    fall(need, award, AwardStatus.DECLINED, actor, now, reason)


def lapse(need: Need, award: Award, actor: Actor, now: datetime) -> None:
    """Silent past its time, the winner loses the award as one that gives it up (clock).

    While an annulment of the draw waits for its decision the time stands still.
    """
    if queries.waits_for_annulment(award.round):
        need.next_check_at = None
        return
    if award.accept_by is not None and now < award.accept_by:
        need.next_check_at = award.accept_by
        return
    if not _may_be_awarded(need, award.entry, now):
        # it could not have accepted, so its silence is no conduct of its own
        fall(need, award, AwardStatus.BARRED, actor, now, "中选机构已不符合条件")
        return
    _post_abandoned(need, award, actor, now)
    fall(need, award, AwardStatus.LAPSED, actor, now, "逾期未确认中选")


def fall(
    need: Need, award: Award, to: AwardStatus, actor: Actor, now: datetime, reason: str
) -> None:
    """End a live award and go on: the next reserve, or the owner chooses again."""
    withdraw_notice(award, actor, now, reason)
    lifecycle.move(award, to, actor, now, reason=reason)
    send(
        need.owner_id,
        f"中选结果变化：{need.title}",
        f"原中选机构不再中选。原因：{reason}。",
        f"/owner/needs/{need.public_id}/selection",
        f"award:{award.id}:{to}",
        now,
    )
    running = award.round
    if need.method is not SelectionMethod.DIRECT_PICK:
        award_in_order(need, running, actor, now, after=award.place)
        if need.status is NeedStatus.AWARDED and queries.award_of(need) is None:
            # the next one's quote waits for its explanation
            lifecycle.move(running, RoundStatus.LISTED, actor, now, reason=reason)
            waits_until = need.next_check_at
            lifecycle.move(need, NeedStatus.SELECTING, actor, now, reason=reason)
            need.next_check_at = waits_until
        return
    left = [
        entry
        for entry in queries.listed(running)
        if entry.organisation_id != award.organisation_id
        and queries.eligibility(need, entry.organisation_id, now).ok
    ]
    if not left:
        _fail(need, running, actor, now, "名单中没有其他符合条件的机构")
        return
    if running.status is RoundStatus.DECIDED:
        lifecycle.move(running, RoundStatus.LISTED, actor, now, reason=reason)
    if need.status is NeedStatus.AWARDED:
        lifecycle.move(need, NeedStatus.SELECTING, actor, now, reason=reason)


def withdraw_notice(award: Award, actor: Actor, now: datetime, reason: str) -> None:
    """Take back the running notice of an award that falls."""
    notice = notices.latest("award", award)
    if notice is not None and notice.status is NoticeStatus.OPEN:
        notice_actions.withdraw_notice(notice, reason, actor, now)


def _may_be_awarded(need: Need, entry: Entry, now: datetime) -> bool:
    found = queries.eligibility(need, entry.organisation_id, now)
    store_checks(entry, found, CheckStage.AWARD, now)
    # a firm pausing or filling up after closing still answers for its entry
    return all(result.ok for result in found.results if result.rule not in queries.NOT_AT_AWARD)


def _new_award(
    need: Need, running: SelectionRound, entry: Entry, place: int, now: datetime
) -> Award:
    edition_id, _values = queries.edition_of(need, clock.local_day(now))
    count = len(queries.awards_of(need)) + 1
    return Award(
        need_id=need.id,
        round_id=running.id,
        entry_id=entry.id,
        organisation_id=entry.organisation_id,
        place=place,
        price=entry.quoted,
        edition_id=edition_id,
        letter_number=f"{need.number}-Z{count}",
        acts_alone=False,
    )


def _price_holds(need: Need, award: Award, actor: Actor, now: datetime) -> bool:
    checked = check_prices(need, _price_questions(need, award, now), actor, now)
    award.price_check_id = checked[0].id
    db.session.flush()
    return not any(each.stops for each in checked)


def _require_price(need: Need, award: Award, actor: Actor, now: datetime) -> None:
    """The price of a pick must hold on the day it is proposed and on the day it is approved."""
    checked = require_prices(need, _price_questions(need, award, now), actor, now, field="entry")
    award.price_check_id = checked.id
    db.session.flush()


def _price_questions(need: Need, award: Award, now: datetime) -> list[PriceQuestion]:
    return questions_of(
        need,
        Gate.AWARD,
        award,
        award.price,
        now,
        promised=promises_of(award.entry.firm_id),
        budget=True,
        reason=said_of(award.entry.price_check_id) or award.reason,
        demands_reason=False,
    )


def _announce(
    need: Need, running: SelectionRound, award: Award, actor: Actor, now: datetime
) -> None:
    _edition_id, values = queries.edition_of(need, clock.local_day(now))
    award.decided_at = now
    if need.status is NeedStatus.AWARDED:
        lifecycle.move(award, AwardStatus.ANNOUNCED, actor, now, place=award.place)
        if queries.waits_for_annulment(running):
            award.notice_ends_at = now  # public in the result already: it waits for the word alone
            need.next_check_at = None
        else:
            offer(need, award, actor, now)
        telling.tell_next(need, running, award, now)
        return
    award.notice_ends_at = working_calendar().deadline(now, values.notice_working_days)
    lifecycle.move(award, AwardStatus.ANNOUNCED, actor, now, place=award.place, price=award.price)
    lifecycle.move(running, RoundStatus.DECIDED, actor, now)
    lifecycle.move(need, NeedStatus.AWARDED, actor, now, check_at=award.notice_ends_at)
    notice_actions.publish_notice(
        kind="award",
        subject=award,
        title=f"中选结果公示：{need.title}",
        body=_notice_body(need, award),
        ends_at=award.notice_ends_at,
        jurisdiction_code=need.jurisdiction_code,
        actor=actor,
        now=now,
        link=f"/results/{need.public_id}",
    )
    telling.tell_result(need, running, award, now)


def _notice_body(need: Need, award: Award) -> str:
    owner = need.owner.public_name
    method = METHODS[need.method]
    lines = [
        f"项目业主：{owner}",
        f"需求编号：{need.number}",
        f"选取方式：{method}",
        f"中选机构：{award.organisation.name}",
        f"中选价：{format_yuan(award.price)} 元",
        *(
            f"其中：{each.item_name} {format_yuan(each.price)} 元"
            for each in price_shares(need, award.price)
        ),
    ]
    if award.reason:
        lines.append(f"选取理由：{award.reason}")
    return "\n".join(lines)


def _post_abandoned(need: Need, award: Award, actor: Actor, now: datetime) -> None:
    ratings.post_conduct(
        award.organisation_id,
        need.jurisdiction_code,
        ConductKind.ABANDONED_AWARD,
        award,
        actor,
        now,
    )


def _fail(need: Need, running: SelectionRound, actor: Actor, now: datetime, reason: str) -> None:
    lifecycle.move(running, RoundStatus.FAILED, actor, now, reason=reason)
    projects_actions.fail_need(need, reason, actor, now)
