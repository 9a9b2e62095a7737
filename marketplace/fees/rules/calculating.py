"""From a standard and a case to the band it allows, with every step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from marketplace.fees.rules.bands import (
    MAX_DECIMALS,
    MAX_INTEGER_DIGITS,
    MONEY_UNITS,
    NOTHING,
    ZERO,
    Band,
    convert,
    plain,
    total_of,
)
from marketplace.fees.rules.modifiers import (
    Choices,
    Coefficient,
    Floating,
    MissingInput,
    UnknownInput,
)
from marketplace.fees.rules.standards import (
    FeeStandard,
    Formula,
    Part,
    QuantityKind,
    Ref,
    Sum,
    Tabled,
    Variant,
    leaves,
)
from marketplace.fees.rules.steps import N_, Step, StepLog, Wording, wording
from marketplace.fees.rules.tables import Negotiated, Units


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


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit (元, 万元, 亿元, or a physical unit such as ㎡)."""

    value: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Case:
    """The facts of one charge.

    ``lots``: one mapping of quantities per lot (标段), computed one by one and added. ``choices``:
    rows chosen in the coefficient tables, counts of surcharges. ``factors``: factors agreed for
    this case, multiplied in order; given (even empty) they stand in place of the coefficient
    tables.
    """

    lots: tuple[Mapping[str, Quantity], ...]
    variant: str | None = None
    choices: Choices = field(default_factory=dict)
    factors: tuple[Decimal, ...] | None = None


@dataclass(frozen=True, slots=True)
class Calculation:
    """What a standard says about one case. Money in 元.

    ``basic`` is the basic price (基准价) before any float, ``band`` what the document allows;
    both ``None`` unless ``outcome`` is ``computed``. ``missing`` names the answers still needed
    as (key, title). ``base`` is the sum of the lots' bases where the variant has one base, in
    元 or in the physical ``base_unit``.
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
) -> Calculation:
    """The band ``standard`` allows for ``case``, in 元.

    A missing answer gives ``needs_input`` with everything that is missing; a case the document
    leaves to the parties gives ``outside_table``. ``library`` holds the standards a ref points
    to. ``explain=False`` leaves the steps out. Raises QuantityError for a negative, non-finite,
    overlong or wrongly measured quantity or factor, UnknownInput for an unknown variant or row.
    """
    variant, missing = _variant(standard, case)
    if variant is None:
        return _incomplete(standard, None, missing)
    missing = _missing(standard, variant, case)
    if missing:
        return _incomplete(standard, variant, missing)
    log = StepLog(standard.document, variant.clause) if explain else None
    run = _Run(standard, variant, case, library or {})
    try:
        band = run.total(log, floating=True)
        basic = band if standard.floating is None else run.total(None, floating=False)
    except MissingInput as need:
        return _incomplete(standard, variant, ((need.key, need.title),))
    if isinstance(basic, Negotiated) or isinstance(band, Negotiated):
        told = next(answer for answer in (basic, band) if isinstance(answer, Negotiated))
        return Calculation(
            Outcome.OUTSIDE_TABLE,
            standard,
            variant,
            steps=tuple(log.steps) if log else (),
            reason=_outside(told),
        )
    base, base_unit = run.base()
    return Calculation(
        Outcome.COMPUTED,
        standard,
        variant,
        basic=_in_yuan(basic, standard.fee_unit),
        band=_in_yuan(band, standard.fee_unit),
        base=base,
        base_unit=base_unit,
        steps=tuple(log.steps) if log else (),
    )


def notional(standard: FeeStandard) -> Calculation:
    """A basic price of 1,000,000 元 with the standard's float, for judging shares of a price that
    is not known yet."""
    basic = Band.point(Decimal(1_000_000))
    floating = standard.floating
    band = basic if floating is None else floating.room(basic)
    return Calculation(Outcome.COMPUTED, standard, basic=basic, band=band)


@dataclass(slots=True)
class _Run:
    """One pass over the lots of a case."""

    standard: FeeStandard
    variant: Variant
    case: Case
    library: Mapping[str, FeeStandard]

    def total(self, log: StepLog | None, *, floating: bool) -> Band | Negotiated:
        total = NOTHING
        for number, lot in enumerate(self.case.lots, start=1):
            fee = self._lot(lot, log, floating=floating)
            if isinstance(fee, Negotiated):
                return fee
            total = total.plus(fee)
            if log is not None and len(self.case.lots) > 1:
                what = wording(N_("第 %(number)s 个标段，累计"), number=str(number))
                log.note(what, fee, self.standard.fee_unit, total, self.standard.fee_unit)
        return self._modified(total, "tender", log, floating=floating)

    def _lot(
        self, lot: Mapping[str, Quantity], log: StepLog | None, *, floating: bool
    ) -> Band | Negotiated:
        fee = self._formula(self.variant.formula, lot, log)
        if isinstance(fee, Negotiated):
            return fee
        for factor in self.case.factors or ():
            after = fee.scaled(factor)
            if log is not None:
                what = wording(N_("乘以本次约定的系数 %(factor)s"), factor=plain(factor))
                log.note(what, fee, self.standard.fee_unit, after, self.standard.fee_unit)
            fee = after
        return self._modified(fee, "lot", log, floating=floating)

    def _modified(
        self, fee: Band, per: str, log: StepLog | None, *, floating: bool
    ) -> Band | Negotiated:
        units = Units(self.standard.fee_unit, self.standard.fee_unit)
        for modifier in self.standard.modifiers:
            if modifier.per != per or (isinstance(modifier, Floating) and not floating):
                continue
            if self.case.factors is not None and isinstance(modifier, Coefficient):
                continue
            after = modifier.apply(fee, self.case.choices, units, log)
            if isinstance(after, Negotiated):
                return after
            fee = after
        return fee

    def _formula(
        self, formula: Formula, lot: Mapping[str, Quantity], log: StepLog | None
    ) -> Band | Negotiated:
        match formula:
            case Tabled():
                base = self._base(formula, lot, log)
                return formula.table.charge(base, formula.units, log)
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
                log.note(what, fee, self.standard.fee_unit, total, self.standard.fee_unit)
        return total

    def _ref(self, ref: Ref, lot: Mapping[str, Quantity], log: StepLog | None) -> Band | Negotiated:
        other = self.library[ref.standard]
        case = Case((lot,), ref.variant, self.case.choices, self.case.factors)
        found = calculate(other, case, self.library, explain=log is not None)
        if found.missing:
            raise MissingInput(*found.missing[0])
        if found.basic is None:
            return Negotiated(str(found.reason or ""))
        fee = Band(
            convert(found.basic.low, "元", self.standard.fee_unit),
            convert(found.basic.high, "元", self.standard.fee_unit),
        )
        after = fee.scaled(ref.factor)
        if log is not None:
            log.steps.extend(found.steps)
            what = wording(
                N_("按%(document)s基准价的 %(factor)s 倍计"),
                document=other.document,
                factor=plain(ref.factor),
            )
            log.note(what, fee, self.standard.fee_unit, after, self.standard.fee_unit)
        return after

    def _base(self, formula: Tabled, lot: Mapping[str, Quantity], log: StepLog | None) -> Decimal:
        numbers = {
            key: convert(lot[key].value, lot[key].unit, formula.units.base) if key in lot else ZERO
            for key in formula.base.keys
        }
        base, how = formula.base.value(numbers)
        if log is not None and how is not None:
            unit = formula.units.base
            log.note(how, total_of(numbers.values()), unit, Band.point(base), unit)
        return base

    def base(self) -> tuple[Decimal | None, str]:
        """The lots' bases added, where the variant has exactly one base."""
        formula = self.variant.formula
        if not isinstance(formula, Tabled):
            return None, ""
        bases = [self._base(formula, lot, None) for lot in self.case.lots]
        total = total_of(bases)
        if formula.units.base in MONEY_UNITS:
            return convert(total, formula.units.base, "元"), "元"
        return total, formula.units.base


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


def _missing(standard: FeeStandard, variant: Variant, case: Case) -> tuple[tuple[str, str], ...]:
    wanted = standard.quantities_of(variant)
    missing: dict[str, str] = {}
    for lot in case.lots or ({},):
        for kind in wanted:
            if kind.key in lot:
                _check_quantity(kind, lot[kind.key])
            elif not kind.optional:
                missing[kind.key] = kind.title
    for factor in case.factors or ():
        _check_number("factors", "系数", factor)
    if case.factors is None:
        for coefficient in standard.coefficients:
            try:
                coefficient.chosen(case.choices)
            except MissingInput as need:
                missing[need.key] = need.title
    return tuple(missing.items())


def _check_quantity(kind: QuantityKind, quantity: Quantity) -> None:
    _check_number(kind.key, kind.title, quantity.value)
    if quantity.unit != kind.unit and not {quantity.unit, kind.unit} <= MONEY_UNITS.keys():
        raise QuantityError(kind.key, kind.title, wording(N_("应以%(unit)s计"), unit=kind.unit))


def _check_number(key: str, title: str, value: Decimal) -> None:
    if not isinstance(value, Decimal):
        raise TypeError(f"{key} 应为精确十进制数，得到 {type(value).__name__}")
    if not value.is_finite() or value < ZERO:
        raise QuantityError(key, title, wording(N_("应为不小于 0 的数")))
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > MAX_DECIMALS:
        places = str(MAX_DECIMALS)
        raise QuantityError(key, title, wording(N_("小数不得超过 %(places)s 位"), places=places))
    if value.adjusted() >= MAX_INTEGER_DIGITS:
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


def _in_yuan(band: Band, unit: str) -> Band:
    return Band(convert(band.low, unit, "元"), convert(band.high, unit, "元")).settled()
