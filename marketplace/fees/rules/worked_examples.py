"""Worked examples as they are exchanged between those who check fee lists: one case in plain
text values, answered in plain text values.

A case names a ``standard`` and gives ``inputs``:

``variant``       the table inside the standard: its code, title or one of its names
``x``             the base, in the unit of the table
``lots``          several bases, computed one by one and added
``coefficients``  factors multiplied in order
``round_base``    rounds the table's fee before the coefficients
``derive``        ``base`` times ``factor``: a figure of another list, in place of a base
``pick``          ``lo`` or ``hi`` end where the answer is a range
``scale``         a last factor for an answer in another unit (10000: 万元 → 元)
``min``, ``max``  bounds the case gives, in the unit of the answer
``round``         rounds the answer: ``digits`` and ``mode`` (half_up, down, up)

In place of ``x`` a case may give ``quantities`` by the standard's own keys, with ``unit`` for the
money among them and ``choices`` of rows in the coefficient tables by their codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from marketplace.fees.rules.bands import (
    EXACT,
    MONEY_UNITS,
    ONE,
    Band,
    convert,
    plain,
    point_of,
    round_to,
)
from marketplace.fees.rules.bases import Direct
from marketplace.fees.rules.calculating import (
    BASE,
    Case,
    Outcome,
    Quantity,
    QuantityError,
    calculate,
)
from marketplace.fees.rules.judging import Verdict
from marketplace.fees.rules.modifiers import Rounding, UnknownInput
from marketplace.fees.rules.standards import FeeStandard, Sum, Tabled, Variant
from marketplace.fees.rules.steps import N_, Step, StepLog, wording

_KNOWN = frozenset(
    [
        "variant",
        "x",
        "lots",
        "coefficients",
        "scale",
        "derive",
        "min",
        "max",
        "round",
        "round_base",
        "pick",
        "quantities",
        "unit",
        "choices",
    ]
)
_MODES = ("half_up", "down", "up")
VERDICT_OF = {
    # the figure is the standard's own, so it is what the standard allows
    Outcome.COMPUTED: Verdict.WITHIN,
    Outcome.OUTSIDE_TABLE: Verdict.OUTSIDE_TABLE,
    Outcome.NEEDS_INPUT: Verdict.NEEDS_INPUT,
    Outcome.NO_STANDARD: Verdict.NO_STANDARD,
}


class BadInput(ValueError):
    """An input that cannot be used, with the reason."""


@dataclass(slots=True)
class _Answer:
    band: Band | None
    unit: str
    outcome: Outcome
    reason: str = ""
    steps: list[Step] = field(default_factory=list)


def answer(item: Any, standards: Mapping[str, FeeStandard]) -> dict[str, Any]:
    """One case answered: ``low``, ``high`` (decimal strings, ``None`` where nothing could be
    computed), ``unit``, ``verdict``, ``steps`` and, where there is one, the ``reason``.

    Never raises for what a case contains.
    """
    try:
        found = _answered(item, standards)
    except (BadInput, QuantityError, UnknownInput) as error:
        found = _Answer(None, "", Outcome.NEEDS_INPUT, str(error))
    except ArithmeticError:
        found = _Answer(None, "", Outcome.NEEDS_INPUT, "数太大或太小，算不出来")
    told: dict[str, Any] = {
        "low": None if found.band is None else _text(found.band.low),
        "high": None if found.band is None else _text(found.band.high),
        "unit": found.unit or None,
        "verdict": VERDICT_OF[found.outcome].value,
        "steps": [step_record(step) for step in found.steps],
    }
    return {**told, "reason": found.reason} if found.reason else told


def _answered(item: Any, standards: Mapping[str, FeeStandard]) -> _Answer:
    if not isinstance(item, Mapping):
        raise BadInput("每一项应是含 standard 和 inputs 的对象")
    name, inputs = item.get("standard"), item.get("inputs", {})
    if not isinstance(inputs, Mapping):
        raise BadInput("inputs 应是对象")
    standard = standards.get(name) if isinstance(name, str) else None
    if standard is None:
        return _Answer(None, "", Outcome.NO_STANDARD, f"没有收费标准“{name}”")
    unknown = sorted(str(key) for key in inputs.keys() - _KNOWN)
    if unknown:
        raise BadInput(f"不认识的输入：{'、'.join(unknown)}")
    if "derive" in inputs and inputs.keys() & {"x", "lots", "quantities"}:
        raise BadInput("derive 与 x、lots、quantities 只能给出其一")
    found = _derived(standard, inputs) if "derive" in inputs else _computed(standard, inputs)
    found = found or _calculated(standard, standards, inputs)
    if found.band is not None:
        _finish(found, standard, inputs)
    return found


def _computed(standard: FeeStandard, inputs: Mapping[str, Any]) -> _Answer | None:
    """A document without figures has nothing to be asked about."""
    if standard.variants:
        return None
    return _Answer(None, "", Outcome.NO_STANDARD, standard.without_figures)


def _derived(standard: FeeStandard, inputs: Mapping[str, Any]) -> _Answer:
    row = inputs["derive"]
    if not isinstance(row, Mapping) or not {"base", "factor"} <= row.keys():
        raise BadInput("derive 应含 base 和 factor")
    base, factor = _band(row["base"], "derive.base"), _band(row["factor"], "derive.factor")
    unit = standard.fee_unit
    log = StepLog(standard.document, "")
    band = base.times(factor)
    log.note(
        wording("引用另一份收费表的数，乘以 %(factor)s", factor=_text(factor.low)),
        base,
        unit,
        band,
        unit,
    )
    for each in _factors(inputs):
        after = band.times(each)
        what = wording(N_("乘以本次约定的系数 %(factor)s"), factor=_text(each.low))
        log.note(what, band, unit, after, unit)
        band = after
    rule = standard.derived_from
    if rule is not None and rule.digits is not None and "round" not in inputs:
        band = _rounded(band, {"digits": rule.digits}, unit, log)
    return _Answer(band, unit, Outcome.COMPUTED, steps=log.steps)


def _calculated(
    standard: FeeStandard, standards: Mapping[str, FeeStandard], inputs: Mapping[str, Any]
) -> _Answer:
    variant, key = table_named(standard, inputs.get("variant"))
    case = Case(
        _lots(variant, standard, key, inputs),
        variant.code,
        _choices(inputs),
        None if "choices" in inputs else tuple(_factors(inputs)),
        _table_rounding(inputs, variant.fee_unit),
    )
    found = calculate(standard, case, standards, floating=False)
    unit = variant.fee_unit
    band = None if found.basic is None else found.basic.converted("元", unit)
    if band is not None and "choices" in inputs:
        for factor in _factors(inputs):
            band = band.times(factor)
    return _Answer(
        band,
        unit if band is not None else "",
        found.outcome,
        "" if found.reason is None else str(found.reason),
        list(found.steps),
    )


def table_named(standard: FeeStandard, name: Any) -> tuple[Variant, str | None]:
    """The table a name means and, where it means one line of a sum, that line's quantity."""
    if name is None or name == "":
        if len(standard.variants) == 1:
            return standard.variants[0], None
        for variant in standard.variants:
            if variant.main:
                return variant, None
        raise BadInput("还需要填写：收费类别（variant）")
    asked = _plain_name("/".join(map(str, name)) if isinstance(name, list) else str(name))
    for variant in standard.variants:
        if asked in map(_plain_name, (variant.code, *variant.names)):
            return variant, None
    for variant in standard.variants:
        parts = variant.formula.parts if isinstance(variant.formula, Sum) else ()
        for part in parts:
            if asked in map(_plain_name, part.names) and isinstance(part.formula, Tabled):
                return variant, part.formula.base.keys[0]
    for variant in standard.variants:
        if asked == _plain_name(variant.title):
            return variant, None
    raise BadInput(f"没有“{name}”这一类")


def _plain_name(name: str) -> str:
    """A name without the marks between its parts, which nobody writes the same way."""
    return "".join(mark for mark in name if not mark.isspace() and mark not in "/|>·")


def _lots(
    variant: Variant, standard: FeeStandard, key: str | None, inputs: Mapping[str, Any]
) -> tuple[Mapping[str, Quantity], ...]:
    given = [name for name in ("x", "lots", "quantities") if name in inputs]
    if len(given) != 1:
        raise BadInput("x、lots、quantities 应恰好给出一项")
    if "quantities" in inputs:
        return (_quantities(variant, standard, inputs),)
    bases = inputs["lots"] if "lots" in inputs else [inputs["x"]]
    if not isinstance(bases, list) or not bases:
        raise BadInput("lots 应是至少一个数的列表")
    formula = variant.formula
    if isinstance(formula, Tabled):
        key = formula.base.of if isinstance(formula.base, Direct) else BASE
        unit = formula.units.base
    else:
        wanted = standard.plans[variant.code].wanted
        if not wanted:
            raise BadInput("这一类按另一份标准计，请用 quantities 给出各项数量")
        kind = next((each for each in wanted if each.key == key), wanted[0])
        key, unit = kind.key, kind.unit
    return tuple({key: Quantity(_number(x, "x"), unit)} for x in bases)


def _quantities(
    variant: Variant, standard: FeeStandard, inputs: Mapping[str, Any]
) -> Mapping[str, Quantity]:
    rows, unit = inputs["quantities"], inputs.get("unit")
    if not isinstance(rows, Mapping) or (
        unit is not None and (not isinstance(unit, str) or unit not in MONEY_UNITS)
    ):
        raise BadInput("quantities 应是数量的对象，unit 应为元、万元或亿元")
    kinds = {kind.key: kind for kind in standard.plans[variant.code].wanted}
    for key in rows:
        if key not in kinds:
            raise BadInput(f"没有数量“{key}”")
    return {
        key: Quantity(
            _number(value, key),
            unit if unit and kinds[key].unit in MONEY_UNITS else kinds[key].unit,
        )
        for key, value in rows.items()
    }


def _choices(inputs: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    rows = inputs.get("choices", {})
    if not isinstance(rows, Mapping):
        raise BadInput("choices 应是对象")
    return {
        str(key): tuple(map(str, codes)) if isinstance(codes, list) else (str(codes),)
        for key, codes in rows.items()
    }


def _factors(inputs: Mapping[str, Any]) -> list[Band]:
    rows = inputs.get("coefficients", [])
    if not isinstance(rows, list):
        raise BadInput("coefficients 应是列表")
    return [_band(row, "coefficients") for row in rows]


def _table_rounding(inputs: Mapping[str, Any], unit: str) -> Rounding | None:
    if "round_base" not in inputs:
        return None
    digits, mode = _rounding(inputs["round_base"], "round_base")
    return Rounding(ONE.scaleb(-digits), mode, "本例的取整")


def _finish(found: _Answer, standard: FeeStandard, inputs: Mapping[str, Any]) -> None:
    """What the case itself asks for at the end: an end of the range, a unit, bounds, rounding."""
    band = found.band
    assert band is not None
    log = StepLog(standard.document, "本例的约定", found.steps)
    if "pick" in inputs:
        if inputs["pick"] not in ("lo", "hi"):
            raise BadInput("pick 应为 lo 或 hi")
        end = point_of(band.low if inputs["pick"] == "lo" else band.high)
        if not band.is_point:
            words = "取幅度的下限" if inputs["pick"] == "lo" else "取幅度的上限"
            log.note(wording(words), band, found.unit, end, found.unit)
        band = end
    if "scale" in inputs:
        scale = _number(inputs["scale"], "scale")
        unit = _scaled_unit(found.unit, scale)
        after = band.scaled(scale)
        what = wording("换算单位，乘以 %(factor)s", factor=plain(scale, 10))
        log.note(what, band, found.unit, after, unit)
        band, found.unit = after, unit
    unit = found.unit
    least = _number(inputs["min"], "min") if "min" in inputs else None
    most = _number(inputs["max"], "max") if "max" in inputs else None
    if least is not None and most is not None and least > most:
        raise BadInput("min 不得大于 max")
    if least is not None:
        after = band.at_least(least)
        if after != band:
            what = wording(N_("不足 %(amount)s 的按此计"), amount=_text(least) + unit)
            log.note(what, band, unit, after, unit)
        band = after
    if most is not None:
        after = band.at_most(most)
        if after != band:
            what = wording(N_("最高不超过 %(amount)s"), amount=_text(most) + unit)
            log.note(what, band, unit, after, unit)
        band = after
    if "round" in inputs:
        band = _rounded(band, inputs["round"], unit, log)
    found.band, found.steps = band, log.steps


def _rounded(band: Band, row: Any, unit: str, log: StepLog) -> Band:
    digits, mode = _rounding(row, "round")
    step = ONE.scaleb(-digits)
    after = Band(round_to(band.low, step, mode), round_to(band.high, step, mode))
    if after != band:
        what = wording("取整到 %(unit)s", unit=_text(step) + unit)
        log.note(what, band, unit, after, unit)
    return after


def _rounding(row: Any, key: str) -> tuple[int, Any]:
    if not isinstance(row, Mapping):
        raise BadInput(f"{key} 应含 digits 和 mode")
    mode = row.get("mode", "half_up")
    try:
        digits = int(str(row.get("digits")))
    except ValueError:
        raise BadInput(f"{key}.digits 应是整数") from None
    if mode not in _MODES or not -12 <= digits <= 12:
        raise BadInput(f"{key}.mode 应为 {'、'.join(_MODES)} 之一，digits 在 -12 与 12 之间")
    return digits, mode


def _scaled_unit(unit: str, scale: Decimal) -> str:
    """The money unit an answer has after a factor, or the unit it had."""
    for other in MONEY_UNITS:
        if unit in MONEY_UNITS and convert(ONE, unit, other) == scale:
            return other
    return unit


def _band(value: Any, key: str) -> Band:
    if isinstance(value, Mapping) and value.keys() in ({"lo", "hi"}, {"low", "high"}):
        low = _number(value.get("lo", value.get("low")), key)
        high = _number(value.get("hi", value.get("high")), key)
        if low > high:
            raise BadInput(f"{key} 的下限大于上限")
        return Band(low, high)
    return point_of(_number(value, key))


def _number(value: Any, key: str) -> Decimal:
    """A decimal of at least zero out of a text or a whole number, never through binary."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise BadInput(f"{key} 应写成文字的十进制数")
    try:
        number = Decimal(value.strip() if isinstance(value, str) else value)
    except InvalidOperation:
        raise BadInput(f"{key} 不是数：{value}") from None
    if not number.is_finite() or number < 0:
        raise BadInput(f"{key} 应为不小于 0 的数")
    return EXACT.plus(number)


def _text(value: Decimal) -> str:
    return format(value, "f")


def step_record(step: Step) -> dict[str, Any]:
    """A step as data, its words in Chinese."""
    record = step.as_record()
    return {
        "what": str(step.what),
        "in": record["in"],
        "in_unit": step.taken_unit,
        "out": record["out"],
        "out_unit": step.given_unit,
        "document": step.document,
        "clause": step.clause,
    }
