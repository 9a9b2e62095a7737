"""The profiles of 邹城, 新泰 and 寿光 as shipped: what they do comes from the editions alone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from flask import Flask

from marketplace.accounts import queries as accounts
from marketplace.foundation import policy
from marketplace.projects.rules import SelectionPolicy
from marketplace.ratings.rules.entries import Entry, Grade
from marketplace.ratings.rules.grading import grade_in_force
from marketplace.ratings.rules.policy import DatedPolicy, RatingPolicy
from marketplace.sanctions.rules import Colour, IssuedCard, SanctionsPolicy, Step, next_step
from marketplace.selection.rules.eligibility import FirmFacts, Requirement, check
from tests.ratings.rules.builders import DAY, LATER, inspection, marks

ZOUCHENG, XINTAI, SHOUGUANG, ELSEWHERE = "370883", "370982", "370783", "379900"
NEXT = DAY + timedelta(days=1)


def test_zoucheng_grades_by_the_joint_inspection_alone(app: Flask) -> None:
    def graded(code: str, entries: list[Entry]) -> str:
        edition = policy.in_force(RatingPolicy, accounts.lineage(code), DAY)
        assert edition.jurisdiction == (code if code == ZOUCHENG else "000000")
        dated = [DatedPolicy(date(2020, 1, 1), edition.values, "profile")]
        result = grade_in_force(entries, dated, NEXT, LATER)
        return result.grade.value

    with app.app_context():
        # twenty good marks: a B elsewhere, no grade in 邹城, whose other firms have none either
        good: list[Entry] = list(marks(20, 80))
        assert graded(ELSEWHERE, good) == Grade.B.value
        assert graded(ZOUCHENG, good) == Grade.UNGRADED.value
        # inspected, the marks move nothing in either direction
        for result, grade in ((80, Grade.B), (70, Grade.C)):
            for value in (20, 100):
                seen = [*marks(20, value), inspection(99, result)]
                assert graded(ZOUCHENG, seen) == grade.value
        assert graded(ELSEWHERE, [*good, inspection(99, 70)]) == Grade.B.value


def test_xintai_keeps_c_and_d_from_government_money(app: Flask) -> None:
    with app.app_context():
        edition = policy.in_force(SelectionPolicy, accounts.lineage(XINTAI), DAY)
        assert edition.jurisdiction == XINTAI
        values = edition.values
    allowed = {}
    for grade in ("A", "B", "C", "D", "ungraded"):
        firm = FirmFacts("firm", True, "", grade, frozenset({"stbc"}))
        for government in (True, False):
            asked = Requirement(
                ("stbc",), government, values.government_minimum_grade, values.ungraded_counts_as
            )
            answers = check(firm, asked, datetime(2026, 3, 2, tzinfo=UTC))
            allowed[grade, government] = all(each.ok for each in answers if each.rule == "grade")
    assert [grade for (grade, money), ok in allowed.items() if money and ok] == [
        "A",
        "B",
        "ungraded",
    ]
    assert allowed["C", False]


def test_shouguang_climbs_from_yellow_to_red_to_the_department(app: Flask) -> None:
    with app.app_context():
        edition = policy.in_force(SanctionsPolicy, accounts.lineage(SHOUGUANG), DAY)
        assert edition.jurisdiction == SHOUGUANG
        assert edition.values.repeat_months == 12
    since = date(2025, 3, 2)
    cards: list[IssuedCard] = []
    steps = []
    for colour in (Colour.YELLOW, Colour.RED, Colour.RED):
        steps.append(next_step(cards, since))
        cards.append(IssuedCard(colour, DAY))
    assert steps == [Step.YELLOW, Step.RED, Step.REPORT]
