"""One slice of each check: what to look at from where, what it found, where to go on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import func, select

from marketplace.foundation import audit, heads
from marketplace.foundation.audit import AuditRow
from marketplace.foundation.db import db
from marketplace.ratings import queries as ratings
from marketplace.ratings import replaying, streaming
from marketplace.ratings.models import RatingSubject

from .. import invariants
from .models import CheckPart

log = logging.getLogger(__name__)

ROWS = 5000
SUBJECTS = 500
# what the other parts of a night look at in slices
ELSEWHERE = frozenset({"I16", "I17"})


@dataclass
class Slice:
    """What one slice gave. ``next`` is where the next begins, None when this was the last."""

    checked: int
    found: list[str] = field(default_factory=list)
    next: int | None = None


def look(part: CheckPart, position: int) -> Slice:
    """Look at one slice. Begin at 0. Call inside a snapshot: a slice reads several statements.

    What cannot be read is a fault like any other: a row that stopped the checks would hide itself
    and everything after it from the alarm.
    """
    try:
        return _PARTS[part](position)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        log.exception("check %s could not be done from %s on", part.value, position)
        told = f"{position}: it cannot be checked: {type(error).__name__}: {error}"
        return Slice(0, [told], position + 1 if part is CheckPart.INVARIANTS else None)


def _ledger(position: int) -> Slice:
    newest = db.session.scalar(select(func.max(AuditRow.seq))) or 0
    first, last = position + 1, min(position + ROWS, newest)
    found = [f"{each.seq}: {each.problem}" for each in audit.verify(first, last)]
    if last < newest:
        return Slice(last - position, found, last)
    # the published heads and the recorded end, once the whole chain is known
    found += [f"{each.seq}: {each.problem}" for each in heads.verify()]
    return Slice(max(0, last - position), found)


def _grades(position: int) -> Slice:
    numbers = db.session.scalars(
        select(RatingSubject.id)
        .where(RatingSubject.id > position)
        .order_by(RatingSubject.id)
        .limit(SUBJECTS)
    ).all()
    if not numbers:
        return Slice(0, list(map(str, replaying.missing_entries())))
    connection = db.session.connection()
    timelines = {code: ratings.policies_of(code) for code in streaming.registers(connection)}
    found = map(str, replaying.between(connection, timelines, numbers[0], numbers[-1]))
    return Slice(len(numbers), list(found), numbers[-1])


def _invariants(position: int) -> Slice:
    codes = [code for code in (*invariants.STATEMENTS, *invariants.CHECKS) if code not in ELSEWHERE]
    if position >= len(codes):
        return Slice(0)
    found = [str(each) for each in invariants.broken({codes[position]})]
    return Slice(1, found, position + 1)


_PARTS: dict[CheckPart, Callable[[int], Slice]] = {
    CheckPart.LEDGER: _ledger,
    CheckPart.GRADES: _grades,
    CheckPart.INVARIANTS: _invariants,
}
