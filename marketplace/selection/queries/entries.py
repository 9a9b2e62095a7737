"""Entries: a firm's own, those of a round, which must be confirmed again, their receipts."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from sqlalchemy import Select, bindparam, func, literal_column, select

from marketplace.foundation.db import db, fetch
from marketplace.foundation.finding import by_public_id
from marketplace.projects import queries as projects
from marketplace.projects.models import (
    CorrectionStatus,
    Need,
    NeedCorrection,
    NeedStatus,
)

from ..methods.draw_proof import instant_text
from ..methods.random_draw import Entrant, receipt_bytes
from ..models import (
    CheckStage,
    EligibilityCheck,
    Entry,
    EntryStatus,
    SelectionRound,
)
from .rounds import places, round_of

# a firm pausing or filling up after closing still answers for its entry
NOT_AT_AWARD = ("pause", "capacity")


def entry_count(need: Need) -> int | None:
    """How many entries stand; names are hidden until closing. Public for draws and direct picks;
    None for sealed quotes until closing: it would steer prices."""
    found = round_of(need)
    if found is None:
        return None if need.is_sealed else 0
    if need.is_sealed and found.closed_at is None:
        return None
    return fetch(_ENTRY_COUNT, round_id=found.id)[0].entries


# stands, or stood at closing: neither replaced nor withdrawn
_STOOD = Entry.status.in_((EntryStatus.STANDING, EntryStatus.LISTED, EntryStatus.VOID))
_IN_ROUND = (Entry.round_id == bindparam("round_id"), _STOOD)
_ENTRY_COUNT = select(func.count(Entry.id).label("entries")).where(*_IN_ROUND)
_ENTRY_IN = select(Entry.id).where(
    *_IN_ROUND, Entry.organisation_id == bindparam("organisation_id")
)


def my_entry(need: Need, organisation_id: int) -> Entry | None:
    """A firm's own entry in the newest round, if it stands or stood at closing."""
    found = round_of(need)
    return entry_in(found, organisation_id) if found is not None else None


def entry_in(running: SelectionRound, organisation_id: int) -> Entry | None:
    """A firm's own entry in a round, if it stands or stood at closing."""
    found = fetch(_ENTRY_IN, round_id=running.id, organisation_id=organisation_id)
    return db.session.get_one(Entry, found[0].id) if found else None


def entry(public_id: str) -> Entry:
    """By public id; raises Missing."""
    return by_public_id(Entry, public_id)


def entries_of(organisation_id: int) -> Select[Entry]:
    """All entries of a firm but replaced ones, newest first."""
    return (
        select(Entry)
        .where(Entry.organisation_id == organisation_id, Entry.status != EntryStatus.REPLACED)
        .order_by(Entry.received_at.desc(), Entry.id.desc())
    )


def live_entries_of(organisation_id: int) -> list[Entry]:
    """A firm's entries in needs that are not decided yet."""
    return list(
        db.session.scalars(
            select(Entry)
            .join(Need, Need.id == Entry.need_id)
            .where(
                Entry.organisation_id == organisation_id,
                Entry.status.in_((EntryStatus.STANDING, EntryStatus.LISTED)),
                Need.status.in_((NeedStatus.PUBLISHED, NeedStatus.SELECTING)),
            )
            .order_by(Entry.id)
        )
    )


def standing(running: SelectionRound) -> list[Entry]:
    """The entries that stand before closing, in the order they were received."""
    return _by_status(running, EntryStatus.STANDING)


def listed(running: SelectionRound) -> list[Entry]:
    """The entries of the frozen list. Only to be shown after closing."""
    return _by_status(running, EntryStatus.LISTED)


def passed_over(running: SelectionRound) -> frozenset[int]:
    """Entries of the frozen list that were not fit any more when the award came to them.

    Only that they were not: why is told to the firm, a sanction that has ended leaves the pages.
    """
    return frozenset(
        db.session.scalars(
            select(EligibilityCheck.entry_id)
            .join(Entry, Entry.id == EligibilityCheck.entry_id)
            .where(
                Entry.round_id == running.id,
                EligibilityCheck.stage == CheckStage.AWARD,
                EligibilityCheck.ok.is_(False),
                EligibilityCheck.rule.not_in(NOT_AT_AWARD),
            )
        )
    )


def void(running: SelectionRound) -> list[Entry]:
    """The entries that fell at closing, with their reasons."""
    return _by_status(running, EntryStatus.VOID)


def _by_status(running: SelectionRound, status: EntryStatus) -> list[Entry]:
    return list(
        db.session.scalars(
            select(Entry)
            .where(Entry.round_id == running.id, Entry.status == status)
            .order_by(Entry.received_at, Entry.id)
        )
    )


def last_correction(need: Need) -> datetime | None:
    """When the need was last corrected; entries received before must be confirmed again."""
    return max(
        (each.published_at for each in projects.corrections(need.id) if each.published_at),
        default=None,
    )


def waits_for_confirmation(stood: Entry) -> bool:
    """Whether a standing entry must be sent again because the need was corrected after it."""
    corrected = last_correction(stood.need)
    return (
        stood.status is EntryStatus.STANDING
        and corrected is not None
        and stood.received_at < corrected
    )


@cache
def _corrected_since() -> Select[int]:
    """Standing entries of open needs that a correction made out of date."""
    return (
        select(Entry.id)
        .join(Need, Need.id == Entry.need_id)
        .join(NeedCorrection, NeedCorrection.need_id == Need.id)
        .where(
            Entry.status == EntryStatus.STANDING,
            Need.status == NeedStatus.PUBLISHED,
            NeedCorrection.status == CorrectionStatus.PUBLISHED,
            NeedCorrection.published_at > Entry.received_at,
        )
    )


@cache
def _first_corrected_since() -> Select[int]:
    return _corrected_since().limit(literal_column("1"))


def any_to_confirm(_now: datetime) -> bool:
    """Whether an entry is out of date by a correction."""
    return bool(fetch(_first_corrected_since()))


def entries_to_confirm(limit: int = 500) -> list[Entry]:
    """Standing entries of open needs that a correction made out of date, oldest first."""
    return list(
        db.session.scalars(
            select(Entry).where(Entry.id.in_(_corrected_since())).order_by(Entry.id).limit(limit)
        )
    )


def checks_of(stood: Entry) -> list[EligibilityCheck]:
    """All stored answers about an entry, in the order they were asked."""
    return list(
        db.session.scalars(
            select(EligibilityCheck)
            .where(EligibilityCheck.entry_id == stood.id)
            .order_by(EligibilityCheck.id)
        )
    )


def in_place_order(running: SelectionRound) -> list[Entry]:
    """The frozen list in drawn order, before the draw in the order of the credit codes."""
    order = places(running)

    def place(each: Entry) -> tuple[int, str]:
        code = each.organisation.credit_code or ""
        return order.get(code, 0), code

    return sorted(listed(running), key=place)


def receipt_text(stood: Entry) -> str:
    """The text an entry's receipt signs (docs/draw.md, step 2)."""
    entrant = Entrant(stood.organisation.credit_code or "", stood.contribution)
    at = instant_text(stood.received_at)
    return receipt_bytes(stood.need.number, stood.round.attempt, entrant, at).decode()
