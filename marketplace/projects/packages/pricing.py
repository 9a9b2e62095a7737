"""A price for several items, asked about item by item: each share by its own fee standard."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from marketplace.fees.checking import (
    PriceQuestion,
    check_price,
    pass_sealed_price,
    require_price,
)
from marketplace.fees.models import PriceCheck
from marketplace.fees.rules.judging import Gate
from marketplace.fees.rules.limits import Commitment
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import Model, db
from marketplace.foundation.errors import Invalid

from ..models import Need
from ..pricing import price_of, shares_of

# what a firm promises for an item, by its code
Promised = Callable[[str], Commitment | None]


def questions_of(
    need: Need,
    stage: Gate,
    subject: Model,
    price: Decimal,
    now: datetime,
    *,
    promised: Promised,
    inputs: Mapping[str, str] | None = None,
    **said: Any,
) -> list[PriceQuestion]:
    """What is asked about a price (yuan) for a need: one question for every item, the main one
    first. ``promised`` tells what binds the firm for an item; ``inputs`` are the main item's
    quantities where they are not the need's any more; ``said`` goes to every question."""
    main = price_of(
        need, stage, subject, price, now, commitment=promised(need.item_code), inputs=inputs, **said
    )
    return [
        main,
        *(
            price_of(
                need,
                stage,
                subject,
                price,
                now,
                commitment=promised(one.item_code),
                part=one,
                **said,
            )
            for one in need.further
        ),
    ]


def require_prices(
    need: Need,
    questions: list[PriceQuestion],
    actor: Actor,
    now: datetime,
    field: str = "price",
) -> PriceCheck:
    """``require_price`` for every item; the main one's answer. A refusal names the item."""
    return _each(need, questions, lambda one: require_price(one, actor, now, field))[0]


def check_prices(
    need: Need, questions: list[PriceQuestion], actor: Actor, now: datetime
) -> list[PriceCheck]:
    """``check_price`` for every item: all answers are kept, none refuses."""
    return _each(need, questions, lambda one: check_price(one, actor, now))


def pass_sealed_prices(
    need: Need, questions: list[PriceQuestion], actor: Actor, now: datetime
) -> None:
    """``pass_sealed_price`` for every item: nothing is kept."""
    _each(need, questions, lambda one: pass_sealed_price(one, actor, now))


def _each(
    need: Need, questions: list[PriceQuestion], ask: Callable[[PriceQuestion], Any]
) -> list[Any]:
    if not need.is_package:
        return [ask(one) for one in questions]
    answers = []
    for item, question in zip(need.each_item, questions, strict=True):
        try:
            answers.append(ask(question))
        except Invalid as refusal:
            raise of_item(item.item_name, refusal) from refusal
    return answers


def of_item(item_name: str, refusal: Invalid, field: str | None = None) -> Invalid:
    """A refusal that says which item of a package it is about."""
    return Invalid(
        _("%(item)s：%(message)s", item=item_name, message=refusal.message),
        field=field or refusal.field,
        rule=refusal.rule,
    )


def part_field(item_code: str, refusal: Invalid) -> str:
    """How a field of a further item is named to the form it came from."""
    return f"part:{item_code}:{refusal.field or 'budget'}"


@dataclass(frozen=True)
class Share:
    """What one item of a package has of a price, with the answer of the price check."""

    item_code: str
    item_name: str
    budget: Decimal
    price: Decimal
    check: PriceCheck | None


def price_shares(need: Need, price: Decimal, subject: Model | None = None) -> list[Share]:
    """How a price (yuan) is told apart over a package's items; nothing for a need of one item.
    ``subject``: what the price was checked for (an award, a contract), with the answers."""
    if not need.is_package:
        return []
    checks = _checks_of(subject) if subject is not None else {}
    shares = shares_of(need, price)
    return [
        Share(
            each.item_code,
            each.item_name,
            shares[each.item_code][1],
            shares[each.item_code][0],
            checks.get(each.item_code),
        )
        for each in need.each_item
    ]


def budget_shares(need: Need) -> list[Share]:
    """The shares of a package's budget with the answers about them; nothing for one item."""
    if not need.is_package:
        return []
    keys = [each.price_check_id for each in need.each_item if each.price_check_id is not None]
    rows = db.session.scalars(select(PriceCheck).where(PriceCheck.id.in_(keys)))
    checks = {each.item_code: each for each in rows}
    return [
        Share(item.item_code, item.item_name, budget, budget, checks.get(item.item_code))
        for item, budget in zip(need.each_item, need.item_budgets, strict=True)
    ]


def _checks_of(subject: Any) -> dict[str, PriceCheck]:
    """The last answers about what a price stands on, by item."""
    rows = db.session.scalars(
        select(PriceCheck)
        .where(
            PriceCheck.subject_type == subject.__tablename__,
            PriceCheck.subject_id == subject.id,
            PriceCheck.refused.is_(False),
        )
        .order_by(PriceCheck.id)
        .limit(200)
    )
    return {each.item_code: each for each in rows}
