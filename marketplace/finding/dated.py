"""Needs and notices found by words: their keys, the newest first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from .firms import Present, items_called
from .models import Kind
from .queries import shelf
from .rules import terms
from .shelf import Shelf

# of more than this only the newest are shown
MOST = 1000


@dataclass(frozen=True)
class Found:
    """Keys of at most 1,000 that were found, the newest first, and how many there are."""

    keys: list[int]
    total: int


def needs(words: str, areas: Sequence[str], present: Present) -> Found:
    """Published needs of these areas by title, number, or what their item is called."""
    called = {term: items_called(term, present) if len(term) > 1 else [] for term in terms(words)}
    return _found(Kind.NEED, areas, called, lambda _standing: 0)


def notices(words: str, areas: Sequence[str], now: datetime) -> Found:
    """Notices of these areas the public may read at an instant, by title."""
    called: dict[str, list[str]] = {term: [] for term in terms(words)}
    at = int(now.timestamp()) + 1
    return _found(Kind.NOTICE, areas, called, lambda standing: standing.ended("notice", at))


def _found(
    kind: Kind,
    areas: Sequence[str],
    called: dict[str, list[str]],
    without: Callable[[Shelf], int],
) -> Found:
    standing = shelf(kind)
    with standing.lock:
        here = 0
        for code in areas:
            here |= standing.group("area", code)
        found = here & ~without(standing) if called else 0
        for term, codes in called.items():
            some = standing.texts.find(term) | standing.coded(term)
            for code in codes:
                some |= standing.group("item", code)
            found &= some
        places = standing.in_order(found, "", False, 0, MOST)
        return Found([standing.keys[place] for place in places], found.bit_count())
