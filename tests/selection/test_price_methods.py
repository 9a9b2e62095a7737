"""The methods that compare prices: which quote comes first, whom a tie leaves to the draw."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.selection.methods import average_price, price_competition, ties
from marketplace.selection.methods.quotes import Quote, QuoteError, QuoteKind, price_at

AMOUNT, DISCOUNT = QuoteKind.AMOUNT, QuoteKind.DISCOUNT
CODES = [f"9137000000000{n:05d}" for n in range(12)]
yuan = st.integers(0, 10**9).map(lambda fen: Decimal(fen) / 100)
shares = st.integers(0, 9999).map(lambda parts: Decimal(parts) / 10000)


def quotes_of(*values: str) -> list[Quote]:
    return [Quote(code, Decimal(value)) for code, value in zip(CODES, values, strict=False)]


def amounts(least: int = 1) -> st.SearchStrategy[list[Quote]]:
    lists = st.lists(yuan, min_size=least, max_size=len(CODES))
    return lists.map(lambda values: [Quote(*pair) for pair in zip(CODES, values, strict=False)])


def discounts(least: int = 1) -> st.SearchStrategy[list[Quote]]:
    lists = st.lists(shares, min_size=least, max_size=len(CODES))
    return lists.map(lambda values: [Quote(*pair) for pair in zip(CODES, values, strict=False)])


def place(groups: tuple[tuple[str, ...], ...], code: str) -> int:
    return next(number for number, group in enumerate(groups) if code in group)


def test_the_lowest_amount_and_the_highest_discount_come_first() -> None:
    quotes = quotes_of("0.15", "0.3", "0.2")
    a, b, c = CODES[:3]
    assert price_competition.order(quotes, AMOUNT) == ((a,), (c,), (b,))
    assert price_competition.order(quotes, DISCOUNT) == ((b,), (c,), (a,))


def test_equals_stand_in_one_group_and_are_drawn() -> None:
    groups = price_competition.order(quotes_of("500", "400.00", "400", "300", "500"), AMOUNT)
    a, b, c, d, e = CODES[:5]
    assert groups == ((d,), (b, c), (a, e))
    given_ = {code: format(n, "064x") for n, code in enumerate(CODES)}
    drawn = ties.draws(groups, given_, "XQ-379900-2026-00001", 1, "a" * 64, "kl8:2026300:1,2,3")
    assert [one.draw_id for one in drawn] == [
        "XQ-379900-2026-00001#tie-1",
        "XQ-379900-2026-00001#tie-2",
    ]
    order = ties.settled(groups, [one.ranking for one in drawn])
    assert order[0] == d
    assert set(order[1:3]) == {b, c}
    assert set(order[3:]) == {a, e}
    with pytest.raises(ValueError, match="ordered"):
        ties.settled(groups, [(a, e), (b, c)])
    with pytest.raises(ValueError, match="too many"):
        ties.settled(((a,),), [(b, c)])


def ahead_of(quotes: list[Quote], kind: QuoteKind, code: str) -> set[str]:
    """Whoever stands in a better group than a firm."""
    groups = price_competition.order(quotes, kind)
    return {one for group in groups[: place(groups, code)] for one in group}


@given(amounts(), st.integers(0, 11), st.integers(0, 99))
def test_a_better_amount_never_loses_a_place(quotes: list[Quote], who: int, left: int) -> None:
    own = quotes[who % len(quotes)]
    lower = Decimal(int(own.value * 100) * left // 100) / 100
    better = [Quote(own.credit_code, lower) if each is own else each for each in quotes]
    after = ahead_of(better, AMOUNT, own.credit_code)
    assert after <= ahead_of(quotes, AMOUNT, own.credit_code)
    assert all(each.value < lower for each in better if each.credit_code in after)


@given(discounts(), st.integers(0, 11), st.integers(1, 100))
def test_a_better_discount_never_loses_a_place(quotes: list[Quote], who: int, more: int) -> None:
    own = quotes[who % len(quotes)]
    higher = own.value + (Decimal("0.9999") - own.value) * more / 100
    better = [Quote(own.credit_code, higher) if each is own else each for each in quotes]
    after = ahead_of(better, DISCOUNT, own.credit_code)
    assert after <= ahead_of(quotes, DISCOUNT, own.credit_code)
    assert all(each.value > higher for each in better if each.credit_code in after)


@given(amounts(), st.randoms(use_true_random=False))
def test_the_order_of_the_input_makes_no_difference(quotes: list[Quote], shaken: Random) -> None:
    mixed = list(quotes)
    shaken.shuffle(mixed)
    assert price_competition.order(mixed, AMOUNT) == price_competition.order(quotes, AMOUNT)
    assert average_price.order(mixed, AMOUNT, 5) == average_price.order(quotes, AMOUNT, 5)


@given(amounts(2))
def test_who_is_abnormally_low_follows_from_the_words_of_the_rule(quotes: list[Quote]) -> None:
    found = price_competition.abnormally_low(quotes, AMOUNT, Decimal("0.7"))
    for quote in quotes:
        middle = price_competition.mean_of_others(quotes, AMOUNT, quote.credit_code)
        assert middle is not None
        assert (quote.credit_code in found) == (Fraction(quote.value) * 10 < middle * 7)


def test_exactly_the_share_of_the_others_mean_needs_no_explanation() -> None:
    share = Decimal("0.7")
    a, b = CODES[:2]
    assert price_competition.abnormally_low(quotes_of("70", "100"), AMOUNT, share) == frozenset()
    assert price_competition.abnormally_low(quotes_of("69.99", "100"), AMOUNT, share) == {a}
    # a discount is compared by what it leaves to be paid: 0.35 of the standard against 0.5
    assert (
        price_competition.abnormally_low(quotes_of("0.65", "0.5"), DISCOUNT, share) == frozenset()
    )
    assert price_competition.abnormally_low(quotes_of("0.5", "0.6501"), DISCOUNT, share) == {b}
    assert price_competition.abnormally_low(quotes_of("1"), AMOUNT, share) == frozenset()
    assert price_competition.mean_of_others(quotes_of("1"), AMOUNT, a) is None


def test_ten_thirds_are_not_rounded() -> None:
    quotes = quotes_of("3", "3", "4")
    assert average_price.reference(quotes, AMOUNT, 5) == Fraction(10, 3)
    a, b, c = CODES[:3]
    assert average_price.order(quotes, AMOUNT, 5) == ((a, b), (c,))


def test_from_five_on_the_highest_and_the_lowest_leave_the_mean_but_stay_entrants() -> None:
    four = quotes_of("100", "200", "300", "1000")
    assert average_price.reference(four, AMOUNT, 5) == 400
    five = quotes_of("100", "200", "300", "1000", "400")
    assert average_price.reference(five, AMOUNT, 5) == 300
    a, b, c, d, e = CODES[:5]
    assert average_price.order(five, AMOUNT, 5) == ((c,), (b, e), (a,), (d,))


@given(amounts())
def test_nobody_is_nearer_to_the_mean_than_the_first(quotes: list[Quote]) -> None:
    groups = average_price.order(quotes, AMOUNT, 5)
    middle = average_price.reference(quotes, AMOUNT, 5)
    far = {each.credit_code: abs(Fraction(each.value) - middle) for each in quotes}
    distances = [far[group[0]] for group in groups]
    assert distances == sorted(set(far.values()))
    assert all(len({far[code] for code in group}) == 1 for group in groups)
    assert sorted(code for group in groups for code in group) == sorted(far)


@given(discounts())
def test_the_mean_of_discounts_orders_as_the_mean_of_what_they_leave(quotes: list[Quote]) -> None:
    left = [Quote(each.credit_code, 1 - each.value) for each in quotes]
    factors = [Quote(each.credit_code, each.value * 100) for each in left]
    assert average_price.order(quotes, DISCOUNT, 5) == average_price.order(factors, AMOUNT, 5)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_entrants(count: int) -> None:
    quotes = quotes_of("300", "200")[:count]
    a, b = CODES[:2]
    expected = [(), ((a,),), ((b,), (a,))][count]
    assert price_competition.order(quotes, AMOUNT) == expected
    if count == 0:
        with pytest.raises(QuoteError):
            average_price.order(quotes, AMOUNT, 5)
    else:
        # two are always as far from their mean as each other: the draw decides
        assert average_price.order(quotes, AMOUNT, 5) == (((a,),) if count == 1 else ((a, b),))


@pytest.mark.parametrize(
    ("kind", "value"),
    [(AMOUNT, "-0.01"), (AMOUNT, "10.001"), (AMOUNT, "NaN"), (DISCOUNT, "1"), (DISCOUNT, "-0.1")],
)
def test_numbers_out_of_their_bounds_are_refused(kind: QuoteKind, value: str) -> None:
    with pytest.raises(QuoteError, match=CODES[0]):
        price_competition.order(quotes_of(value), kind)


def test_a_firm_quotes_once() -> None:
    with pytest.raises(QuoteError):
        price_competition.order([*quotes_of("1"), *quotes_of("2")], AMOUNT)


@given(
    st.decimals(min_value=1, max_value=10_000_000, places=2),
    st.decimals(min_value=0, max_value=Decimal("0.9999"), places=4),
    st.decimals(min_value=0, max_value=Decimal("0.9999"), places=4),
)
def test_a_higher_discount_is_never_dearer(base: Decimal, one: Decimal, other: Decimal) -> None:
    low, high = sorted((one, other))
    assert price_at(base, high) <= price_at(base, low) <= base
    assert price_at(base, Decimal(0)) == base
    exact = base * (1 - one)
    assert abs(price_at(base, one) - exact) <= Decimal("0.005")


def test_half_a_fen_goes_up() -> None:
    assert price_at(Decimal("100.01"), Decimal("0.5")) == Decimal("50.01")
    assert price_at(Decimal("0.01"), Decimal("0.5")) == Decimal("0.01")
    assert price_at(Decimal(48000), Decimal("0.125")) == Decimal(42000)
