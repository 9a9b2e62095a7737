"""One function per thing a person or the clock does in the choosing of a firm."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from flask_babel import gettext as _
from sqlalchemy import select

from marketplace.accounts import queries as accounts
from marketplace.fees.checking import require_price
from marketplace.fees.rules.judging import Gate
from marketplace.fees.rules.limits import Commitment
from marketplace.foundation import audit, clock, crypto, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid, Missing, Refused
from marketplace.foundation.money import format_yuan
from marketplace.intermediaries import queries as intermediaries
from marketplace.notifications.actions import send
from marketplace.projects import actions as projects
from marketplace.projects.models import Need, NeedStatus
from marketplace.projects.pricing import price_of

from . import awarding, ceremony, closing, drawing, holding, queries
from .methods.draw_proof import instant_text
from .methods.random_draw import Entrant, check_hex, commitment, receipt_bytes
from .models import (
    Award,
    AwardStatus,
    CeremonyNumberRow,
    CheckStage,
    DrawAnnulment,
    Entry,
    EntryStatus,
    LotteryResult,
    RoundStatus,
    SelectionRound,
)

SOON = timedelta(seconds=1)


def publish_need(need: Need, actor: Actor, now: datetime) -> SelectionRound:
    """Publish a need and open its first round: the draw's commitment is fixed and public.

    Approver, gate and price are asked by `projects.actions.publish`; every firm that could enter
    gets a message at once.
    """
    projects.publish(need, actor, now)
    return _open_round(need, 1, actor, now)


def _open_round(need: Need, attempt: int, actor: Actor, now: datetime) -> SelectionRound:
    edition_id, _values = queries.edition_of(need, clock.local_day(now))
    running = SelectionRound(
        need_id=need.id,
        attempt=attempt,
        commitment=commitment(drawing.secret_of(need, attempt)),
        edition_id=edition_id,
        opened_at=now,
        postponed=0,
    )
    lifecycle.begin(running, RoundStatus.OPEN, actor, now)
    audit.record(
        "round.committed", actor, running, now, attempt=attempt, commitment=running.commitment
    )
    need.next_check_at = need.entry_deadline
    db.session.flush()
    for organisation_id in queries.eligible_firm_ids(need, now):
        send(
            organisation_id,
            f"新需求可报名：{need.title}",
            "贵机构符合报名条件，请在截止前报名。",
            f"/needs/{need.public_id}",
            f"need:{need.id}:open:{attempt}:{organisation_id}",
            now,
            address=accounts.organisation(organisation_id).email,
        )
    return running


def enter_need(
    need: Need, contribution: str, price: Decimal, actor: Actor, deviation_reason: str = ""
) -> Entry:
    """Enter a need, or change an entry that stands: a new receipt replaces the old one.

    Locks the need and only then reads the clock. Raises Conflict after the deadline, Refused
    naming the first rule that stands in the way, Invalid for contribution or price.
    `price` is in yuan; `deviation_reason` says why it is far from the fee standard, where asked.
    """
    lock(need)
    now = clock.now()
    running = _entering(need, now)
    assert actor.organisation_id is not None
    found = queries.eligibility(need, actor.organisation_id, now)
    if found.firm_id is None or not found.ok:
        first = found.refusals[0]
        raise Refused(
            f"{queries.said(first.fact)}。{queries.said(first.mend)}", rule=f"eligible.{first.rule}"
        )
    try:
        check_hex("contribution", contribution)
    except ValueError as error:
        raise Invalid(
            _("请填写 64 位小写十六进制字符（0-9、a-f）"),
            field="contribution",
            rule="entry.contribution",
        ) from error
    if price > need.budget:
        raise Invalid(
            _("报价高于预算 %(budget)s 元", budget=format_yuan(need.budget)),
            field="price",
            rule="entry.budget",
        )
    before = queries.entry_in(running, actor.organisation_id)
    if before is not None:
        lifecycle.move(before, EntryStatus.REPLACED, actor, now)
    entrant = Entrant(found.credit_code or "", contribution)
    receipt = receipt_bytes(need.number, running.attempt, entrant, instant_text(now))
    entry = Entry(
        round_id=running.id,
        need_id=need.id,
        organisation_id=actor.organisation_id,
        firm_id=found.firm_id,
        user_id=actor.user_id,
        contribution=contribution,
        price=price,
        received_at=now,
        stands_since=before.stands_since if before is not None else now,
        signature=crypto.sign(receipt),
    )
    lifecycle.begin(entry, EntryStatus.STANDING, actor, now)
    commitment = intermediaries.promise(found.promised)
    _check_quote(need, entry, commitment, deviation_reason, actor, now)
    closing.store_checks(entry, found, CheckStage.ENTRY, now)
    audit.record(
        "entry.received",
        actor,
        entry,
        now,
        need=need.number,
        attempt=running.attempt,
        receipt_sha256=crypto.sha256_hex(receipt),
    )
    return entry


def _entering(need: Need, now: datetime) -> SelectionRound:
    if need.status is not NeedStatus.PUBLISHED or need.entry_deadline is None:
        raise Conflict(_("该需求当前不接受报名"), rule="entry.state")
    if now >= need.entry_deadline:
        raise Conflict(_("报名已于截止时间结束"), rule="entry.late")
    return queries.live_round(need)


def _check_quote(
    need: Need,
    entry: Entry,
    commitment: Commitment | None,
    reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    question = price_of(
        need,
        Gate.QUOTE,
        entry,
        entry.price,
        now,
        budget=True,
        commitment=commitment,
        reason=reason,
    )
    entry.price_check_id = require_price(question, actor, now).id
    db.session.flush()


def withdraw_entry(entry: Entry, actor: Actor) -> None:
    """Take an entry back before the deadline; the row stays."""
    lock(entry.need)
    now = clock.now()
    running = _entering(entry.need, now)
    db.session.refresh(entry)
    if entry.round_id != running.id:
        raise Conflict(_("该报名属于已结束的一次选取，不能再改"), rule="entry.round")
    lifecycle.move(entry, EntryStatus.WITHDRAWN, actor, now)


def withdraw_all_entries(organisation_id: int, reason: str, actor: Actor, now: datetime) -> int:
    """Take a barred firm out of everything not contracted yet; returns how many things fell.

    Standing entries are withdrawn. A frozen list stays as it was published: its order is drawn
    with the firm in it and the award passes the firm by. An award without contract falls.
    """
    fallen = 0
    need_ids = select(Entry.need_id).where(Entry.organisation_id == organisation_id)
    needs = db.session.scalars(select(Need).where(Need.id.in_(need_ids)).order_by(Need.id)).all()
    for need in needs:
        lock(need)
        entry = queries.my_entry(need, organisation_id)
        if entry is not None and entry.status is EntryStatus.STANDING:
            lifecycle.move(entry, EntryStatus.WITHDRAWN, actor, now, reason=reason)
            fallen += 1
        award = queries.award_of(need)
        if (
            award is not None
            and award.organisation_id == organisation_id
            and need.status in (NeedStatus.SELECTING, NeedStatus.AWARDED)
        ):
            awarding.fall(need, award, AwardStatus.BARRED, actor, now, reason)
            fallen += 1
    return fallen


def enter_lottery(
    jurisdiction_code: str,
    day: date,
    issue: str,
    numbers: Sequence[Sequence[int]],
    source: str,
    actor: Actor,
    now: datetime,
) -> LotteryResult | None:
    """Note the lottery's issue of a day; final, and the draws due, once two officers agree."""
    edition = queries.selection_values(jurisdiction_code, clock.local_day(now))
    return drawing.enter_reading(edition, day, issue, numbers, source, actor, now)


def commit_number(need: Need, number: str, actor: Actor) -> CeremonyNumberRow:
    """Commit a number in a need's ceremony."""
    lock(need)
    return ceremony.commit_number(need, queries.live_round(need), number, actor, clock.now())


def reveal_number(need: Need, number: str, actor: Actor) -> CeremonyNumberRow:
    """Reveal the number committed in a need's ceremony."""
    lock(need)
    return ceremony.reveal_number(need, queries.live_round(need), number, actor, clock.now())


def pick_entry(need: Need, entry: Entry, reason: str, actor: Actor) -> Award:
    """Choose an entrant directly; waits for the approver where two persons must act."""
    lock(need)
    db.session.refresh(entry)
    return awarding.propose_pick(need, entry, reason, actor, clock.now())


def approve_pick(award: Award, actor: Actor) -> None:
    """Approve a pick proposed by another person; the result is announced."""
    lock(award.need)
    db.session.refresh(award)
    awarding.approve_pick(award.need, award, actor, clock.now())


def return_pick(award: Award, reason: str, actor: Actor) -> None:
    """Return a proposed pick with a reason; the owner chooses again."""
    lock(award.need)
    db.session.refresh(award)
    awarding.return_pick(award, reason, actor, clock.now())


def accept_award(award: Award, actor: Actor) -> None:
    """The winner accepts."""
    lock(award.need)
    db.session.refresh(award)
    awarding.accept(award.need, award, actor, clock.now())


def decline_award(award: Award, reason: str, actor: Actor) -> None:
    """The winner gives the award up, with a reason; the next reserve is offered it."""
    lock(award.need)
    db.session.refresh(award)
    awarding.decline(award.need, award, reason, actor, clock.now())


def propose_annulment(need: Need, reason: str, actor: Actor) -> DrawAnnulment:
    """Propose to annul a draw: one of two officers, with a reason that will be published."""
    lock(need)
    now = clock.now()
    running = queries.live_round(need)
    _edition_id, values = queries.edition_of(need, clock.local_day(now))
    if running.drawn_at is None or need.status not in (NeedStatus.SELECTING, NeedStatus.AWARDED):
        raise Conflict(_("当前没有可撤销的抽取"), rule="annul.state")
    if len(reason) < values.annul_reason_shortest:
        raise Invalid(
            _("请写明撤销理由，不少于 %(count)d 个字", count=values.annul_reason_shortest),
            field="reason",
            rule="annul.reason",
        )
    if queries.annulment_of(running) is not None:
        raise Conflict(_("撤销建议已提出"), rule="annul.twice")
    assert actor.user_id is not None
    proposed = DrawAnnulment(
        round_id=running.id, reason=reason, proposed_by=actor.user_id, proposed_at=now
    )
    db.session.add(proposed)
    db.session.flush()
    audit.record("draw.annulment_proposed", actor, proposed, now, round=running.id)
    award = queries.award_of(need)
    if award is not None:
        holding.tell_held(need, award, now)
    return proposed


def approve_annulment(annulment: DrawAnnulment, actor: Actor) -> SelectionRound:
    """The superior bureau annuls a draw: it stays public, the need is published again.

    Raises Refused for the person who proposed it, Conflict when it is decided or the need has
    moved on to a contract.
    """
    need = annulment.round.need
    lock(need)
    now = clock.now()
    db.session.refresh(annulment)
    if annulment.approved_at is not None or annulment.refused_at is not None:
        raise Conflict(_("撤销建议已办结"), rule="annul.decided")
    if annulment.proposed_by == actor.user_id:
        raise Refused(_("提出撤销的人不能批准，请由上级管理机构办理"), rule="annul.two_persons")
    if need.status not in (NeedStatus.SELECTING, NeedStatus.AWARDED):
        raise Conflict(_("需求已进入合同或者已经结束，不能再撤销抽取"), rule="annul.state")
    annulment.approved_by, annulment.approved_at = actor.user_id, now
    award = queries.award_of(need)
    if award is not None:
        awarding.withdraw_notice(award, actor, now, annulment.reason)
        lifecycle.move(award, AwardStatus.ANNULLED, actor, now, reason=annulment.reason)
    running = annulment.round
    lifecycle.move(running, RoundStatus.ANNULLED, actor, now, reason=annulment.reason)
    projects.republish(need, annulment.reason, actor, now)
    return _open_round(need, running.attempt + 1, actor, now)


def refuse_annulment(annulment: DrawAnnulment, actor: Actor) -> None:
    """The superior bureau refuses a proposed annulment: what waited for its word goes on."""
    need = lock(annulment.round.need)
    now = clock.now()
    db.session.refresh(annulment)
    if annulment.approved_at is not None or annulment.refused_at is not None:
        raise Conflict(_("撤销建议已办结"), rule="annul.decided")
    annulment.refused_at = now
    db.session.flush()
    audit.record("draw.annulment_refused", actor, annulment, now)
    award = queries.award_of(need)
    if award is not None and award.round_id == annulment.round_id:
        holding.go_on(need, award, actor, now)


def advance_need(need: Need, actor: Actor, now: datetime) -> None:
    """Do what has become due in the choosing for a need (clock; the sweep holds the lock)."""
    need.next_check_at = None
    if need.status is NeedStatus.PUBLISHED:
        _advance_published(need, actor, now)
    elif need.status is NeedStatus.SELECTING:
        _advance_selecting(need, actor, now)
    elif need.status is NeedStatus.AWARDED:
        _advance_awarded(need, actor, now)
    if need.next_check_at is not None and need.next_check_at <= now:
        need.next_check_at = now + SOON


def _advance_published(need: Need, actor: Actor, now: datetime) -> None:
    if need.entry_deadline is not None and now < need.entry_deadline:
        need.next_check_at = need.entry_deadline
        return
    closing.close_entries(need, queries.live_round(need), actor, now)


def _advance_selecting(need: Need, actor: Actor, now: datetime) -> None:
    running = queries.live_round(need)
    if not queries.uses_draw(need) or running.drawn_at is not None:
        return
    if queries.uses_ceremony(need) and not drawing.advance_ceremony(need, running, actor, now):
        return
    if drawing.public_value_of(need, running) is None:
        return
    drawing.make_draw(need, running, actor, now)
    awarding.award_by_draw(need, running, actor, now)


def _advance_awarded(need: Need, actor: Actor, now: datetime) -> None:
    award = queries.award_of(need)
    if award is None:
        return
    if award.status is AwardStatus.ANNOUNCED:
        awarding.end_notice(need, award, actor, now)
    elif award.status is AwardStatus.OFFERED:
        awarding.lapse(need, award, actor, now)


def tell_corrected(actor: Actor, now: datetime) -> int:
    """Ask firms to confirm entries that a correction made out of date; returns how many (clock)."""
    told = 0
    for entry in queries.entries_to_confirm():
        corrected = queries.last_correction(entry.need)
        message = send(
            entry.organisation_id,
            f"需求已更正，请重新确认报名：{entry.need.title}",
            "需求已实质性更正并重新计算报名时间。截止前未重新确认的报名不进入名单。",
            f"/needs/{entry.need.public_id}/enter",
            f"entry:{entry.id}:corrected:{corrected:%Y%m%d%H%M%S}",
            now,
            address=entry.organisation.email,
        )
        told += message is not None
    return told


def end_withdrawn(running: SelectionRound, actor: Actor, now: datetime) -> None:
    """A need was withdrawn by its owner: its round ends, and an award that lived with it."""
    lock(running.need)
    db.session.refresh(running)
    if running.need.status is not NeedStatus.WITHDRAWN or running.status in queries.ENDED_ROUNDS:
        raise Missing(f"round {running.id}")
    reason = running.need.outcome_reason or ""
    award = queries.award_of(running.need)
    if award is not None:
        lifecycle.move(award, AwardStatus.ANNULLED, actor, now, reason=reason)
    if running.status is RoundStatus.DECIDED:
        lifecycle.move(running, RoundStatus.ANNULLED, actor, now, reason=reason)
    else:
        lifecycle.move(running, RoundStatus.WITHDRAWN, actor, now, reason=reason)
