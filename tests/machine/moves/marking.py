"""Marks of every side, disputes, what those served say of the bureau."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from sqlalchemy import exists, select

from marketplace.contracts.models import Contract, ContractStatus
from marketplace.evaluations import actions as evaluations
from marketplace.evaluations import queries as evaluation_queries
from marketplace.evaluations.assessors import actions as assessors
from marketplace.evaluations.assessors.models import (
    AppointmentStatus,
    AssessorAppointment,
    AssessorKind,
)
from marketplace.evaluations.departments import actions as departments
from marketplace.evaluations.models import Evaluation, EvaluationWindow, WindowStatus
from marketplace.evaluations.reviews import actions as reviews
from marketplace.evaluations.reviews.models import EvaluationReview, ReviewStatus
from marketplace.evaluations.rules import Direction
from marketplace.evaluations.served import actions as served
from marketplace.evaluations.served import matters
from marketplace.evaluations.served.models import (
    FollowUpOutcome,
    FollowUpStatus,
    Satisfaction,
    ServiceFollowUp,
)
from marketplace.foundation import clock
from tests.factories import accounts
from tests.factories import ratings as posted

from .board import REASON, WHICH, Board, moves


class Marking(Board):
    """Who marks whom."""

    @precondition(moves("mark"))
    @rule(which=WHICH, by_owner=st.booleans(), mark=st.integers(1, 5))
    def mark(self, which: int, by_owner: bool, mark: int) -> None:
        """One side marks the other, or revises its marks."""

        def mark_() -> None:
            contract = self.one("mark", Contract, which)
            side = contract.owner_id if by_owner else contract.firm_id
            direction = evaluation_queries.direction_of(contract, side)
            assert direction is not None
            evaluations.submit_evaluation(
                contract,
                dict.fromkeys(direction.parts, mark),
                REASON,
                self.world.party_of(side).actor,
                clock.now(),
            )

        self.act(mark_)

    @precondition(moves("dispute"))
    @rule(which=WHICH)
    def dispute(self, which: int) -> None:
        """The side that was marked disputes a mark."""

        def dispute() -> None:
            given = self.one("dispute", Evaluation, which)
            actor = self.world.party_of(given.about_organisation_id).actor
            reviews.dispute(given, REASON, actor, clock.now())

        self.act(dispute)

    @precondition(moves("review"))
    @rule(which=WHICH, drop=st.sampled_from([True, True, False]), same=st.booleans())
    def review(self, which: int, drop: bool, same: bool) -> None:
        """Officers look into a disputed mark: proposed to be excluded, then decided."""

        def review() -> None:
            found = self.one("review", EvaluationReview, which)
            now = clock.now()
            operator = self.world.officer("operator")
            other = operator if same else self.world.officer("approver")
            if found.status is ReviewStatus.OPEN:
                reviews.propose_exclusion(found, REASON, operator, now)
            elif drop:
                reviews.exclude(found, REASON, other, now)
            else:
                reviews.keep(found, REASON, other, now)

        self.act(review)

    @precondition(moves("department"))
    @rule(which=WHICH, by_firm=st.booleans(), mark=st.integers(1, 5))
    def department(self, which: int, by_firm: bool, mark: int) -> None:
        """The department of the trade marks the firm, or the firm the department."""

        def mark_() -> None:
            contract = self.one("department", Contract, which)
            officer = self.world.officer("department")
            actor = self.world.party_of(contract.firm_id).actor if by_firm else officer
            way = Direction.FIRM_TO_DEPARTMENT if by_firm else Direction.DEPARTMENT_TO_FIRM
            departments.submit_evaluation(
                contract, dict.fromkeys(way.parts, mark), REASON, actor, clock.now()
            )

        self.act(mark_)

    @precondition(moves("appoint"))
    @rule(same=st.booleans(), days=st.sampled_from([3, 60]))
    def appoint(self, same: bool, days: int) -> None:
        """An officer proposes an assessor, another confirms if the rules have their way."""

        def appoint() -> None:
            operator, approver = self.world.officer("operator"), self.world.officer("approver")
            today = clock.today()
            made = assessors.propose_appointment(
                self.world.party(self.world.assessor).organisation,
                AssessorKind.THIRD_PARTY,
                accounts.CITY,
                (),
                today,
                today + timedelta(days=days),
                "审改办〔2026〕3号，公开遴选",
                operator,
                clock.now(),
            )
            assessors.confirm_appointment(made, operator if same else approver, clock.now())

        self.act(appoint)

    @precondition(moves("withdraw"))
    @rule(which=WHICH)
    def withdraw(self, which: int) -> None:
        """An appointment is ended before its term."""

        def withdraw() -> None:
            found = self.one("withdraw", AssessorAppointment, which)
            approver = self.world.officer("approver")
            assessors.withdraw_appointment(found, REASON, approver, clock.now())

        self.act(withdraw)

    @precondition(moves("assess"))
    @rule(which=WHICH, mark=st.integers(1, 5), aside=st.sampled_from([False, False, True]))
    def assess(self, which: int, mark: int, aside: bool) -> None:
        """The assessor marks a contract's firm, revises its marks, or stands aside."""

        def assess() -> None:
            contract = self.one("assess", Contract, which)
            actor = self.world.party(self.world.assessor).actor
            now = clock.now()
            if aside:
                assessors.stand_aside(contract, REASON, actor, now)
                return
            rules = evaluation_queries.edition_for(contract, now).values
            marks = dict.fromkeys(Direction.ASSESSOR_TO_FIRM.parts_under(rules), mark)
            assessors.submit_assessment(contract, marks, REASON, actor, now)

        self.act(assess)

    @precondition(moves("serve"))
    @rule(firm=WHICH, which=WHICH, grade=st.sampled_from(list(Satisfaction)))
    def serve(self, firm: int, which: int, grade: Satisfaction) -> None:
        """A firm says how the bureau handled a matter of its own."""

        def serve() -> None:
            actor = self.firm(firm).actor
            now = clock.now()
            found = matters.to_rate(actor.organisation_id, now)
            if found:
                served.rate(found[which % len(found)], grade, REASON, actor, now)

        self.act(serve)

    @precondition(moves("call_back"))
    @rule(which=WHICH, officer=st.sampled_from(["operator", "operator2", "approver"]))
    def call_back(self, which: int, officer: str) -> None:
        """An officer answers a bad rating, one without a part in it if the rules have their way."""
        self.act(
            lambda: served.answer(
                self.one("call_back", ServiceFollowUp, which),
                FollowUpOutcome.MENDED,
                REASON,
                self.world.officer(officer),
                clock.now(),
            )
        )

    @precondition(moves("rate"))
    @rule(owner=WHICH, firm=WHICH, count=st.sampled_from([1, 3, 12]), mark=st.integers(1, 5))
    def rate(self, owner: int, firm: int, count: int, mark: int) -> None:
        """Marks of contracts that began before this world."""

        def rate() -> None:
            rater = self.owner(owner).organisation
            for _each in range(count):
                posted.marked(self.firm(firm).organisation, rater, mark)

        self.act(rate)


POSSIBLE: dict[str, Any] = {
    "mark": select(Contract.id)
    .join(EvaluationWindow, EvaluationWindow.contract_id == Contract.id, isouter=True)
    .where(
        Contract.status.in_([ContractStatus.COMPLETED, ContractStatus.TERMINATED]),
        (EvaluationWindow.id.is_(None)) | (EvaluationWindow.status == WindowStatus.OPEN),
    ),
    "department": select(Contract.id).where(
        Contract.status.in_([ContractStatus.COMPLETED, ContractStatus.TERMINATED])
    ),
    "withdraw": select(AssessorAppointment.id).where(
        AssessorAppointment.status == AppointmentStatus.IN_FORCE
    ),
    "assess": select(Contract.id)
    .join(EvaluationWindow, EvaluationWindow.contract_id == Contract.id, isouter=True)
    .where(
        Contract.status.in_([ContractStatus.COMPLETED, ContractStatus.TERMINATED]),
        (EvaluationWindow.id.is_(None)) | (EvaluationWindow.status == WindowStatus.OPEN),
        exists().where(AssessorAppointment.status == AppointmentStatus.IN_FORCE),
    ),
    "call_back": select(ServiceFollowUp.id).where(ServiceFollowUp.status == FollowUpStatus.OPEN),
    "dispute": select(Evaluation.id).where(Evaluation.rating_entry_id.is_not(None)),
    "review": select(EvaluationReview.id).where(
        EvaluationReview.status.in_([ReviewStatus.OPEN, ReviewStatus.PROPOSED])
    ),
}
