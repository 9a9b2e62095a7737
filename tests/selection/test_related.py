"""Related firms at closing: all but the earliest entry fall, with the reason."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.selection.rules.related import StandingEntry, relation, void_related

START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def entry(number: int, minutes: int, legal: str = "", **relations: object) -> StandingEntry:
    return StandingEntry(
        number=number,
        organisation=f"F{number}",
        received_at=START + timedelta(minutes=minutes),
        legal_representative=legal or f"P{number}",
        **relations,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("legal_representative", {"legal": "P9"}, {"legal": "P9"}),
        (
            "shareholder",
            {"shareholders": [("S1", Decimal("50.01"))]},
            {"shareholders": [("S1", Decimal("80")), ("S2", Decimal("20"))]},
        ),
        ("control", {}, {"shareholders": [("F1", Decimal("51"))]}),
        ("control", {"shareholders": [("F2", Decimal("100"))]}, {}),
        (
            "practitioner",
            {"practitioners": frozenset({"R1", "R2"})},
            {"practitioners": frozenset({"R2"})},
        ),
    ],
)
def test_the_later_of_two_related_entries_falls(name: str, one: dict, other: dict) -> None:
    early, late = entry(1, 5, **one), entry(2, 6, **other)
    for listed in ([early, late], [late, early]):
        fallen = void_related(listed)
        assert [(each.number, each.because_of, each.relation) for each in fallen] == [(2, 1, name)]
        assert "先报名" in str(fallen[0].reason)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"shareholders": [("S1", Decimal("50"))]}, {"shareholders": [("S1", Decimal("50"))]}),
        ({"shareholders": [("S1", Decimal("51"))]}, {"shareholders": [("S1", Decimal("49"))]}),
        ({"practitioners": frozenset({"R1"})}, {"practitioners": frozenset({"R2"})}),
        ({}, {}),
    ],
)
def test_what_is_no_relation(one: dict, other: dict) -> None:
    assert void_related([entry(1, 5, **one), entry(2, 6, **other)]) == []


def test_unknown_representatives_are_not_the_same_person() -> None:
    unknown = [StandingEntry(n, f"F{n}", START, legal_representative="") for n in (1, 2)]
    assert void_related(unknown) == []


def test_all_but_the_earliest_of_a_group_fall() -> None:
    group = [entry(n, n, legal="P9") for n in (3, 1, 2)]
    assert [each.number for each in void_related(group)] == [2, 3]


def test_equal_instants_go_by_number() -> None:
    assert [each.number for each in void_related([entry(2, 0, "P"), entry(1, 0, "P")])] == [2]


def test_no_firm_falls_because_of_one_that_fell() -> None:
    chain = [
        entry(1, 1, legal="P9"),
        entry(2, 2, legal="P9", practitioners=frozenset({"R1"})),
        entry(3, 3, practitioners=frozenset({"R1"})),
    ]
    assert [each.number for each in void_related(chain)] == [2]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)), max_size=9))
def test_what_stands_holds_no_two_related_firms(drawn: list[tuple[int, int, int]]) -> None:
    entries = [
        entry(n, minute, legal=f"P{legal}", practitioners=frozenset({f"R{practitioner}"}))
        for n, (minute, legal, practitioner) in enumerate(drawn)
    ]
    fallen = {each.number for each in void_related(entries)}
    standing = [each for each in entries if each.number not in fallen]
    assert all(
        relation(one, other) is None for one in standing for other in standing if one is not other
    )
    assert bool(standing) is bool(entries)
