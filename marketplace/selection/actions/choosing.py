"""Numbers of draws and ceremonies, picks, and what the winner answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from marketplace.foundation import clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db, lock
from marketplace.projects.models import Need

from .. import awarding, ceremony, drawing, queries
from ..models import (
    Award,
    CeremonyNumberRow,
    Entry,
    LotteryResult,
)


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
