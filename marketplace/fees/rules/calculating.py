"""From a standard and a case to the band it allows, with every step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Final, NamedTuple

from marketplace.fees.rules.bands import (
    MAX_DECIMALS,
    MAX_INTEGER_DIGITS,
    MONEY_UNITS,
    NOTHING,
    ZERO,
    Band,
    convert,
    point_of,
    total_of,
)
from marketplace.fees.rules.bases import Beyond, Direct
from marketplace.fees.rules.modifiers import (
    Choices,
    Floating,
    MissingInput,
    Modifier,
    Rounding,
    UnknownInput,
)
from marketplace.fees.rules.standards import (
    FeeStandard,
    Formula,
    Part,
    Plan,
    QuantityKind,
    Ref,
    Sum,
    Tabled,
    Variant,
    leaves,
)
from marketplace.fees.rules.steps import N_, Step, StepLog, Wording, shown, wording
from marketplace.fees.rules.tables import Negotiated

BASE: Final = "base"  # the key of a base given as such, see Case


class Outcome(StrEnum):
    """Whether a standard gave a price."""

    COMPUTED = "computed"
    OUTSIDE_TABLE = "outside_table"
    NEEDS_INPUT = "needs_input"
    NO_STANDARD = "no_standard"


class QuantityError(ValueError):
    """A quantity that cannot be used: its key, its title and the reason."""

    def __init__(self, key: str, title: str, reason: Wording) -> None:
        super().__init__(f"{title}：{reason}")
        self.key = key
        self.title = title
        self.reason = reason


class Quantity(NamedTuple):
    """A number with its unit (元, 万元, 亿元, or a physical unit such as ㎡)."""

    value: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Case:
    """The facts of one charge.

    ``lots``: one mapping of quantities per lot (标段), computed one by one and added; a quantity
    under ``BASE`` is the base itself and stands in place of those it is derived from.
    ``choices``: rows chosen in the coefficient tables, counts of surcharges. ``factors``: factors
    agreed for this case, multiplied in order; given (even empty) they stand in place of the
    coefficient tables. ``table_rounding`` rounds each lot's fee as the table gives it.
    """

    lots: tuple[Mapping[str, Quantity], ...]
    variant: str | None = None
    choices: Choices = field(default_factory=dict)
    factors: tuple[Decimal | Band, ...] | None = None
    table_rounding: Rounding | None = None


class Calculation(NamedTuple):
    """What a standard says about one case. Money in 元.

    ``basic`` is the basic price (基准价) before any float, ``band`` what the document allows;
    both ``None`` unless ``outcome`` is ``computed``. ``missing`` names the answers still needed
    as (key, title). ``base`` is the sum of the lots' bases where the case has one base, in 元 or
    in the physical ``base_unit``.
    """

    outcome: Outcome
    standard: FeeStandard | None = None
    variant: Variant | None = None
    basic: Band | None = None
    band: Band | None = None
    base: Decimal | None = None
    base_unit: str = ""
    steps: tuple[Step, ...] = ()
    missing: tuple[tuple[str, str], ...] = ()
    reason: Wording | None = None


NO_STANDARD = Calculation(
    Outcome.NO_STANDARD, reason=wording(N_("本事项没有收费标准，由双方协商议定"))
)


def calculate(
    standard: FeeStandard,
    case: Case,
    library: Mapping[str, FeeStandard] | None = None,
    *,
    explain: bool = True,
    floating: bool = True,
) -> Calculation:
    """The band ``standard`` allows for ``case``, in 元.

    A missing answer gives ``needs_input`` with everything that is missing; a case the document
    leaves to the parties gives ``outside_table``; a document without figures ``no_standard``.
    ``library`` holds the standards a ref points to. ``explain=False`` leaves the steps out, ``floating=False`` the
    document's float, so that the band is the basic price.
    Raises QuantityError for a negative, non-finite, overlong or wrongly measured quantity or
    factor, UnknownInput for an unknown variant or row.
    """
    if not standard.variants:
        told = wording(N_("这份文件没有收费数额：%(reason)s"), reason=standard.without_figures)
        return Calculation(Outcome.NO_STANDARD, standard, reason=told)
    variant, missing = _variant(standard, case)
    if variant is None:
        return _incomplete(standard, None, missing)
    plan = standard.plans[variant.code]
    missing = _missing(plan, case)
    if missing:
        return _incomplete(standard, variant, missing)
    log = StepLog(standard.document, variant.clause) if explain else None
    run = _Run(plan, variant, case, library if library is not None else {}, log, floating)
    try:
        priced = run.total()
    except MissingInput as need:
        return _incomplete(standard, variant, ((need.key, need.title),))
    steps = tuple(log.steps) if log is not None else ()
    if isinstance(priced, Negotiated):
        return Calculation(
            Outcome.OUTSIDE_TABLE, standard, variant, steps=steps, reason=_outside(priced)
        )
    basic, band = priced
    told_basic = _in_yuan(basic, plan)
    told_band = told_basic if band is basic else _in_yuan(band, plan)
    base, base_unit = run.base()
    return Calculation(
        Outcome.COMPUTED, standard, variant, told_basic, told_band, base, base_unit, steps
    )


def notional(standard: FeeStandard) -> Calculation:
    """A basic price of 1,000,000 元 with the standard's float, for judging shares of a price that
    is not known yet."""
    basic = Band.point(Decimal(1_000_000))
    floating = standard.floating
    band = basic if floating is None else floating.room(basic)
    return Calculation(Outcome.COMPUTED, standard, basic=basic, band=band)


Pair = tuple[Band, Band]


@dataclass(slots=True)
class _Run:
    """One pass over the lots of a case: the basic price and, beside it, the band with every
    float. Steps are those of the band."""

    plan: Plan
    variant: Variant
    case: Case
    library: Mapping[str, FeeStandard]
    log: StepLog | None
    floating: bool
    bases: list[Decimal] = field(default_factory=list)

    def total(self) -> Pair | Negotiated:
        case, plan = self.case, self.plan
        agreed = case.factors is not None
        lot_modifiers = plan.agreed_lot if agreed else plan.lot
        basic, band = NOTHING, NOTHING
        for number, lot in enumerate(case.lots, start=1):
            priced = self._lot(lot, lot_modifiers)
            if isinstance(priced, Negotiated):
                return priced
            if len(case.lots) == 1:
                basic, band = priced
                break
            same = basic is band and priced[0] is priced[1]
            band = band.plus(priced[1])
            basic = band if same else basic.plus(priced[0])
            if self.log is not None:
                unit = self.variant.fee_unit
                what = wording(N_("第 %(number)s 个标段，累计"), number=str(number))
                self.log.note(what, priced[1], unit, band, unit)
        tender = plan.agreed_tender if agreed else plan.tender
        return self._modified((basic, band), tender) if tender else (basic, band)

    def _lot(
        self, lot: Mapping[str, Quantity], modifiers: Sequence[Modifier | None]
    ) -> Pair | Negotiated:
        fee = self._formula(self.variant.formula, lot, self.log)
        if isinstance(fee, Negotiated):
            return fee
        if self.case.table_rounding is not None:
            rounded = self.case.table_rounding.apply(fee, {}, self.plan.units, self.log)
            fee = rounded if isinstance(rounded, Band) else fee
        return self._modified((fee, fee), modifiers)

    def _modified(self, priced: Pair, modifiers: Sequence[Modifier | None]) -> Pair | Negotiated:
        basic, band = priced
        units, choices, log = self.plan.units, self.case.choices, self.log
        for modifier in modifiers:
            if modifier is None:
                basic, band = self._agreed(basic, band)
                continue
            if isinstance(modifier, Floating) and not self.floating:
                continue
            after = modifier.apply(band, choices, units, log)
            if isinstance(after, Negotiated):
                return after
            if isinstance(modifier, Floating):
                band = after
                continue
            if basic is not band:
                alone = modifier.apply(basic, choices, units)
                basic = alone if isinstance(alone, Band) else basic
            else:
                basic = after
            band = after
        return basic, band

    def _agreed(self, basic: Band, band: Band) -> Pair:
        """Both times the factors agreed for this case."""
        for factor in self.case.factors or ():
            times = factor if isinstance(factor, Band) else point_of(factor)
            same, after = basic is band, band.times(times)
            if self.log is not None:
                unit = self.variant.fee_unit
                what = wording(N_("乘以本次约定的系数 %(factor)s"), factor=shown(times))
                self.log.note(what, band, unit, after, unit)
            basic, band = (after if same else basic.times(times)), after
        return basic, band

    def _formula(
        self, formula: Formula, lot: Mapping[str, Quantity], log: StepLog | None
    ) -> Band | Negotiated:
        match formula:
            case Tabled():
                base = self._base(formula, lot, log)
                if formula is self.variant.formula:
                    self.bases.append(base)
                priced = formula.priced
                return priced.amount(base) if log is None else priced.told(base, log)
            case Sum(parts):
                return self._sum(parts, lot, log)
            case Ref():
                return self._ref(formula, lot, log)

    def _sum(
        self, parts: tuple[Part, ...], lot: Mapping[str, Quantity], log: StepLog | None
    ) -> Band | Negotiated:
        total = NOTHING
        for part in parts:
            keys = {key for leaf in leaves(part.formula) for key in leaf.base.keys}
            if keys and keys.isdisjoint(lot):
                continue
            fee = self._formula(part.formula, lot, log)
            if isinstance(fee, Negotiated):
                return fee
            total = total.plus(fee)
            if log is not None:
                what = wording(N_("%(title)s，累计"), title=part.title)
                log.note(what, fee, self.variant.fee_unit, total, self.variant.fee_unit)
        return total

    def _ref(self, ref: Ref, lot: Mapping[str, Quantity], log: StepLog | None) -> Band | Negotiated:
        other = self.library[ref.standard]
        case = Case((lot,), ref.variant, self.case.choices, self.case.factors)
        found = calculate(other, case, self.library, explain=log is not None)
        if found.missing:
            raise MissingInput(*found.missing[0])
        if found.basic is None:
            return Negotiated(str(found.reason or ""))
        fee = found.basic.converted("元", self.variant.fee_unit)
        after = fee.scaled(ref.factor)
        if log is not None:
            log.steps.extend(found.steps)
            what = wording(
                N_("按%(document)s基准价的 %(factor)s 倍计"),
                document=other.document,
                factor=shown(point_of(ref.factor)),
            )
            log.note(what, fee, self.variant.fee_unit, after, self.variant.fee_unit)
        return after

    def _base(self, formula: Tabled, lot: Mapping[str, Quantity], log: StepLog | None) -> Decimal:
        unit, base = formula.units.base, formula.base
        given = lot.get(BASE) or (lot[base.of] if isinstance(base, Direct) else None)
        if given is not None:
            return convert(given.value, given.unit, unit)
        numbers = {
            key: convert(lot[key].value, lot[key].unit, unit) if key in lot else ZERO
            for key in base.keys
        }
        found, how = base.value(numbers)
        if log is not None and how is not None:
            counted = base.of if isinstance(base, Beyond) else base.keys
            taken = total_of(numbers[key] for key in counted)
            log.note(how, taken, unit, point_of(found), unit)
        return found

    def base(self) -> tuple[Decimal | None, str]:
        """The lots' bases added, where the case has exactly one base."""
        formula = self.variant.formula
        if not isinstance(formula, Tabled):
            return self._only_quantity()
        total = self.bases[0] if len(self.bases) == 1 else total_of(self.bases)
        return _told_base(total, formula.units.base)

    def _only_quantity(self) -> tuple[Decimal | None, str]:
        """The one number that was given where a list of several could have been."""
        given = [
            kind for kind in self.plan.wanted if any(kind.key in lot for lot in self.case.lots)
        ]
        if len(given) != 1:
            return None, ""
        (kind,) = given
        quantities = [lot[kind.key] for lot in self.case.lots if kind.key in lot]
        total = total_of(convert(each.value, each.unit, kind.unit) for each in quantities)
        return _told_base(total, kind.unit)


def _told_base(total: Decimal, unit: str) -> tuple[Decimal, str]:
    return (convert(total, unit, "元"), "元") if unit in MONEY_UNITS else (total, unit)


def _variant(
    standard: FeeStandard, case: Case
) -> tuple[Variant | None, tuple[tuple[str, str], ...]]:
    if case.variant is None:
        if len(standard.variants) == 1:
            return standard.variants[0], ()
        return None, (("variant", "收费类别"),)
    if case.variant not in standard.by_code:
        raise UnknownInput("variant", case.variant)
    return standard.by_code[case.variant], ()


def _missing(plan: Plan, case: Case) -> tuple[tuple[str, str], ...]:
    missing: dict[str, str] = {}
    for lot in case.lots or ({},):
        if BASE in lot:
            _check_number(BASE, "计费基数", lot[BASE].value)
            continue
        nothing = bool(plan.one_of) and lot.keys().isdisjoint(plan.one_of)
        for kind in plan.wanted:
            given = lot.get(kind.key)
            if given is not None:
                _check_quantity(kind, given)
            elif nothing or not kind.optional:
                # where every line of a list is optional, one at least has to be there
                missing[kind.key] = kind.title
    if case.factors is not None:
        for factor in case.factors:
            for end in factor if isinstance(factor, Band) else (factor,):
                _check_number("factors", "系数", end)
        return tuple(missing.items())
    for coefficient in plan.coefficients:
        try:
            coefficient.chosen(case.choices)
        except MissingInput as need:
            missing[need.key] = need.title
    return tuple(missing.items())


def _check_quantity(kind: QuantityKind, quantity: Quantity) -> None:
    _check_number(kind.key, kind.title, quantity.value)
    if quantity.unit != kind.unit and not (
        quantity.unit in MONEY_UNITS and kind.unit in MONEY_UNITS
    ):
        raise QuantityError(kind.key, kind.title, wording(N_("应以%(unit)s计"), unit=kind.unit))


def _check_number(key: str, title: str, value: Decimal) -> None:
    if not isinstance(value, Decimal):
        raise TypeError(f"{key} 应为精确十进制数，得到 {type(value).__name__}")
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int) or (sign and any(digits)):
        raise QuantityError(key, title, wording(N_("应为不小于 0 的数")))
    if -exponent > MAX_DECIMALS:
        places = str(MAX_DECIMALS)
        raise QuantityError(key, title, wording(N_("小数不得超过 %(places)s 位"), places=places))
    if len(digits) + exponent > MAX_INTEGER_DIGITS:
        places = str(MAX_INTEGER_DIGITS)
        raise QuantityError(key, title, wording(N_("整数不得超过 %(places)s 位"), places=places))


def _incomplete(
    standard: FeeStandard, variant: Variant | None, missing: tuple[tuple[str, str], ...]
) -> Calculation:
    titles = "、".join(title for _, title in missing)
    return Calculation(
        Outcome.NEEDS_INPUT,
        standard,
        variant,
        missing=missing,
        reason=wording(N_("还需要填写：%(titles)s"), titles=titles),
    )


def _outside(answer: Negotiated) -> Wording:
    if answer.text:
        return wording(N_("收费标准未作规定，由双方协商议定：%(text)s"), text=answer.text)
    return wording(N_("收费标准未作规定，由双方协商议定"))


def _in_yuan(band: Band, plan: Plan) -> Band:
    told = band.converted(plan.units.fee, "元")
    return told.settled() if plan.endless else told
