"""Keeping entries as the rows they are about: as the last act of each transaction, anew, compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import delete, insert, select, update

from marketplace.foundation import epoch
from marketplace.foundation.db import db

from .entries import MAKE, OF, Entry
from .models import Kind, SearchEntry, SearchPending

_AT_ONCE = 500
_PENDING: Any = SearchPending.__table__
_ENTRIES: Any = SearchEntry.__table__


@epoch.follow
def follow(version: int) -> None:
    """Make the entries anew of whatever this transaction changed; ``version`` is the public epoch
    it just raised, whose row it holds: whoever changes the same firm beside it comes after."""
    session = db.session
    waiting = select(_PENDING.c.id).with_for_update(skip_locked=True)
    rows = session.execute(
        delete(_PENDING)
        .where(_PENDING.c.id.in_(waiting))
        .returning(_PENDING.c.kind, _PENDING.c.object_id)
    ).all()
    changed: dict[Kind, set[int]] = {}
    for kind, key in rows:
        changed.setdefault(Kind(kind), set()).add(key)
    for kind, keys in changed.items():
        renew(kind, sorted(keys), version)


def renew(kind: Kind, keys: Sequence[int], version: int) -> int:
    """Make these entries of a kind anew; what has left the public pages is shown no more.
    Returns how many changed."""
    count = 0
    for start in range(0, len(keys), _AT_ONCE):
        part = keys[start : start + _AT_ONCE]
        stored = _stored(kind, part)
        made = {each.object_id: each for each in MAKE[kind](part)}
        new = [each for key, each in made.items() if key not in stored]
        if new:
            db.session.execute(
                insert(_ENTRIES),
                [{**asdict(each), "shown": True, "version": version} for each in new],
            )
        count += len(new)
        for key, (before, was_shown) in stored.items():
            entry = made.get(key)
            if entry is None and was_shown:
                values: dict[str, Any] = {"shown": False}
            elif entry is not None and (entry != before or not was_shown):
                values = {**asdict(entry), "shown": True}
            else:
                continue
            db.session.execute(
                update(_ENTRIES)
                .where(_ENTRIES.c.kind == kind, _ENTRIES.c.object_id == key)
                .values(**values, version=version)
            )
            count += 1
    return count


def _stored(kind: Kind, keys: Sequence[int]) -> dict[int, tuple[Entry, bool]]:
    found = db.session.execute(
        select(_ENTRIES).where(_ENTRIES.c.kind == kind, _ENTRIES.c.object_id.in_(keys))
    )
    return {
        row.object_id: (
            Entry(
                row.kind,
                row.object_id,
                row.place,
                row.names,
                row.readings,
                row.code,
                row.facts,
            ),
            bool(row.shown),
        )
        for row in found
    }


def rebuild() -> int:
    """Make every entry anew that is not as it should be; how many those were."""
    version = epoch.raise_now()
    db.session.execute(delete(_PENDING))
    return sum(renew(kind, part, version) for kind in Kind for part in _parts(kind))


@dataclass(frozen=True)
class Difference:
    """An entry that is not what its rows make of it, by the row it is about."""

    table: str
    object_id: int
    problem: str


def differences() -> Iterator[Difference]:
    """Entries that are not as their rows are, or missing, or left behind."""
    for kind in Kind:
        for part in _parts(kind):
            stored = _stored(kind, part)
            made = {each.object_id: each for each in MAKE[kind](part)}
            for key in part:
                entry, shown = stored.get(key, (None, False))
                if key in made and not shown:
                    problem = "not to be found"
                elif key not in made and shown:
                    problem = "still to be found"
                elif key in made and entry != made[key]:
                    problem = "found by what it is no more"
                else:
                    continue
                yield Difference(OF[kind].class_.__tablename__, key, problem)


def _parts(kind: Kind) -> Iterator[list[int]]:
    """Keys of what there is of a kind, and of entries whose object is gone, some at a time."""
    last = 0
    while True:
        column = OF[kind]
        keys = set(
            db.session.scalars(select(column).where(column > last).order_by(column).limit(_AT_ONCE))
        ) | set(
            db.session.scalars(
                select(_ENTRIES.c.object_id)
                .where(_ENTRIES.c.kind == kind, _ENTRIES.c.object_id > last)
                .order_by(_ENTRIES.c.object_id)
                .limit(_AT_ONCE)
            )
        )
        part = sorted(keys)[:_AT_ONCE]
        if not part:
            return
        yield part
        last = part[-1]
