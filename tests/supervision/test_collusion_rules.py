"""The screens' figures: exact, whatever the order, with none, one, two or equal quotes."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from marketplace.supervision.collusion.rules import chance
from marketplace.supervision.collusion.rules.figures import figures, stands_apart
from marketplace.supervision.collusion.rules.policy import CollusionPolicy
from marketplace.supervision.collusion.rules.screens import Kind, Paper, Screen, Selection, look

POLICY = CollusionPolicy()
DAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
A, B, C, D = 1, 2, 3, 4


def yuan(*amounts: str) -> list[Decimal]:
    return [Decimal(each) for each in amounts]


def priced(number: int, quotes: dict[int, int]) -> Selection:
    return Selection(
        number,
        "stbc",
        Kind.PRICE,
        DAY + timedelta(days=number),
        frozenset(quotes),
        min(quotes, key=lambda firm: quotes[firm]),
        {firm: Decimal(price) for firm, price in quotes.items()},
    )


def drawn(number: int, firms: set[int], winner: int, **more: datetime) -> Selection:
    return Selection(
        number, "stbc", Kind.DRAW, DAY + timedelta(days=number), frozenset(firms), winner
    )


def found(selections: list[Selection], screen: Screen) -> list[tuple[int, ...]]:
    return [each.firms for each in look(selections, {}, POLICY).findings if each.screen is screen]


def test_the_figures_of_three_quotes_are_those_worked_out_by_hand() -> None:
    # mean 40, deviations −4, 1, 3: variance 13; losers 41 and 43: deviation √2
    made = figures(yuan("36", "41", "43"))
    assert made.variation is not None
    assert abs(made.variation - Decimal("0.0901387818866")) < Decimal("1E-10")
    assert made.spread is not None
    assert abs(made.spread - Decimal(7) / Decimal(36)) < Decimal("1E-20")
    assert made.distance is not None
    assert abs(made.distance - Decimal("3.53553390593")) < Decimal("1E-10")


@pytest.mark.parametrize(
    ("quotes", "variation", "distance"),
    [
        ((), None, None),
        (("100",), Decimal(0), None),
        (("100", "100"), Decimal(0), None),
        (("100", "100", "100"), Decimal(0), None),
        (("0", "0", "0"), None, None),
    ],
)
def test_few_or_equal_quotes_divide_by_nothing(
    quotes: tuple[str, ...], variation: Decimal | None, distance: Decimal | None
) -> None:
    made = figures(yuan(*quotes))
    assert (made.variation, made.distance) == (variation, distance)
    assert not stands_apart(made, Decimal(1))


def test_equal_losers_above_a_lower_quote_stand_endlessly_apart() -> None:
    made = figures(yuan("90", "100", "100"))
    assert made.endless
    assert stands_apart(made, Decimal(1000))


def test_no_figure_depends_on_the_order_or_the_unit() -> None:
    for seed in range(200):
        chosen = random.Random(seed)
        quotes = [Decimal(chosen.randint(1, 10**8)) / 100 for _ in range(chosen.randint(1, 7))]
        made = figures(quotes)
        chosen.shuffle(quotes)
        assert figures(quotes) == made
        scaled = figures([each * 100 for each in quotes])
        for one, other in zip(
            (made.variation, made.spread, made.distance),
            (scaled.variation, scaled.spread, scaled.distance),
            strict=True,
        ):
            assert (one is None) == (other is None)
            if one is not None and other is not None:
                assert abs(one - other) <= abs(one) * Decimal("1E-8")


def test_the_tail_of_wins_is_that_counted_out_by_hand() -> None:
    fields = [2, 3, 5]
    for wins in range(5):
        counted = Fraction(0)
        for outcome in itertools.product((0, 1), repeat=3):
            likely = Fraction(1)
            for won, size in zip(outcome, fields, strict=True):
                likely *= Fraction(1, size) if won else 1 - Fraction(1, size)
            if sum(outcome) >= wins:
                counted += likely
        assert chance.at_least(wins, fields) == counted
        assert chance.at_least(wins, reversed(fields)) == counted
    assert chance.at_least(1, []) == 0
    assert chance.at_least(2, [1, 1]) == 1
    assert chance.expected(fields) == Fraction(31, 30)


def test_meetings_and_turns_by_chance() -> None:
    assert chance.meeting(0, 3, 4, 10) == 1
    assert chance.meeting(2, 2, 2, 4) == Fraction(1, 6)
    assert chance.meeting(2, 2, 3, 4) == chance.meeting(2, 3, 2, 4)
    with pytest.raises(ValueError, match="meetings"):
        chance.meeting(3, 2, 3, 4)
    assert chance.never_twice([3]) == 1
    assert chance.never_twice([3, 3, 3]) == Fraction(4, 9)
    assert chance.never_twice([2, 1]) == 0


def test_a_ring_that_takes_turns_and_quotes_for_show_is_named_by_two_screens() -> None:
    turns = [A, B, C, A, B]
    ring = [
        priced(number, {firm: 36000 if firm == turn else 40000 + 50 * firm for firm in (A, B, C)})
        for number, turn in enumerate(turns)
    ]
    honest = [priced(20 + n, {A: 36000 + 900 * n, C: 41000 - 700 * n, D: 39000}) for n in range(4)]
    everything = [*ring, *honest]
    for _ in range(5):
        random.Random(7).shuffle(everything)
        assert found(everything, Screen.COVER) == [(A, B, C)]
        assert found(everything, Screen.ROTATION) == [(A, B, C)]
    # the same firm always lowest is no rotation
    steady = [priced(n, {A: 36000, B: 40000, C: 40050}) for n in range(6)]
    assert found(steady, Screen.ROTATION) == []
    assert found(steady, Screen.COVER) == [(A, B, C)]
    # nor where one of them wins twice running, though all have won
    twice = [
        priced(n, {f: 36000 if f == t else 40000 + f for f in (A, B, C)})
        for n, t in enumerate((A, A, B, C, B))
    ]
    assert found(twice, Screen.ROTATION) == []
    # a short series is none either
    assert found(ring[:4], Screen.ROTATION) == []
    assert found(ring[:2], Screen.COVER) == []


def test_quotes_nearly_alike_are_named_by_their_need() -> None:
    near = priced(1, {A: 40000, B: 40010, C: 40020})
    far = priced(2, {A: 40000, B: 42000, C: 45000})
    looked = look([near, far], {}, POLICY)
    named = [each for each in looked.findings if each.screen is Screen.VARIATION]
    assert [each.needs for each in named] == [(1,)]
    assert named[0].key == "need 1"
    assert looked.among[Screen.VARIATION] == 2
    # two quotes are too few to tell
    assert found([priced(3, {A: 40000, B: 40001})], Screen.VARIATION) == []


def test_a_firm_that_wins_draws_against_all_chance_is_named_with_how_many_were_looked_at() -> None:
    draws = [drawn(n, {A, B, C, D}, A) for n in range(4)]
    looked = look(draws, {}, POLICY)
    (lucky,) = [each for each in looked.findings if each.screen is Screen.CHANCE]
    assert lucky.firms == (A,)
    assert lucky.facts["firms"] == 4
    assert lucky.facts["chance"] == f"{1 / 256:.4g}"
    mixed = [drawn(n, {A, B, C, D}, (A, B, C, D)[n % 4]) for n in range(8)]
    assert found(mixed, Screen.CHANCE) == []


def test_late_changes_count_only_within_the_minutes_and_in_draws() -> None:
    def changed(number: int, minutes: int) -> Selection:
        closed = DAY + timedelta(days=number)
        late = {A: closed - timedelta(minutes=minutes)}
        return Selection(number, "x", Kind.DRAW, closed, frozenset({A, B}), A, {}, late)

    assert found([changed(1, 5), changed(2, 10)], Screen.LATE) == [(A,)]
    assert found([changed(1, 5), changed(2, 11)], Screen.LATE) == []


def test_pairs_that_share_a_trait_are_named_unless_too_many_do() -> None:
    both = [drawn(1, {A, B}, A)]
    phone = ("phone", "0399-1")
    looked = look(both, {A: {phone}, B: {phone}, C: set()}, POLICY)
    (pair,) = [each for each in looked.findings if each.screen is Screen.SHARED]
    assert (pair.firms, pair.facts["shared"]) == ((A, B), ["phone"])
    many = {firm: {phone} for firm in range(1, 8)}
    assert [e for e in look(both, many, POLICY).findings if e.screen is Screen.SHARED] == []


def test_pairs_whose_documents_come_from_one_hand_are_named_unless_too_many_do() -> None:
    both = [drawn(1, {A, B, C}, A)]

    def named(papers: dict[int, list[Paper]]) -> list[tuple[int, ...]]:
        looked = look(both, {}, POLICY, papers)
        return [each.firms for each in looked.findings if each.screen is Screen.DOCUMENTS]

    mine = Paper("digest", "wps", DAY)
    assert named({A: [mine], B: [Paper("digest")], C: [Paper("other", "wps")]}) == [(A, B)]
    # one program in one minute, and not a minute later, nor another program
    assert named({A: [mine], B: [Paper(None, "wps", DAY)], C: []}) == [(A, B)]
    assert named({A: [mine], B: [Paper("x", "wps", DAY + timedelta(minutes=1))]}) == []
    assert named({A: [mine], B: [Paper("x", "word", DAY)]}) == []
    # firms that never met, and what too many have
    assert named({A: [mine], D: [mine]}) == []
    assert named({firm: [mine] for firm in (A, B, D, 9)}) == []
    looked = look(
        both,
        {},
        POLICY,
        {A: [mine, replace(mine, file=7)], B: [Paper("digest", file=8)], C: [Paper("other")]},
    )
    (pair,) = [each for each in looked.findings if each.screen is Screen.DOCUMENTS]
    assert looked.among[Screen.DOCUMENTS] == 3
    assert (pair.facts["first"], pair.facts["second"], pair.facts["authors"]) == ([0, 7], [8], 1)


def test_firms_that_meet_more_often_than_free_choice_brings_are_named() -> None:
    with_pair = [drawn(n, {A, B, C if n % 2 else D}, C if n % 2 else D) for n in range(4)]
    without = [drawn(10 + n, {C, D}, C) for n in range(16)]
    assert found([*with_pair, *without], Screen.TOGETHER) == [(A, B)]
    # where everybody always enters, meeting tells nothing
    assert found([drawn(n, {A, B, C}, A) for n in range(9)], Screen.TOGETHER) == []


def test_nothing_is_found_in_nothing() -> None:
    looked = look([], {}, POLICY)
    assert looked.findings == []
    assert set(looked.among.values()) == {0}
