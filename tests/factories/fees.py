"""Price checks for tests, made through the actions. Call inside a transaction."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from marketplace.fees.checking import PriceQuestion, check_price
from marketplace.fees.models import PriceCheck
from marketplace.fees.rules.judging import Gate
from marketplace.fees.rules.policy import FeesPolicy
from marketplace.foundation import clock, policy
from marketplace.foundation.actor import CLOCK, Actor

CITY = "379900"

EDITION = Path(__file__).parents[2] / "marketplace/editions/policies/379900/fees-2024-01-01.toml"
HALF = """
[[values.layers]]
code = "half"
title = "减半"
document = "青河市（演示）"
share = "0.50"
readings = [{ code = "high", title = "按上限" }]
"""

# 监理, 计费额 1000 万元: basic price 301 000, allowed 240 800–361 200 元
SUPERVISION_INPUTS = {
    "construction": "1000",
    "specialty": "building_municipal",
    "complexity": "II",
    "altitude": "upto_2000",
    "unit": "万元",
}
# 工程招标, 中标金额 6000 万元: basic price 225 500, reference 180 400–270 600 元
AGENCY_INPUTS = {"variant": "works", "award_amount": "6000", "unit": "万元", "scope": "full"}


def price_question(**changes: Any) -> PriceQuestion:
    """What is asked about a quote of 300 000 元 for supervision in the demo city."""
    question: dict[str, Any] = {
        "stage": "quote",
        "item_code": "jsjl",
        "jurisdiction_code": CITY,
        "day": clock.local_day(clock.now()),
        "price": Decimal(300_000),
        "inputs": SUPERVISION_INPUTS,
        **changes,
    }
    question["stage"] = Gate(question["stage"])
    return PriceQuestion(**question)


def price_check(actor: Actor = CLOCK, **changes: Any) -> PriceCheck:
    """A stored check."""
    return check_price(price_question(**changes), actor, clock.now())


def publish_city(basis: str, *, half: bool = False) -> None:
    """From today on the city's prices count by the list of the day ``basis`` names; ``half``: and
    may be half of every standard at most."""
    text = EDITION.read_text(encoding="utf-8").replace("2024-01-01", clock.today().isoformat(), 1)
    text = text.replace("need_published", basis) + (HALF if half else "")
    policy.publish(policy.parse("fees.toml", text, [FeesPolicy]), CLOCK, clock.now())
