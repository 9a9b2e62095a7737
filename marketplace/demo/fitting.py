"""The quantities of an invented need: a project of the size that its budget fits."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from config import ROOT
from marketplace.fees.rules.calculating import Case, Quantity, calculate
from marketplace.fees.rules.reading.files import read_standards
from marketplace.fees.rules.standards import FeeStandard

# firms have promised up to a fifth less than the standard and quote close to the budget
ROOM = Decimal("1.25")
_MANTISSAS = ("1", "1.2", "1.5", "1.8", "2.2", "2.7", "3.3", "3.9", "4.7", "5.6", "6.8", "8.2")

# item: standard, then ways to size it: variant, the number that grows, its unit, the first power
# of ten and how many, what else is answered
_ENVIRONMENT = {"industry": "agriculture_transport_municipal"}
_WAYS: dict[str, tuple[str, tuple[tuple[str, str, str, int, int, dict[str, str]], ...]]] = {
    "hpwj": (
        "hp_125",
        (
            ("form", "investment", "亿元", -2, 2, {**_ENVIRONMENT, "sensitivity": "general"}),
            ("form", "investment", "亿元", -1, 2, {**_ENVIRONMENT, "sensitivity": "sensitive"}),
            ("report", "investment", "亿元", -2, 3, {**_ENVIRONMENT, "sensitivity": "general"}),
        ),
    ),
    "kyxb": (
        "qq_1283",
        (
            (
                "feasibility",
                "investment",
                "万元",
                3,
                2,
                {"industry": "materials_road_rail_municipal", "complexity": "usual"},
            ),
        ),
    ),
    "gcsj": (
        "sj_10",
        (
            (
                "official",
                "construction",
                "万元",
                2,
                2,
                {"specialty": "building_municipal", "complexity": "II"},
            ),
        ),
    ),
    "sgts": ("sgtsc_534", (("by_area", "floor_area", "平方米", 3, 2, {}),)),
    "zjzx": ("zjzx_sd205", (("bill_building", "cost", "万元", 2, 2, {}),)),
    "fdcpg": ("fdc_971", (("appraisal", "value", "万元", 1, 4, {}),)),
    "tdgj": ("td_2017", (("parcel", "value", "万元", 1, 4, {}),)),
    "zcpg": ("zcpg_sd253", (("single_asset", "value", "万元", 1, 4, {}),)),
    "fljc": ("fl_sd70", (("periodic", "building_points", "点", 0, 3, {}),)),
}
ITEMS = tuple(_WAYS)


def inputs(item: str, budget: Decimal) -> dict[str, str]:
    """What the item's fee standard asks, for a project whose basic price is a little above the
    budget (yuan); nothing for an item without one. A project the table has no figure for stays
    as small as it is."""
    if item not in _WAYS:
        return {}
    name, ways = _WAYS[item]
    found: dict[str, str] = {}
    below_table: dict[str, str] = {}
    for variant, key, unit, power, powers, answers in ways:
        for exponent in range(power, power + powers):
            for mantissa in _MANTISSAS:
                size = Decimal(mantissa).scaleb(exponent)
                if unit in ("点", "平方米"):
                    size = size.to_integral_value()
                found = {"variant": variant, key: format(size, "f"), **answers}
                if unit not in ("点", "平方米"):
                    found["unit"] = unit
                basic = _basic(_standards()[name], variant, key, Quantity(size, unit), answers)
                if basic is None:
                    below_table = found
                elif basic >= budget * ROOM:
                    return below_table if below_table and basic >= budget * 2 else found
                else:
                    below_table = {}
    return found


def _basic(
    standard: FeeStandard, variant: str, key: str, size: Quantity, answers: dict[str, str]
) -> Decimal | None:
    choices = {table: (row,) for table, row in answers.items()}
    told = calculate(standard, Case(({key: size},), variant, choices), explain=False)
    return None if told.basic is None else told.basic.low


@lru_cache(maxsize=1)
def _standards() -> dict[str, FeeStandard]:
    return read_standards(ROOT / "marketplace" / "editions" / "standards")
