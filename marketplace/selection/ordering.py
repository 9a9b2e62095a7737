"""The award of an order: a chosen firm took it, nothing is drawn and nobody else entered."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from marketplace.accounts import queries as accounts
from marketplace.fees.checking import require_price
from marketplace.fees.rules.judging import Gate
from marketplace.foundation import audit, clock, crypto, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import working_calendar
from marketplace.foundation.db import db
from marketplace.foundation.errors import Refused
from marketplace.foundation.money import format_yuan
from marketplace.intermediaries import queries as intermediaries
from marketplace.intermediaries.models import Firm
from marketplace.notices import actions as notice_actions
from marketplace.projects.models import Need
from marketplace.projects.pricing import price_of

from . import drawing, queries
from .closing import store_checks
from .methods.draw_proof import instant_text
from .methods.random_draw import Entrant, commitment, receipt_bytes
from .models import (
    Award,
    AwardStatus,
    CheckStage,
    Entry,
    EntryStatus,
    RoundStatus,
    SelectionRound,
)


@dataclass(frozen=True)
class Taken:
    """What a firm and an owner agreed on: who said what when. ``reason`` is published,
    ``deviation_reason`` is why the price is far from the fee standard, as far as it was said."""

    firm: Firm
    price: Decimal
    reason: str
    proposed_by: int
    approved_by: int | None
    firm_user_id: int | None
    answered_at: datetime
    answer_by: datetime
    deviation_reason: str = ""


def award_order(need: Need, taken: Taken, actor: Actor, now: datetime) -> Award:
    """Award a need to the firm that took its order, accepted at once, and show it to the public.

    The caller holds the need's lock and has published it. Eligibility and price are asked as at
    every award; raises Refused naming the first rule that stands in the way, Invalid for a price.
    """
    firm = taken.firm
    found = queries.eligibility(need, firm.organisation_id, now)
    refusals = [each for each in found.refusals if each.rule not in ("pause", "capacity")]
    if refusals:
        raise Refused(queries.said(refusals[0].fact), rule=f"order.{refusals[0].rule}")
    edition_id, values = queries.edition_of(need, clock.local_day(now))
    running = SelectionRound(
        need_id=need.id,
        attempt=1,
        commitment=commitment(drawing.secret_of(need, 1)),
        edition_id=edition_id,
        opened_at=now,
        closed_at=now,
        postponed=0,
    )
    lifecycle.begin(running, RoundStatus.OPEN, actor, now)
    entry = _entry(need, running, taken, actor, now)
    store_checks(entry, found, CheckStage.AWARD, now)
    lifecycle.move(running, RoundStatus.LISTED, actor, now, entrants=1, void=0)
    award = Award(
        need_id=need.id,
        round_id=running.id,
        entry_id=entry.id,
        organisation_id=firm.organisation_id,
        place=1,
        price=taken.price,
        reason=taken.reason,
        edition_id=edition_id,
        letter_number=f"{need.number}-Z1",
        proposed_by=taken.proposed_by,
        approved_by=taken.approved_by,
        acts_alone=not need.two_person,
        decided_at=now,
        final_at=now,
        accept_by=taken.answer_by,
        accepted_at=taken.answered_at,
        notice_ends_at=working_calendar().deadline(now, values.notice_working_days),
    )
    lifecycle.begin(award, AwardStatus.PROPOSED, actor, now)
    _check_price(need, award, entry, taken.deviation_reason, actor, now)
    for status in (AwardStatus.ANNOUNCED, AwardStatus.OFFERED, AwardStatus.ACCEPTED):
        lifecycle.move(award, status, actor, now, price=award.price)
    lifecycle.move(running, RoundStatus.DECIDED, actor, now)
    _show(need, award, actor, now)
    return award


def _entry(need: Need, running: SelectionRound, taken: Taken, actor: Actor, now: datetime) -> Entry:
    organisation = accounts.organisation(taken.firm.organisation_id)
    contribution = secrets.token_hex(32)
    receipt = receipt_bytes(
        need.number,
        1,
        Entrant(organisation.credit_code or "", contribution),
        instant_text(taken.answered_at),
    )
    entry = Entry(
        round_id=running.id,
        need_id=need.id,
        organisation_id=organisation.id,
        firm_id=taken.firm.id,
        user_id=taken.firm_user_id,
        contribution=contribution,
        price=taken.price,
        received_at=taken.answered_at,
        stands_since=taken.answered_at,
        signature=crypto.sign(receipt),
    )
    lifecycle.begin(entry, EntryStatus.STANDING, actor, now)
    lifecycle.move(entry, EntryStatus.LISTED, actor, now)
    audit.record("entry.ordered", actor, entry, now, need=need.number)
    return entry


def _check_price(
    need: Need, award: Award, entry: Entry, reason: str, actor: Actor, now: datetime
) -> None:
    offering = intermediaries.promised(entry.firm_id, need.item_code)
    question = price_of(
        need,
        Gate.AWARD,
        award,
        award.price,
        now,
        budget=True,
        commitment=intermediaries.promise(offering),
        reason=reason,
        demands_reason=False,
    )
    entry.price_check_id = award.price_check_id = require_price(question, actor, now).id
    db.session.flush()


def _show(need: Need, award: Award, actor: Actor, now: datetime) -> None:
    assert award.notice_ends_at is not None
    lines = [
        f"项目业主：{need.owner.public_name}",
        f"需求编号：{need.number}",
        f"选取方式：{need.channel.title}",
        f"中选机构：{award.organisation.name}",
        f"中选价：{format_yuan(award.price)} 元",
        f"选取理由：{award.reason}",
    ]
    notice_actions.publish_notice(
        kind="award",
        subject=award,
        title=f"中选结果公示：{need.title}",
        body="\n".join(lines),
        ends_at=award.notice_ends_at,
        jurisdiction_code=need.jurisdiction_code,
        actor=actor,
        now=now,
        link=f"/results/{need.public_id}",
    )
