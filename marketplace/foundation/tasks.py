"""Background work: deadlines are rows found by a scan, each advanced in its own transaction.

What fails rests for a while, longer each time, and is found by name in ``due_failures``: a row
that cannot be advanced holds up neither the rows behind it nor the next scan.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import (
    Select,
    String,
    UniqueConstraint,
    bindparam,
    delete,
    literal_column,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column

from . import clock
from .actor import CLOCK, Actor
from .db import Model, db, fetch
from .transactions import looking, snapshot, transaction

log = logging.getLogger(__name__)
M = TypeVar("M")
BATCH = 200
FIRST_REST = timedelta(minutes=1)
LONGEST_REST = timedelta(hours=1)


class DueFailure(Model):
    """A row the clock could not advance. ``resting_until`` doubles its distance each time."""

    __tablename__ = "due_failures"
    __table_args__ = (UniqueConstraint("work", "subject_id"),)

    work: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[int]
    attempts: Mapped[int]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    resting_until: Mapped[datetime]
    error: Mapped[str] = mapped_column(String(300))


def resting(work: str, now: datetime) -> Select[int]:
    """Subquery of the ids that failed at ``work`` and are left alone for now."""
    return select(DueFailure.subject_id).where(
        DueFailure.work == work, DueFailure.resting_until > now
    )


@cache
def resting_at(work: str) -> Select[int]:
    """The same with ``now`` as a parameter of its own, for statements built once."""
    now: Any = bindparam("now")
    return resting(work, now)


def left_alone(work: str, now: datetime) -> set[int]:
    """The ids that failed at ``work`` and are left alone for now."""
    return {row[0] for row in fetch(resting_at(work), now=now)}


def failures(now: datetime, limit: int = 100) -> list[DueFailure]:
    """What the clock cannot do at present, the longest failing first.

    A row not tried again after its rest is not due any more: somebody has dealt with it.
    """
    return list(
        db.session.scalars(
            select(DueFailure)
            .where(DueFailure.resting_until > now - FIRST_REST)
            .order_by(DueFailure.first_at, DueFailure.id)
            .limit(limit)
        )
    )


def sweep(
    model: type[M],
    advance: Callable[[M, Actor, datetime], Any],
    limit: int = BATCH,
    held_before: Callable[[int], object] | None = None,
) -> int:
    """Advance every ``model`` row whose ``next_check_at`` has come, oldest first.

    Each row in a transaction of its own, locked (SKIP LOCKED), re-checked after the lock, so
    that two workers, or the same task twice, have one effect. ``advance`` must move the row on
    or set a later ``next_check_at``. ``held_before(id)`` locks what people lock before such a
    row, in their order. Returns how many rows were advanced.
    """
    row_type: Any = model

    def due(now: datetime) -> Sequence[int]:
        return [row[0] for row in fetch(_due_rows(row_type, limit), now=now)]

    def act(row_id: int, actor: Actor, now: datetime) -> int:
        if held_before is not None:
            held_before(row_id)
        return _advance_one(model, row_id, advance, actor)

    return advance_each(row_type.__tablename__, due, act)


@cache
def _due_rows(model: Any, limit: int) -> Select[int]:
    """The rows of a table that are due at ``now``, those that rest left out: built once, asked at
    every look of the clock."""
    return (
        select(model.id)
        .where(
            model.next_check_at <= bindparam("now"),
            model.id.not_in(resting_at(model.__tablename__)),
        )
        .order_by(model.next_check_at, model.id)
        .limit(literal_column(str(limit)))
    )


def advance_each(
    work: str,
    find: Callable[[datetime], Sequence[int]],
    act: Callable[[int, Actor, datetime], int],
) -> int:
    """Do ``act`` for every id that ``find`` names, each in a transaction of its own.

    What failed lately is passed over; a ``find`` that stops after so many must leave it out by
    itself (``resting_at``), or it would stand in the way of what comes behind it. ``act`` returns
    1 when it did something, 0 when there was nothing left to do.
    """

    def run(row_id: int, failed: bool) -> int:
        with transaction():
            done = act(row_id, CLOCK, clock.now())
            if failed:
                _forget(work, row_id)
        return done

    return _each(work, find, run)


def work_each(
    work: str,
    find: Callable[[datetime], Sequence[int]],
    act: Callable[[int], int],
) -> int:
    """As ``advance_each``, where one row is too much work to hold a transaction for: ``act``
    opens its own, as short as it can, and must be safe to be done again from its beginning."""

    def run(row_id: int, failed: bool) -> int:
        done = act(row_id)
        if failed:
            with transaction():
                _forget(work, row_id)
        return done

    return _each(work, find, run)


def _each(
    work: str,
    find: Callable[[datetime], Sequence[int]],
    run: Callable[[int, bool], int],
) -> int:
    # a look that takes no lock: most find nothing, and what is found is asked again under one
    with looking():
        now = clock.now()
        ids = list(find(now))
        failed = _failed_at(work) if ids else {}
    done = 0
    for row_id in ids:
        if row_id in failed and failed[row_id] > now:
            continue
        try:
            done += run(row_id, row_id in failed)
        except Exception as error:
            log.exception("%s %s could not be advanced", work, row_id)
            _let_rest(work, row_id, error)
    return done


def _failed_at(work: str) -> dict[int, datetime]:
    """Until when each id that failed at ``work`` rests."""
    query = select(DueFailure.subject_id, DueFailure.resting_until)
    rows = db.session.execute(query.where(DueFailure.work == work))
    return {row[0]: row[1] for row in rows}


def _forget(work: str, row_id: int) -> None:
    db.session.execute(
        delete(DueFailure).where(DueFailure.work == work, DueFailure.subject_id == row_id)
    )


def _advance_one(
    model: type[M], row_id: int, advance: Callable[[M, Actor, datetime], Any], actor: Actor
) -> int:
    row_type: Any = model
    row: Any = db.session.scalars(
        select(row_type)
        .where(row_type.id == row_id)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).first()
    # read after the lock, never before
    now = clock.now()
    if row is None or row.next_check_at is None or row.next_check_at > now:
        return 0
    advance(row, actor, now)
    db.session.flush()
    if row.next_check_at is not None and row.next_check_at <= now:
        raise RuntimeError(f"{model.__name__} {row_id} is still due after being advanced")
    return 1


def _let_rest(work: str, row_id: int, error: Exception) -> None:
    """Note the failure in a transaction of its own; where even that fails, the log has it."""
    try:
        with transaction():
            now = clock.now()
            row = db.session.scalars(
                select(DueFailure)
                .where(DueFailure.work == work, DueFailure.subject_id == row_id)
                .with_for_update()
            ).first()
            if row is None:
                row = DueFailure(work=work, subject_id=row_id, attempts=0, first_at=now)
                db.session.add(row)
            row.attempts += 1
            row.last_at = now
            row.resting_until = now + min(LONGEST_REST, FIRST_REST * 2 ** min(row.attempts - 1, 10))
            row.error = f"{type(error).__name__}: {error}"[:300]
    except Exception:
        log.exception("the failure of %s %s could not be noted", work, row_id)


def in_transaction(action: Callable[[Actor, datetime], Any]) -> Any:
    """Run one action of the clock as a transaction; for jobs that are not a scan of rows."""
    with transaction():
        return action(CLOCK, clock.now())


def where_found(find: Callable[[datetime], Any], action: Callable[[Actor, datetime], Any]) -> Any:
    """The same, where ``find`` sees something to do: a look that takes no lock. 0 otherwise."""
    with looking():
        found = find(clock.now())
    return in_transaction(action) if found else 0


def at_one_moment(read: Callable[[], Any]) -> Any:
    """Run a job's read of several statements as all stood at one moment; nothing is written."""
    with snapshot():
        return read()
