"""The fold itself: what is known of a grade while the days go by (see `grading`)."""

from __future__ import annotations

from collections.abc import Sequence, Set
from copy import copy
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from marketplace.ratings.rules.entries import (
    DecisionEntry,
    DecisionStep,
    Entry,
    Grade,
    ReversingEntry,
    VetoEntry,
)
from marketplace.ratings.rules.evaluation_days import evaluation_days
from marketplace.ratings.rules.grades import (
    DueDecision,
    Evaluation,
    GradeChange,
    GradeInForce,
    OpenProposal,
)
from marketplace.ratings.rules.policy import DatedPolicy, RatingPolicy, policy_on
from marketplace.ratings.rules.reckoning import Numbers, Reckoning, numbers_of, reckon
from marketplace.ratings.rules.scoring import evidence_of
from marketplace.ratings.rules.standing import Standing, standing_of


@dataclass(frozen=True, slots=True)
class _Called:
    """The grade called for, since when, and the entries of that evaluation day."""

    grade: Grade
    since: date
    triggers: tuple[int, ...]


class Fold:
    """Walks the days once, from the first entry to the day asked for."""

    def __init__(self, entries: list[Entry], policies: Sequence[DatedPolicy], until: date) -> None:
        self.until = until
        self.walked: date | None = None
        self.evaluated: dict[date, list[int]] | None = None
        self.policies = policies
        self.facts = [entry for entry in entries if not isinstance(entry, DecisionEntry)]
        self.decisions = [entry for entry in entries if isinstance(entry, DecisionEntry)]
        self.next_fact = self.next_decision = 0
        self.standing = Standing()
        self.grade = Grade.UNGRADED
        self.since: date | None = None
        self.changes: list[GradeChange] = []
        self.evaluations: list[Evaluation] = []
        self.proposal: OpenProposal | None = None
        self.upcoming: GradeChange | None = None
        self.rejected: Grade | None = None
        self.answered_vetoes: set[int] = set()
        self.lapsed: dict[int, DueDecision] = {}
        self.reversed_ids: set[int] = set()
        self.band = Grade.UNGRADED
        self.called: _Called | None = None
        self.automatic_days = 0
        self.numbers: Numbers | None = None
        self.longest = max(
            (max(dated.policy.mark_months, dated.policy.a_months) for dated in policies),
            default=0,
        )

    def run(self) -> None:
        """Go through every day on which something can happen."""
        self.walk(None)
        self._come_into_force(self.until)

    def walk(self, before: date | None) -> None:
        """Go through the days up to one, without it (None: through all that are left)."""
        if self.evaluated is None:
            self.evaluated = evaluation_days(self.facts, self.policies, self.until)
        evaluated = self.evaluated
        days = set(evaluated)
        days.update(entry.takes_effect_on for entry in self.decisions)
        for day in sorted(days):
            if day > self.until or (before is not None and day >= before):
                break
            if self.walked is not None and day < self.walked:
                continue
            self._come_into_force(day - timedelta(days=1))
            self._automatic(day)
            later = self._decide_open(day)
            self._by_decision(day)
            triggers = evaluated.get(day)
            if triggers is not None:
                self._evaluate(day, triggers)
            for entry in later:
                if entry.step is DecisionStep.PROPOSED:
                    self._open(entry)
                elif self.proposal is not None and self.proposal.entry == entry.proposal:
                    self._step(entry, self.proposal)
        self.walked = before

    def without(self, gone: Set[int]) -> Fold:
        """A fold that goes on from here as if some entries were not there, none of which has
        taken effect yet."""
        other = copy(self)
        other.evaluated = None
        other.facts = [entry for entry in self.facts if entry.id not in gone]
        other.decisions = [entry for entry in self.decisions if entry.id not in gone]
        other.standing = self.standing.copied()
        other.changes = list(self.changes)
        other.evaluations = list(self.evaluations)
        other.answered_vetoes = set(self.answered_vetoes)
        other.lapsed = dict(self.lapsed)
        other.reversed_ids = set(self.reversed_ids)
        return other

    # changes

    def _come_into_force(self, day: date) -> None:
        """What is due up to and with a day on which nothing else happens, the earlier first."""
        proposal, upcoming = self.proposal, self.upcoming
        if (
            proposal is not None
            and upcoming is not None
            and proposal.in_force_on is not None
            and proposal.in_force_on < upcoming.since
        ):
            self._by_decision(day)
        self._automatic(day)
        self._by_decision(day)

    def _automatic(self, day: date) -> None:
        if self.upcoming is not None and self.upcoming.since <= day:
            self._change(self.upcoming)

    def _by_decision(self, day: date) -> None:
        proposal = self.proposal
        if proposal is None or proposal.step is not DecisionStep.CONFIRMED:
            return
        if proposal.in_force_on is None or proposal.in_force_on > day:
            return
        evaluated = self.called.since if self.called else proposal.proposed_on
        self.proposal = None
        self._change(
            GradeChange(proposal.grade, proposal.in_force_on, "decision", evaluated, proposal.entry)
        )

    def _change(self, change: GradeChange) -> None:
        self.upcoming = None
        if change.grade is not self.grade:
            self.grade, self.since = change.grade, change.since
            self.changes.append(change)

    # decisions

    def _decide_open(self, day: date) -> list[DecisionEntry]:
        """Let a day's decisions on the open proposal take effect, as recorded; returns the rest."""
        rest = []
        while self.next_decision < len(self.decisions):
            entry = self.decisions[self.next_decision]
            if entry.takes_effect_on > day:
                break
            self.next_decision += 1
            if self.proposal is not None and self.proposal.entry == entry.proposal:
                self._step(entry, self.proposal)
            else:
                rest.append(entry)
        return rest

    def _open(self, entry: DecisionEntry) -> None:
        called = self.called.grade if self.called else None
        if self.proposal is None and entry.grade is called and entry.grade is not self.grade:
            self.proposal = OpenProposal(
                entry.id, entry.grade, DecisionStep.PROPOSED, entry.takes_effect_on
            )

    def _step(self, entry: DecisionEntry, proposal: OpenProposal) -> None:
        if entry.step is DecisionStep.CONFIRMED:
            self.proposal = replace(
                proposal, step=DecisionStep.CONFIRMED, in_force_on=entry.in_force_on
            )
        elif entry.step is DecisionStep.OBJECTED:
            self.proposal = replace(proposal, step=DecisionStep.OBJECTED, in_force_on=None)
        elif entry.step is DecisionStep.REJECTED:
            self.proposal = None
            self.rejected = proposal.grade
            if proposal.grade is Grade.D:
                self.answered_vetoes.update(veto.id for veto in self._vetoes(entry.takes_effect_on))
            # the latest evaluation is read again, without the rejected grade
            self._call(entry.takes_effect_on, ())
        else:
            self.proposal = None

    # evaluation

    def _evaluate(self, day: date, triggers: list[int]) -> None:
        """Bring the standing entries up to the day and see what grade they call for."""
        self._take_effect(day)
        dated = policy_on(self.policies, day)
        if dated is None:
            return
        self.standing.drop_marks(day, self.longest)
        if self.numbers is None or self.numbers.policy is not dated.policy:
            self.numbers = numbers_of(dated.policy)
        reckoning = reckon(self.standing, self.numbers, day)
        self.band = self._band(reckoning, dated.policy, day)
        self.automatic_days = dated.policy.automatic_change_days
        called = self._call(day, tuple(triggers))
        self.evaluations.append(
            Evaluation(
                day,
                reckoning.total,
                called,
                dated.edition,
                tuple(triggers),
                len(self.standing.contracts),
            )
        )

    def _take_effect(self, day: date) -> None:
        start = self.next_fact
        rebuild = False
        while self.next_fact < len(self.facts):
            entry = self.facts[self.next_fact]
            if entry.takes_effect_on > day:
                break
            if isinstance(entry, ReversingEntry):
                self.reversed_ids.add(entry.reverses)
                rebuild = True
            # an entry can be reversed before it has taken effect
            rebuild = rebuild or entry.id in self.reversed_ids
            self.next_fact += 1
        if rebuild:
            self.standing = standing_of(self.facts[: self.next_fact])
        else:
            for entry in self.facts[start : self.next_fact]:
                self.standing.add(entry)

    def _band(self, reckoning: Reckoning, policy: RatingPolicy, day: date) -> Grade:
        """The grade that score and evidence call for, decisions and vetoes apart."""
        total = reckoning.total
        standing = self.standing
        if total is None or (
            not standing.inspections and len(standing.contracts) < policy.graded_from_contracts
        ):
            return Grade.UNGRADED
        if self.grade is Grade.A and total >= policy.a_left_below * 100:
            return Grade.A
        if total >= policy.a_from * 100:
            evidence = evidence_of(standing, policy, day, reckoning)
            if evidence.inspected or (
                evidence.recent_contracts >= policy.a_contracts
                and evidence.recent_raters >= policy.a_owners
            ):
                return Grade.A
        if total >= policy.b_from * 100:
            return Grade.B
        return Grade.C if total >= policy.c_from * 100 else Grade.D

    def _vetoes(self, day: date) -> list[VetoEntry]:
        return [veto for veto in self.standing.vetoes if veto.ends_on > day]

    def called_under(self, policy: RatingPolicy, day: date) -> tuple[Grade, int | None]:
        """Grade called for and score on a day under some edition; the fold stays as it is."""
        reckoning = reckon(self.standing, numbers_of(policy), day)
        band, rejected = self.band, self.rejected
        self.band = self._band(reckoning, policy, day)
        called = self._called_for(day)
        self.band, self.rejected = band, rejected
        return called, reckoning.total

    def _called_for(self, day: date) -> Grade:
        """The band, unless a veto calls for D or the grade has been rejected."""
        if self.rejected is not self.band:
            self.rejected = None
        vetoes = self.standing.vetoes and self._vetoes(day)
        if any(veto.id not in self.answered_vetoes for veto in vetoes):
            return Grade.D
        if self.rejected is None:
            return self.band
        return Grade.B if self.rejected is Grade.A else Grade.C

    def _call(self, day: date, triggers: tuple[int, ...]) -> Grade:
        """Let the grade called for lapse a proposal and set the change that comes by itself."""
        called = self._called_for(day)
        if self.called is None or self.called.grade is not called:
            self.called = _Called(called, day, triggers)
        proposal = self.proposal
        if proposal is not None and proposal.grade is not called:
            self.proposal = None
            self.lapsed[proposal.entry] = DueDecision(
                DecisionStep.LAPSED, proposal.grade, day, triggers, proposal.entry
            )
        target: Grade | None = called
        if called in (Grade.A, Grade.D):
            target = Grade.B if self.grade is Grade.A and called is Grade.D else None
        if target is None or target is self.grade:
            self.upcoming = None
        elif self.upcoming is None or self.upcoming.grade is not target:
            since = day + timedelta(days=self.automatic_days)
            self.upcoming = GradeChange(target, since, "automatic", day)
            self._automatic(day)
        return called

    # result

    def result(self, known_at: datetime) -> GradeInForce:
        """The state on the day asked for."""
        return GradeInForce(
            day=self.until,
            known_at=known_at,
            grade=self.grade,
            since=self.since,
            changes=tuple(self.changes),
            evaluations=tuple(self.evaluations),
            proposal=self.proposal,
            upcoming=self.upcoming,
            due=tuple(self._due()),
            standing_vetoes=tuple(veto.id for veto in self._vetoes(self.until)),
        )

    def _due(self) -> list[DueDecision]:
        """What the system owes the ledger: lapses not yet recorded, a proposal not yet made."""
        recorded = {entry.proposal for entry in self.decisions if entry.step is DecisionStep.LAPSED}
        due = [lapse for number, lapse in self.lapsed.items() if number not in recorded]
        called = self.called
        if (
            called is not None
            and called.grade in (Grade.A, Grade.D)
            and called.grade is not self.grade
            and self.proposal is None
            and not self._proposed_ahead(called.grade)
        ):
            due.append(
                DueDecision(DecisionStep.PROPOSED, called.grade, called.since, called.triggers)
            )
        return due

    def _proposed_ahead(self, grade: Grade) -> bool:
        """Whether a proposal is recorded that takes effect only after the day asked for."""
        return any(
            entry.step is DecisionStep.PROPOSED and entry.grade is grade
            for entry in self.decisions[self.next_decision :]
        )
