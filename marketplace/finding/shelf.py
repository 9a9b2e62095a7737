"""The entries of one kind as a process keeps them: names by their pieces, groups as sets of bits.

An entry stands at a place and never changes there: one that changed is taken off its place and
put on a new one. So whatever is kept of places stays right, and a change costs what it touches.
"""

from __future__ import annotations

import heapq
import threading
from array import array
from bisect import insort
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .sets import as_set, first_of, places_of
from .texts import Texts

Group = tuple[Hashable, ...]
# off their places and still in memory: at most so many, or a third of those on theirs
_MOST_GONE = 1000
# fewer found than this are ordered by themselves instead of looked for along the whole order
_FEW = 3000
# up to this part of what was found its first ones are picked instead of all brought in order
_PART = 8
_MOST_WORKED_OUT = 200
_MOST_JOINED = 200
# more changed at once than this are sorted in together
_CROWD = 200


@dataclass(frozen=True, slots=True)
class Row:
    """A stored entry as it comes from the database."""

    object_id: int
    place: str
    names: str
    readings: str
    code: str | None
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Layout:
    """What a kind of entries is narrowed and ordered by.

    ``groups``: the groups an entry belongs to. ``orders``: for each name of an order the value to
    go by; ties go by the object's key. ``ends``: what of it ends, and after which day (ordinal).
    ``owner``: by whom it can be barred. ``keep``: what else is asked of it later.
    """

    groups: Callable[[Row], Iterable[Group]]
    orders: Mapping[str, Callable[[Row], Any]]
    ends: Callable[[Row], Iterable[tuple[Hashable, int]]] = lambda _row: ()
    owner: Callable[[Row], int] | None = None
    keep: Callable[[Row], Any] = lambda _row: None


class Shelf:
    """All shown entries of a kind up to ``version``. Ask and change it holding ``lock``."""

    def __init__(self, layout: Layout) -> None:
        self.lock = threading.RLock()
        self._layout = layout
        self.clear()

    def clear(self) -> None:
        """Forget everything: what comes next is the whole."""
        self.version = -1
        self.texts = Texts()
        self.keys = array("q")
        self.kept: list[Any] = []
        self.everybody = 0
        self._groups: dict[Group, int] = defaultdict(int)
        self._at: dict[int, int] = {}
        self._of: dict[int, set[int]] = defaultdict(set)
        self._code_of: list[str | None] = []
        self._coded: dict[str, int] = {}
        self._owner_of = array("q")
        self._values: dict[str, list[Any]] = {name: [] for name in self._layout.orders}
        self._orders: dict[tuple[str, bool], list[int]] = {}
        self._worked_out: dict[Hashable, tuple[int, list[int]]] = {}
        self._joined: dict[Hashable, int] = {}
        self._ends: dict[Hashable, list[tuple[int, int]]] = defaultdict(list)
        self._ended: dict[Hashable, tuple[int, int, int]] = {}

    @property
    def is_worn(self) -> bool:
        """So much has changed that it is better read anew."""
        return len(self.keys) - len(self._at) > max(_MOST_GONE, len(self._at) // 3)

    def apply(self, changed: Iterable[tuple[Row, bool]]) -> None:
        """Take in entries that changed, with whether they are shown."""
        off: list[int] = []
        on: list[int] = []
        groups: dict[Group, list[int]] = defaultdict(list)
        for row, shown in changed:
            before = self._at.pop(row.object_id, None)
            if before is not None:
                off.append(before)
                self._take_off(before)
            if shown:
                place = self._put_on(row)
                on.append(place)
                for group in self._layout.groups(row):
                    groups[group].append(place)
        size = len(self.keys)
        if off or on:
            self._joined.clear()
        if off:
            self.everybody &= ~as_set(off, size)
        if on:
            # one put on and taken off again by the same crowd is gone
            live = (place for place in on if self._at.get(self.keys[place]) == place)
            self.everybody |= as_set(live, size)
        for group, places in groups.items():
            self._groups[group] |= as_set(places, size)
        self._order_in(on)

    def _put_on(self, row: Row) -> int:
        place = self.texts.add(row.names, row.readings)
        self.keys.append(row.object_id)
        self.kept.append(self._layout.keep(row))
        self._at[row.object_id] = place
        self._code_of.append(row.code)
        if row.code:
            self._coded[row.code] = place
        if self._layout.owner is not None:
            owner = self._layout.owner(row)
            self._owner_of.append(owner)
            self._of[owner].add(place)
        for name, value in self._layout.orders.items():
            self._values[name].append(value(row))
        for what, day in self._layout.ends(row):
            self._ends[what].append((day, place))
        return place

    def _take_off(self, place: int) -> None:
        code = self._code_of[place]
        if code and self._coded.get(code) == place:
            del self._coded[code]
        if self._layout.owner is not None:
            self._of[self._owner_of[place]].discard(place)

    def _order_in(self, places: Sequence[int]) -> None:
        for (name, descending), order in self._orders.items():
            key = self._key(name)
            if len(places) > _CROWD:
                order.extend(places)
                order.sort(key=key, reverse=descending)
                continue
            if descending:
                order.reverse()
            for place in places:
                insort(order, place, key=key)
            if descending:
                order.reverse()

    def _key(self, order: str) -> Callable[[int], tuple[Any, int]]:
        values, keys = self._values[order], self.keys
        return lambda place: (values[place], keys[place])

    def group(self, *group: Hashable) -> int:
        """Who belongs to a group now."""
        return self._groups.get(group, 0) & self.everybody

    def ever(self, *group: Hashable) -> int:
        """Who belongs to a group, those off their places too: to be met with a set that has been
        met with ``everybody``."""
        return self._groups.get(group, 0)

    def joined(self, name: Hashable, make: Callable[[], int]) -> int:
        """A set made of groups alone, which takes long to make: kept until an entry changes.
        ``name`` says what it is made of and by what else."""
        found = self._joined.get(name)
        if found is None:
            if len(self._joined) >= _MOST_JOINED:
                self._joined.clear()
            found = self._joined[name] = make()
        return found

    def group_names(self, first: Hashable) -> list[Group]:
        """The groups there are whose name begins so."""
        return [group for group in self._groups if group[0] == first]

    def ended(self, what: Hashable, day: int) -> int:
        """The entries for which this has ended before a day (ordinal)."""
        ends = self._ends.get(what, ())
        kept_day, covered, found = self._ended.get(what, (day, 0, 0))
        if kept_day != day:
            covered = found = 0
        if covered < len(ends):
            late = (place for end, place in ends[covered:] if end < day)
            found |= as_set(late, len(self.keys))
            self._ended[what] = day, len(ends), found
        return found

    def owned(self, owners: Iterable[int]) -> int:
        """The entries of these owners."""
        places = [place for owner in owners for place in self._of.get(owner, ())]
        return as_set(places, len(self.keys)) if places else 0

    def placed(self, keys: Iterable[int]) -> int:
        """The entries about these objects."""
        places = [self._at[key] for key in keys if key in self._at]
        return as_set(places, len(self.keys)) if places else 0

    def coded(self, code: str) -> int:
        """The entry with this code, as a set."""
        place = self._coded.get(code)
        return 0 if place is None else 1 << place

    def code_at(self, place: int) -> str:
        """The code of the entry at a place, empty without one."""
        return self._code_of[place] or ""

    def in_order(
        self, found: int, order: str, descending: bool, after: int, count: int
    ) -> list[int]:
        """``count`` of the places found in one of the orders, ``after`` so many."""
        key = self._key(order)
        size, until = found.bit_count(), after + count
        if size <= _FEW and until * _PART > size:
            return sorted(places_of(found), key=key, reverse=descending)[after:until]
        if size <= _FEW:
            # of many only the first pages are asked for: the rest need not be brought in order
            first = heapq.nlargest if descending else heapq.nsmallest
            return first(until, places_of(found), key=key)[after:]
        kept = self._orders.get((order, descending))
        if kept is None:
            kept = sorted(self._at.values(), key=key, reverse=descending)
            self._orders[order, descending] = kept
        return first_of(found, kept, after, count)

    def by(
        self,
        found: int,
        name: Hashable,
        all_of_it: int,
        value: Callable[[int], Any],
        after: int,
        count: int,
    ) -> list[int]:
        """The same by a value worked out for each place, the lowest first. ``name`` says which
        value it is: the order of ``all_of_it`` by it is kept until an entry is put on."""
        size, order = self._worked_out.get(name, (0, []))
        if size != len(self.keys):
            if len(self._worked_out) >= _MOST_WORKED_OUT:
                self._worked_out.clear()

            def key(place: int) -> tuple[Any, int]:
                return value(place), self.keys[place]

            order = sorted(places_of(all_of_it), key=key)
            self._worked_out[name] = len(self.keys), order
        return first_of(found, order, after, count)
