"""The fold over days and decisions: when a grade changes, by itself or by decision."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from marketplace.ratings.rules.entries import ConductKind, DecisionStep, Entry, Grade, RaterSide
from marketplace.ratings.rules.grades import GradeInForce, OpenProposal
from marketplace.ratings.rules.grading import grade_in_force
from marketplace.ratings.rules.policy import DatedPolicy, RatingPolicy
from tests.ratings.rules.builders import (
    DAY,
    DEFAULT,
    EDITIONS,
    LATER,
    conduct,
    decision,
    inspection,
    mark,
    marks,
    reversing,
    veto,
)

S = DecisionStep
NEXT = DAY + timedelta(days=1)


def on(entries: list[Entry], day: date) -> GradeInForce:
    return grade_in_force(entries, EDITIONS, day, LATER)


def history(result: GradeInForce) -> list[tuple[str, date]]:
    return [(change.grade.value, change.since) for change in result.changes]


def test_nobody_without_entries_has_a_grade() -> None:
    result = on([], DAY)
    assert (result.grade, result.since, result.evaluations) == (Grade.UNGRADED, None, ())


def test_ungraded_until_three_evaluated_contracts_then_b_the_next_day() -> None:
    two = on(list(marks(2)), DAY + timedelta(days=90))
    assert two.grade is Grade.UNGRADED
    assert two.evaluation.called_for is Grade.UNGRADED
    assert on(list(marks(3)), DAY).grade is Grade.UNGRADED
    assert on(list(marks(3)), DAY).upcoming.since == NEXT
    three = on(list(marks(3)), NEXT)
    assert (three.grade, three.since) == (Grade.B, NEXT)


def test_marks_of_departments_do_not_count_as_evaluated_contracts() -> None:
    entries: list[Entry] = list(marks(6, side=RaterSide.DEPARTMENT))
    assert on(entries, NEXT).grade is Grade.UNGRADED


def test_the_first_inspection_gives_a_first_grade() -> None:
    assert on([inspection(1, 74)], NEXT).grade is Grade.C
    assert on([inspection(1, 75)], NEXT).grade is Grade.B


@pytest.mark.parametrize(
    ("value", "called"),
    [("90", Grade.A), ("89.99", Grade.B), ("75", Grade.B), ("74.99", Grade.C), ("60", Grade.C)],
)
def test_grade_limits(value: str, called: Grade) -> None:
    assert on([inspection(1, value)], DAY).evaluation.called_for is called


def test_an_a_as_first_grade_is_proposed_and_the_grade_stands_meanwhile() -> None:
    result = on([inspection(1, 95)], DAY + timedelta(days=20))
    assert result.grade is Grade.UNGRADED
    assert result.upcoming is None
    assert [(due.step, due.grade, due.evaluated_on, due.triggers) for due in result.due] == [
        (S.PROPOSED, Grade.A, DAY, (1,))
    ]


def _a_confirmed() -> list[Entry]:
    return [
        inspection(1, 95),
        decision(2, S.PROPOSED, Grade.A, NEXT),
        decision(
            3, S.CONFIRMED, Grade.A, date(2026, 3, 5), proposal=2, in_force_on=date(2026, 3, 13)
        ),
    ]


def test_an_a_is_in_force_after_confirmation_and_publication() -> None:
    entries = _a_confirmed()
    assert on(entries[:2], NEXT).due == ()
    assert on(entries[:2], NEXT).proposal == OpenProposal(2, Grade.A, S.PROPOSED, NEXT)
    before = on(entries, date(2026, 3, 12))
    assert before.grade is Grade.UNGRADED
    assert before.proposal.step is S.CONFIRMED
    after = on(entries, date(2026, 3, 13))
    assert (after.grade, after.since, after.proposal) == (Grade.A, date(2026, 3, 13), None)
    change = after.changes[0]
    assert (change.cause, change.decided_by, change.evaluated_on) == ("decision", 2, DAY)


def test_a_proposal_known_but_not_yet_in_effect_is_not_made_twice() -> None:
    entries = [inspection(1, 95), decision(2, S.PROPOSED, Grade.A, NEXT)]
    assert on(entries, DAY).due == ()


def test_a_proposal_and_its_confirmation_may_take_effect_on_the_day_of_the_entry_behind_it() -> (
    None
):
    third_card = veto(2, date(2026, 4, 8))
    entries: list[Entry] = [
        inspection(1, 85),
        third_card,
        decision(3, S.PROPOSED, Grade.D, date(2026, 4, 8)),
        decision(
            4, S.CONFIRMED, Grade.D, date(2026, 4, 8), proposal=3, in_force_on=date(2026, 4, 16)
        ),
    ]
    assert history(on(entries, date(2026, 4, 30))) == [("B", NEXT), ("D", date(2026, 4, 16))]
    entries[3] = decision(4, S.REJECTED, Grade.D, date(2026, 4, 8), proposal=3)
    assert history(on(entries, date(2026, 4, 30))) == [("B", NEXT)]
    assert on(entries, date(2026, 4, 30)).due == ()


def test_an_objection_holds_the_a_until_it_is_answered() -> None:
    entries = _a_confirmed()
    entries.append(decision(4, S.OBJECTED, Grade.A, date(2026, 3, 10), proposal=2))
    assert on(entries, date(2026, 3, 20)).grade is Grade.UNGRADED
    assert on(entries, date(2026, 3, 20)).proposal.step is S.OBJECTED
    dismissed = [
        *entries,
        decision(
            5, S.CONFIRMED, Grade.A, date(2026, 3, 18), proposal=2, in_force_on=date(2026, 3, 19)
        ),
    ]
    assert on(dismissed, date(2026, 3, 19)).grade is Grade.A
    upheld = [*entries, decision(5, S.REJECTED, Grade.A, date(2026, 3, 18), proposal=2)]
    rejected = on(upheld, date(2026, 6, 30))
    assert history(rejected) == [("B", date(2026, 3, 19))]
    assert rejected.due == ()


def test_an_objection_on_the_day_of_force_still_holds_it() -> None:
    entries = _a_confirmed()
    entries.append(decision(4, S.OBJECTED, Grade.A, date(2026, 3, 13), proposal=2))
    assert on(entries, date(2026, 3, 14)).grade is Grade.UNGRADED


def test_a_rejected_a_is_proposed_again_only_after_the_score_left_it() -> None:
    entries = [
        inspection(1, 95),
        decision(2, S.PROPOSED, Grade.A, NEXT),
        decision(3, S.REJECTED, Grade.A, date(2026, 3, 5), proposal=2),
        inspection(4, 80, date(2026, 4, 10)),
        inspection(5, 96, date(2026, 5, 10)),
    ]
    assert on(entries, date(2026, 4, 9)).due == ()
    assert on(entries, date(2026, 4, 9)).grade is Grade.B
    assert on(entries, date(2026, 5, 10)).due[0].evaluated_on == date(2026, 5, 10)


def test_a_proposal_lapses_when_the_score_leaves_the_grade() -> None:
    entries = _a_confirmed()
    entries.append(inspection(4, 85, date(2026, 3, 10)))
    result = on(entries, date(2026, 4, 30))
    assert history(result) == [("B", date(2026, 3, 11))]
    assert result.proposal is None
    assert [(due.step, due.proposal, due.evaluated_on) for due in result.due] == [
        (S.LAPSED, 2, date(2026, 3, 10))
    ]
    noted = [*entries, decision(5, S.LAPSED, Grade.A, date(2026, 3, 11), proposal=2)]
    assert on(noted, date(2026, 4, 30)).due == ()
    assert history(on(noted, date(2026, 4, 30))) == history(result)


def test_a_is_left_below_88_only() -> None:
    entries = [*_a_confirmed(), inspection(4, 88, date(2026, 5, 6))]
    assert on(entries, date(2026, 12, 31)).grade is Grade.A
    entries.append(inspection(5, "87.99", date(2026, 7, 6)))
    assert history(on(entries, date(2026, 12, 31)))[1:] == [("B", date(2026, 7, 7))]


def test_a_firm_in_a_that_falls_below_c_steps_down_while_its_d_is_decided() -> None:
    entries = [*_a_confirmed(), inspection(4, 40, date(2026, 5, 6))]
    result = on(entries, date(2026, 5, 7))
    assert result.grade is Grade.B
    assert [(due.step, due.grade) for due in result.due] == [(S.PROPOSED, Grade.D)]


def test_a_needs_five_contracts_of_three_owners_in_24_months() -> None:
    def called(entries: list[Entry]) -> Grade:
        return on(entries, DAY).evaluation.called_for

    assert called(list(marks(12, breadth=30, owners=3))) is Grade.A
    assert called(list(marks(12, breadth=30, owners=2))) is Grade.B
    five = list(marks(12, breadth=30, owners=3, contract=None))
    four = [mark(n, rater=n % 3, breadth=30, contract=n % 4) for n in range(1, 13)]
    assert called(five) is Grade.A
    assert called(four) is Grade.B
    old = [mark(n, rater=n % 3, breadth=90, day=date(2024, 2, 25)) for n in range(1, 40)]
    new = [mark(40 + n, rater=n % 3, breadth=30) for n in range(4)]
    assert called([*old, *new]) is Grade.B
    assert called([*old, *new, mark(50, rater=1, breadth=30)]) is Grade.A


def test_d_is_proposed_and_the_grade_stands_until_it_is_in_force() -> None:
    fall = date(2026, 6, 1)
    entries: list[Entry] = [
        inspection(1, 80),
        inspection(2, 50, fall),
        decision(3, S.PROPOSED, Grade.D, date(2026, 6, 2)),
        decision(
            4, S.CONFIRMED, Grade.D, date(2026, 6, 4), proposal=3, in_force_on=date(2026, 6, 12)
        ),
        inspection(5, 65, date(2026, 9, 9)),
    ]
    assert on(entries[:2], fall + timedelta(days=30)).grade is Grade.B
    assert history(on(entries, date(2026, 12, 31))) == [
        ("B", NEXT),
        ("D", date(2026, 6, 12)),
        ("C", date(2026, 9, 10)),
    ]


def test_a_rejected_d_leaves_c() -> None:
    entries: list[Entry] = [
        inspection(1, 50),
        decision(2, S.PROPOSED, Grade.D, NEXT),
        decision(3, S.REJECTED, Grade.D, date(2026, 3, 6), proposal=2),
    ]
    result = on(entries, date(2026, 5, 31))
    assert history(result) == [("C", date(2026, 3, 7))]
    assert result.due == ()


def test_a_veto_calls_for_d_whatever_the_score_and_for_as_long_as_it_stands() -> None:
    entries: list[Entry] = [
        inspection(1, 85),
        veto(2, date(2026, 4, 8)),
        decision(3, S.PROPOSED, Grade.D, date(2026, 4, 9)),
        decision(
            4, S.CONFIRMED, Grade.D, date(2026, 4, 20), proposal=3, in_force_on=date(2026, 4, 28)
        ),
    ]
    hearing = on(entries[:2], date(2026, 4, 15))
    assert (hearing.grade, hearing.standing_vetoes) == (Grade.B, (2,))
    assert hearing.due[0].triggers == (2,)
    assert on(entries, date(2027, 4, 8)).grade is Grade.D
    assert history(on(entries, date(2027, 4, 9)))[-1] == ("B", date(2027, 4, 9))


def test_a_rejected_veto_leaves_the_grade_of_the_score_and_a_new_veto_counts() -> None:
    entries: list[Entry] = [
        inspection(1, 85),
        veto(2, date(2026, 4, 8)),
        decision(3, S.PROPOSED, Grade.D, date(2026, 4, 9)),
        decision(4, S.REJECTED, Grade.D, date(2026, 4, 16), proposal=3),
    ]
    result = on(entries, date(2026, 8, 31))
    assert history(result) == [("B", NEXT)]
    assert result.due == ()
    assert on([*entries, veto(5, date(2026, 9, 9))], date(2026, 9, 9)).due[0].grade is Grade.D


def test_decisions_on_a_proposal_that_is_not_open_have_no_effect() -> None:
    unfounded: list[Entry] = [
        inspection(1, 80),
        decision(2, S.PROPOSED, Grade.D, date(2026, 3, 9)),
        decision(
            3, S.CONFIRMED, Grade.D, date(2026, 3, 10), proposal=2, in_force_on=date(2026, 3, 18)
        ),
    ]
    assert history(on(unfounded, date(2026, 6, 30))) == [("B", NEXT)]


def test_between_evaluation_days_the_grade_stands() -> None:
    # without an entry on the way, age shows only on the 1st of the month
    entries: list[Entry] = list(marks(6))
    days = [evaluation.day for evaluation in on(entries, date(2026, 7, 15)).evaluations]
    assert days == [DAY, *(date(2026, month, 1) for month in range(4, 8))]


def test_ends_of_entries_are_evaluation_days() -> None:
    entries: list[Entry] = [inspection(1, 65), conduct(2, ConductKind.YELLOW_CARD, DAY)]
    days = [evaluation.day for evaluation in on(entries, date(2029, 12, 31)).evaluations]
    assert date(2027, 3, 2) in days
    assert date(2027, 6, 2) in days
    assert date(2027, 5, 2) not in days
    assert date(2029, 3, 2) in [e.day for e in on([mark(1)], date(2029, 12, 31)).evaluations]


def test_a_reversal_that_leaves_too_few_contracts_ends_the_grade() -> None:
    entries: list[Entry] = [*marks(3), reversing(4, 2, date(2026, 5, 6))]
    assert history(on(entries, date(2026, 6, 30))) == [
        ("B", NEXT),
        ("ungraded", date(2026, 5, 7)),
    ]


def test_ageing_never_takes_a_grade_away() -> None:
    assert on(list(marks(3)), date(2036, 1, 1)).grade is Grade.B


def test_an_entry_reversed_before_it_takes_effect_never_counts() -> None:
    entries: list[Entry] = [
        inspection(1, 80),
        inspection(2, 61, date(2026, 6, 10)),
        reversing(3, 2, date(2026, 6, 9)),
    ]
    assert history(on(entries, date(2026, 12, 31))) == [("B", NEXT)]


def test_a_new_edition_never_changes_a_past_day() -> None:
    strict = RatingPolicy(b_from=DEFAULT.a_left_below - 1)
    entries: list[Entry] = [inspection(1, 85)]
    editions = [*EDITIONS, DatedPolicy(date(2026, 9, 15), strict, "strict")]
    result = grade_in_force(entries, editions, date(2026, 12, 31), LATER)
    assert history(result) == [("B", NEXT), ("C", date(2026, 10, 2))]
    assert [e.edition for e in result.evaluations if e.day.month in (9, 10)] == [
        "default",
        "strict",
    ]


def test_days_before_the_first_edition_are_not_evaluated() -> None:
    editions = [DatedPolicy(date(2026, 6, 1), DEFAULT)]
    result = grade_in_force([inspection(1, 85)], editions, date(2026, 6, 30), LATER)
    assert history(result) == [("B", date(2026, 6, 2))]


def test_an_automatic_change_can_be_immediate_or_slower_by_edition() -> None:
    for days in (0, 10):
        editions = [DatedPolicy(date(2020, 1, 1), RatingPolicy(automatic_change_days=days))]
        result = grade_in_force([inspection(1, 85)], editions, date(2026, 3, 31), LATER)
        assert history(result) == [("B", DAY + timedelta(days=days))]


def test_a_slow_change_keeps_its_day_unless_another_grade_is_called_for() -> None:
    editions = [DatedPolicy(date(2020, 1, 1), RatingPolicy(automatic_change_days=30))]
    entries: list[Entry] = [inspection(1, 85), inspection(2, 80, date(2026, 3, 12))]
    same = grade_in_force(entries, editions, date(2026, 6, 1), LATER)
    assert history(same) == [("B", date(2026, 4, 1))]
    entries[1] = inspection(2, 65, date(2026, 3, 12))
    other = grade_in_force(entries, editions, date(2026, 6, 1), LATER)
    assert history(other) == [("C", date(2026, 4, 11))]
