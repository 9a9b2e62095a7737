"""Reads of the item list in force on a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import or_, select
from sqlalchemy.orm import defer

from marketplace.foundation import epoch
from marketplace.foundation.db import db
from marketplace.foundation.errors import Missing

from .models import CatalogueEdition, DaysKind, ServiceItem
from .rules import qualified


def edition_in_force(day: date, lineage: Sequence[str] = ()) -> CatalogueEdition | None:
    """The item list in force on ``day``: the newest of the first code of ``lineage`` (own code
    first) that has one; without a lineage the newest of all."""
    rows = db.session.scalars(
        select(CatalogueEdition)
        .where(CatalogueEdition.effective_from <= day)
        .order_by(CatalogueEdition.effective_from, CatalogueEdition.id)
        # the file itself is long, and few readers of an edition want it
        .options(defer(CatalogueEdition.source))
    ).all()
    if not lineage:
        return rows[-1] if rows else None
    newest = {row.jurisdiction_code: row for row in rows}
    return next((newest[code] for code in lineage if code in newest), None)


def items(day: date, lineage: Sequence[str] = ()) -> list[ServiceItem]:
    """The service items in force on ``day``, in the order of the list."""
    edition = edition_in_force(day, lineage)
    if edition is None:
        return []
    return list(db.session.scalars(_listed(select(ServiceItem), edition, day)))


def narrowed(
    items: Iterable[ServiceItem], words: str, category: str = "", department: str = ""
) -> list[ServiceItem]:
    """Those whose name holds the words, of one category and one department where these are
    given; in the order they came."""
    wanted = words.strip()[:40].lower()
    return [
        item
        for item in items
        if wanted in item.name.lower()
        and category in ("", item.category)
        and department in ("", item.department_name)
    ]


@dataclass(frozen=True)
class Label:
    """What a row says of an item: its name, its category and how its days are counted."""

    code: str
    name: str
    category: str
    statutory_days_kind: DaysKind


@epoch.remembered
def labels(day: date, lineage: tuple[str, ...] = ()) -> Mapping[str, Label]:
    """The labels of the items in force on ``day`` by code, in the order of the list; much less to
    read than the items themselves."""
    edition = edition_in_force(day, lineage)
    if edition is None:
        return MappingProxyType({})
    columns = (
        ServiceItem.code,
        ServiceItem.name,
        ServiceItem.category,
        ServiceItem.statutory_days_kind,
    )
    rows = db.session.execute(_listed(select(*columns), edition, day))
    return MappingProxyType({row.code: Label(*row) for row in rows})


def _listed(query: Any, edition: CatalogueEdition, day: date) -> Any:
    return query.where(
        ServiceItem.edition_id == edition.id,
        or_(ServiceItem.effective_until.is_(None), ServiceItem.effective_until > day),
    ).order_by(ServiceItem.position, ServiceItem.id)


def item(code: str, day: date, lineage: Sequence[str] = ()) -> ServiceItem:
    """The item in force on ``day``; raises Missing when the list does not hold it."""
    for found in items(day, lineage):
        if found.code == code:
            return found
    raise Missing(_("清单中没有这一服务事项"), field="item_code", rule="catalogue.item")


def names(day: date, lineage: Sequence[str] = ()) -> dict[str, str]:
    """Item code → name, for lists and choices."""
    return {found.code: found.name for found in labels(day, tuple(lineage)).values()}


def by_category(day: date, lineage: Sequence[str] = ()) -> dict[str, dict[str, str]]:
    """Category → item code → name, each in the order of the list, for long choices."""
    groups: dict[str, dict[str, str]] = {}
    for found in labels(day, tuple(lineage)).values():
        groups.setdefault(found.category, {})[found.code] = found.name
    return groups


def meets(found: ServiceItem, held: Sequence[tuple[str, str]]) -> bool:
    """Whether qualifications held, as (type, grade), are enough for an item."""
    return qualified(found.requirements, found.qualification_rule == "any", held)
