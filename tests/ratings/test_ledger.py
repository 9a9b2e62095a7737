"""The ledger on both engines: posting, settling by the clock, decisions, replay."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from marketplace.accounts.models import Organisation
from marketplace.accounts.permissions import Role
from marketplace.foundation import clock
from marketplace.foundation.actor import CLOCK
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Invalid, Refused
from marketplace.foundation.transactions import transaction
from marketplace.notices import actions as notices
from marketplace.notices import queries as notice_queries
from marketplace.notifications.models import Message
from marketplace.ratings import actions, queries
from marketplace.ratings.models import (
    Capacity,
    GradeProposal,
    GradeRecord,
    ProposalStatus,
    RatingEntry,
)
from marketplace.ratings.rules.entries import ConductKind, Grade, RaterSide, VetoKind
from tests.factories import accounts, ratings

Advance = Callable[[timedelta], None]
DAY = timedelta(days=1)
TODAY = date(2026, 3, 2)


def _firm(app: Flask) -> int:
    with app.app_context(), transaction():
        return accounts.firm().organisation.id


def _grade(app: Flask, firm: int, day: date | None = None) -> queries.GradeOn:
    with app.app_context():
        return queries.grade_on(firm, accounts.CITY, day or clock.today())


def _evaluate(app: Flask, firm: int, contracts: int, mark: int = 5) -> None:
    with app.app_context(), transaction():
        ratings.evaluated(db.session.get_one(Organisation, firm), contracts, mark)


def _inspect(app: Flask, firm: int, result: int | str) -> int:
    with app.app_context(), transaction():
        inspection = ratings.inspected(db.session.get_one(Organisation, firm), result)
        return inspection.recorded_by or 0


def _clean_replay(app: Flask) -> None:
    with app.app_context():
        assert list(map(str, actions.replay())) == []


def test_ungraded_until_the_third_evaluated_contract_then_b(app: Flask, advance: Advance) -> None:
    firm = _firm(app)
    assert _grade(app, firm) == queries.GradeOn(Grade.UNGRADED)
    _evaluate(app, firm, 2)
    advance(3 * DAY)
    two = _grade(app, firm)
    assert (two.grade, two.evaluated, two.score) == (Grade.UNGRADED, 2, Decimal("81.82"))
    _evaluate(app, firm, 1)
    assert _grade(app, firm).evaluated == 2
    advance(DAY)
    assert (_grade(app, firm).grade, _grade(app, firm).evaluated) == (Grade.UNGRADED, 3)
    advance(DAY)
    three = _grade(app, firm)
    assert (three.grade, three.since) == (Grade.B, date(2026, 3, 7))
    assert three.record_id is not None
    assert three.edition_id is not None
    assert _grade(app, firm, date(2026, 3, 6)).grade is Grade.UNGRADED
    with app.app_context():
        subjects = db.session.scalars(
            select(Message.subject).where(Message.organisation_id == firm)
        ).all()
    assert subjects == ["信用等级变更为B 级"]
    _clean_replay(app)


def test_an_owner_of_greater_breadth_weighs_more(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        owner = accounts.owner().organisation
        firms = [accounts.firm().organisation for _each in range(3)]
        breadths = [ratings.marked(firm, owner, 5).breadth for firm in firms]
        again = ratings.marked(firms[0], owner, 5, 4, 3, 2, 1).id
    assert breadths == [1, 2, 3]
    with app.app_context():
        row = db.session.get_one(RatingEntry, again)
        assert (row.breadth, row.hundredths) == (3, 6000)
        assert row.parts == dict(zip(ratings.FIRM_PARTS, (5, 4, 3, 2, 1), strict=True))


def test_marks_outside_one_to_five_are_refused(app: Flask) -> None:
    firm = _firm(app)
    for mark in (0, 6):
        with app.app_context(), pytest.raises(Invalid) as refusal, transaction():
            ratings.evaluated(db.session.get_one(Organisation, firm), 1, mark)
        assert refusal.value.field == "marks"
    with app.app_context():
        assert db.session.scalars(select(RatingEntry)).all() == []


def test_conduct_of_firm_and_owner_go_to_different_subjects(app: Flask, advance: Advance) -> None:
    firm = _firm(app)
    with app.app_context(), transaction():
        evidence = db.session.get_one(Organisation, firm)
        for kind in (ConductKind.YELLOW_CARD, ConductKind.LATE_PAYMENT):
            actions.post_conduct(firm, "379902", kind, evidence, CLOCK, clock.now())
        late = actions.post_conduct(
            firm,
            "379902",
            ConductKind.OVERDUE_DELIVERY,
            evidence,
            CLOCK,
            clock.now(),
            contract_id=5,
            working_days=12,
        )
        assert late.ends_on == date(2027, 3, 3)
        with pytest.raises(Invalid):
            actions.post_conduct(
                firm,
                "379902",
                ConductKind.COMMENDATION,
                evidence,
                CLOCK,
                clock.now(),
                points=Decimal(9),
            )
    advance(2 * DAY)
    assert _grade(app, firm).score == Decimal("72.00")
    with app.app_context():
        owner = queries.grade_on(firm, accounts.CITY, clock.today(), Capacity.OWNER)
        assert owner.score == Decimal("79.00")
    advance(400 * DAY)
    # what stood has ended: the prior value of the edition in force by then
    assert _grade(app, firm).score == Decimal("75.00")
    _clean_replay(app)


def _open(app: Flask, firm: int) -> GradeProposal:
    subject = queries.subject_of(firm, accounts.CITY)
    assert subject is not None
    proposal = queries.open_proposal(subject)
    assert proposal is not None
    return proposal


def test_an_a_is_proposed_confirmed_by_another_published_and_in_force(
    app: Flask, advance: Advance
) -> None:
    firm = _firm(app)
    with app.app_context(), transaction():
        inspector = accounts.officer(Role.BUREAU_OPERATOR)
        other = accounts.officer(Role.BUREAU_APPROVER)
        ratings.inspected(db.session.get_one(Organisation, firm), 95, inspector.actor)
        recorder, approver = inspector.actor, other.actor
    advance(DAY)
    assert _grade(app, firm).grade is Grade.UNGRADED
    with app.app_context():
        assert _open(app, firm).status is ProposalStatus.PROPOSED
        with pytest.raises(Refused), transaction():
            actions.confirm_grade(_open(app, firm), recorder, clock.now())
        with transaction():
            actions.confirm_grade(_open(app, firm), approver, clock.now())
        with pytest.raises(Conflict), transaction():
            actions.confirm_grade(_open(app, firm), approver, clock.now())
    # 3 March + 5 working days = 10 March, in force on the 11th
    advance(7 * DAY)
    assert _grade(app, firm).grade is Grade.UNGRADED
    advance(DAY)
    in_force = _grade(app, firm)
    assert (in_force.grade, in_force.since) == (Grade.A, date(2026, 3, 11))
    with app.app_context():
        proposal = db.session.scalars(select(GradeProposal)).one()
        assert proposal.status is ProposalStatus.IN_FORCE
        notice = notice_queries.latest("grade", proposal)
        assert notice is not None
        assert "A 级" in notice.title
    _clean_replay(app)


def test_an_objection_holds_the_grade_and_an_upheld_one_ends_the_proposal(
    app: Flask, advance: Advance
) -> None:
    firm = _firm(app)
    _inspect(app, firm, 96)
    advance(DAY)
    with app.app_context():
        with transaction():
            approver = accounts.officer(Role.BUREAU_APPROVER).actor
            operator = accounts.officer(Role.BUREAU_OPERATOR).actor
            rival = accounts.firm().actor
            actions.confirm_grade(_open(app, firm), approver, clock.now())
        with transaction():
            notice = notice_queries.latest("grade", _open(app, firm))
            objection = notices.file_objection(
                notice, "检查当日现场人员与登记不符", rival, clock.now()
            )
    advance(20 * DAY)
    assert _grade(app, firm).grade is Grade.UNGRADED
    with app.app_context(), transaction():
        assert _open(app, firm).status is ProposalStatus.OBJECTED
        assert _open(app, firm).next_check_at is None  # its answer wakes it, no clock asks
        objection = db.session.merge(objection)
        notices.answer_objection(objection, True, "经核查，异议属实", operator, clock.now())
    advance(3 * DAY)
    assert _grade(app, firm).grade is Grade.B
    with app.app_context():
        proposal = db.session.scalars(select(GradeProposal)).one()
        assert proposal.status is ProposalStatus.REJECTED
    _clean_replay(app)


def test_a_dismissed_objection_lets_the_grade_come_into_force(app: Flask, advance: Advance) -> None:
    firm = _firm(app)
    _inspect(app, firm, 96)
    advance(DAY)
    with app.app_context():
        with transaction():
            approver = accounts.officer(Role.BUREAU_APPROVER).actor
            operator = accounts.officer(Role.BUREAU_OPERATOR).actor
            rival = accounts.firm().actor
            actions.confirm_grade(_open(app, firm), approver, clock.now())
        with transaction():
            notice = notice_queries.latest("grade", _open(app, firm))
            objection = notices.file_objection(notice, "得分计算有误请复核", rival, clock.now())
    advance(12 * DAY)
    with app.app_context(), transaction():
        objection = db.session.merge(objection)
        notices.answer_objection(objection, False, "经复核，计算无误", operator, clock.now())
    advance(timedelta(minutes=1))
    with app.app_context():
        assert _open(app, firm).status is ProposalStatus.PUBLISHED
    advance(2 * DAY)
    assert _grade(app, firm).grade is Grade.A
    _clean_replay(app)


def test_a_rejected_a_leaves_b(app: Flask, advance: Advance) -> None:
    firm = _firm(app)
    _inspect(app, firm, 95)
    advance(DAY)
    with app.app_context(), transaction():
        approver = accounts.officer(Role.BUREAU_APPROVER).actor
        with pytest.raises(Invalid):
            actions.reject_grade(_open(app, firm), " ", approver, clock.now())
        actions.reject_grade(_open(app, firm), "检查结论待复核", approver, clock.now())
    advance(3 * DAY)
    assert _grade(app, firm).grade is Grade.B
    _clean_replay(app)


def test_a_proposal_lapses_when_the_score_leaves_it(app: Flask, advance: Advance) -> None:
    firm = _firm(app)
    _inspect(app, firm, 95)
    advance(DAY)
    _inspect(app, firm, 70)
    advance(3 * DAY)
    assert _grade(app, firm).grade is Grade.C
    with app.app_context():
        proposal = db.session.scalars(select(GradeProposal)).one()
        assert proposal.status is ProposalStatus.LAPSED
    _clean_replay(app)


def test_d_by_veto_is_proposed_at_once_and_in_force_only_after_its_notice(
    app: Flask, advance: Advance
) -> None:
    firm = _firm(app)
    _evaluate(app, firm, 3)
    advance(2 * DAY)
    with app.app_context():
        with transaction():
            proposer = accounts.officer(Role.BUREAU_OPERATOR).actor
            approver = accounts.officer(Role.BUREAU_APPROVER).actor
            evidence = db.session.get_one(Organisation, firm)
            with pytest.raises(Invalid):
                actions.propose_grade(
                    firm, accounts.CITY, Grade.A, "理由", evidence, proposer, clock.now()
                )
            made = actions.propose_grade(
                firm,
                accounts.CITY,
                Grade.D,
                "经查串通报价",
                evidence,
                proposer,
                clock.now(),
                VetoKind.COLLUSION,
            )
            again = actions.propose_grade(
                firm, accounts.CITY, Grade.D, "另案", evidence, proposer, clock.now()
            )
            assert again.id == made.id
            with pytest.raises(Refused):
                actions.confirm_grade(made, proposer, clock.now())
            actions.confirm_grade(made, approver, clock.now())
        assert not queries.d_in_force(firm, accounts.CITY, clock.now())
    advance(7 * DAY)
    assert _grade(app, firm).grade is Grade.B
    advance(DAY)
    with app.app_context():
        assert queries.d_in_force(firm, accounts.CITY, clock.now())
    advance(366 * DAY)
    assert _grade(app, firm).grade is Grade.B
    _clean_replay(app)


def test_a_reversed_entry_counts_no_more_and_past_records_stay(
    app: Flask, advance: Advance
) -> None:
    firm = _firm(app)
    _evaluate(app, firm, 3)
    _inspect(app, firm, 50)
    advance(5 * DAY)
    assert _grade(app, firm).grade is Grade.C
    with app.app_context(), transaction():
        wrong = db.session.scalars(
            select(RatingEntry).where(RatingEntry.kind == "inspection")
        ).one()
        evidence = db.session.get_one(Organisation, firm)
        actions.reverse_entry(
            wrong.id, evidence, CLOCK, clock.now(), takes_effect_on=wrong.takes_effect_on
        )
        with pytest.raises(Conflict):
            actions.reverse_entry(wrong.id, evidence, CLOCK, clock.now())
    then = _grade(app, firm, date(2026, 3, 6))
    advance(2 * DAY)
    assert _grade(app, firm).grade is Grade.B
    assert _grade(app, firm, date(2026, 3, 6)) == then
    assert then.grade is Grade.C
    _clean_replay(app)


def test_the_clock_asleep_for_weeks_catches_up_to_the_same_records(
    app: Flask, advance: Advance
) -> None:
    firms = [_firm(app), _firm(app)]
    _evaluate(app, firms[0], 4)
    advance(70 * DAY)
    with app.app_context():
        subject = queries.subject_of(firms[0], accounts.CITY)
        days = [record.from_day for record in queries.records_of(subject)]
    assert days == [date(2026, 3, 3), date(2026, 3, 4), date(2026, 5, 1)]
    _evaluate(app, firms[1], 4)
    with app.app_context(), transaction():
        clock.advance(70 * DAY)
    # nothing has been settled yet: the fold itself answers
    assert _grade(app, firms[1]).grade is Grade.B
    advance(timedelta(minutes=1))
    assert _grade(app, firms[1]).grade is Grade.B
    _clean_replay(app)


def test_nothing_in_the_ledger_can_be_changed_or_deleted(app: Flask, advance: Advance) -> None:
    firm = _firm(app)
    _evaluate(app, firm, 3)
    advance(3 * DAY)
    for statement in (
        "UPDATE rating_ledger SET hundredths = 10000",
        "DELETE FROM rating_ledger",
        "UPDATE grade_records SET grade = 'A'",
        "DELETE FROM grade_records",
    ):
        with app.app_context(), pytest.raises(DatabaseError):
            db.session.execute(text(statement))


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE rating_ledger SET hundredths = 9000 WHERE id = 1", "altered"),
        ("DELETE FROM rating_ledger WHERE id = 1", "is gone"),
        ("UPDATE grade_records SET grade = 'A' WHERE grade = 'B'", "grade_records"),
        ("UPDATE rating_subjects SET grade = 'A'", "rating_subjects"),
        ("DELETE FROM grade_records WHERE grade = 'B'", "grade_records"),
    ],
)
def test_replay_names_what_was_changed_by_hand(
    app: Flask, advance: Advance, statement: str, problem: str
) -> None:
    firm = _firm(app)
    _evaluate(app, firm, 3)
    advance(3 * DAY)
    _clean_replay(app)
    with app.app_context():
        _without_triggers(statement)
        found = [str(difference) for difference in actions.replay()]
    assert any(problem in line for line in found), found


def _without_triggers(statement: str) -> None:
    """Change a copy as somebody with all rights on the database could."""
    tables = ("rating_ledger", "grade_records")
    if db.engine.dialect.name == "sqlite":
        for table in tables:
            for verb in ("update", "delete"):
                db.session.execute(text(f"DROP TRIGGER {table}_no_{verb}"))
    else:
        for table in tables:
            db.session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
            db.session.execute(text(f"GRANT ALL ON {table} TO CURRENT_USER"))
    db.session.execute(text(statement))
    db.session.commit()


def test_records_bind_the_grade_of_a_day(app: Flask, advance: Advance) -> None:
    firm = _firm(app)
    _evaluate(app, firm, 3, mark=4)
    advance(2 * DAY)
    graded = _grade(app, firm)
    with app.app_context():
        record = db.session.get_one(GradeRecord, graded.record_id)
        assert (record.grade, record.hundredths) == (Grade.B, 8000)
        assert queries.edition_on(accounts.CITY, clock.today()).id == graded.edition_id
    assert RaterSide("owner") is RaterSide.OWNER


def test_the_replay_command_says_zero_differences_or_fails(app: Flask, advance: Advance) -> None:
    firm = _firm(app)
    _evaluate(app, firm, 3)
    advance(3 * DAY)
    runner = app.test_cli_runner()
    whole = runner.invoke(args=["ratings", "replay", "--all"])
    assert whole.exit_code == 0, whole.output
    assert "0 differences" in whole.output
    with app.app_context():
        code = db.session.get_one(Organisation, firm).credit_code
        _without_triggers("UPDATE grade_records SET hundredths = 9999 WHERE grade = 'B'")
    for arguments in (["--all"], [code]):
        spoiled = runner.invoke(args=["ratings", "replay", *arguments])
        assert spoiled.exit_code == 1
        assert "stored B 99.99 since 2026-03-04" in spoiled.output
