"""The grade in force: a fold over evaluation days, scores and decision entries (section 10).

Days on which an entry takes effect or ends, and one day of each month, are evaluated; between them
the grade stands. Each evaluation gives a *called-for* grade:

* B or C (or ungraded, when reversals leave too little evidence) comes into force by itself, by
  default the next day;
* A or D, also as a first grade, must be proposed, confirmed and published; until it is in force
  the grade that is in force stands. Two things the rules leave open are settled so: a firm in A
  whose score falls below C steps down to B while its D is decided, since A is left below 88; and
  where a proposal was rejected the firm is graded B instead of A, or C instead of D (by its score
  where the D was proposed on a veto), until its score leaves the rejected grade.

Within one day: decisions on the open proposal take effect, then changes that are due come into
force, then the day is evaluated, and last come proposals of that day with what follows them. A
decision on a proposal that is not open has no effect.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
from marketplace.ratings.rules.standing import Standing, known, standing_of


def grade_in_force(
    entries: Iterable[Entry],
    policies: Sequence[DatedPolicy],
    day: date,
    known_at: datetime,
) -> GradeInForce:
    """The grade in force on `day`, from the entries recorded by `known_at`.

    `policies` are the register's editions in order of date; each day uses the one in force on it,
    and days before the first are not evaluated.
    """
    fold = _Fold(known(entries, known_at), policies, day)
    fold.run()
    return fold.result(known_at)


@dataclass(frozen=True, slots=True)
class Tried:
    """What two editions call for on a day, from the same grade in force (hundredths: the score)."""

    grade: Grade
    before: Grade
    before_hundredths: int | None
    after: Grade
    after_hundredths: int | None


def try_edition(
    entries: Iterable[Entry],
    policies: Sequence[DatedPolicy],
    tried: RatingPolicy,
    day: date,
    known_at: datetime,
) -> Tried:
    """What a day's own edition and another call for on it; raises LookupError where none is in
    force. Decisions, vetoes and the grade in force stand as they are under both."""
    dated = policy_on(policies, day)
    if dated is None:
        raise LookupError(f"no edition in force on {day}")
    # the tried edition may look further back: nothing it needs is forgotten on the way
    fold = _Fold(known(entries, known_at), policies, day)
    fold.longest = max(fold.longest, tried.mark_months, tried.a_months)
    fold.run()
    before, before_hundredths = fold.called_under(dated.policy, day)
    after, after_hundredths = fold.called_under(tried, day)
    return Tried(fold.grade, before, before_hundredths, after, after_hundredths)


@dataclass(frozen=True, slots=True)
class _Called:
    """The grade called for, since when, and the entries of that evaluation day."""

    grade: Grade
    since: date
    triggers: tuple[int, ...]


class _Fold:
    """Walks the days once, from the first entry to the day asked for."""

    def __init__(self, entries: list[Entry], policies: Sequence[DatedPolicy], until: date) -> None:
        self.until = until
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
        evaluated = evaluation_days(self.facts, self.policies, self.until)
        days = set(evaluated)
        days.update(entry.takes_effect_on for entry in self.decisions)
        for day in sorted(days):
            if day > self.until:
                break
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
        self._come_into_force(self.until)

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
