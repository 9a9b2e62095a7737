"""A promised discount is shown as a share of the standard only where there is a standard."""

from __future__ import annotations

from decimal import Decimal

import pytest

from marketplace.intermediaries.models import Firm, Offering
from marketplace.portal.queries.firms import FirmRow
from marketplace.ratings.rules.entries import Grade

TEN, FIVE = Decimal("0.10"), Decimal("0.05")


def _offer(item: str, discount: Decimal, amount: Decimal | None = None) -> Offering:
    return Offering(item_code=item, discount=discount, amount=amount)


@pytest.mark.parametrize(
    ("offers", "shares"),
    [
        ([_offer("jl", TEN), _offer("zb", FIVE)], (Decimal("0.90"), Decimal("0.95"))),
        ([_offer("jl", TEN), _offer("dazl", FIVE)], (Decimal("0.90"), Decimal("0.90"))),
        ([_offer("dazl", TEN)], None),
        ([_offer("jl", Decimal(0), Decimal(9000))], None),
    ],
)
def test_a_row_says_a_share_only_of_a_standard(
    offers: list[Offering], shares: tuple[Decimal, Decimal] | None
) -> None:
    row = FirmRow(Firm(), Grade.A, offers, None, frozenset({"jl", "zb"}))  # type: ignore[arg-type]
    assert row.shares == shares
