"""What a person is asked for a service item, and what they answered as a case.

Answers are texts by key: ``variant``, the quantities, ``unit`` (元, 万元 or 亿元 for all money
quantities), the coefficient tables (several rows of one joined by commas), the counts of
surcharges, ``payer_class``. ``lots`` holds the bases of further lots of the same tender and
``factors`` the factors agreed for this case, several numbers parted by blanks or semicolons.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from marketplace.fees.rules.bands import MONEY_UNITS
from marketplace.fees.rules.calculating import Case, Quantity, QuantityError
from marketplace.fees.rules.modifiers import UnknownInput, applies_to
from marketplace.fees.rules.policy import FeesPolicy, ItemFee
from marketplace.fees.rules.standards import FeeStandard, Variant
from marketplace.fees.rules.steps import N_, wording

UNIT: Final = "unit"
VARIANT: Final = "variant"
PAYER_CLASS: Final = "payer_class"
# whoever a policy by payer class leaves out: villages, schools, hospitals
OTHER_PAYER: Final = "其他"
LOTS: Final = "lots"
FACTORS: Final = "factors"
MOST_NUMBERS: Final = 50
_NUMBER = re.compile(r"\d{1,18}(\.\d{1,10})?")
_PARTED = re.compile(r"[\s;；、]+")


@dataclass(frozen=True, slots=True)
class InputField:
    """One question: a number with its unit, or a choice among rows, of several rows where
    ``several``. ``title`` and the choices' titles are the standard's own words; ``default`` is the
    answer taken when none is given."""

    key: str
    title: str
    kind: Literal["number", "choice"]
    unit: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    required: bool = True
    default: str = ""
    clause: str = ""
    several: bool = False


def allowed_variants(standard: FeeStandard, fee: ItemFee) -> tuple[Variant, ...]:
    """The variants of the standard that the policy allows for the item (all when it names none);
    raises UnknownInput when it names one the standard does not have."""
    for code in fee.variants:
        if code not in standard.by_code:
            raise UnknownInput(VARIANT, code)
    return tuple(
        variant for variant in standard.variants if not fee.variants or variant.code in fee.variants
    )


def input_fields(
    standard: FeeStandard,
    fee: ItemFee,
    policy: FeesPolicy,
    item: str,
    variant: str | None = None,
) -> tuple[InputField, ...]:
    """Everything the check of one service item asks, in the order of the document.

    With ``variant`` exactly what that variant asks; without, what any of the allowed ones asks,
    and only what all of them ask is required.
    """
    allowed = allowed_variants(standard, fee)
    variants = tuple(each for each in allowed if each.code == variant) or allowed
    plans = [standard.plans[each.code] for each in variants]
    found: list[InputField] = []
    if len(allowed) > 1:
        choices = tuple((each.code, each.title) for each in allowed)
        found.append(InputField(VARIANT, N_("收费类别"), "choice", choices=choices))
    wanted = [kind for kind in standard.quantities if any(kind in plan.wanted for plan in plans)]
    for kind in wanted:
        required = not kind.optional and all(kind in plan.wanted for plan in plans)
        found.append(InputField(kind.key, kind.title, "number", kind.unit, required=required))
    money = [kind.unit for kind in wanted if kind.unit in MONEY_UNITS]
    if money:
        units = tuple((unit, unit) for unit in MONEY_UNITS)
        found.append(InputField(UNIT, N_("金额单位"), "choice", choices=units, default=money[0]))
    for table in standard.coefficients:
        if not any(table in plan.coefficients for plan in plans):
            continue
        rows = tuple((option.code, option.title) for option in table.options)
        required = table.combine == "one" and all(table in plan.coefficients for plan in plans)
        found.append(
            InputField(
                table.key,
                table.title,
                "choice",
                choices=rows,
                required=required,
                default=table.default or "",
                clause=table.clause,
                several=table.combine != "one",
            )
        )
    for extra in standard.surcharges:
        if any(applies_to(extra, each.code) for each in variants):
            found.append(
                InputField(
                    extra.key, extra.title, "number", N_("项"), required=False, clause=extra.clause
                )
            )
    classes = dict.fromkeys(name for layer in policy.layers_of(item) for name in layer.shares)
    if classes:
        payers = (
            *((name, name) for name in classes),
            (OTHER_PAYER, N_("其他（不属于以上各类）")),
        )
        found.append(InputField(PAYER_CLASS, N_("缴费主体类别"), "choice", choices=payers))
    return tuple(found)


def case_of(standard: FeeStandard, fee: ItemFee, answers: Mapping[str, str]) -> Case:
    """The case a person's answers describe; empty answers count as not given.

    Raises QuantityError for what is not a plain decimal, UnknownInput for an unknown unit or a
    variant the policy does not allow. An answer nobody asked for is left out.
    """
    given = {key: text.strip() for key, text in answers.items() if text and text.strip()}
    variants = allowed_variants(standard, fee)
    variant = given.get(VARIANT)
    if variant is not None and variant not in {allowed.code for allowed in variants}:
        raise UnknownInput(VARIANT, variant)
    if variant is None and len(variants) == 1:
        variant = variants[0].code
    unit = given.get(UNIT)
    if unit is not None and unit not in MONEY_UNITS:
        raise UnknownInput(UNIT, unit)
    lot = {
        kind.key: Quantity(
            read_number(kind.key, kind.title, given[kind.key]),
            unit if unit is not None and kind.unit in MONEY_UNITS else kind.unit,
        )
        for kind in standard.quantities
        if kind.key in given
    }
    choices = {
        table.key: tuple(code for code in given[table.key].split(",") if code)
        if table.combine != "one"
        else (given[table.key],)
        for table in standard.coefficients
        if table.key in given
    }
    counts = {extra.key: (given[extra.key],) for extra in standard.surcharges if extra.key in given}
    factors = None
    if FACTORS in given:
        factors = tuple(read_numbers(FACTORS, FACTORS_TITLE, given[FACTORS]))
    return Case(
        (lot, *_further_lots(lot, given.get(LOTS, ""))), variant, {**choices, **counts}, factors
    )


LOTS_TITLE: Final = N_("其他标段的计费基数")
FACTORS_TITLE: Final = N_("约定的系数")


def _further_lots(lot: Mapping[str, Quantity], text: str) -> list[Mapping[str, Quantity]]:
    """The further lots of a tender, in the unit of the first; only where one number decides."""
    if not text:
        return []
    if len(lot) != 1:
        raise QuantityError(LOTS, LOTS_TITLE, wording(N_("只有按一项数额计费的才能分标段填写")))
    ((key, first),) = lot.items()
    return [{key: Quantity(x, first.unit)} for x in read_numbers(LOTS, LOTS_TITLE, text)]


def read_numbers(key: str, title: str, text: str) -> list[Decimal]:
    """Several plain decimals parted by blanks or semicolons, at most ``MOST_NUMBERS``; raises
    QuantityError."""
    texts = [each for each in _PARTED.split(text) if each]
    if len(texts) > MOST_NUMBERS:
        most = str(MOST_NUMBERS)
        raise QuantityError(key, title, wording(N_("最多填写 %(most)s 个数"), most=most))
    return [read_number(key, title, each) for each in texts]


def read_number(key: str, title: str, text: str) -> Decimal:
    """A plain decimal of at least zero as a person types it (thousands separators allowed);
    raises QuantityError."""
    cleaned = text.replace(",", "").replace(",", "").replace(" ", "")
    if not cleaned.isascii() or not _NUMBER.fullmatch(cleaned):
        raise QuantityError(
            key, title, wording(N_("请填写数字，例如 6000 或 1234.56，小数不超过 10 位"))
        )
    return Decimal(cleaned)
