"""What may be posted and for how long: the edition's numbers and the gate."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from marketplace.foundation import policy
from marketplace.projects import rules

EDITION = (
    Path(__file__).parents[2] / "marketplace/editions/policies/000000/selection-2024-01-01.toml"
)


def _values(text: str | None = None) -> rules.SelectionPolicy:
    draft = policy.parse(
        EDITION.name, text or EDITION.read_text(encoding="utf-8"), [rules.SelectionPolicy]
    )
    return policy._adapter(rules.SelectionPolicy).validate_python(draft.content)


@pytest.mark.parametrize(
    ("budget", "days"),
    [("0.01", 1), ("50000", 1), ("50000.01", 2), ("300000", 2), ("300000.01", 3), ("9000000", 3)],
)
def test_least_entry_days_follow_the_budget(budget: str, days: int) -> None:
    assert rules.least_entry_days(_values(), Decimal(budget)) == days


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("up_to = 300000", "up_to = 40000", "must rise"),
        ("[[values.entry_periods]]\nworking_days = 3\n", "", "only the last period"),
        ("choice_from = 17:30:00", "choice_from = 16:30:00", "before entry_closes_at"),
        ("minimum_entrants = 3", "minimum_entrants = 0", "minimum_entrants"),
        ("minimum_entrants = 3", "minimum_entrants = 3\nsurprise = 1", "surprise"),
        ("working_days = 3", "working_days = 3\nsurprise = 1", "surprise"),
        ('ungraded_counts_as = "B"', 'ungraded_counts_as = "A"', "ungraded_counts_as"),
        ("entry_longest_working_days = 20", "entry_longest_working_days = 2", "shorter"),
    ],
)
def test_an_impossible_edition_is_refused_with_the_reason(old: str, new: str, reason: str) -> None:
    text = EDITION.read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(policy.PolicyError, match=reason):
        _values(text.replace(old, new))


@pytest.mark.parametrize(
    ("fiscal", "state", "item", "amount", "rule"),
    [
        (True, False, "hpwj", "999999.99", None),
        (True, False, "hpwj", "1000000", "gate.procurement"),
        (False, False, "hpwj", "90000000", None),
        (False, True, "jsjl", "1000000", "gate.tender"),
        (False, True, "jsjl", "999999.99", None),
        (True, False, "jsjl", "1000000", "gate.tender"),
        (False, False, "jsjl", "5000000", None),
    ],
)
def test_the_gate(fiscal: bool, state: bool, item: str, amount: str, rule: str | None) -> None:
    gate = _values().gate
    assert (
        rules.gate_refusal(
            gate, fiscal=fiscal, state_owned=state, item_code=item, amount=Decimal(amount)
        )
        == rule
    )


def test_the_central_catalogue_stops_fiscal_money_of_any_amount() -> None:
    text = EDITION.read_text(encoding="utf-8")
    gate = _values(text.replace("central_catalogue = []", 'central_catalogue = ["chhy"]')).gate
    asked = {"state_owned": False, "item_code": "chhy", "amount": Decimal(1)}
    assert rules.gate_refusal(gate, fiscal=True, **asked) == "gate.central"
    assert rules.gate_refusal(gate, fiscal=False, **asked) is None


@pytest.mark.parametrize(
    ("government", "own", "minimum"),
    [(True, None, "B"), (True, "C", "B"), (True, "A", "A"), (False, None, None), (False, "C", "C")],
)
def test_minimum_grade(government: bool, own: str | None, minimum: str | None) -> None:
    assert rules.minimum_grade_of(_values(), government, own) == minimum


@pytest.mark.parametrize(
    ("grade", "minimum", "government", "counts_as", "meets"),
    [
        ("B", "B", True, "B", True),
        ("C", "B", True, "B", False),
        ("A", "B", True, "B", True),
        ("ungraded", "B", True, "B", True),
        ("ungraded", "B", True, "C", False),
        ("ungraded", "A", True, "B", False),
        ("ungraded", "A", False, "B", False),
        ("ungraded", "B", False, "D", True),
        ("D", None, False, "B", True),
    ],
)
def test_meets_minimum_grade(
    grade: str, minimum: str | None, government: bool, counts_as: str, meets: bool
) -> None:
    assert rules.meets_minimum_grade(grade, minimum, government, counts_as) is meets


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("2024-379921-77-01-123456", None),
        ("2024-379921-77-04-123456", "kind"),
        ("2024-009921-77-01-123456", "region"),
        ("1999-379921-77-01-123456", "year"),
        ("2024-379921-77-01-12345", "form"),
        ("2024-379921-77-01-1234567", "form"),
        ("２０２４-379921-77-01-123456", "form"),
        ("2024-379921-77-01-123456\n", "form"),
        ("", "form"),
    ],
)
def test_project_code(code: str, fault: str | None) -> None:
    assert rules.project_code_fault(code) == fault
