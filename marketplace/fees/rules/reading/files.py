"""Reading a standard's file and checking it whole.

An unknown key, a figure that cannot be, a gap between brackets, a jump the document does not
have: each is refused naming the file, the key and the reason.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import get_args

from marketplace.fees.rules.bands import (
    EXACT,
    MONEY_UNITS,
    ONE,
    RoundingMode,
    plain,
    round_to,
)
from marketplace.fees.rules.calculating import BASE
from marketplace.fees.rules.modifiers import (
    Cap,
    Coefficient,
    Floating,
    Floor,
    Modifier,
    Only,
    Option,
    Per,
    Rounding,
    Surcharge,
)
from marketplace.fees.rules.reading.formulas import read_formula
from marketplace.fees.rules.reading.sections import EditionError, Section
from marketplace.fees.rules.standards import (
    DerivedList,
    FeeStandard,
    PriceForm,
    QuantityKind,
    Standing,
    Sum,
    Variant,
    leaves,
    refs,
)
from marketplace.fees.rules.tables import Interpolated, Progressive


def read_standards(folder: Path) -> dict[str, FeeStandard]:
    """Every standard in ``folder`` by id; raises EditionError when one of them, or a reference
    between them, cannot stand."""
    if not folder.is_dir():
        raise EditionError(folder.name, "", "没有这个目录")
    found: dict[str, FeeStandard] = {}
    for path in sorted(folder.glob("*.toml")):
        standard = read_standard(path.name, path.read_bytes())
        if standard.id in found:
            raise EditionError(path.name, "id", f"“{standard.id}”与另一份文件重复")
        found[standard.id] = standard
    _check_refs(found)
    _check_derived(found)
    return found


def read_standard(file: str, content: bytes) -> FeeStandard:
    """One standard from the bytes of its edition file; raises EditionError."""
    try:
        data = tomllib.loads(content.decode("utf-8"), parse_float=Decimal)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise EditionError(file, "", f"不是有效的 TOML:{error}") from error
    return _standard(Section(file, "", data))


def _standard(top: Section) -> FeeStandard:
    fee_unit = top.word("fee_unit", tuple(MONEY_UNITS))
    quantities = tuple(_quantity(row) for row in top.children("quantities", required=False))
    kinds = {kind.key: kind for kind in quantities}
    if len(kinds) != len(quantities) or BASE in kinds:
        raise top.error("quantities", f"数量代码重复，或用了保留的“{BASE}”")
    without_figures = top.take("without_figures", str, "")
    rows = top.children("variants", required=not without_figures)
    variants = tuple(_variant(row, kinds, fee_unit) for row in rows)
    if len({variant.code for variant in variants}) != len(variants):
        raise top.error("variants", "代码不得重复")
    if bool(variants) == bool(without_figures):
        raise top.error("variants", "至少一类；没有数额的文件另写 without_figures")
    dates_note = top.take("dates_note", str, "")
    standard = FeeStandard(
        id=top.take("id", str),
        title=top.take("title", str),
        document=top.take("document", str),
        issuer=top.take("issuer", str),
        issued=top.take("issued", date) if top.has("issued") or not dates_note else None,
        effective_from=top.take("effective_from", date),
        effective_until=top.take("effective_until", date) if top.has("effective_until") else None,
        price_form=top.word("price_form", get_args(PriceForm)),
        fee_unit=fee_unit,
        quantities=quantities,
        variants=variants,
        modifiers=tuple(_modifier(row) for row in top.children("modifiers", required=False)),
        jumps=tuple(_jump(row) for row in top.children("jumps", required=False)),
        notes=top.texts("notes", required=False),
        standing=top.word("standing", get_args(Standing), "service"),
        status=top.take("status", str, ""),
        dates_note=dates_note,
        ceiling_only=top.take("ceiling_only", bool, False),
        without_figures=without_figures,
        derived_from=_derived(top.child("derived_from")) if top.has("derived_from") else None,
    )
    top.done()
    _check_whole(top, standard)
    return standard


def _derived(row: Section) -> DerivedList:
    found = DerivedList(
        row.take("standard", str),
        row.number("factor"),
        row.take("digits", int) if row.has("digits") else None,
    )
    row.done()
    return found


def _quantity(row: Section) -> QuantityKind:
    kind = QuantityKind(
        row.take("key", str),
        row.take("title", str),
        row.take("unit", str),
        row.take("optional", bool, False),
    )
    row.done()
    return kind


def _variant(row: Section, kinds: Mapping[str, QuantityKind], fee_unit: str) -> Variant:
    own_unit = row.word("fee_unit", tuple(MONEY_UNITS), fee_unit)
    variant = Variant(
        code=row.take("code", str),
        title=row.take("title", str),
        clause=row.take("clause", str),
        formula=read_formula(row.child("formula"), kinds, own_unit),
        fee_unit=own_unit,
        note=row.take("note", str, ""),
        names=row.texts("names", required=False),
        main=row.take("main", bool, False),
    )
    row.done()
    return variant


def _jump(row: Section) -> tuple[Decimal, str]:
    jump = (row.number("at"), row.take("reason", str))
    row.done()
    return jump


def _modifier(row: Section) -> Modifier:
    kind = row.word("kind", ("coefficient", "surcharge", "float", "floor", "cap", "rounding"))
    clause = row.take("clause", str)
    per: Per = row.word("per", get_args(Per), "lot")
    only = row.texts("only", required=False)
    modifier = row.build(lambda: _modifier_of(row, kind, clause, per, only))
    row.done()
    return modifier


def _modifier_of(row: Section, kind: str, clause: str, per: Per, only: Only) -> Modifier:
    if kind == "coefficient":
        return Coefficient(
            key=row.take("key", str),
            title=row.take("title", str),
            options=tuple(_option(option) for option in row.children("options")),
            default=row.take("default", str) if row.has("default") else None,
            combine=row.word("combine", ("one", "product", "additional"), "one"),
            clause=clause,
            per=per,
            only=only,
        )
    if kind == "surcharge":
        return Surcharge(
            row.take("key", str), row.take("title", str), row.band("rate"), clause, per, only
        )
    if kind == "float":
        return Floating(row.number("down"), row.number("up"), clause, per, only)
    if kind == "rounding":
        mode = row.word("mode", get_args(RoundingMode), "half_up")
        return Rounding(row.number("unit"), mode, clause, per, only)
    amount = row.number("amount")
    if kind == "floor":
        return Floor(amount, clause, per, only)
    return Cap(amount, clause, per, only)


def _option(row: Section) -> Option:
    negotiated = row.take("negotiated", bool, False)
    option = Option(
        row.take("code", str), row.take("title", str), None if negotiated else row.band("factor")
    )
    row.done()
    return option


def _check_whole(top: Section, standard: FeeStandard) -> None:
    """What no single table can see: order of modifiers, jumps, dates."""
    if standard.effective_until is not None and standard.effective_until <= standard.effective_from:
        raise top.error("effective_until", "应晚于 effective_from")
    pers = [modifier.per for modifier in standard.modifiers]
    if pers != sorted(pers):
        raise top.error("modifiers", "按标段的调整应写在按一次招标的调整之前")
    keys = [m.key for m in standard.coefficients] + [m.key for m in standard.surcharges]
    if len(set(keys)) != len(keys):
        raise top.error("modifiers", "调整项代码重复")
    for number, modifier in enumerate(standard.modifiers):
        for code in modifier.only:
            if code not in standard.by_code:
                raise top.error(f"modifiers[{number}].only", f"没有“{code}”这一类")
    _check_names(top, standard)
    declared = {at for at, _ in standard.jumps}
    seen: set[Decimal] = set()
    for number, variant in enumerate(standard.variants):
        for leaf in leaves(variant.formula):
            for at in leaf.table.jumps(leaf.units):
                seen.add(at)
                if at not in declared:
                    reason = f"在 {plain(at)} 处收费额不连续；文件原文如此时列入 jumps 并写明"
                    raise top.error(f"variants[{number}].formula", reason)
    for at in sorted(declared - seen):
        raise top.error("jumps", f"在 {plain(at)} 处收费额是连续的")
    used = {kind.key for variant in standard.variants for kind in standard.quantities_of(variant)}
    for number, kind in enumerate(standard.quantities):
        if kind.key not in used and not any(refs(v.formula) for v in standard.variants):
            raise top.error(f"quantities[{number}]", "没有任何一类用到此数量")


def _check_names(top: Section, standard: FeeStandard) -> None:
    """No name may lead to two tables, and at most one table is the main one."""
    if sum(variant.main for variant in standard.variants) > 1:
        raise top.error("variants", "只能有一类写 main = true")
    seen: set[str] = set()
    for number, variant in enumerate(standard.variants):
        parts = variant.formula.parts if isinstance(variant.formula, Sum) else ()
        for name in (*variant.names, *(name for part in parts for name in part.names)):
            if name in seen:
                raise top.error(f"variants[{number}].names", f"“{name}”重复")
            seen.add(name)


def _check_derived(standards: Mapping[str, FeeStandard]) -> None:
    """A derived list says what the list it is derived from gives, figure by figure."""
    for standard in standards.values():
        derived = standard.derived_from
        if derived is None:
            continue
        file = f"{standard.id}.toml"
        source = standards.get(derived.standard)
        if source is None:
            raise EditionError(file, "derived_from.standard", f"没有标准“{derived.standard}”")
        for number, variant in enumerate(standard.variants):
            other = source.by_code.get(variant.code)
            if other is None:
                continue
            key = f"variants[{number}].formula"
            ours, theirs = list(_figures(variant)), list(_figures(other))
            if len(ours) != len(theirs):
                raise EditionError(file, key, f"档数与“{source.id}”不同")
            for place, (mine, base) in enumerate(zip(ours, theirs, strict=True)):
                wanted = EXACT.multiply(base, derived.factor)
                if derived.digits is not None:
                    wanted = round_to(wanted, ONE.scaleb(-derived.digits), "half_up")
                if mine != wanted:
                    reason = f"第 {place + 1} 个数应为 {plain(wanted, 10)}，写作 {plain(mine, 10)}"
                    raise EditionError(file, key, reason)


def _figures(variant: Variant) -> Iterator[Decimal]:
    """The rates or fees of a table from the lowest base up."""
    for leaf in leaves(variant.formula):
        match leaf.table:
            case Progressive(brackets):
                yield from (b.rate.high for b in brackets if b.rate is not None)
            case Interpolated(points):
                yield from (fee.high for _, fee in points)


def _check_refs(standards: Mapping[str, FeeStandard]) -> None:
    """Every ref points to a variant that exists, and no ref leads back to itself."""
    for standard in standards.values():
        for variant in standard.variants:
            _follow(standards, standard, variant, ())


def _follow(
    standards: Mapping[str, FeeStandard],
    standard: FeeStandard,
    variant: Variant,
    trail: tuple[tuple[str, str], ...],
) -> None:
    here = (standard.id, variant.code)
    file, key = f"{standard.id}.toml", f"variants.{variant.code}.formula"
    if here in trail:
        raise EditionError(file, key, "引用成环")
    for ref in refs(variant.formula):
        other = standards.get(ref.standard)
        if other is None or ref.variant not in other.by_code:
            raise EditionError(file, key, f"没有标准“{ref.standard}”的“{ref.variant}”类")
        _follow(standards, other, other.by_code[ref.variant], (*trail, here))
