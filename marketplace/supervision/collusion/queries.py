"""Reads about runs and flags, and the needs behind a flag with their figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from marketplace.accounts.models import Organisation, OrganisationFunction
from marketplace.foundation.db import as_written, db, fetch
from marketplace.foundation.files import StoredFile
from marketplace.foundation.finding import by_public_id
from marketplace.projects.models import Need
from marketplace.selection.models import Award, Entry, EntryStatus, SelectionRound

from .models import CollusionFlag, CollusionRun, CollusionStatus
from .rules.figures import Figures, figures
from .rules.screens import Screen

SHOWN = 40
_SHOWN_WITH = (joinedload(CollusionFlag.run),)


@cache
def _last_days() -> Select[str, date]:
    return (
        select(
            Organisation.jurisdiction_code.label("register"),
            func.max(CollusionRun.day).label("newest"),
        )
        .select_from(Organisation)
        .outerjoin(CollusionRun, CollusionRun.register == Organisation.jurisdiction_code)
        .where(Organisation.function == OrganisationFunction.BUREAU)
        .group_by(Organisation.jurisdiction_code)
        .order_by(Organisation.jurisdiction_code)
    )


def last_days() -> dict[str, date | None]:
    """For each place with a bureau, the day its selections were last looked through."""
    return {row.register: row.newest for row in fetch(_last_days())}


def last_run(registers: Sequence[str]) -> CollusionRun | None:
    """The newest run over one of these registers."""
    return db.session.scalar(
        select(CollusionRun)
        .where(CollusionRun.register.in_(registers))
        .order_by(CollusionRun.id.desc())
        .limit(as_written(1))
    )


def raised(register: str) -> list[CollusionFlag]:
    """The flags of a register that nobody has decided on, locked: while a run changes one, nobody
    decides on it."""
    return list(
        db.session.scalars(
            select(CollusionFlag)
            .where(
                CollusionFlag.register == register,
                CollusionFlag.status == CollusionStatus.RAISED,
            )
            .order_by(CollusionFlag.id)
            .with_for_update(of=CollusionFlag)
        )
    )


def known_needs(register: str) -> dict[tuple[Screen, str], set[int]]:
    """What was known when somebody decided on a pattern, by screen and key."""
    found: dict[tuple[Screen, str], set[int]] = defaultdict(set)
    for flag in db.session.scalars(
        select(CollusionFlag).where(
            CollusionFlag.register == register,
            CollusionFlag.status.in_((CollusionStatus.CLEARED, CollusionStatus.PURSUED)),
        )
    ):
        found[flag.screen, flag.key] |= set(flag.needs)
    return found


def flag(public_id: str) -> CollusionFlag:
    """A flag by its public id; raises Missing."""
    return by_public_id(CollusionFlag, public_id)


def waiting(registers: Sequence[str], limit: int = 100) -> list[CollusionFlag]:
    """The undecided flags of an area, the oldest first."""
    return list(
        db.session.scalars(
            select(CollusionFlag)
            .where(
                CollusionFlag.status == CollusionStatus.RAISED,
                CollusionFlag.register.in_(registers),
            )
            .order_by(CollusionFlag.raised_at, CollusionFlag.id)
            .limit(as_written(limit))
            .options(*_SHOWN_WITH)
        )
    )


def decided(registers: Sequence[str]) -> Select[CollusionFlag]:
    """The flags of an area that are over, the newest first."""
    return (
        select(CollusionFlag)
        .where(
            CollusionFlag.status != CollusionStatus.RAISED, CollusionFlag.register.in_(registers)
        )
        .order_by(CollusionFlag.status_since.desc(), CollusionFlag.id.desc())
        .options(*_SHOWN_WITH)
    )


def earlier(found: CollusionFlag) -> list[CollusionFlag]:
    """The earlier flags of the same pattern, the newest first."""
    return list(
        db.session.scalars(
            select(CollusionFlag)
            .where(
                CollusionFlag.register == found.register,
                CollusionFlag.screen == found.screen,
                CollusionFlag.key == found.key,
                CollusionFlag.id < found.id,
            )
            .order_by(CollusionFlag.id.desc())
        )
    )


def names_of(keys: Sequence[int]) -> dict[int, str]:
    """The public names of organisations."""
    rows = db.session.scalars(select(Organisation).where(Organisation.id.in_(keys)))
    return {row.id: row.public_name for row in rows}


@dataclass(frozen=True)
class NeedBehind:
    """A need a flag rests on: who won, and the figures of its quotes where they were opened."""

    need: Need
    winner: str
    quotes: tuple[tuple[str, Decimal], ...]
    figures: Figures | None


def documents_behind(found: CollusionFlag) -> list[StoredFile]:
    """The documents a flag rests on, the newest first, some of them; whether one may be read is the
    business of the page it was handed in on."""
    keys = [*found.facts.get("first", ()), *found.facts.get("second", ())]
    rows = select(StoredFile).where(StoredFile.id.in_(sorted(keys)[-SHOWN:]))
    return list(db.session.scalars(rows.order_by(StoredFile.at.desc(), StoredFile.id.desc())))


def needs_behind(found: CollusionFlag) -> list[NeedBehind]:
    """The needs a flag rests on, the newest first, some of them."""
    keys = sorted(found.needs)[-SHOWN:]
    needs = db.session.scalars(select(Need).where(Need.id.in_(keys)).order_by(Need.id.desc())).all()
    quotes: dict[int, list[tuple[str, Decimal]]] = defaultdict(list)
    for need, name, price in db.session.execute(
        select(Entry.need_id, Organisation.name, Entry.price)
        .join(SelectionRound, SelectionRound.id == Entry.round_id)
        .join(Organisation, Organisation.id == Entry.organisation_id)
        .where(
            Entry.need_id.in_(keys),
            Entry.status == EntryStatus.LISTED,
            SelectionRound.unsealed_at.is_not(None),
            Entry.price.is_not(None),
        )
        .order_by(Entry.need_id, Entry.price, Entry.id)
    ):
        assert price is not None  # asked for above
        quotes[need].append((name, price))
    winners: dict[int, str] = {}
    for need, name in db.session.execute(
        select(Award.need_id, Organisation.name)
        .join(Organisation, Organisation.id == Award.organisation_id)
        .where(Award.need_id.in_(keys), Award.decided_at.is_not(None))
        .order_by(Award.id)
    ):
        winners.setdefault(need, name)
    return [
        NeedBehind(
            each,
            winners.get(each.id, ""),
            tuple(quotes[each.id]),
            figures(price for _name, price in quotes[each.id]) if quotes[each.id] else None,
        )
        for each in needs
    ]
