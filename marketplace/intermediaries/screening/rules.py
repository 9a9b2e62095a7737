"""What an application says as lines, and what differs between two of its states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple


class Line(NamedTuple):
    """One thing an application says, under the point of the review it belongs to.

    ``key`` is the same thing in another state; ``shown`` masks what is personal, ``digest`` is
    equal where the full value is.
    """

    point: str
    key: str
    title: str
    shown: str
    digest: str


class Change(NamedTuple):
    """One thing that differs: before and after; empty where it was not there, or no longer is."""

    point: str
    title: str
    before: str
    after: str


def changes(before: Sequence[Line], after: Sequence[Line]) -> list[Change]:
    """What differs between two states, in the order of the later one, what is gone at the end."""
    earlier = {(line.point, line.key): line for line in before}
    later = {(line.point, line.key) for line in after}
    found = []
    for line in after:
        was = earlier.get((line.point, line.key))
        if was is None:
            found.append(Change(line.point, line.title, "", line.shown))
        elif was.digest != line.digest:
            found.append(Change(line.point, line.title, was.shown, line.shown))
    found += [
        Change(line.point, line.title, line.shown, "")
        for line in before
        if (line.point, line.key) not in later
    ]
    return found


def by_point(found: Sequence[Change]) -> dict[str, list[Change]]:
    """The same by point of the review."""
    groups: dict[str, list[Change]] = {}
    for each in found:
        groups.setdefault(each.point, []).append(each)
    return groups


def read(records: Sequence[Sequence[Any]]) -> list[Line]:
    """Lines as they were stored."""
    return [Line(*map(str, record)) for record in records]
