"""The replay of everybody: read as columns, shared by processes, every altered row named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select, text

from marketplace.accounts.models import Organisation
from marketplace.foundation import clock, crypto
from marketplace.foundation.actor import CLOCK
from marketplace.foundation.db import db
from marketplace.foundation.errors import Missing
from marketplace.foundation.transactions import transaction
from marketplace.ratings import actions, queries, replaying
from marketplace.ratings.effects import effect_of
from marketplace.ratings.models import HASHED, GradeRecord, RatingEntry, RatingSubject
from marketplace.ratings.rules.entries import ConductKind
from tests.factories import accounts, ratings
from tests.tampering import alter, unguard

Advance = Callable[[timedelta], None]
DAY = timedelta(days=1)


def _two_firms(app: Flask, advance: Advance) -> tuple[int, int]:
    """Two firms with marks, a late delivery, a commendation, an inspection found false later."""
    with app.app_context(), transaction():
        one, other = accounts.firm().organisation, accounts.firm().organisation
        ratings.evaluated(one, 3, 4)
        ratings.evaluated(other, 3, 5)
        actions.post_conduct(
            one.id,
            accounts.CITY,
            ConductKind.OVERDUE_DELIVERY,
            one,
            CLOCK,
            clock.now(),
            contract_id=900_001,
            working_days=7,
            yearly_deliveries=12,
        )
        actions.post_conduct(
            one.id,
            accounts.CITY,
            ConductKind.COMMENDATION,
            one,
            CLOCK,
            clock.now(),
            Decimal("2.5"),
        )
        false = ratings.inspected(other, 65)
        made, false_id = (one.id, other.id), false.id
    advance(35 * DAY)
    with app.app_context(), transaction():
        row = db.session.scalars(
            select(RatingEntry).where(
                RatingEntry.evidence_type == "rating_inspections",
                RatingEntry.evidence_id == false_id,
            )
        ).one()
        # a mistake: taken back from the day it took effect
        evidence = db.session.get_one(Organisation, made[1])
        actions.reverse_entry(row.id, evidence, CLOCK, clock.now(), row.takes_effect_on)
    advance(2 * DAY)
    with app.app_context(), transaction():
        ratings.evaluated(db.session.get_one(Organisation, made[1]), 1, 2)
    advance(40 * DAY)
    return made


def _found(app: Flask, processes: int = 1) -> list[str]:
    with app.app_context():
        return [each.problem for each in actions.replay(processes=processes)]


def test_an_honest_ledger_replays_also_where_a_past_day_was_corrected(
    app: Flask, advance: Advance, monkeypatch: pytest.MonkeyPatch
) -> None:
    _two_firms(app, advance)
    assert _found(app) == []
    with app.app_context():
        records = db.session.scalars(select(GradeRecord)).all()
        before, after = {record.cursor for record in records[:1]}, {records[-1].cursor}
        assert before != after
    monkeypatch.setattr(replaying, "WORTH_A_PROCESS", 0)
    monkeypatch.setattr(replaying, "_AT_ONCE", 1)
    assert _found(app, processes=2) == []


_TAMPERED = {
    "an entry changed": (
        "rating_ledger",
        "UPDATE rating_ledger SET breadth = breadth + 1 WHERE id = "
        "(SELECT min(id) FROM rating_ledger WHERE kind = 'mark')",
        "altered",
    ),
    "an entry of no kind": (
        "rating_ledger",
        "UPDATE rating_ledger SET kind = 'praise' WHERE id = "
        "(SELECT min(id) FROM rating_ledger WHERE kind = 'mark')",
        "unreadable",
    ),
    "an entry deleted": (
        "rating_ledger",
        "DELETE FROM rating_ledger WHERE id = (SELECT min(id) FROM rating_ledger)",
        "is gone",
    ),
    "an entry inserted": (
        "rating_ledger",
        "INSERT INTO rating_ledger ({columns}) SELECT {copied} FROM rating_ledger WHERE id = "
        "(SELECT min(id) FROM rating_ledger WHERE kind = 'mark')",
        "not as audited",
    ),
    "a record changed": (
        "grade_records",
        "UPDATE grade_records SET evaluated = evaluated + 1 WHERE id = "
        "(SELECT max(id) FROM grade_records)",
        "grade_records",
    ),
    "a record deleted": (
        "grade_records",
        "DELETE FROM grade_records WHERE id = (SELECT min(id) FROM grade_records)",
        "grade_records",
    ),
    "points made a word": (
        "rating_ledger",
        "UPDATE rating_ledger SET kind = 'conduct', conduct = 'commendation', points = 'abc', "
        "ends_on = '2027-01-01' WHERE id = (SELECT min(id) FROM rating_ledger)",
        "altered",
    ),
    "a grade of no kind": (
        "rating_subjects",
        "UPDATE rating_subjects SET grade = 'E' WHERE id = (SELECT min(id) FROM rating_subjects)",
        "rating_subjects",
    ),
    "the settled day taken away": (
        "rating_subjects",
        "UPDATE rating_subjects SET settled_on = NULL WHERE id = "
        "(SELECT min(id) FROM rating_subjects)",
        "grade_records",
    ),
    "the next look put off": (
        "rating_subjects",
        "UPDATE rating_subjects SET next_check_at = '2090-01-01 00:00:00' WHERE id = "
        "(SELECT min(id) FROM rating_subjects)",
        "next_check_at",
    ),
    "a subject put far away": (
        "rating_subjects",
        "INSERT INTO rating_subjects (id, organisation_id, register, capacity, grade, hundredths) "
        "SELECT 2000000000, organisation_id, register, 'owner', 'A', 9900 FROM rating_subjects",
        "rating_subjects",
    ),
    "a grade lifted": (
        "rating_subjects",
        "UPDATE rating_subjects SET grade = 'A' WHERE id = (SELECT min(id) FROM rating_subjects)",
        "rating_subjects",
    ),
}


@pytest.mark.parametrize("what", _TAMPERED)
def test_what_was_changed_by_hand_is_named(app: Flask, advance: Advance, what: str) -> None:
    with app.app_context(), transaction():
        ratings.evaluated(accounts.firm().organisation, 4, 4)
    advance(3 * DAY)
    table, statement, problem = _TAMPERED[what]
    names = [column.name for column in RatingEntry.__table__.columns]
    copied = ["(SELECT max(id) + 1 FROM rating_ledger)" if n == "id" else n for n in names]
    alter(app, table, statement.format(columns=", ".join(names), copied=", ".join(copied)))
    found = _found(app)
    assert any(problem in each for each in found), found


# what is done to every subject by hand, and what must be named
_REWRITTEN = {
    "never settled, with an A": (
        ("DELETE FROM grade_records", "UPDATE rating_subjects SET settled_on = NULL, grade = 'A'"),
        "rating_subjects",
    ),
    "never settled, and never to be": (
        (
            "DELETE FROM grade_records",
            "UPDATE rating_subjects SET settled_on = NULL, grade = 'ungraded', hundredths = NULL, "
            "next_check_at = NULL",
        ),
        "next_check_at",
    ),
    "settled without a record": (
        ("DELETE FROM grade_records", "UPDATE rating_subjects SET grade = 'A'"),
        "rating_subjects",
    ),
    "settled without a record, ungraded": (
        (
            "DELETE FROM grade_records",
            "UPDATE rating_subjects SET grade = 'ungraded', hundredths = NULL",
        ),
        "grade_records",
    ),
    "set back, and what came later taken away": (
        (
            "DELETE FROM grade_records WHERE id NOT IN "
            "(SELECT min(id) FROM grade_records GROUP BY subject_id)",
            "UPDATE rating_subjects SET next_check_at = NULL, settled_on = (SELECT from_day FROM "
            "grade_records g WHERE g.subject_id = rating_subjects.id), grade = (SELECT grade FROM "
            "grade_records g WHERE g.subject_id = rating_subjects.id), hundredths = (SELECT "
            "hundredths FROM grade_records g WHERE g.subject_id = rating_subjects.id)",
        ),
        "next_check_at",
    ),
    "records between two corrections taken away": (
        (
            "DELETE FROM grade_records WHERE id NOT IN "
            "(SELECT max(id) FROM grade_records GROUP BY subject_id)",
        ),
        "grade_records",
    ),
}


@pytest.mark.parametrize("what", _REWRITTEN)
def test_a_history_taken_away_by_hand_is_named_for_each_of_two_firms(
    app: Flask, advance: Advance, what: str
) -> None:
    made = _two_firms(app, advance)
    statements, problem = _REWRITTEN[what]
    with app.app_context(), db.engine.connect() as connection:
        for table in ("grade_records", "rating_subjects"):
            unguard(connection, table)
        for statement in statements:
            assert connection.execute(text(statement)).rowcount
        connection.commit()
    with app.app_context():
        found = list(actions.replay())
    named = {each.organisation_id for each in found if problem in each.problem}
    assert named == set(made), found


def test_each_record_of_a_corrected_past_is_missed(app: Flask, advance: Advance) -> None:
    made = _two_firms(app, advance)
    with app.app_context():
        corrected = db.session.scalars(
            select(GradeRecord.id)
            .join(RatingSubject)
            .where(RatingSubject.organisation_id == made[1])
            .order_by(GradeRecord.id)
        ).all()
        assert len(corrected) > 3
        for number in corrected:
            unguard(db.session.connection(), "grade_records")
            db.session.execute(text("DELETE FROM grade_records WHERE id = :n"), {"n": number})
            assert [each for each in actions.replay() if each.organisation_id == made[1]], number
            db.session.rollback()
        assert list(actions.replay()) == []


def test_two_processes_name_what_one_does(
    app: Flask, advance: Advance, monkeypatch: pytest.MonkeyPatch
) -> None:
    _two_firms(app, advance)
    for table, statement, _problem in (
        _TAMPERED[what] for what in ("an entry changed", "a record changed", "a grade of no kind")
    ):
        alter(app, table, statement)
    monkeypatch.setattr(replaying, "WORTH_A_PROCESS", 0)
    monkeypatch.setattr(replaying, "_AT_ONCE", 1)
    with app.app_context():
        alone = [str(each) for each in actions.replay()]
        shared = [str(each) for each in actions.replay(processes=2)]
    assert len(alone) > 3
    assert shared == alone


def test_the_fast_digest_is_that_of_the_canonical_form(app: Flask, advance: Advance) -> None:
    _two_firms(app, advance)
    with app.app_context():
        rows = db.session.scalars(select(RatingEntry)).all()
        assert {row.kind.value for row in rows} >= {"mark", "conduct", "inspection", "reversal"}
        for row in rows:
            canonical = crypto.digest({name: getattr(row, name) for name in HASHED})
            assert row.content_digest() == row.digest == canonical


def test_the_effect_of_one_entry_is_the_score_without_it(app: Flask, advance: Advance) -> None:
    one, other = _two_firms(app, advance)
    with app.app_context():
        today, now = clock.today(), clock.now()
        for organisation in (one, other):
            subject = db.session.scalars(
                select(RatingSubject).where(RatingSubject.organisation_id == organisation)
            ).one()
            rows = queries.rows_of(subject)
            for row in rows:
                effect = effect_of(row.id, today, now)
                gone = {row.id} | {each.id for each in rows if each.reverses_id == row.id}
                left = [each for each in rows if each.id not in gone]
                assert effect.present.hundredths == subject.hundredths
                assert effect.without == queries.fold(subject, left, today, now).state_on(today)
        late = next(row for row in queries.rows_of(_subject(one)) if row.working_days)
        assert effect_of(late.id, today, now).hundredths == -167
        with pytest.raises(Missing):
            effect_of(10**9, today, now)


def _subject(organisation_id: int) -> RatingSubject:
    return db.session.scalars(
        select(RatingSubject).where(RatingSubject.organisation_id == organisation_id)
    ).one()
