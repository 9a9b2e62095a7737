"""Reads of the item list in force on a day."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import or_, select
from sqlalchemy.orm import defer, undefer

from marketplace.foundation import epoch
from marketplace.foundation.addresses import MAX_ID
from marketplace.foundation.db import as_written, db
from marketplace.foundation.errors import Missing

from .models import CatalogueEdition, Commissioner, DaysKind, PriceForm, ServiceItem, Stage
from .rules.items import Item, qualified


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
    return _items(day, tuple(lineage))


@epoch.held
def _items(day: date, lineage: tuple[str, ...]) -> Sequence[ServiceItem]:
    edition_id = _in_force(day, lineage)
    if edition_id is None:
        return []
    return db.session.scalars(_listed(select(ServiceItem), edition_id, day)).all()


@epoch.remembered
def _in_force(day: date, lineage: tuple[str, ...]) -> int | None:
    edition = edition_in_force(day, lineage)
    return None if edition is None else edition.id


def editions(codes: Sequence[str]) -> list[CatalogueEdition]:
    """Every edition of these places, the newest first; a new one never hides an old one."""
    return list(
        db.session.scalars(
            select(CatalogueEdition)
            .where(CatalogueEdition.jurisdiction_code.in_(codes))
            .order_by(CatalogueEdition.effective_from.desc(), CatalogueEdition.id.desc())
            .options(defer(CatalogueEdition.source))
            .limit(as_written(200))
        )
    )


def edition(edition_id: int) -> CatalogueEdition:
    """An edition by its key; raises Missing."""
    found = db.session.get(CatalogueEdition, edition_id) if abs(edition_id) <= MAX_ID else None
    if found is None:
        raise Missing(f"catalogue edition {edition_id}")
    return found


def before(edition: CatalogueEdition) -> CatalogueEdition | None:
    """The edition of the same place that stood before this one."""
    return db.session.scalar(
        select(CatalogueEdition)
        .where(
            CatalogueEdition.jurisdiction_code == edition.jurisdiction_code,
            CatalogueEdition.effective_from < edition.effective_from,
        )
        .order_by(CatalogueEdition.effective_from.desc())
        .options(defer(CatalogueEdition.source))
        .limit(as_written(1))
    )


def items_of(edition: CatalogueEdition) -> list[ServiceItem]:
    """The items an edition states, all of them, in its order."""
    return list(
        db.session.scalars(
            select(ServiceItem)
            .where(ServiceItem.edition_id == edition.id)
            .order_by(ServiceItem.position, ServiceItem.id)
        )
    )


def stated(edition: CatalogueEdition) -> list[Item]:
    """The items of an edition as plain values, their guides too."""
    rows = db.session.scalars(
        select(ServiceItem)
        .where(ServiceItem.edition_id == edition.id)
        .order_by(ServiceItem.position, ServiceItem.id)
        .options(undefer(ServiceItem.guide_content))
    )
    return [row.told for row in rows]


@dataclass
class DepartmentCount:
    """How many items a department has: all, on the list, off it, of its own commission, covered
    by regional assessments, priced by the government."""

    name: str
    items: int = 0
    on_list: int = 0
    off_list: int = 0
    commissioned: int = 0
    regional: int = 0
    priced: int = 0


def counts_by_department(items: Iterable[ServiceItem]) -> list[DepartmentCount]:
    """The counts of every department that has an item, most items first."""
    found: dict[str, DepartmentCount] = {}
    for item in items:
        row = found.setdefault(item.department_name, DepartmentCount(item.department_name))
        row.items += 1
        row.on_list += item.on_list
        row.off_list += not item.on_list
        row.commissioned += item.commissioned_by is Commissioner.DEPARTMENT
        row.regional += item.regional_assessment
        row.priced += item.price_form is not PriceForm.MARKET
    return sorted(found.values(), key=lambda row: -row.items)


def summed(rows: Iterable[DepartmentCount]) -> DepartmentCount:
    """The sum of all departments."""
    total = DepartmentCount("")
    for row in rows:
        for name in ("items", "on_list", "off_list", "commissioned", "regional", "priced"):
            setattr(total, name, getattr(total, name) + getattr(row, name))
    return total


_finders: list[Callable[[str], Collection[int]]] = []


def find_by(finder: Callable[[str], Collection[int]]) -> None:
    """Have the words of an item list's own box read as the search reads them: ``finder`` gives the
    keys of the items, of whatever edition, that they name."""
    _finders[:] = [finder]


def narrowed(
    items: Iterable[ServiceItem],
    words: str,
    category: str = "",
    department: str = "",
    stage: str = "",
) -> list[ServiceItem]:
    """Those the words name, of one category, one department and one stage where these are given;
    in the order they came."""
    wanted = words.strip()[:40]
    keys = _finders[0](wanted) if wanted else None
    return [
        item
        for item in items
        if (keys is None or item.id in keys)
        and category in ("", item.category)
        and department in ("", item.department_name)
        and stage in ("", item.stage)
    ]


@dataclass(frozen=True)
class Label:
    """What a row says of an item: its name, its category, how its days are counted, whose it is,
    where in a project it stands."""

    code: str
    name: str
    category: str
    statutory_days_kind: DaysKind
    department_code: str
    stage: Stage | None


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
        ServiceItem.department_code,
        ServiceItem.stage,
    )
    rows = db.session.execute(_listed(select(*columns), edition.id, day))
    return MappingProxyType({row.code: Label(*row) for row in rows})


def _listed(query: Any, edition_id: int, day: date) -> Any:
    return query.where(
        ServiceItem.edition_id == edition_id,
        or_(ServiceItem.effective_until.is_(None), ServiceItem.effective_until > day),
    ).order_by(ServiceItem.position, ServiceItem.id)


def item(code: str, day: date, lineage: Sequence[str] = ()) -> ServiceItem:
    """The item in force on ``day``; raises Missing when the list does not hold it."""
    edition_id = _in_force(day, tuple(lineage))
    found = None
    if edition_id is not None:
        one = select(ServiceItem).where(ServiceItem.code == code)
        found = db.session.scalars(_listed(one, edition_id, day)).first()
    if found is None:
        raise Missing(_("清单中没有这一服务事项"), field="item_code", rule="catalogue.item")
    return found


def packages_with(found: ServiceItem) -> list[ServiceItem]:
    """The packaged items of the same edition that hold an item, in the edition's order."""
    codes = [code for code, parts in _packages(found.edition_id).items() if found.code in parts]
    return list(_of_edition(found.edition_id, codes).values())


def parts_of(found: ServiceItem) -> list[ServiceItem]:
    """The items a packaged one bundles, in its order."""
    every = _of_edition(found.edition_id, found.parts)
    return [every[code] for code in found.parts]


@epoch.remembered
def _packages(edition_id: int) -> Mapping[str, frozenset[str]]:
    """The codes of an edition's packaged items, with those of what each bundles."""
    rows = db.session.execute(
        select(ServiceItem.code, ServiceItem.parts)
        .where(ServiceItem.edition_id == edition_id)
        .order_by(ServiceItem.position, ServiceItem.id)
    )
    return MappingProxyType({code: frozenset(parts) for code, parts in rows if parts})


def _of_edition(edition_id: int, codes: Collection[str]) -> dict[str, ServiceItem]:
    """Items of an edition by their codes, in the edition's order."""
    if not codes:
        return {}
    rows = db.session.scalars(
        select(ServiceItem)
        .where(ServiceItem.edition_id == edition_id, ServiceItem.code.in_(codes))
        .order_by(ServiceItem.position, ServiceItem.id)
    )
    return {each.code: each for each in rows}


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
