"""The market as a state machine: real actions in any order, everything asked after each of them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar

from flask import Flask
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import select

from marketplace.contracts import actions as contracts
from marketplace.contracts import delivery
from marketplace.contracts.models import Contract, ContractStatus, Deliverable, Side
from marketplace.demo import moving
from marketplace.evaluations import actions as evaluations
from marketplace.evaluations import queries as evaluation_queries
from marketplace.evaluations.models import Evaluation, EvaluationWindow, WindowStatus
from marketplace.evaluations.reviews import actions as reviews
from marketplace.evaluations.reviews.models import EvaluationReview, ReviewStatus
from marketplace.fees import access as fee_access
from marketplace.fees.models import PriceCheck
from marketplace.fees.rules.judging import Gate
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.errors import DomainError, Missing
from marketplace.foundation.tasks import DueFailure
from marketplace.foundation.transactions import transaction
from marketplace.notices import actions as notices
from marketplace.notices.models import NoticeStatus, Objection, ObjectionStatus, PublicNotice
from marketplace.projects.models import Need, NeedStatus, SelectionMethod
from marketplace.ratings import actions as ratings
from marketplace.ratings.models import GradeProposal, ProposalStatus
from marketplace.sanctions.actions import cards, cases
from marketplace.sanctions.models import Breach, Card, CardStatus, Case, CaseStatus, Cause
from marketplace.sanctions.rules import Severity
from marketplace.selection import actions as selection
from marketplace.selection import queries as selections
from marketplace.selection.models import (
    Award,
    AwardStatus,
    Entry,
    EntryStatus,
    RoundStatus,
    SelectionRound,
)
from marketplace.supervision import actions as supervision
from marketplace.supervision import invariants
from tests.factories import contracts as deals
from tests.factories import ratings as posted
from tests.factories import sanctions as sanctioned
from tests.factories import selection as choosing
from tests.machine.reckoning import wrong_scores
from tests.machine.world import World

REASON = "经核查，事实清楚，处理适当，理由充分。"
# what the clock does is asked where time passes
ASKED = set(invariants.STATEMENTS) | set(invariants.CHECKS)
WHICH = st.integers(0, 20)


def _moves(name: str) -> Callable[[Any], bool]:
    return lambda market: name in market.possible and (not market.focus or name in market.focus)


class Market(RuleBasedStateMachine):
    """One market. ``open_copy`` gives it a database of its own, ``focus`` limits its moves."""

    open_copy: ClassVar[Callable[[], Any]]
    world: ClassVar[World]
    focus: ClassVar[frozenset[str]] = frozenset()

    def __init__(self) -> None:
        super().__init__()
        self._copy = type(self).open_copy()
        self.app: Flask = self._copy.__enter__()
        self.possible: dict[str, list[int]] = {}
        self.settled = True
        self._look()

    def teardown(self) -> None:
        """Give the database back."""
        self._copy.__exit__(None, None, None)

    # what can be done now

    def _look(self) -> None:
        with self.app.app_context():
            found = {name: list(db.session.scalars(query)) for name, query in _POSSIBLE.items()}
            found["lottery"] = [
                one for one in found["lottery"] if selections.lotteries_due(clock.now())
            ]
            db.session.rollback()
        self.possible = {name: ids for name, ids in found.items() if ids}
        for name in ("wait", "post", "rate", "card", "report", "inspect"):
            self.possible[name] = [0]

    def act(self, action: Callable[[], Any]) -> None:
        """Do something in a transaction of its own; what the rules refuse is refused."""
        with self.app.app_context():
            try:
                with transaction():
                    action()
            except DomainError:
                pass
            finally:
                db.session.remove()
        self.settled = False
        self._look()

    def one(self, name: str, model: Any, which: int) -> Any:
        """A row that the move is possible with, in the running session."""
        ids = self.possible[name]
        return db.session.get_one(model, ids[which % len(ids)])

    def firm(self, which: int) -> Any:
        """A firm's party in the running session."""
        return self.world.party(self.world.firms[which % len(self.world.firms)])

    def owner(self, which: int) -> Any:
        """An owner's party in the running session."""
        return self.world.party(self.world.owners[which % len(self.world.owners)])

    # time

    @precondition(_moves("wait"))
    @rule(hours=st.sampled_from([1, 8, 24, 25, 72, 120]))
    def wait(self, hours: int) -> None:
        """Time passes, with every job that becomes due on the way, those of midnight too."""
        with self.app.app_context():
            moving.advance_clock(timedelta(hours=hours))
            # and those that look for work by themselves, at the hour that was reached
            moving.advance_to(moving.present())
        self.settled = True
        self._look()

    # needs, entries, draws, awards

    @precondition(_moves("post"))
    @rule(owner=WHICH, draw=st.booleans())
    def post(self, owner: int, draw: bool) -> None:
        """An owner posts a need."""
        method = SelectionMethod.RANDOM_DRAW if draw else SelectionMethod.DIRECT_PICK
        self.act(lambda: choosing.open_need(self.owner(owner % 1), method=method))

    @precondition(_moves("enter"))
    @rule(which=WHICH, firm=WHICH, price=st.sampled_from(["36000", "35000", "41000"]))
    def enter(self, which: int, firm: int, price: str) -> None:
        """A firm enters, or changes its entry."""
        self.act(
            lambda: selection.enter_need(
                self.one("enter", Need, which),
                secrets.token_hex(32),
                Decimal(price),
                self.firm(firm).actor,
                "已有相邻项目的资料，工作量较小",
            )
        )

    @precondition(_moves("leave"))
    @rule(which=WHICH)
    def leave(self, which: int) -> None:
        """A firm takes its entry back."""

        def leave() -> None:
            entry = self.one("leave", Entry, which)
            selection.withdraw_entry(entry, self.world.party_of(entry.organisation_id).actor)

        self.act(leave)

    @precondition(_moves("lottery"))
    @rule()
    def lottery(self) -> None:
        """Two officers read the lottery that a list waits for."""
        issue = f"2026{secrets.randbelow(900) + 100}"
        self.act(lambda: choosing.read_lottery(issue))

    @precondition(_moves("pick"))
    @rule(which=WHICH, entry=WHICH)
    def pick(self, which: int, entry: int) -> None:
        """An owner chooses one of the entrants, the approver approves."""

        def pick() -> None:
            need = self.one("pick", Need, which)
            owner = self.world.party_of(need.owner_id)
            running = selections.live_round(need)
            entries = selections.listed(running)
            award = selection.pick_entry(need, entries[entry % len(entries)], REASON, owner.actor)
            if award.status is AwardStatus.PROPOSED:
                selection.approve_pick(award, owner.approving_actor)

        self.act(pick)

    @precondition(_moves("answer"))
    @rule(which=WHICH, accept=st.sampled_from([True, True, False]))
    def answer(self, which: int, accept: bool) -> None:
        """The winner accepts or gives the award up."""

        def answer() -> None:
            award = self.one("answer", Award, which)
            actor = self.world.party_of(award.organisation_id).actor
            if accept:
                selection.accept_award(award, actor)
            else:
                selection.decline_award(award, "人手不足，无法承接", actor)

        self.act(answer)

    # contracts

    @precondition(_moves("sign"))
    @rule(which=WHICH)
    def sign(self, which: int) -> None:
        """Both sides sign."""

        def sign() -> None:
            award = self.one("sign", Award, which)
            firm = self.world.party_of(award.organisation_id)
            owner = self.world.party_of(award.need.owner_id)
            now = clock.now()
            made = contracts.draft_contract(award.need, deals.terms(), Side.FIRM, firm.actor, now)
            contracts.confirm_contract(made, Side.OWNER, owner.approving_actor, now)

        self.act(sign)

    @precondition(_moves("deliver"))
    @rule(which=WHICH)
    def deliver(self, which: int) -> None:
        """The firm delivers."""

        def deliver() -> None:
            contract = self.one("deliver", Contract, which)
            firm = self.world.party_of(contract.firm_id)
            deal = deals.Deal(contract.need_id, 0, 0, 0, contract.firm_id, firm.user.id)
            deals.deliver(deal, deals.PDF + secrets.token_bytes(4))

        self.act(deliver)

    @precondition(_moves("check"))
    @rule(which=WHICH, accept=st.sampled_from([True, True, False]))
    def check(self, which: int, accept: bool) -> None:
        """The owner accepts or returns what was delivered."""

        def check() -> None:
            version = self.one("check", Deliverable, which)
            owner = self.world.party_of(version.contract.owner_id)
            if accept:
                delivery.accept_deliverable(version, owner.actor, clock.now())
            else:
                delivery.return_deliverable(version, REASON, owner.actor, clock.now())

        self.act(check)

    # marks

    @precondition(_moves("mark"))
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

    @precondition(_moves("dispute"))
    @rule(which=WHICH)
    def dispute(self, which: int) -> None:
        """The side that was marked disputes a mark."""

        def dispute() -> None:
            given = self.one("dispute", Evaluation, which)
            actor = self.world.party_of(given.about_organisation_id).actor
            reviews.dispute(given, REASON, actor, clock.now())

        self.act(dispute)

    @precondition(_moves("review"))
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

    @precondition(_moves("rate"))
    @rule(owner=WHICH, firm=WHICH, count=st.sampled_from([1, 3, 12]), mark=st.integers(1, 5))
    def rate(self, owner: int, firm: int, count: int, mark: int) -> None:
        """Marks of contracts that began before this world."""

        def rate() -> None:
            rater = self.owner(owner).organisation
            for _each in range(count):
                posted.marked(self.firm(firm).organisation, rater, mark)

        self.act(rate)

    @precondition(_moves("inspect"))
    @rule(firm=WHICH, result=st.sampled_from([15, 55, 70, 80, 96]))
    def inspect(self, firm: int, result: int) -> None:
        """The bureau inspects a firm."""
        self.act(
            lambda: posted.inspected(
                self.firm(firm).organisation, result, self.world.officer("operator")
            )
        )

    # sanctions

    @precondition(_moves("card"))
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

    @precondition(_moves("issue"))
    @rule(which=WHICH, same=st.booleans())
    def issue(self, which: int, same: bool) -> None:
        """An officer issues it, another if the rules have their way."""
        officer = "operator" if same else "approver"
        self.act(
            lambda: cards.issue_card(
                self.one("issue", Card, which), self.world.officer(officer), clock.now()
            )
        )

    @precondition(_moves("correct"))
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

    @precondition(_moves("report"))
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

    @precondition(_moves("case"))
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

    # notices and grades

    @precondition(_moves("object"))
    @rule(which=WHICH, firm=WHICH)
    def object_(self, which: int, firm: int) -> None:
        """A firm objects to what is published."""
        self.act(
            lambda: notices.file_objection(
                self.one("object", PublicNotice, which), REASON, self.firm(firm).actor, clock.now()
            )
        )

    @precondition(_moves("reply"))
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

    @precondition(_moves("grade"))
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

    # what holds after each of them

    @invariant()
    def everything_holds(self) -> None:
        """Every invariant of the data, and nothing that the clock failed at."""
        asked = ASKED if self.settled else ASKED - {"I27"}
        with self.app.app_context():
            found = list(map(str, invariants.broken(asked)))
            failed = [
                f"{row.work} {row.subject_id}: {row.error}"
                for row in db.session.scalars(select(DueFailure))
            ]
            scores = list(wrong_scores())
            readable = self._quotes_read_early()
            db.session.rollback()
        assert not found, found
        assert not failed, failed
        assert not scores, scores
        assert not readable, readable

    def _quotes_read_early(self) -> list[str]:
        """Quotes of needs still open that an officer or another firm can read."""
        quotes = db.session.execute(
            select(PriceCheck.public_id, Entry.organisation_id)
            .join(Entry, Entry.price_check_id == PriceCheck.id)
            .join(SelectionRound, SelectionRound.id == Entry.round_id)
            .where(SelectionRound.status == RoundStatus.OPEN, PriceCheck.stage == Gate.QUOTE)
        ).all()
        readers = [self.world.officer("operator"), self.world.officer("supervisor"), None]
        readers += [self.firm(number).actor for number in range(2)]
        found = []
        for public_id, organisation_id in quotes:
            for reader in readers:
                if reader is not None and reader.organisation_id == organisation_id:
                    continue
                try:
                    fee_access.check_for(reader, public_id)
                except Missing:
                    continue
                found.append(f"price check {public_id}")
        return found


_POSSIBLE: dict[str, Any] = {
    "enter": select(Need.id).where(Need.status.in_([NeedStatus.PUBLISHED, NeedStatus.SELECTING])),
    "leave": select(Entry.id).where(Entry.status == EntryStatus.STANDING),
    "lottery": select(SelectionRound.id).where(
        SelectionRound.status == RoundStatus.LISTED, SelectionRound.lottery_day.is_not(None)
    ),
    "pick": select(Need.id).where(
        Need.status == NeedStatus.SELECTING, Need.method == SelectionMethod.DIRECT_PICK
    ),
    "answer": select(Award.id).where(Award.status == AwardStatus.OFFERED),
    "sign": select(Award.id)
    .join(Need, Need.id == Award.need_id)
    .where(Award.status == AwardStatus.ACCEPTED, Need.status == NeedStatus.AWARDED),
    "deliver": select(Contract.id).where(Contract.status == ContractStatus.ACTIVE),
    "check": select(Deliverable.id).where(Deliverable.status == "submitted"),
    "mark": select(Contract.id)
    .join(EvaluationWindow, EvaluationWindow.contract_id == Contract.id, isouter=True)
    .where(
        Contract.status.in_([ContractStatus.COMPLETED, ContractStatus.TERMINATED]),
        (EvaluationWindow.id.is_(None)) | (EvaluationWindow.status == WindowStatus.OPEN),
    ),
    "dispute": select(Evaluation.id).where(Evaluation.rating_entry_id.is_not(None)),
    "review": select(EvaluationReview.id).where(
        EvaluationReview.status.in_([ReviewStatus.OPEN, ReviewStatus.PROPOSED])
    ),
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
