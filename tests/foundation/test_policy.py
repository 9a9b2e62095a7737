"""Editions: refused whole when wrong, inherited whole, never edited."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, ClassVar

import pytest
from annotated_types import Ge, Le
from flask import Flask

from marketplace.foundation import clock, policy
from marketplace.foundation.actor import CLOCK
from marketplace.foundation.transactions import transaction


@dataclass(frozen=True)
class TrialPolicy:
    """A section made for these tests."""

    SECTION: ClassVar[str] = "trial"
    __pydantic_config__ = {"extra": "forbid"}

    days: Annotated[int, Ge(1), Le(60)]
    share: Annotated[Decimal, Ge(0), Le(1)]


def text(jurisdiction: str = "000000", day: str = "2024-01-01", values: str = "") -> str:
    return (
        f'jurisdiction = "{jurisdiction}"\nsection = "trial"\neffective_from = {day}\n'
        'title = "试行"\nlegal_basis = "无"\n[values]\n' + (values or "days = 5\nshare = 0.1\n")
    )


def test_decimals_stay_exact() -> None:
    draft = policy.parse("a.toml", text(), [TrialPolicy])
    assert draft.content == {"days": 5, "share": "0.1"}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ("days = 0\nshare = 0.1\n", "values.days"),
        ("days = 5\nshare = 1.5\n", "values.share"),
        ("days = 5\nshare = 0.1\nmore = 1\n", "values.more"),
        ("days = 5\n", "values.share"),
    ],
)
def test_an_impossible_value_is_refused_naming_file_and_key(values: str, message: str) -> None:
    with pytest.raises(policy.PolicyError, match=message) as caught:
        policy.parse("b.toml", text(values=values), [TrialPolicy])
    assert str(caught.value).startswith("b.toml")


def test_unknown_section_and_key_are_refused() -> None:
    with pytest.raises(policy.PolicyError, match="unknown section"):
        policy.parse("c.toml", text(), [])
    with pytest.raises(policy.PolicyError, match="typo: unknown key"):
        policy.parse("d.toml", "typo = 1\n" + text(), [TrialPolicy])


def test_the_nearest_ancestors_edition_is_inherited_whole(app: Flask) -> None:
    with app.app_context():
        with transaction():
            now = clock.now()
            for jurisdiction, day, values in (
                ("000000", "2024-01-01", "days = 5\nshare = 0.1\n"),
                ("000000", "2025-01-01", "days = 6\nshare = 0.1\n"),
                ("370000", "2025-06-01", "days = 9\nshare = 0.3\n"),
            ):
                draft = policy.parse("x", text(jurisdiction, day, values), [TrialPolicy])
                policy.publish(draft, CLOCK, now)
        lineage = ("379900", "370000", "000000")

        def days(on: date) -> int:
            return policy.in_force(TrialPolicy, lineage, on).values.days

        assert days(date(2024, 12, 31)) == 5
        assert days(date(2025, 1, 1)) == 6
        assert days(date(2025, 6, 1)) == 9
        with pytest.raises(policy.PolicyMissing):
            policy.in_force(TrialPolicy, lineage, date(2023, 12, 31))


def test_the_same_file_again_changes_nothing_and_another_text_is_refused(app: Flask) -> None:
    with app.app_context():
        with transaction():
            first = policy.publish(policy.parse("x", text(), [TrialPolicy]), CLOCK, clock.now())
            again = policy.publish(policy.parse("x", text(), [TrialPolicy]), CLOCK, clock.now())
            assert first.id == again.id
        other = policy.parse("x", text(values="days = 7\nshare = 0.1\n"), [TrialPolicy])
        with pytest.raises(policy.PolicyError, match="never edited"), transaction():
            policy.publish(other, CLOCK, clock.now())


def test_a_later_edition_cannot_begin_in_the_past(app: Flask) -> None:
    with app.app_context():
        with transaction():
            policy.publish(policy.parse("x", text(), [TrialPolicy]), CLOCK, clock.now())
        past = policy.parse(
            "y", text("379900", "2025-01-01", "days = 7\nshare = 0.1\n"), [TrialPolicy]
        )
        with pytest.raises(policy.PolicyError, match="past days stay"), transaction():
            policy.publish(past, CLOCK, clock.now())
        with transaction():
            today = clock.today().isoformat()
            now_on = policy.parse(
                "z", text("379900", today, "days = 7\nshare = 0.1\n"), [TrialPolicy]
            )
            policy.publish(now_on, CLOCK, clock.now())
        lineage = ("379900", "000000")
        assert policy.in_force(TrialPolicy, lineage, clock.today()).values.days == 7
        assert policy.in_force(TrialPolicy, lineage, date(2025, 6, 1)).values.days == 5
