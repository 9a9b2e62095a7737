"""Write down what a best-value need weighs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.foundation import clock, policy
from marketplace.foundation.db import db
from marketplace.foundation.errors import Invalid

from ..models import Need, NeedWeights, PriceScoring, SelectionMethod
from .rules import FULL, BestValuePolicy, fault


@dataclass(frozen=True)
class Weighing:
    """The full points of every criterion, and how the price becomes points."""

    price: int
    rating: int
    plan: int
    practitioners: int
    scoring: PriceScoring


def edition_on(jurisdiction_code: str, day: date) -> policy.Edition[BestValuePolicy]:
    """The best-value edition in force for a jurisdiction on a day."""
    return policy.in_force(BestValuePolicy, accounts.lineage(jurisdiction_code), day)


def set_weights(need: Need, said: Weighing | None, now: datetime) -> None:
    """Keep the criteria of a best-value draft; any other method has none.

    Raises Invalid where they are missing, are not a hundred together, or leave the edition's bounds.
    """
    if need.method is not SelectionMethod.BEST_VALUE:
        need.weights = None
        return
    if said is None:
        raise Invalid(_("综合评审须填写各项分值"), field="weight_price", rule="weights")
    edition = edition_on(need.jurisdiction_code, clock.local_day(now))
    values = edition.values
    wrong = fault(values, said.price, said.rating, said.plan, said.practitioners)
    if wrong is not None:
        messages = {
            "sum": ("weight_price", _("各项分值之和应为 %(full)d 分", full=FULL)),
            "price": (
                "weight_price",
                _(
                    "价格分应为 %(least)d 至 %(most)d 分",
                    least=values.price_least,
                    most=values.price_most,
                ),
            ),
            "rating": ("weight_rating", _("信用分不超过 %(most)d 分", most=values.rating_most)),
            "judged": ("weight_plan", _("方案分应大于 0")),
        }
        field, message = messages[wrong]
        raise Invalid(message, field=field, rule=f"weights.{wrong}")
    kept = need.weights or NeedWeights()
    kept.price, kept.rating = said.price, said.rating
    kept.plan, kept.practitioners = said.plan, said.practitioners
    kept.scoring, kept.edition_id = said.scoring, edition.id
    need.weights = kept
    db.session.flush()
