"""Every number of every shipped standard against the published tables, kept here as data of our
own; and each number changed by one per cent, which must be noticed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from marketplace.fees.rules.bands import Band
from marketplace.fees.rules.bases import Beyond, CappedShare, Direct, Weighted
from marketplace.fees.rules.modifiers import Cap, Coefficient, Floating, Floor, Surcharge
from marketplace.fees.rules.reading.files import read_standard, read_standards
from marketplace.fees.rules.reading.sections import EditionError
from marketplace.fees.rules.standards import FeeStandard, Sum, Tabled
from marketplace.fees.rules.tables import (
    Clamp,
    FixedValue,
    Interpolated,
    Linear,
    Negotiated,
    Progressive,
    RateOnWhole,
    Stepped,
)

FOLDER = Path(__file__).parents[2] / "marketplace" / "editions" / "standards"
STANDARDS = read_standards(FOLDER)
PUBLISHED = json.loads(
    (Path(__file__).parent / "data" / "published_tables.json").read_text("utf-8")
)
NUMBER = re.compile(r'"(\d+(?:\.\d+)?)"')


def number(band: Band) -> Any:
    return str(band.low) if band.is_point else [str(band.low), str(band.high)]


def beyond(how: object) -> Any:
    match how:
        case Negotiated():
            return None
        case Clamp():
            return "clamp"
        case RateOnWhole(rate):
            return ["rate_whole", number(rate)]
        case FixedValue(value):
            return ["fixed", number(value)]
    raise AssertionError(how)


def table(tabled: Tabled) -> dict[str, Any]:
    match tabled.table:
        case Linear(rate, constant):
            assert constant == Band.point(Decimal(0))
            return {"kind": "linear", "rows": [[None, number(rate)]]}
        case Stepped(brackets):
            rows = [[_edge(b.upto), number(b.amount) if b.amount else None] for b in brackets]
            return {"kind": "step", "rows": rows}
        case Progressive(brackets):
            rows = []
            for b in brackets:
                flat = ["flat", number(b.flat)] if b.flat else None
                rows.append([_edge(b.upto), number(b.rate) if b.rate else flat])
            return {"kind": "progressive", "rows": rows}
        case Interpolated(points, below, above, of):
            return {
                "kind": "interpolate" if of == "amount" else "interpolate_rate",
                "rows": [[str(x), number(y)] for x, y in points],
                "below": beyond(below),
                "above": beyond(above),
            }


def _edge(upto: Decimal | None) -> str | None:
    return None if upto is None else str(upto)


def base(tabled: Tabled) -> list[str] | None:
    match tabled.base:
        case Weighted(weights):
            return [str(weight) for _, weight in weights]
        case CappedShare(share=share) | Beyond(share=share):
            return [str(share)]
    assert isinstance(tabled.base, Direct) or tabled.base.how == "largest"
    return None


def leaves(standard: FeeStandard) -> Iterator[tuple[str, tuple[str, ...], Tabled]]:
    """(own name, published names, table) of every table."""
    for variant in standard.variants:
        formula = variant.formula
        if isinstance(formula, Sum):
            for place, part in enumerate(formula.parts, start=1):
                assert isinstance(part.formula, Tabled)
                yield f"{variant.code}#{place}", part.names, part.formula
        else:
            assert isinstance(formula, Tabled)
            yield variant.code, variant.names, formula


def read(standard: FeeStandard) -> dict[str, Any]:
    """Every number of a standard by where it stands."""
    found: dict[str, Any] = {}
    for code, names, tabled in leaves(standard):
        found["table", names[0] if names else code] = table(tabled)
        if (numbers := base(tabled)) is not None:
            found["base", code] = numbers
    for modifier in standard.modifiers:
        match modifier:
            case Coefficient(key, _, options):
                found["coefficient", key] = [
                    None if o.factor is None else number(o.factor) for o in options
                ]
            case Surcharge(key, _, rate):
                found["coefficient", key] = [number(rate)]
            case Floating(down, up):
                found["float",] = [str(down), str(up)]
            case Floor(amount) | Cap(amount):
                kind = "floor" if isinstance(modifier, Floor) else "cap"
                for code in modifier.only or [v.code for v in standard.variants]:
                    found[kind, code] = str(amount)
    if (derived := standard.derived_from) is not None:
        found["derived",] = [derived.standard, str(derived.factor), derived.digits]
    return found


def published(standard: FeeStandard) -> dict[str, Any]:
    """The same of the published tables."""
    name, found = standard.id, {}
    for row in [*PUBLISHED["tables"], *PUBLISHED["further"]]:
        if row["standard"] == name:
            main = next((v.code for v in standard.variants if v.main), standard.variants[0].code)
            told = {k: v for k, v in row.items() if k not in ("standard", "variant")}
            found["table", row.get("variant", main)] = told
    for where, numbers in PUBLISHED["bases"].items():
        if where.startswith(f"{name}/"):
            found["base", where.removeprefix(f"{name}/")] = numbers
    for kind, section in (("coefficient", "coefficients"), ("floor", "floors"), ("cap", "caps")):
        for key, numbers in PUBLISHED[section].get(name, {}).items():
            found[kind, key] = numbers
    for kind, section in (("float", "floats"), ("derived", "derived")):
        if name in PUBLISHED[section]:
            found[kind,] = PUBLISHED[section][name]
    return found


def same(one: Any, other: Any) -> bool:
    """Equal, numbers by value (1.0 and 1.00)."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, str) and isinstance(other, str) and NUMBER.fullmatch(f'"{one}"'):
        return Decimal(one) == Decimal(other)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return bool(one == other)


def test_all_standards_are_there() -> None:
    assert len(STANDARDS) == 42
    assert {row["standard"] for row in PUBLISHED["tables"]} == {
        name for name, standard in STANDARDS.items() if standard.variants
    }
    assert {name for name, each in STANDARDS.items() if not each.variants} == {"zbdl_857", "ch_3"}


@pytest.mark.parametrize("name", sorted(STANDARDS))
def test_every_number_is_the_published_one(name: str) -> None:
    ours, theirs = (
        read(STANDARDS[name]),
        published(STANDARDS[name]) if STANDARDS[name].variants else {},
    )
    assert ours.keys() == theirs.keys()
    for key, value in ours.items():
        assert same(value, theirs[key]), (key, value, theirs[key])


@pytest.mark.parametrize("name", sorted(n for n, s in STANDARDS.items() if s.variants))
def test_a_number_changed_by_one_per_cent_is_noticed(name: str) -> None:
    path = FOLDER / f"{name}.toml"
    text, theirs = path.read_text("utf-8"), published(STANDARDS[name])
    changed = 0
    for found in NUMBER.finditer(text):
        if not Decimal(found[1]):
            continue
        more = format(Decimal(found[1]) * Decimal("1.01"), "f")
        wrong = f'{text[: found.start()]}"{more}"{text[found.end() :]}'
        changed += 1
        try:
            standard = read_standard(path.name, wrong.encode())
        except EditionError:
            continue
        assert not same(read(standard), theirs), (found[1], text[: found.start()][-80:])
    assert changed >= len(STANDARDS[name].variants)


def test_a_derived_list_must_say_what_its_source_gives(tmp_path: Path) -> None:
    for name in ("jl_670", "jl_gx37"):
        text = (FOLDER / f"{name}.toml").read_text("utf-8")
        (tmp_path / f"{name}.toml").write_text(text.replace('"62.48"', '"62.49"'), "utf-8")
    with pytest.raises(EditionError, match=r"第 3 个数应为 62.48，写作 62.49"):
        read_standards(tmp_path)
