"""The contracts edition and the pure parts of a contract's clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from marketplace.contracts import rules
from marketplace.foundation import policy

EDITION = (
    Path(__file__).parents[2] / "marketplace/editions/policies/000000/contracts-2024-01-01.toml"
)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("accept_reminders_after = [5, 8]", "accept_reminders_after = [8, 5]", "must rise"),
        ("accept_reminders_after = [5, 8]", "accept_reminders_after = [5, 10]", "below the limit"),
        ("accept_reminders_after = [5, 8]", "accept_reminders_after = []", "accept_reminders"),
        ("confirm_working_days = 5", "confirm_working_days = 0", "confirm_working_days"),
        ("confirm_working_days = 5", "confirm_working_days = 5\nextra = 1", "extra"),
    ],
)
def test_an_impossible_edition_is_refused_with_the_reason(old: str, new: str, reason: str) -> None:
    text = EDITION.read_text(encoding="utf-8")
    assert old in text
    policy.parse(EDITION.name, text, [rules.ContractsPolicy])
    with pytest.raises(policy.PolicyError, match=reason):
        policy.parse(EDITION.name, text.replace(old, new), [rules.ContractsPolicy])


def test_silence_needs_a_ground() -> None:
    text = EDITION.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("silence_basis")]
    broken = "\n".join([*lines, 'silence_basis = ""'])
    with pytest.raises(policy.PolicyError, match="silence_basis"):
        policy.parse(EDITION.name, broken, [rules.ContractsPolicy])


def test_the_owners_waiting_never_counts_against_the_firm() -> None:
    due = datetime(2026, 3, 10, 16, 0, tzinfo=UTC)
    submitted = due - timedelta(days=2)
    assert rules.paused_until(due, submitted, submitted + timedelta(days=5)) == due + timedelta(
        days=5
    )
    assert rules.paused_until(due, submitted, submitted) == due


def test_the_text_says_the_price_twice_and_every_day() -> None:
    text = rules.terms_text(
        rules.Terms(
            number="HT-1",
            need_number="XQ-1",
            owner="甲",
            firm="乙",
            item="水土保持方案编制",
            scope="编制报告",
            place="青河",
            result="报告书",
            price=Decimal("36000.50"),
            price_capitals="叁万陆仟元伍角整",
            starts_on=date(2026, 3, 2),
            ends_on=date(2026, 3, 12),
            accept_working_days=10,
            payment_days=30,
            extra="成果一式三份",
        )
    )
    assert "叁万陆仟元伍角整（¥36,000.50）" in text
    assert "2026年3月2日至2026年3月12日" in text
    for words in ("10 个工作日", "30 日内", "一式三份"):
        assert words in text
