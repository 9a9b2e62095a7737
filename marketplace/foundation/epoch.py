"""What every request must know first, in one statement; and what may be remembered because of it.

One row holds two numbers. ``value`` is the public epoch: raised in the transaction that lists,
bars or grades somebody, it names the pages that may be shared for a second. ``editions`` is raised
by every change of areas, offices, items, standards and policies: what was read of them is
remembered by each process under that number, so that no process ever uses an outdated one.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Any, ParamSpec, TypeVar

from flask import current_app, has_request_context, request
from sqlalchemy import CheckConstraint, event, inspect, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from .connections import in_write_mode
from .db import READING, Base, db
from .savepoints import gather

P = ParamSpec("P")
R = TypeVar("R")

_MOST_KEPT = 4000
# how long a request that writes goes by one reading of the clock
_HELD_SECONDS = 0.05
_BUMPS = gather("epoch_bumps")
_ROWS = gather("epoch_rows")
_EDITIONS = "epoch_editions"
_HELD = "epoch_held"
_kept: dict[Any, tuple[int, Any]] = {}

_CLOCK = {
    "sqlite": "strftime('%Y-%m-%dT%H:%M:%f', 'now')",
    "postgresql": "clock_timestamp()",
}
_READ = {
    dialect: f"SELECT {clock}, (SELECT microseconds FROM clock_offset WHERE id = 1), "  # noqa: S608
    "(SELECT value FROM public_epoch WHERE id = 1), "
    "(SELECT editions FROM public_epoch WHERE id = 1)"
    for dialect, clock in _CLOCK.items()
}
_RAISE = text(
    "INSERT INTO public_epoch (id, value, editions) VALUES (1, :value, :editions) "
    "ON CONFLICT (id) DO UPDATE SET value = public_epoch.value + excluded.value, "
    "editions = public_epoch.editions + excluded.editions RETURNING value"
)
_followers: list[Callable[[int], None]] = []


class PublicEpoch(Base):
    """The single row of the two numbers."""

    __tablename__ = "public_epoch"
    __table_args__ = (CheckConstraint("id = 1", name="single_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    value: Mapped[int]
    editions: Mapped[int]


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at the database: its clock (UTC), the offset of demo time, both numbers."""

    clock: datetime
    offset_microseconds: int
    public: int
    editions: int


def read() -> Reading:
    """The present state, in one statement."""
    session = db.session
    # asked in every request, so past the layers that build statements
    connection = session.connection()
    asked = _READ[connection.dialect.name]
    raw, offset, public, editions = connection.exec_driver_sql(asked).one()
    if isinstance(raw, str):
        instant = datetime.fromisoformat(raw).replace(tzinfo=UTC)
    else:
        instant = raw.astimezone(UTC)
    if session.info.get(_EDITIONS) != (editions or 0):
        session.info[_EDITIONS] = editions or 0
        session.info.pop(_HELD, None)
    return Reading(instant, offset or 0, public or 0, editions or 0)


def present() -> Reading:
    """The reading a request goes by: one that only reads has one present, read once; one that
    writes reads afresh in each transaction, after a lock, and after whatever else took long
    enough to have been a wait: on PostgreSQL any statement that writes may wait for another."""
    if not has_request_context():
        return read()
    if not in_write_mode():
        held: Reading | None = request.environ.get(READING)
        if held is None:
            held = request.environ[READING] = read()
        return held
    kept: tuple[Reading, float] | None = db.session.info.get(READING)
    if kept is None or monotonic() - kept[1] > _HELD_SECONDS:
        kept = db.session.info[READING] = (read(), monotonic())
    return kept[0]


def forget_present() -> None:
    """Read anew what comes next: a lock was waited for, or time was moved."""
    db.session.info.pop(READING, None)
    if has_request_context():
        request.environ.pop(READING, None)


def raise_public() -> None:
    """Somebody was listed, barred or graded: no page made before this transaction is used after."""
    _bumps()[0] = 1


def raise_now() -> int:
    """Raise the public epoch at once, not as the last act, and return it: for work that may hold
    up whoever lists, bars or grades somebody until this transaction ends."""
    value: int = db.session.execute(_RAISE, {"value": 1, "editions": 0}).scalar_one()
    return value


def follow(function: Callable[[int], None]) -> Callable[[int], None]:
    """Have ``function`` called at the end of each transaction that raises either number, with the
    public epoch it raised: the one row is then locked, so that whoever follows on it is alone."""
    _followers.append(function)
    return function


def raise_editions() -> None:
    """Areas, offices, items, standards or policies changed: nothing remembered is used after."""
    _bumps()[1] = 1


def _bumps() -> list[int]:
    found: list[int] = db.session.info.setdefault(_BUMPS, [0, 0])
    return found


def watch_editions(*models: type[Base]) -> None:
    """Raise the number of editions whenever a row of these models is written."""
    for model in models:
        for name in ("after_insert", "after_update", "after_delete"):
            event.listen(model, name, lambda *_what: raise_editions())


def watch_public(model: type[Base], *columns: str) -> None:
    """Raise the public epoch when a row is added, taken away, or changed in one of ``columns``."""

    def changed(_mapper: Any, _connection: Any, row: Any) -> None:
        attributes = inspect(row).attrs
        if any(attributes[name].history.has_changes() for name in columns):
            raise_public()

    event.listen(model, "after_update", changed)
    for name in ("after_insert", "after_delete"):
        event.listen(model, name, lambda *_what: raise_public())


@event.listens_for(db.session, "before_commit")
def _write(session: Session) -> None:
    if session.in_nested_transaction():
        return  # only as the last act: the one row is locked from here to the end
    session.flush()
    bumps = session.info.pop(_BUMPS, None)
    if bumps is not None:
        value = session.execute(_RAISE, {"value": bumps[0], "editions": bumps[1]}).scalar_one()
        for function in _followers:
            function(value)


@event.listens_for(db.session, "after_transaction_end")
def _forget_reading(session: Session, transaction: Any) -> None:
    if transaction.parent is None:
        session.info.pop(_EDITIONS, None)
        session.info.pop(_HELD, None)
        session.info.pop(READING, None)


def _editions_written(info: Mapping[Any, Any]) -> bool:
    """Whether this transaction itself has written what is remembered."""
    bumps: list[int] | None = info.get(_BUMPS)
    return bumps is not None and bumps[1] > 0


def held(function: Callable[P, Sequence[R]]) -> Callable[P, list[R]]:
    """Keep for the rest of the transaction the rows that ``function`` read of watched tables: for
    lists of rows that one page, or one action, asks for many times over."""
    name = (function.__module__, function.__qualname__)

    @functools.wraps(function)
    def answer(*args: P.args, **kwargs: P.kwargs) -> list[R]:
        info = db.session.info
        if _editions_written(info):
            return list(function(*args, **kwargs))
        (rows,) = info.setdefault(_ROWS, [{}])
        asked = (name, args, *kwargs.items())
        if asked not in rows:
            rows[asked] = function(*args, **kwargs)
        return list(rows[asked])

    return answer


def remembered(function: Callable[P, R]) -> Callable[P, R]:
    """Keep in this process what ``function`` made of editions, until any edition changes.

    For functions of hashable arguments whose answer depends on watched rows only, and is never
    altered by who gets it. In a transaction that has itself written editions nothing is kept.
    """
    name = (function.__module__, function.__qualname__)

    @functools.wraps(function)
    def answer(*args: P.args, **kwargs: P.kwargs) -> R:
        info = db.session.info
        if _editions_written(info):
            return function(*args, **kwargs)
        # most are asked several times by one page
        held = info.get(_HELD)
        if held is None:
            held = info[_HELD] = {}
        asked = (name, args, *kwargs.items())
        if asked in held:
            return held[asked]
        number = info.get(_EDITIONS)
        if number is None:
            number = present().editions
        place = (current_app.config["SQLALCHEMY_DATABASE_URI"], *asked)
        kept = _kept.get(place)
        if kept is not None and kept[0] == number:
            held[asked] = kept[1]
            return kept[1]
        made = function(*args, **kwargs)
        # asked again: editions written inside the function would make the answer one of this
        # transaction alone
        if not _editions_written(info):
            if len(_kept) >= _MOST_KEPT:
                _kept.clear()
            _kept[place] = (number, made)
        return made

    return answer
