"""Inspections, cards, cases, notices, grades."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from sqlalchemy import select

from marketplace.foundation import clock
from marketplace.notices import actions as notices
from marketplace.notices.models import NoticeStatus, Objection, ObjectionStatus, PublicNotice
from marketplace.ratings import actions as ratings
from marketplace.ratings.models import GradeProposal, ProposalStatus
from marketplace.sanctions.actions import cards, cases
from marketplace.sanctions.models import Breach, Card, CardStatus, Case, CaseStatus, Cause
from marketplace.sanctions.rules import Severity
from marketplace.supervision import actions as supervision
from tests.factories import ratings as posted
from tests.factories import sanctions as sanctioned

from .board import REASON, WHICH, Board, moves


class Supervising(Board):
    """What officers do, and firms against it."""

    @precondition(moves("inspect"))
    @rule(firm=WHICH, result=st.sampled_from([15, 55, 70, 80, 96]))
    def inspect(self, firm: int, result: int) -> None:
        """The bureau inspects a firm."""
        self.act(
            lambda: posted.inspected(
                self.firm(firm).organisation, result, self.world.officer("operator")
            )
        )

    @precondition(moves("card"))
    @rule(firm=WHICH)
    def card(self, firm: int) -> None:
        """An officer proposes a card."""
        self.act(
            lambda: cards.propose_card(
                self.firm(firm).organisation,
                "379900",
                Breach.LATE,
                sanctioned.FACTS,
                self.world.officer("operator"),
                clock.now(),
            )
        )

    @precondition(moves("issue"))
    @rule(which=WHICH, same=st.booleans())
    def issue(self, which: int, same: bool) -> None:
        """An officer issues it, another if the rules have their way."""
        officer = "operator" if same else "approver"
        self.act(
            lambda: cards.issue_card(
                self.one("issue", Card, which), self.world.officer(officer), clock.now()
            )
        )

    @precondition(moves("correct"))
    @rule(which=WHICH, done=st.booleans())
    def correct(self, which: int, done: bool) -> None:
        """The firm reports a correction; an officer finds it done or not."""

        def correct() -> None:
            card = self.one("correct", Card, which)
            if card.status is CardStatus.CORRECTING:
                actor = self.world.party_of(card.organisation_id).actor
                cards.report_correction(card, REASON, actor, clock.now())
            else:
                cards.judge_correction(
                    card, done, REASON, self.world.officer("operator2"), clock.now()
                )

        self.act(correct)

    @precondition(moves("report"))
    @rule(firm=WHICH, cause=st.sampled_from([Cause.BREACH, Cause.BRIBERY]))
    def report(self, firm: int, cause: Cause) -> None:
        """An officer reports a case."""
        self.act(
            lambda: cases.report_case(
                self.firm(firm).organisation,
                "379900",
                cause,
                sanctioned.FACTS,
                self.world.officer("operator"),
                clock.now(),
            )
        )

    @precondition(moves("case"))
    @rule(which=WHICH, months=st.sampled_from([1, 12]), limited=st.booleans(), decide=WHICH)
    def case(self, which: int, months: int, limited: bool, decide: int) -> None:
        """A case goes on: statement, proposal, decision."""

        def go_on() -> None:
            case = self.one("case", Case, which)
            now = clock.now()
            if case.status is CaseStatus.REPORTED:
                actor = self.world.party_of(case.organisation_id).actor
                cases.state_case(case, "情况属实，愿意整改。", actor, now)
            elif case.status is CaseStatus.HEARD:
                items = ("stbc",) if limited else ()
                operator = self.world.officer("operator2")
                cases.propose_decision(case, Severity.SLIGHT, months, items, REASON, operator, now)
            elif decide % 4:
                supervision.blacklist_and_withdraw(
                    case, REASON, self.world.officer("approver"), now
                )
            else:
                cases.dismiss_case(case, REASON, self.world.officer("approver"), now)

        self.act(go_on)

    @precondition(moves("object"))
    @rule(which=WHICH, firm=WHICH)
    def object_(self, which: int, firm: int) -> None:
        """A firm objects to what is published."""
        self.act(
            lambda: notices.file_objection(
                self.one("object", PublicNotice, which), REASON, self.firm(firm).actor, clock.now()
            )
        )

    @precondition(moves("reply"))
    @rule(which=WHICH, upheld=st.booleans())
    def reply(self, which: int, upheld: bool) -> None:
        """The bureau answers an objection."""
        self.act(
            lambda: notices.answer_objection(
                self.one("reply", Objection, which),
                upheld,
                REASON,
                self.world.officer("approver"),
                clock.now(),
            )
        )

    @precondition(moves("grade"))
    @rule(which=WHICH, officer=st.sampled_from(["operator", "approver", "approver2"]), yes=WHICH)
    def grade(self, which: int, officer: str, yes: int) -> None:
        """An officer confirms or rejects a proposed grade."""

        def decide() -> None:
            proposal = self.one("grade", GradeProposal, which)
            actor = self.world.officer(officer)
            if yes % 4:
                ratings.confirm_grade(proposal, actor, clock.now())
            else:
                ratings.reject_grade(proposal, REASON, actor, clock.now())

        self.act(decide)


POSSIBLE: dict[str, Any] = {
    "issue": select(Card.id).where(Card.status == CardStatus.PROPOSED),
    "correct": select(Card.id).where(Card.status.in_([CardStatus.CORRECTING, CardStatus.REPORTED])),
    "case": select(Case.id).where(
        Case.status.in_([CaseStatus.REPORTED, CaseStatus.HEARD, CaseStatus.PROPOSED])
    ),
    "object": select(PublicNotice.id).where(
        PublicNotice.status == NoticeStatus.OPEN, PublicNotice.objectable
    ),
    "reply": select(Objection.id).where(
        Objection.status.in_([ObjectionStatus.PENDING, ObjectionStatus.OVERDUE])
    ),
    "grade": select(GradeProposal.id).where(GradeProposal.status == ProposalStatus.PROPOSED),
}
