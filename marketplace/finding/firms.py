"""Which listed firms are wanted, how many each further choice would leave, and in what order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from marketplace.accounts.areas import areas

from .models import Kind
from .queries import ORDER, shelf
from .rules import DAYS_BANDS, FIXED, PRICE_BANDS, fold, terms
from .sets import places_of
from .shelf import Shelf

SORTS = ("name", "grade", "listed", "price", "days")
PRICES = (*(str(start) for start in PRICE_BANDS), FIXED)
DAYS = tuple("more" if end is None else str(end) for end in DAYS_BANDS)
# served by offers that are limited to no area
EVERYWHERE = "*"
WINDOW = "window"
WHERE = (WINDOW, "online")
_NEVER = 1 << 60


@dataclass(frozen=True)
class Wanted:
    """What a reader looks for among the firms of a register; empty means any.

    ``words`` are part of the name, its pinyin or initials, the whole credit code, or what an item
    offered is called. ``grade``: a grade's value. ``home``: the area the firm comes from.
    ``price`` and ``days``: bands as ``rules`` name them; they, and ``open`` (takes orders now),
    are asked of one and the same offer, of ``item_code`` where one is given, as is ``serves``: the
    code of an area it is offered in. ``where``: ``window`` for a firm that sits in the hall,
    ``online`` for one that does not.
    """

    register: str
    words: str = ""
    item_code: str = ""
    grade: str = ""
    home: str = ""
    price: str = ""
    days: str = ""
    open: bool = False
    serves: str = ""
    where: str = ""

    @property
    def narrowed(self) -> bool:
        """Whether anything was asked for at all."""
        return self != Wanted(self.register)


@dataclass(frozen=True)
class Facet:
    """One way to narrow a list further, and how many firms it would leave."""

    value: str
    count: int
    chosen: bool


@dataclass(frozen=True)
class Present:
    """What an answer depends on beside the entries: the day (Shanghai), the items in force with
    their lists' codes, the items that have a standard, who is barred at this instant, which firms
    (keys of their registrations) sit in the register's hall."""

    day: date
    lineage: tuple[str, ...]
    items: Mapping[str, Any]
    priced: frozenset[str]
    barred: Sequence[int]
    seated: Collection[int] = ()


def items_called(words: str, present: Present) -> list[str]:
    """Codes of the items in force that every term of the words names, the nearest first: what is
    called just so, then in the order of the list."""
    wanted = terms(words)
    if not wanted:
        return []
    standing = shelf(Kind.ITEM)
    with standing.lock:
        own = 0
        for code in present.lineage:
            own |= standing.group("list", code)
        found = own
        for term in wanted:
            found &= standing.texts.find(term) | standing.coded(term)
        exact = standing.texts.whole(fold(words)) & own
        codes = [
            standing.code_at(place)
            for some in (exact, found & ~exact)
            for place in standing.in_order(some, "", False, 0, 200)
        ]
    places = {fold(code): code for code in present.items}
    return list(dict.fromkeys(places[code] for code in codes if code in places))


def item_keys(words: str) -> set[int]:
    """Keys of the items, of whatever edition, that every term of the words names."""
    standing = shelf(Kind.ITEM)
    with standing.lock:
        found = standing.everybody if terms(words) else 0
        for term in terms(words):
            found &= standing.texts.find(term) | standing.coded(term)
        return {standing.keys[place] for place in places_of(found)}


class Search:
    """One look at the firms of a register: the sets behind a page, its count and its facets."""

    def __init__(self, wanted: Wanted, present: Present) -> None:
        self.wanted = wanted
        self._present = present
        self._shelf = shelf(Kind.FIRM)
        self._offering: dict[tuple[str, str, bool, str, str], int] = {}
        # asked of the items' shelf before the lock on this one is taken
        self._called = {
            term: items_called(term, present) if len(term) > 1 else []
            for term in terms(wanted.words)
        }
        with self._shelf.lock:
            standing = self._shelf
            self._everybody = standing.group("register", wanted.register) & ~standing.owned(
                present.barred
            )
            self._named, self._spoken = self._words()

    def _words(self) -> tuple[int, int]:
        """Who is called so, and who is at least offering what is called so."""
        standing = self._shelf
        named = spoken = self._everybody
        for term, codes in self._called.items():
            called = standing.texts.find(term) | standing.coded(term)
            named &= called
            for code in codes:
                called |= standing.group("item", code)
            spoken &= called
        return named, spoken

    def found(self, wanted: Wanted | None = None) -> int:
        """The set of firms wanted."""
        wanted = wanted or self.wanted
        standing = self._shelf
        with standing.lock:
            found = self._spoken & standing.everybody
            if wanted.grade:
                found &= standing.ever("grade", wanted.grade)
            if wanted.home:
                found &= standing.ever("home", wanted.home)
            if wanted.where:
                seated = standing.placed(self._present.seated)
                found &= seated if wanted.where == WINDOW else ~seated
            if wanted.item_code:
                return found & self._offered(wanted, wanted.item_code)
            if wanted.price or wanted.days or wanted.open or wanted.serves:
                found &= self._offered(wanted, "")
            return found

    def _offered(self, wanted: Wanted, item: str) -> int:
        """Who offers an item, or any, at the price, within the days, now; those off their places
        too."""
        asked = (wanted.price, wanted.days, wanted.open, wanted.serves, item)
        found = self._offering.get(asked)
        if found is None:
            found = self._offering[asked] = self._offered_so(wanted, item)
        return found

    def _offered_so(self, wanted: Wanted, item: str) -> int:
        standing, present = self._shelf, self._present
        if not item:
            # of every search the same until somebody's entry changes, the day or an edition
            asked = (wanted.price, wanted.days, wanted.open, wanted.serves)
            made_by = (present.day, present.priced, tuple(present.items))
            return standing.joined((asked, made_by), lambda: self._offered_anything(wanted))
        found = standing.ever("item", item)
        if wanted.price:
            if wanted.price != FIXED and item not in self._present.priced:
                return 0
            found &= standing.ever("price", item, wanted.price)
        if wanted.days:
            found &= standing.ever("days", item, wanted.days)
        if wanted.open:
            found &= standing.ever("open", item)
            found &= ~standing.ended(item, self._present.day.toordinal())
        if wanted.serves:
            serving = standing.ever("serves", item, "")
            for code in _around(wanted.serves):
                serving |= standing.ever("serves", item, code)
            found &= serving
        return found

    def _offered_anything(self, wanted: Wanted) -> int:
        found = 0
        for each in self._present.items:
            found |= self._offered(wanted, each)
        return found

    def facets(self) -> dict[str, list[Facet]]:
        """How many firms each further choice would leave, by what it is a choice of. A value
        that leaves nobody is not named, unless it is the one chosen."""
        wanted = self.wanted
        with self._shelf.lock:
            open_to = self.found(replace(wanted, item_code=""))
            homes = self.found(replace(wanted, home=""))
            grades = self.found(replace(wanted, grade=""))
            base = self.found(
                replace(wanted, price="", days="", open=False, serves="", item_code="")
            )
            group = self._shelf.ever
            return {
                "grade": _facets(
                    [each.value for each in ORDER],
                    lambda value: grades & group("grade", value),
                    wanted.grade,
                ),
                "item": _facets(
                    self._present.items,
                    lambda value: open_to & self._offered(wanted, value),
                    wanted.item_code,
                ),
                "price": self._choices("price", PRICES, base),
                "days": self._choices("days", DAYS, base),
                "serves": self._served(base),
                "where": self._where(),
                "home": _facets(
                    sorted(str(name[1]) for name in self._shelf.group_names("home")),
                    lambda value: homes & group("home", value),
                    wanted.home,
                ),
                "open": _facets(
                    ["1"],
                    lambda _value: self.found(replace(wanted, open=True)),
                    "1" if wanted.open else "",
                ),
            }

    def _choices(self, name: str, values: Iterable[str], base: int) -> list[Facet]:
        """The bands of an offer: of the item chosen, else of any one item."""
        chosen = getattr(self.wanted, name)
        counts = dict.fromkeys(values, 0)
        for value in counts:
            asked = (
                replace(self.wanted, price=value)
                if name == "price"
                else replace(self.wanted, days=value)
            )
            counts[value] = self._offered(asked, self.wanted.item_code)
        return _facets(counts, lambda value: base & counts[value], chosen)

    def _served(self, base: int) -> list[Facet]:
        """The areas offers are made in; none where every offer is made everywhere."""
        standing, wanted = self._shelf, self.wanted
        limited: dict[str, list[str]] = {}
        for _serves, item, code in standing.group_names("serves"):
            if code:
                limited.setdefault(str(item), []).append(str(code))
        if not limited and not wanted.serves:
            return []
        everywhere = base & self._offered(replace(wanted, serves=EVERYWHERE), wanted.item_code)
        some: dict[str, int] = {}
        for item, codes in limited.items():
            if wanted.item_code in ("", item) and item in self._present.items:
                offered = base & self._offered(replace(wanted, serves=""), item)
                for code in codes:
                    some[code] = some.get(code, 0) | offered & standing.ever("serves", item, code)
        if not wanted.serves and not any(some.values()):
            return []

        def found(value: str) -> int:
            serving = everywhere
            for code in _around(value):
                serving |= some.get(code, 0)
            return serving

        return _facets(areas()[wanted.register].below[1:], found, wanted.serves)

    def _where(self) -> list[Facet]:
        """Window or online; nothing to choose where nobody sits in a hall."""
        wanted = self.wanted
        if not self._present.seated and not wanted.where:
            return []
        return _facets(WHERE, lambda value: self.found(replace(wanted, where=value)), wanted.where)

    def called(self, count: int) -> list[int]:
        """Keys of the firms called by the words: what is called just so first."""
        standing = self._shelf
        with standing.lock:
            found = self.found() & self._named
            return [standing.keys[place] for place in self._nearest(found, 0, count)]

    def page(self, sort: str, descending: bool, after: int, count: int) -> list[int]:
        """Keys of the firms of a page. In the list's own order those that are called just as was
        asked stand first, then those whose name holds it, then those that offer it. By ``price``
        the largest discount stands first, by ``days`` the fewest, whichever way is asked."""
        standing = self._shelf
        with standing.lock:
            found = self.found()
            if sort in ("price", "days"):
                value = self._least(sort)
                item = self.wanted.item_code
                some = standing.group("item", item) if item else standing.everybody
                name = (sort, item, self._present.priced)
                places = standing.by(found, name, some, value, after, count)
            elif sort:
                places = standing.in_order(found, sort, descending, after, count)
            else:
                places = self._nearest(found, after, count)
            return [standing.keys[place] for place in places]

    def _nearest(self, found: int, after: int, count: int) -> list[int]:
        standing = self._shelf
        exact = 0
        if self.wanted.words:
            exact = standing.texts.whole(fold(self.wanted.words)) & found
        named = found & self._named & ~exact
        places: list[int] = []
        for some in (exact, named, found & ~named & ~exact):
            size = some.bit_count()
            if after >= size:
                after -= size
                continue
            places += standing.in_order(some, "", False, after, count - len(places))
            after = 0
            if len(places) == count:
                break
        return places

    def _least(self, sort: str) -> Callable[[int], Any]:
        """The lowest share of the standard, or the fewest days, an entry's offers promise."""
        kept, item, priced = self._shelf.kept, self.wanted.item_code, self._present.priced
        if item:
            by_days, counts = sort == "days", sort == "days" or item in priced

            def of_item(place: int) -> int:
                # ten thousand times in a row: no iterator is built for it
                for code, discount, days in kept[place]:
                    if code == item:
                        if by_days:
                            return days
                        return -discount if counts and discount is not None else _NEVER
                return _NEVER

            return of_item
        if sort == "days":
            return lambda place: min(
                (days for _code, _discount, days in kept[place]), default=_NEVER
            )
        return lambda place: min(
            (
                -discount
                for code, discount, _days in kept[place]
                if discount is not None and code in priced
            ),
            default=_NEVER,
        )


def _around(code: str) -> tuple[str, ...]:
    """An area and those it lies in."""
    area = areas().get(code)
    return area.lineage if area is not None else ()


def _facets(values: Iterable[str], found: Callable[[str], int], chosen: str) -> list[Facet]:
    made = (Facet(value, found(value).bit_count(), value == chosen) for value in values)
    return [each for each in made if each.count or each.chosen]


__all__ = [
    "DAYS",
    "PRICES",
    "SORTS",
    "WHERE",
    "WINDOW",
    "Facet",
    "Present",
    "Search",
    "Shelf",
    "Wanted",
    "item_keys",
    "items_called",
]
