"""Where a draw's public value comes from: issues of a lottery, ceremonies and who takes part."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import joinedload

from marketplace.accounts import queries as accounts
from marketplace.accounts.permissions import Permission
from marketplace.foundation import clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db, fetch
from marketplace.projects.models import (
    Need,
)

from ..models import (
    CeremonyNumberRow,
    EntryStatus,
    LotteryReading,
    LotteryResult,
    RoundStatus,
    SelectionRound,
)
from .entries import my_entry


@dataclass(frozen=True)
class AwaitedIssue:
    """A lottery's issue that frozen lists of a bureau wait for: two of its officers read it."""

    game: str
    day: date
    bureau_id: int


def bureau_of(need: Need) -> int:
    """The key of the bureau that runs a need's draw."""
    return accounts.bureau_id(need.jurisdiction_code)


@cache
def _read_alike() -> Select[int]:
    return select(LotteryResult.id).where(
        LotteryResult.game == bindparam("game"),
        LotteryResult.day == bindparam("day"),
        LotteryResult.organisation_id == bindparam("bureau"),
    )


def lottery_result(game: str, day: date, bureau_id: int) -> LotteryResult | None:
    """The issue of a day as two officers of a bureau read it alike."""
    return db.session.scalar(
        select(LotteryResult).where(
            LotteryResult.game == game,
            LotteryResult.day == day,
            LotteryResult.organisation_id == bureau_id,
        )
    )


def readings(game: str, day: date, bureau_id: int) -> list[LotteryReading]:
    """The newest reading of each officer of a bureau."""
    newest = (
        select(func.max(LotteryReading.id))
        .where(
            LotteryReading.game == game,
            LotteryReading.day == day,
            LotteryReading.organisation_id == bureau_id,
        )
        .group_by(LotteryReading.user_id)
    )
    return list(
        db.session.scalars(
            select(LotteryReading).where(LotteryReading.id.in_(newest)).order_by(LotteryReading.id)
        )
    )


@cache
def _awaited() -> Select[str | None, date | None, str]:
    """The issues of days up to ``day`` that frozen lists wait for, and where; asked at every look
    of the clock."""
    return (
        select(
            SelectionRound.lottery_game.label("game"),
            SelectionRound.lottery_day.label("drawn_on"),
            Need.jurisdiction_code.label("place"),
        )
        .join(Need, Need.id == SelectionRound.need_id)
        .where(
            SelectionRound.status == RoundStatus.LISTED,
            SelectionRound.drawn_at.is_(None),
            SelectionRound.ranking.is_(None),
            SelectionRound.lottery_game.is_not(None),
            SelectionRound.lottery_day <= bindparam("day"),
        )
        .distinct()
        .order_by(SelectionRound.lottery_day, SelectionRound.lottery_game, Need.jurisdiction_code)
    )


def lotteries_due(now: datetime, bureau_id: int | None = None) -> list[AwaitedIssue]:
    """Issues that frozen lists wait for, of one bureau or of all, oldest first."""
    awaited = {
        AwaitedIssue(game, day, accounts.bureau_id(code)): None
        for game, day, code in fetch(_awaited(), day=clock.local_day(now))
    }
    return [
        each
        for each in awaited
        if bureau_id in (None, each.bureau_id)
        and not fetch(_read_alike(), game=each.game, day=each.day, bureau=each.bureau_id)
    ]


def rounds_waiting_for(game: str, day: date, bureau_id: int) -> list[SelectionRound]:
    """Frozen lists of a bureau that a lottery's issue decides, in the order of their needs."""
    waiting = db.session.scalars(
        select(SelectionRound)
        .where(
            SelectionRound.status == RoundStatus.LISTED,
            SelectionRound.drawn_at.is_(None),
            SelectionRound.ranking.is_(None),
            SelectionRound.lottery_game == game,
            SelectionRound.lottery_day == day,
        )
        .options(joinedload(SelectionRound.need))
        .order_by(SelectionRound.need_id)
    )
    return [each for each in waiting if bureau_of(each.need) == bureau_id]


def ceremony_numbers(running: SelectionRound) -> list[CeremonyNumberRow]:
    """The participants of a ceremony, in the order they committed."""
    return list(
        db.session.scalars(
            select(CeremonyNumberRow)
            .where(CeremonyNumberRow.round_id == running.id)
            .order_by(CeremonyNumberRow.id)
        )
    )


def ceremony_participant(need: Need, actor_organisation_id: int) -> str | None:
    """The name under which an organisation takes part in a need's ceremony, or None.

    The owner, the bureau, any entrant of the frozen list, and as witnesses the departments of the
    need's area and the superior bureau over it.
    """
    organisation = accounts.organisation(actor_organisation_id)
    if organisation.id == need.owner_id:
        return "owner"
    if organisation.id == bureau_of(need):
        return "bureau"
    if organisation.function in ("department", "superior"):
        if organisation.jurisdiction_code not in accounts.lineage(need.jurisdiction_code):
            return None
        return f"witness-{organisation.public_id}"
    mine = my_entry(need, organisation.id)
    if mine is not None and mine.status is EntryStatus.LISTED:
        return f"entrant-{organisation.credit_code}"
    return None


CEREMONY_PERMISSIONS = {
    "owner": (Permission.NEED_EDIT, Permission.NEED_APPROVE),
    "bureau": (Permission.LOTTERY_ENTER,),
    "entrant": (Permission.FIRM_ENTER,),
    "witness": (Permission.ADMISSION_PROFESSIONAL, Permission.DRAW_ANNUL_APPROVE),
}


def ceremony_part(need: Need, actor: Actor | None) -> str | None:
    """The name under which a person takes part in a need's ceremony, or None.

    The organisation must have a part in it and the person a role that acts: an auditor reads.
    """
    if actor is None or actor.organisation_id is None:
        return None
    participant = ceremony_participant(need, actor.organisation_id)
    if participant is None:
        return None
    asked = CEREMONY_PERMISSIONS[participant.partition("-")[0]]
    return participant if any(actor.may(each) for each in asked) else None


def recent_lotteries(bureau_id: int, limit: int = 10) -> list[LotteryResult]:
    """The latest issues two officers of a bureau read alike."""
    return list(
        db.session.scalars(
            select(LotteryResult)
            .where(LotteryResult.organisation_id == bureau_id)
            .order_by(LotteryResult.day.desc(), LotteryResult.id)
            .limit(limit)
        )
    )


def ceremony_phase(running: SelectionRound, now: datetime) -> str:
    """`commit`, `reveal` or `over`."""
    if running.drawn_at is not None or running.commit_ends_at is None:
        return "over"
    if now < running.commit_ends_at:
        return "commit"
    if running.reveal_ends_at is not None and now < running.reveal_ends_at:
        return "reveal"
    return "over"
