"""The ladder of cards and the bounds of the policy."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from marketplace.foundation import policy
from marketplace.sanctions.rules import (
    Colour,
    IssuedCard,
    SanctionsPolicy,
    Severity,
    Step,
    next_step,
)

SINCE = date(2025, 3, 2)
EDITION = Path("marketplace/editions/policies/000000/sanctions-2024-01-01.toml")


def _cards(*pairs: tuple[Colour, date]) -> list[IssuedCard]:
    return [IssuedCard(colour, day) for colour, day in pairs]


@pytest.mark.parametrize(
    ("cards", "step"),
    [
        (_cards(), Step.YELLOW),
        (_cards((Colour.YELLOW, date(2025, 3, 1))), Step.YELLOW),
        (_cards((Colour.YELLOW, date(2025, 3, 2))), Step.RED),
        (_cards((Colour.YELLOW, date(2025, 9, 1)), (Colour.RED, date(2025, 10, 1))), Step.REPORT),
        (_cards((Colour.RED, date(2024, 3, 2)), (Colour.YELLOW, date(2025, 10, 1))), Step.RED),
    ],
)
def test_the_ladder_counts_the_period_only(cards: list[IssuedCard], step: Step) -> None:
    assert next_step(cards, SINCE) is step


def test_the_shipped_edition_holds_the_default_numbers() -> None:
    draft = policy.parse(str(EDITION), EDITION.read_text(encoding="utf-8"), [SanctionsPolicy])
    values = SanctionsPolicy(**draft.content)
    assert values.red_suspension_days == 30
    assert values.statement_days == 5
    assert values.repeat_months == values.default_months == 12
    assert values.longest(Severity.SERIOUS) == 36
    assert values.longest(Severity.SLIGHT) == 6


@pytest.mark.parametrize(
    ("line", "key"),
    [("serious_months = 37", "serious_months"), ("serious_months = 36\nforever = true", "forever")],
)
def test_an_impossible_edition_is_refused_whole(line: str, key: str) -> None:
    text = EDITION.read_text(encoding="utf-8")
    changed = text.replace("serious_months = 36", line)
    with pytest.raises(policy.PolicyError, match=key):
        policy.parse("x.toml", changed, [SanctionsPolicy])
