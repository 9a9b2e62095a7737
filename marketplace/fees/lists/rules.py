"""A row of a fee list, what it means to the engine, and what changed between two lists."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

from marketplace.fees.rules.bands import plain
from marketplace.fees.rules.policy import BasisDate, ItemFee
from marketplace.fees.rules.standards import PriceForm

Binds = Literal["binding", "reference"]
AmountUnit = Literal["元", "万元", "%"]
HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Charge:
    """A charge of the list's own: from ``low`` (none: only the highest is set) to ``high``, in
    ``unit`` for each ``per`` (平方米, 宗 …); with ``%`` as a share of what ``per`` names."""

    low: Decimal | None
    high: Decimal
    unit: AmountUnit
    per: str


@dataclass(frozen=True, slots=True)
class ListRow:
    """One row. It rests on a published ``standard``, or on a ``charge`` of its own, or on neither
    (the price is agreed)."""

    code: str
    name: str
    department: str = ""
    price_form: PriceForm = "market"
    binds: Binds = "reference"
    standard: str = ""
    variants: tuple[str, ...] = ()
    charge: Charge | None = None
    legal_basis: str = ""
    freed_by: str = ""
    freed_on: date | None = None
    basis_date: BasisDate = "need_published"
    deviation_band: Decimal | None = None
    remarks: str = ""

    @property
    def is_priced(self) -> bool:
        """Whether a standard or a charge stands behind the row."""
        return bool(self.standard) or self.charge is not None


def own_standard(jurisdiction: str, code: str) -> str:
    """The name of the standard a charge of the list's own becomes."""
    return f"own_{jurisdiction}_{code}"


def item_fee(row: ListRow, jurisdiction: str) -> dict[str, Any]:
    """The row as a fee edition writes it; what is empty is left out."""
    told: dict[str, Any] = {
        "standard": row.standard or own_standard(jurisdiction, row.code),
        "variants": list(row.variants),
        "binds": row.binds,
        "price_form": row.price_form,
        "legal_basis": row.legal_basis,
        "freed_by": row.freed_by,
        "freed_on": row.freed_on.isoformat() if row.freed_on else "",
        "basis_date": row.basis_date,
        "deviation_band": plain(row.deviation_band) if row.deviation_band is not None else "",
    }
    return {key: value for key, value in told.items() if value}


def row_of(code: str, name: str, department: str, fee: ItemFee) -> ListRow:
    """The row an edition that was no list has for an item."""
    return ListRow(
        code=code,
        name=name,
        department=department,
        price_form=fee.price_form,
        binds=fee.binds,
        standard=fee.standard,
        variants=fee.variants,
        legal_basis=fee.legal_basis,
        freed_by=fee.freed_by,
        freed_on=fee.freed_on,
        basis_date=fee.basis_date,
        deviation_band=fee.deviation_band,
    )


def standard_source(
    row: ListRow, jurisdiction: str, title: str, document: str, issuer: str, effective_from: date
) -> str:
    """The edition file of the standard a row's own charge becomes."""
    charge = row.charge
    assert charge is not None
    share = charge.unit == "%"
    scale = HUNDRED if share else Decimal(1)
    low = charge.high if charge.low is None else charge.low
    if low == charge.high:
        rate = _quoted(plain(charge.high / scale, 12))
    else:
        ends = (_quoted(plain(end / scale, 12)) for end in (low, charge.high))
        rate = "{{ low = {}, high = {} }}".format(*ends)
    lines = [
        f"id = {_quoted(own_standard(jurisdiction, row.code))}",
        f"title = {_quoted(f'{title}：{row.name}')}",
        f"document = {_quoted(document)}",
        f"issuer = {_quoted(issuer)}",
        f"issued = {effective_from.isoformat()}",
        f"effective_from = {effective_from.isoformat()}",
        f"price_form = {_quoted(row.price_form)}",
        f"fee_unit = {_quoted('元' if share else charge.unit)}",
        f"ceiling_only = {'true' if charge.low is None else 'false'}",
        "[[quantities]]",
        'key = "amount"',
        f"title = {_quoted(charge.per if share else f'数量（{charge.per}）')}",
        f"unit = {_quoted('元' if share else charge.per)}",
        "[[variants]]",
        'code = "charge"',
        f"title = {_quoted(row.name)}",
        'clause = "收费目录清单"',
        "[variants.formula]",
        'kind = "linear"',
        'base = "amount"',
        f"rate = {rate}",
    ]
    return "\n".join(lines) + "\n"


def edition_source(
    rows: Iterable[ListRow],
    jurisdiction: str,
    title: str,
    legal_basis: str,
    effective_from: date,
    base: Mapping[str, Any],
) -> str:
    """The fee edition a list becomes: its items, and every other value of ``base`` as it is."""
    lines = [
        f"jurisdiction = {_quoted(jurisdiction)}",
        'section = "fees"',
        f"effective_from = {effective_from.isoformat()}",
        f"title = {_quoted(title)}",
        f"legal_basis = {_quoted(legal_basis)}",
        "",
        "[values]",
    ]
    lines += [
        f"{_key(key)} = {_toml(value)}"
        for key, value in base.items()
        if key != "items" and value is not None
    ]
    for row in rows:
        if row.is_priced:
            lines += ["", f"[values.items.{_key(row.code)}]"]
            fee = item_fee(row, jurisdiction)
            lines += [f"{_key(key)} = {_toml(value)}" for key, value in fee.items()]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _key(text: str) -> str:
    return text if text.isascii() and text.replace("_", "").isalnum() else _quoted(text)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_toml(each) for each in value)}]"
    if isinstance(value, Mapping):
        pairs = (f"{_key(k)} = {_toml(v)}" for k, v in value.items() if v is not None)
        return f"{{ {', '.join(pairs)} }}"
    return str(value)


class Change(StrEnum):
    """What became of a row."""

    NEW = "new"
    CHANGED = "changed"
    DROPPED = "dropped"
    SAME = "same"


class Effect(StrEnum):
    """For whom who charges, what a change means."""

    TIGHTER = "tighter"
    LOOSER = "looser"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Difference:
    """One item in two lists; ``cells`` are the keys of what differs."""

    change: Change
    code: str
    old: ListRow | None
    new: ListRow | None
    cells: tuple[str, ...] = ()

    @property
    def row(self) -> ListRow:
        """The newer of the two."""
        found = self.new or self.old
        assert found is not None
        return found

    @property
    def effect(self) -> Effect | None:
        """Whether firms are held tighter or looser than before; None where nothing is said."""
        if self.change is Change.SAME:
            return None
        before, after = _hold(self.old), _hold(self.new)
        if before != after:
            return Effect.TIGHTER if after > before else Effect.LOOSER
        if self.old is None or self.new is None:
            return Effect.OTHER
        return _by_charge(self.old.charge, self.new.charge)


def _hold(row: ListRow | None) -> int:
    """How much a row holds a price: not at all, as a reference, as a rule."""
    if row is None or not row.is_priced:
        return 0
    return 2 if row.binds == "binding" else 1


def _by_charge(old: Charge | None, new: Charge | None) -> Effect:
    if old is None or new is None or (old.unit, old.per) != (new.unit, new.per):
        return Effect.OTHER
    if new.high != old.high:
        return Effect.TIGHTER if new.high < old.high else Effect.LOOSER
    return Effect.OTHER


COMPARED = tuple(each.name for each in fields(ListRow) if each.name != "code")


def compare(old: Sequence[ListRow], new: Sequence[ListRow]) -> Iterator[Difference]:
    """Every item of two lists: those of the new one in its order, then those it dropped."""
    before = {row.code: row for row in old}
    for row in new:
        was = before.pop(row.code, None)
        if was is None:
            yield Difference(Change.NEW, row.code, None, row)
            continue
        cells = tuple(name for name in COMPARED if getattr(was, name) != getattr(row, name))
        yield Difference(Change.CHANGED if cells else Change.SAME, row.code, was, row, cells)
    for was in before.values():
        yield Difference(Change.DROPPED, was.code, was, None)
