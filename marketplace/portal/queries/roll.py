"""The roll of listed firms, kept in memory, so that lists of 20,000 are searched and counted at once.

Each process keeps the roll of a register under the public epoch: it is made anew when somebody
was listed, barred or graded, changed its name or what it offers, by whichever process. Bars that
come and go with time alone are asked of the database by every request.

A set of firms is one whole number, a bit for each firm, in the order of the list.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate
from typing import Any

from flask import current_app
from sqlalchemy import String, and_, select, type_coerce

from marketplace.accounts.models import Organisation
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.intermediaries.models import Firm, FirmStatus, Offering
from marketplace.ratings.models import Capacity, RatingSubject
from marketplace.ratings.rules.entries import Grade
from marketplace.sanctions import queries as sanctions

# a firm without a grade stands after B (RULES section 6)
ORDER = (Grade.A, Grade.B, Grade.UNGRADED, Grade.C, Grade.D)
SHOWN = ORDER[:-1]  # a firm in D is on no list
_PLACES = {grade.value: place for place, grade in enumerate(ORDER)}

_MOST_WORDS = 500
_rolls: dict[tuple[str, str], Roll] = {}
_making = threading.Lock()


@dataclass(frozen=True)
class Roll:
    """The listed firms of a register in the order of the list, and who is what among them."""

    epoch: int
    firm_ids: tuple[int, ...]
    places_of: Mapping[int, int]  # by organisation
    everybody: int
    grades: Mapping[str, int]
    homes: Mapping[str, int]
    items: Mapping[str, int]
    codes: Mapping[str, int]
    _names: tuple[str, ...]
    _text: str
    _starts: tuple[int, ...]
    _keys: Mapping[str, tuple[Any, ...]]
    _sorted: dict[tuple[str, bool], tuple[int, ...]] = field(default_factory=dict)
    _found: dict[str, int] = field(default_factory=dict)

    def named(self, words: str) -> int:
        """The firms whose name holds these words, or whose whole credit code they are."""
        kept = self._found.get(words)
        if kept is None:
            if len(self._found) >= _MOST_WORDS:
                self._found.clear()
            kept = self._found[words] = self._named(words)
        return kept

    def _named(self, words: str) -> int:
        wanted = words.lower()
        places = []
        at = self._text.find(wanted) if "\n" not in wanted else -1
        while at >= 0:
            place = bisect_right(self._starts, at) - 1
            places.append(place)
            # go on behind the name: once found is enough
            at = (
                self._text.find(wanted, self._starts[place + 1])
                if place + 1 < len(self._starts)
                else -1
            )
        if (code := self.codes.get(words.upper())) is not None:
            places.append(code)
        return as_set(places, len(self.firm_ids))

    def page(self, found: int, key: str, descending: bool, first: int, count: int) -> list[int]:
        """Keys of ``count`` of the firms found, from the ``first``; by the list's own order, or
        by ``name``, ``grade``, ``listed``."""
        bits = bin(found)[:1:-1]
        if key:
            places = [each for each in self._by(key, descending) if bits[each : each + 1] == "1"]
            return [self.firm_ids[place] for place in places[first : first + count]]
        at, skipped = bits.find("1"), 0
        chosen: list[int] = []
        while at >= 0 and len(chosen) < count:
            if skipped < first:
                skipped += 1
            else:
                chosen.append(self.firm_ids[at])
            at = bits.find("1", at + 1)
        return chosen

    def _by(self, key: str, descending: bool) -> tuple[int, ...]:
        kept = self._sorted.get((key, descending))
        if kept is None:
            values = self._keys[key]
            order = sorted(range(len(values)), key=values.__getitem__, reverse=descending)
            kept = self._sorted[key, descending] = tuple(order)
        return kept


def as_set(places: Iterable[int], size: int) -> int:
    """Places of the roll as a whole number with their bits set."""
    bits = bytearray(size // 8 + 1)
    for place in places:
        bits[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(bits, "little")


def of(register: str) -> Roll:
    """The roll of a register as it stands now, D left out; bars are asked for separately."""
    number = clock.present().public
    key = (current_app.config["SQLALCHEMY_DATABASE_URI"], register)
    kept = _rolls.get(key)
    if kept is not None and kept.epoch == number:
        return kept
    with _making:
        kept = _rolls.get(key)
        if kept is None or kept.epoch != number:
            kept = _rolls[key] = _made(register, number)
    return kept


def barred(roll: Roll, now: datetime) -> int:
    """The firms of a roll that are blacklisted at this instant."""
    organisations = sanctions.barred_now(now)
    found = (roll.places_of.get(each) for each in organisations)
    return as_set((place for place in found if place is not None), len(roll.firm_ids))


def _made(register: str, number: int) -> Roll:
    rated = and_(
        RatingSubject.organisation_id == Firm.organisation_id,
        RatingSubject.register == register,
        RatingSubject.capacity == Capacity.INTERMEDIARY,
    )
    rows = db.session.execute(
        select(
            Firm.id,
            Firm.organisation_id,
            Firm.listed_at,
            Organisation.name,
            Organisation.credit_code,
            Organisation.jurisdiction_code,
            type_coerce(RatingSubject.grade, String).label("grade"),
        )
        .join(Organisation, Organisation.id == Firm.organisation_id)
        .outerjoin(RatingSubject, rated)
        .where(Firm.register_code == register, Firm.status == FirmStatus.LISTED)
    ).all()
    listed = [
        (_PLACES[row.grade or Grade.UNGRADED.value], row.listed_at, row)
        for row in rows
        if row.grade != Grade.D.value
    ]
    listed.sort(key=lambda each: (each[0], each[1], each[2].id))
    places = {row.id: place for place, (_grade, _at, row) in enumerate(listed)}
    grades: dict[str, list[int]] = defaultdict(list)
    homes: dict[str, list[int]] = defaultdict(list)
    for place, (grade, _at, row) in enumerate(listed):
        grades[ORDER[grade].value].append(place)
        homes[row.jurisdiction_code].append(place)
    names = tuple(row.name.lower() for _grade, _at, row in listed)
    size = len(listed)
    return Roll(
        epoch=number,
        firm_ids=tuple(row.id for _grade, _at, row in listed),
        places_of={row.organisation_id: place for place, (_g, _at, row) in enumerate(listed)},
        everybody=(1 << size) - 1,
        grades={grade: as_set(found, size) for grade, found in grades.items()},
        homes={home: as_set(found, size) for home, found in homes.items()},
        items={item: as_set(found, size) for item, found in _offered(register, places).items()},
        codes={row.credit_code: places[row.id] for _g, _at, row in listed if row.credit_code},
        _names=names,
        _text="\n".join(names),
        _starts=tuple(accumulate((len(name) + 1 for name in names[:-1]), initial=0)),
        _keys={
            "name": tuple(row.name for _grade, _at, row in listed),
            "grade": tuple(grade for grade, _at, _row in listed),
            "listed": tuple(at for _grade, at, _row in listed),
        },
    )


def _offered(register: str, places: Mapping[int, int]) -> dict[str, list[int]]:
    """Who offers what now: places by item."""
    rows = db.session.execute(
        select(Offering.item_code, Offering.firm_id)
        .join(Firm, Firm.id == Offering.firm_id)
        .where(Firm.register_code == register, Offering.ended_at.is_(None))
    )
    found: dict[str, list[int]] = defaultdict(list)
    for item, firm in rows:
        if firm in places:
            found[item].append(places[firm])
    return found
