"""Pairs of deeds that exclude each other, overlapping in both orders, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from marketplace.accounts.permissions import Role
from marketplace.evaluations.models import Evaluation, EvaluationVersion
from marketplace.evaluations.reviews import actions as reviews
from marketplace.evaluations.reviews.models import EvaluationReview, ReviewCause, ReviewStatus
from marketplace.foundation import audit, clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.notices.models import PublicNotice
from marketplace.projects.models import Need
from marketplace.ratings import actions as ratings
from marketplace.ratings.models import (
    DecisionStep,
    EntryKind,
    GradeProposal,
    ProposalStatus,
    RatingEntry,
)
from marketplace.sanctions import queries as sanctions_of
from marketplace.sanctions.appeals import actions as appeals
from marketplace.sanctions.appeals.models import Appeal
from marketplace.sanctions.models import Blacklisting, BlacklistingStatus, Case, Cause
from marketplace.sanctions.repairs import actions as repairs
from marketplace.sanctions.repairs.models import CreditRepair
from marketplace.selection.models import Entry, EntryStatus
from marketplace.supervision.actions import blacklist_and_withdraw
from tests.factories import accounts, contracts, evaluations, sanctions, selection
from tests.factories.notices import Somebody
from tests.races.overlapping import overlapping
from tests.selection.scenes import again

Advance = Callable[[timedelta], None]
WHY = "经核实，事实清楚，理由充分。"
ORDERS = pytest.mark.parametrize("turned", [False, True], ids=["one_first", "other_first"])


def _in_order(
    app: Flask, turned: bool, one: Callable[[], object], other: Callable[[], object]
) -> dict[str, str]:
    """What ``one`` and ``other`` came to, overlapping, the other first where ``turned``."""
    pair = (other, one) if turned else (one, other)
    came = overlapping(app, *pair)
    return dict(zip(("other", "one") if turned else ("one", "other"), came, strict=True))


def _officer(role: Role) -> Somebody:
    return Somebody.of(accounts.officer(role))


def _counted(*conditions: object) -> int:
    query = select(func.count(RatingEntry.id)).where(*conditions)  # type: ignore[arg-type]
    return db.session.scalar(query) or 0


@ORDERS
def test_an_entry_stands_before_the_blacklisting_and_falls_or_is_refused(
    app: Flask, turned: bool
) -> None:
    with app.app_context(), transaction():
        (firm,) = selection.firms(1)
        need_id = selection.open_need().id
        case_id = sanctions.proposed_case(firm).id
        firm_id, person = firm.organisation.id, Somebody.of(firm)
        approver = _officer(Role.BUREAU_APPROVER)

    def enter() -> None:
        party = accounts.Party(person.user, person.organisation, person.user)
        selection.enter(db.session.get_one(Need, need_id), again(party))

    def blacklist() -> None:
        case = db.session.get_one(Case, case_id)
        blacklist_and_withdraw(case, WHY, approver.actor, clock.now())

    came = _in_order(app, turned, enter, blacklist)
    assert came["other"] == "done"
    with app.app_context():
        assert sanctions_of.bars(firm_id, accounts.CITY, None, clock.now())
        entries = db.session.scalars(select(Entry)).all()
        if turned:
            assert came["one"].startswith("eligible.")
            assert entries == []
        else:
            assert came["one"] == "done"
            assert [each.status for each in entries] == [EntryStatus.WITHDRAWN]
            assert "黑名单" in (entries[0].void_reason or "")
        assert list(audit.verify()) == []


@ORDERS
def test_a_repair_and_a_revocation_of_one_sanction_reverse_it_from_its_first_day(
    app: Flask, advance: Advance, turned: bool
) -> None:
    with app.app_context(), transaction():
        firm = accounts.firm()
        row = sanctions.blacklisted(firm, Cause.FALSE_MATERIALS)
        appeal_id = appeals.file_appeal(row.case, WHY, firm.actor, clock.now()).id
        case_id, person = row.case_id, Somebody.of(firm)
        superior = _officer(Role.SUPERVISOR)
        operator, approver = _officer(Role.BUREAU_OPERATOR), _officer(Role.BUREAU_APPROVER)
    advance(timedelta(days=93))
    with app.app_context(), transaction():
        party = accounts.Party(person.user, person.organisation, person.user)
        repair = sanctions.asked_repair(db.session.get_one(Case, case_id), party.actor)
        repair_id = repair.id
        repairs.verify_repair(repair, True, WHY, operator.actor, clock.now())

    def grant() -> None:
        found = db.session.get_one(CreditRepair, repair_id)
        repairs.decide_repair(found, True, WHY, approver.actor, clock.now())

    def revoke() -> None:
        appeals.revoke(db.session.get_one(Appeal, appeal_id), WHY, superior.actor, clock.now())

    came = _in_order(app, turned, grant, revoke)
    assert came == {"one": "repair.closed" if turned else "done", "other": "done"}
    with app.app_context():
        assert db.session.query(Blacklisting).one().status is BlacklistingStatus.REVOKED
        assert _counted(RatingEntry.kind == EntryKind.VETO) == 1
        # the repair ended it from tomorrow on, the revocation from its first day
        assert _counted(RatingEntry.kind == EntryKind.REVERSAL) == (1 if turned else 2)
        assert list(audit.verify()) == []
    advance(timedelta(days=2))
    with app.app_context():
        assert list(ratings.replay()) == []


@ORDERS
def test_two_officers_confirm_one_grade_once(app: Flask, turned: bool) -> None:
    with app.app_context(), transaction():
        sanctions.blacklisted(accounts.firm(), Cause.BRIBERY)
        proposal_id = db.session.query(GradeProposal).one().id
        people = [_officer(Role.BUREAU_APPROVER) for _each in range(2)]

    def confirm(who: Somebody) -> None:
        found = db.session.get_one(GradeProposal, proposal_id)
        ratings.confirm_grade(found, who.actor, clock.now())

    came = _in_order(app, turned, lambda: confirm(people[0]), lambda: confirm(people[1]))
    assert sorted(came.values()) == ["done", "lifecycle"]
    with app.app_context():
        proposal = db.session.get_one(GradeProposal, proposal_id)
        assert proposal.status is ProposalStatus.PUBLISHED
        assert proposal.confirmed_by == people[turned].user_id
        assert _counted(RatingEntry.step == DecisionStep.CONFIRMED) == 1
        assert db.session.query(PublicNotice).filter_by(kind="grade").count() == 1


@ORDERS
def test_a_revision_is_revealed_or_refused_never_lost(
    app: Flask, advance: Advance, turned: bool
) -> None:
    deal = contracts.completed(app, advance)
    with app.app_context(), transaction():
        evaluations.give(deal, "editor", 4)
    came = _in_order(
        app,
        turned,
        lambda: evaluations.give(deal, "editor", 5),
        lambda: evaluations.give(deal, "firm", 4),
    )
    assert came == {"one": "evaluation.window" if turned else "done", "other": "done"}
    with app.app_context():
        mine = db.session.scalars(
            select(Evaluation).where(Evaluation.rater_organisation_id == deal.owner_id)
        ).one()
        versions = db.session.scalars(
            select(EvaluationVersion)
            .where(EvaluationVersion.evaluation_id == mine.id)
            .order_by(EvaluationVersion.id)
        ).all()
        assert len(versions) == (1 if turned else 2)
        posted = db.session.get_one(RatingEntry, mine.rating_entry_id)
        # what counts is what was revealed: the last version, whichever that is
        assert posted.hundredths == (8000 if turned else 10000)
        assert _counted(RatingEntry.kind == EntryKind.MARK) == 2


def _proposed_exclusion(deal: contracts.Deal) -> tuple[int, int, Somebody]:
    """An evaluation, the review in which its exclusion is proposed, and who may decide that."""
    with transaction():
        evaluations.give(deal, "editor", 4)
        evaluations.give(deal, "firm", 5)
    with transaction():
        given = db.session.scalars(
            select(Evaluation).where(Evaluation.rater_organisation_id == deal.owner_id)
        ).one()
        proposer, decider = _officer(Role.BUREAU_OPERATOR), _officer(Role.BUREAU_APPROVER)
        review = reviews.open_review(given, ReviewCause.CALLBACK, WHY, proposer.actor, clock.now())
        reviews.propose_exclusion(review, WHY, proposer.actor, clock.now())
        return given.id, review.id, decider


@ORDERS
def test_an_exclusion_and_a_dispute_of_one_evaluation(
    app: Flask, advance: Advance, turned: bool
) -> None:
    deal = contracts.completed(app, advance)
    with app.app_context():
        given_id, review_id, decider = _proposed_exclusion(deal)

    def exclude() -> None:
        found = db.session.get_one(EvaluationReview, review_id)
        reviews.exclude(found, WHY, decider.actor, clock.now())

    def dispute() -> None:
        found = db.session.get_one(Evaluation, given_id)
        reviews.dispute(found, WHY, deal.actor("firm"), clock.now())

    came = _in_order(app, turned, exclude, dispute)
    assert came["one"] == "done"
    assert came["other"] in ("evaluation.review", "evaluation.excluded")
    with app.app_context():
        assert db.session.query(EvaluationReview).one().status is ReviewStatus.EXCLUDED
        assert _counted(RatingEntry.kind == EntryKind.REVERSAL) == 1
    advance(timedelta(days=2))
    with app.app_context():
        assert list(ratings.replay()) == []


@ORDERS
def test_one_excludes_and_another_keeps_at_once_and_one_of_them_decides(
    app: Flask, advance: Advance, turned: bool
) -> None:
    deal = contracts.completed(app, advance)
    with app.app_context():
        _given, review_id, decider = _proposed_exclusion(deal)
        with transaction():
            second = _officer(Role.BUREAU_APPROVER)

    def exclude() -> None:
        found = db.session.get_one(EvaluationReview, review_id)
        reviews.exclude(found, WHY, decider.actor, clock.now())

    def keep() -> None:
        found = db.session.get_one(EvaluationReview, review_id)
        reviews.refuse_exclusion(found, WHY, second.actor, clock.now())

    came = _in_order(app, turned, exclude, keep)
    assert came == {
        "one": "lifecycle" if turned else "done",
        "other": "done" if turned else "lifecycle",
    }
    with app.app_context():
        status = db.session.query(EvaluationReview).one().status
        assert status is (ReviewStatus.KEPT if turned else ReviewStatus.EXCLUDED)
        assert _counted(RatingEntry.kind == EntryKind.REVERSAL) == (0 if turned else 1)
