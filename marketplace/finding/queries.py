"""The shelves of this process, brought up to the present, and what stands on them."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from flask import current_app
from sqlalchemy import select

from marketplace.foundation import clock
from marketplace.foundation.db import as_written, db
from marketplace.ratings.rules.entries import Grade

from .entries import NO_END
from .models import Kind, SearchEntry
from .rules import days_band, price_band
from .shelf import Group, Layout, Row, Shelf

# a firm without a grade stands after B (RULES section 6); a firm in D is on no list
ORDER = (Grade.A, Grade.B, Grade.UNGRADED, Grade.C)
_PLACES = {grade.value: place for place, grade in enumerate(ORDER)}
_AT_ONCE = 20_000
_LATE = 1 << 40

Offer = tuple[str, int | None, int]

_shelves: dict[tuple[str, Kind], Shelf] = {}
_making = threading.Lock()


def _firm_groups(row: Row) -> Iterator[Group]:
    facts = row.facts
    yield "register", row.place
    yield "home", facts["home"]
    yield "grade", facts["grade"]
    for item, discount, days, paused, _until in facts["offers"]:
        yield "item", item
        yield "price", item, price_band(discount)
        yield "days", item, days_band(days)
        if not paused and not facts["paused"]:
            yield "open", item
        for area in facts.get("served", {}).get(item, ("",)):
            yield "serves", item, area


def _firm_ends(row: Row) -> Iterator[tuple[str, int]]:
    for item, _discount, _days, _paused, until in row.facts["offers"]:
        if until != NO_END:
            yield item, until


def _firm_offers(row: Row) -> tuple[Offer, ...]:
    return tuple((item, discount, days) for item, discount, days, *_more in row.facts["offers"])


def _standing(row: Row) -> int:
    """Better grades first, then longer listed."""
    listed: int = row.facts["listed"]
    return _PLACES[row.facts["grade"]] * _LATE + listed


def _newest(row: Row) -> int:
    at: int = row.facts["at"]
    return -at


def _need_groups(row: Row) -> Iterator[Group]:
    yield "area", row.place
    yield "item", row.facts["item"]


def _notice_ends(row: Row) -> Iterator[tuple[str, int]]:
    until = row.facts["until"]
    if until is not None:
        yield "notice", int(until)


_LAYOUTS: Mapping[Kind, Layout] = {
    Kind.FIRM: Layout(
        groups=_firm_groups,
        orders={
            "": _standing,
            "name": lambda row: row.names,
            "grade": lambda row: _PLACES[row.facts["grade"]],
            "listed": lambda row: row.facts["listed"],
        },
        ends=_firm_ends,
        owner=lambda row: row.facts["organisation"],
        keep=_firm_offers,
    ),
    Kind.ITEM: Layout(groups=lambda row: [("list", row.place)], orders={"": lambda _row: 0}),
    Kind.NEED: Layout(groups=_need_groups, orders={"": _newest}),
    Kind.NOTICE: Layout(
        groups=lambda row: [("area", row.place)], orders={"": _newest}, ends=_notice_ends
    ),
}


def shelf(kind: Kind) -> Shelf:
    """The shelf of a kind as of the present public epoch; ask it holding its ``lock``."""
    key = (current_app.config["SQLALCHEMY_DATABASE_URI"], kind)
    found = _shelves.get(key)
    if found is None:
        with _making:
            found = _shelves.setdefault(key, Shelf(_LAYOUTS[kind]))
    version = clock.present().public
    if found.version < version:
        with found.lock:
            if found.is_worn:
                found.clear()
            if found.version < version:
                for rows in _changed(kind, found.version):
                    found.apply(rows)
                found.version = version
    return found


def _changed(kind: Kind, since: int) -> Iterator[Iterable[tuple[Row, bool]]]:
    """The entries changed after an epoch, some at a time; from the beginning only those shown."""
    columns: tuple[Any, ...] = (
        SearchEntry.id,
        SearchEntry.object_id,
        SearchEntry.place,
        SearchEntry.names,
        SearchEntry.readings,
        SearchEntry.code,
        SearchEntry.facts,
        SearchEntry.shown,
    )
    query = select(*columns).where(SearchEntry.kind == kind).order_by(SearchEntry.id)
    query = query.where(SearchEntry.shown if since < 0 else SearchEntry.version > since)
    last = 0
    while True:
        rows = db.session.execute(
            query.where(SearchEntry.id > last).limit(as_written(_AT_ONCE))
        ).all()
        if rows:
            yield ((Row(*row[1:7]), row.shown) for row in rows)
        if len(rows) < _AT_ONCE:
            return
        last = rows[-1].id
