"""Best value as plain arithmetic: what every criterion gives, who comes first, who must explain."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.selection.methods import best_value
from marketplace.selection.methods.best_value import Candidate, Marks, PriceFormula, Weights
from marketplace.selection.methods.quotes import Quote, QuoteError, QuoteKind

AMOUNT, DISCOUNT = QuoteKind.AMOUNT, QuoteKind.DISCOUNT
CODES = [f"9137000000000{n:05d}" for n in range(8)]
WEIGHTS = Weights(40, 20, 30, 10, PriceFormula.LOWEST)
EIGHTY = Decimal(80)
marks = st.builds(Marks, st.integers(0, 300), st.integers(0, 100))


@st.composite
def fields(draw: st.DrawFn, least: int = 1, kind: QuoteKind = AMOUNT) -> list[Candidate]:
    value = (
        st.integers(1, 10**8).map(lambda fen: Decimal(fen) / 100)
        if kind is AMOUNT
        else st.integers(0, 9999).map(lambda parts: Decimal(parts) / 10000)
    )
    judges = draw(st.integers(1, 7))
    score = st.one_of(st.none(), st.integers(0, 10000).map(lambda part: Decimal(part) / 100))
    return [
        Candidate(
            Quote(code, draw(value)),
            draw(score),
            tuple(draw(st.lists(marks, min_size=judges, max_size=judges))),
        )
        for code in CODES[: draw(st.integers(least, len(CODES)))]
    ]


def scored(
    field: list[Candidate], kind: QuoteKind = AMOUNT, weights: Weights = WEIGHTS
) -> dict[str, best_value.Points]:
    return best_value.points(field, kind, weights, EIGHTY, 5, 5)


def candidate(code: str, price: str, score: str | None, *given_: tuple[int, int]) -> Candidate:
    return Candidate(
        Quote(code, Decimal(price)),
        None if score is None else Decimal(score),
        tuple(Marks(*each) for each in given_),
    )


def test_a_worked_example_is_exact_to_the_third() -> None:
    a, b = CODES[:2]
    found = scored(
        [
            candidate(a, "30000", "92.5", (270, 80), (250, 90), (260, 95)),
            candidate(b, "27000", None, (200, 70), (210, 75), (205, 60)),
        ]
    )
    assert found[a].price == 36
    assert found[b].price == 40
    assert found[a].rating == Fraction(37, 2)
    assert found[b].rating == 16
    assert found[a].plan == 26
    assert found[a].practitioners == Fraction(53, 6)
    assert found[a].total == 36 + Fraction(37, 2) + 26 + Fraction(53, 6)
    assert best_value.shown(found[a].total) == Decimal("89.33")
    assert best_value.order(found) == ((a,), (b,))


def test_ten_thirds_are_ten_thirds() -> None:
    assert best_value.mean_mark([0, 0, 100], 5) == Fraction(10, 3)
    assert best_value.shown(Fraction(10, 3)) == Decimal("3.33")
    assert best_value.shown(Fraction(1, 200)) == Decimal("0.01")


def test_highest_and_lowest_are_left_out_from_so_many_judges_on() -> None:
    four, five = [0, 100, 110, 300], [0, 100, 110, 120, 300]
    assert best_value.mean_mark(four, 5) == Fraction(51, 4)
    assert best_value.mean_mark(five, 5) == 11
    assert best_value.mean_mark([90], 1) == 9


def test_nobody_and_one_entrant() -> None:
    assert scored([]) == {}
    assert best_value.order({}) == ()
    alone = scored([candidate(CODES[0], "500", None, (0, 0))])
    assert alone[CODES[0]].price == 40
    assert best_value.order(alone) == ((CODES[0],),)


def test_equals_stand_in_one_group() -> None:
    a, b, c = CODES[:3]
    field = [candidate(code, "500", "90", (100, 50)) for code in (c, a)]
    found = scored([*field, candidate(b, "400", "90", (100, 50))])
    assert best_value.order(found) == ((b,), (a, c))


def test_the_mean_formula_rewards_the_quote_nearest_to_it() -> None:
    weights = replace(WEIGHTS, formula=PriceFormula.MEAN)
    prices = ("80", "100", "120")
    quotes = [Quote(code, Decimal(price)) for code, price in zip(CODES, prices, strict=False)]
    found = best_value.price_points(quotes, AMOUNT, weights, 5)
    assert [found[code] for code in CODES[:3]] == [32, 40, 32]
    # ten times the mean of all is as bad as it gets, not worse
    far = [*quotes, Quote(CODES[3], Decimal(10000))]
    assert best_value.price_points(far, AMOUNT, weights, 5)[CODES[3]] == 0


def test_free_of_charge_does_not_divide_by_nothing() -> None:
    quotes = [Quote(CODES[0], Decimal(0)), Quote(CODES[1], Decimal(5))]
    assert best_value.price_points(quotes, AMOUNT, WEIGHTS, 5) == {CODES[0]: 40, CODES[1]: 0}
    weights = replace(WEIGHTS, formula=PriceFormula.MEAN)
    assert best_value.price_points(quotes[:1], AMOUNT, weights, 5) == {CODES[0]: 40}


def test_a_score_gives_no_more_than_the_full_points() -> None:
    assert best_value.rating_points(Decimal("112.5"), EIGHTY, WEIGHTS) == 20
    assert best_value.rating_points(Decimal(-3), EIGHTY, WEIGHTS) == 0
    assert best_value.rating_points(None, EIGHTY, WEIGHTS) == 16


@pytest.mark.parametrize("parts", [(40, 20, 30, 11), (40, 20, 50, -10), (0, 0, 0, 0)])
def test_weights_are_a_hundred_together(parts: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="100"):
        Weights(*parts, PriceFormula.LOWEST)


def test_unlike_numbers_of_marks_are_refused() -> None:
    field = [candidate(CODES[0], "5", None, (1, 1)), candidate(CODES[1], "5", None)]
    with pytest.raises(QuoteError):
        scored(field)


@given(fields(), st.randoms(use_true_random=False))
def test_the_order_of_input_does_not_matter(field: list[Candidate], random: Random) -> None:
    shuffled = list(field)
    random.shuffle(shuffled)
    swapped = [replace(each, marks=tuple(reversed(each.marks))) for each in shuffled]
    assert best_value.order(scored(swapped)) == best_value.order(scored(field))


@given(fields(2), st.integers(1, 10**8))
def test_a_better_quote_never_loses_for_its_price(field: list[Candidate], fen: int) -> None:
    twin = replace(field[1], score=field[0].score, marks=field[0].marks)
    worse = replace(
        twin, quote=Quote(twin.quote.credit_code, field[0].quote.value + Decimal(fen) / 100)
    )
    found = scored([field[0], worse, *field[2:]])
    assert found[field[0].quote.credit_code].total > found[worse.quote.credit_code].total


@given(fields(1), st.integers(1, 9999))
def test_whoever_lowers_the_price_never_falls_behind(field: list[Candidate], parts: int) -> None:
    own = field[0].quote
    lower = (own.value * parts / 10000).quantize(Decimal("0.01"))
    cheaper = [replace(field[0], quote=Quote(own.credit_code, lower)), *field[1:]]
    before, after = scored(field), scored(cheaper)
    for each in field[1:]:
        rival = each.quote.credit_code
        gap = before[own.credit_code].total - before[rival].total
        assert after[own.credit_code].total - after[rival].total >= gap


@given(fields(2, DISCOUNT))
def test_the_higher_discount_is_the_better_quote(field: list[Candidate]) -> None:
    found = best_value.price_points([each.quote for each in field], DISCOUNT, WEIGHTS, 5)
    best = max(field, key=lambda each: each.quote.value).quote.credit_code
    assert found[best] == max(found.values()) == 40
    by_discount = sorted(field, key=lambda each: each.quote.value)
    given_ = [found[each.quote.credit_code] for each in by_discount]
    assert given_ == sorted(given_)


@given(fields())
def test_no_criterion_gives_more_than_its_weight(field: list[Candidate]) -> None:
    for formula in PriceFormula:
        for each in scored(field, weights=replace(WEIGHTS, formula=formula)).values():
            assert 0 <= each.price <= 40
            assert 0 <= each.rating <= 20
            assert 0 <= each.plan <= 30
            assert 0 <= each.practitioners <= 10


def test_a_mark_far_from_the_others_is_flagged_and_the_edge_is_not() -> None:
    share = Decimal("0.20")  # of 40 points: 8 points, 80 tenths
    assert best_value.far_off({"a": 300, "b": 300, "c": 220}, WEIGHTS, share) == set()
    assert best_value.far_off({"a": 300, "b": 300, "c": 219}, WEIGHTS, share) == {"c"}
    assert best_value.far_off({"a": 400, "b": 0}, WEIGHTS, share) == {"a", "b"}
    # one far off does not make the others explain themselves
    assert best_value.far_off({"a": 300, "b": 300, "c": 20}, WEIGHTS, share) == {"c"}
    assert best_value.median([1, 4, 2]) == 2
    assert best_value.median([1, 4]) == Fraction(5, 2)
    assert best_value.far_off({"a": 400}, WEIGHTS, share) == set()
