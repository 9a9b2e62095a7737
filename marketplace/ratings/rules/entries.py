"""The entries of the rating ledger as the rules see them: facts with two dates, never changed.

`takes_effect_on` says from which day an entry counts (normally the day after it was posted);
`recorded_at` says since when the marketplace knew of it. A mistake is corrected by a
`ReversingEntry`; asking with an earlier `known_at` still gives what was known then.
All entries handed to one call belong to one organisation, in one capacity, on one register.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

LOWEST_MARK = Decimal(20)
HIGHEST_MARK = Decimal(100)


class Grade(StrEnum):
    """信用等级: A to D, or not yet rated."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    UNGRADED = "ungraded"


class RaterSide(StrEnum):
    """Who gave a mark: an owner on a firm, a firm on an owner, a department, or a social
    supervisor or third-party assessor."""

    OWNER = "owner"
    FIRM = "firm"
    DEPARTMENT = "department"
    ASSESSOR = "assessor"


class ConductKind(StrEnum):
    """What a conduct entry records; the policy says how many points each is worth."""

    OVERDUE_DELIVERY = "overdue_delivery"
    ABANDONED_AWARD = "abandoned_award"
    OVERCHARGE = "overcharge"
    UPHELD_COMPLAINT = "upheld_complaint"
    YELLOW_CARD = "yellow_card"
    RED_CARD = "red_card"
    COMMENDATION = "commendation"
    WITHDRAWN_AFTER_AWARD = "withdrawn_after_award"
    LATE_ACCEPTANCE = "late_acceptance"
    LATE_PAYMENT = "late_payment"


class VetoKind(StrEnum):
    """What leads to a proposal of D whatever the score is."""

    FALSE_MATERIALS = "false_materials"
    LENDING_QUALIFICATIONS = "lending_qualifications"
    COLLUSION = "collusion"
    BRIBERY = "bribery"
    DISHONESTY_LIST = "dishonesty_list"
    THIRD_CARD = "third_card"
    SAME_SUBJECT = "same_subject"


class DecisionStep(StrEnum):
    """The steps of a decision on grade A or D."""

    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    OBJECTED = "objected"
    REJECTED = "rejected"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What every entry has: its number in the ledger and its two dates."""

    id: int
    takes_effect_on: date
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkEntry(Entry):
    """The marks of one evaluation, as one value of 20 to 100 (20 × the mean of the 1–5 marks).

    `rater` is the organisation that marked, `breadth` the number of organisations it had evaluated
    in the policy's period, counted when the entry was posted and frozen in it.
    Raises ValueError for a value outside 20–100, finer than 0.01, or a breadth under 1.
    """

    side: RaterSide
    rater: int
    breadth: int
    value: Decimal
    contract: int

    def __post_init__(self) -> None:
        """Refuse what no evaluation can produce."""
        if not LOWEST_MARK <= self.value <= HIGHEST_MARK:
            raise ValueError(f"value: {self.value} is not within 20–100")
        if self.value * 100 % 1:
            raise ValueError(f"value: {self.value} is finer than 0.01")
        if self.breadth < 1:
            raise ValueError(f"breadth: {self.breadth} is less than 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionEntry(Entry):
    """The result of an official inspection, 0 to 100. Raises ValueError outside of that."""

    value: Decimal

    def __post_init__(self) -> None:
        """Refuse what no inspection can produce."""
        if not 0 <= self.value <= HIGHEST_MARK:
            raise ValueError(f"value: {self.value} is not within 0–100")
        if self.value * 100 % 1:
            raise ValueError(f"value: {self.value} is finer than 0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConductEntry(Entry):
    """A fact of conduct, counting from `takes_effect_on` until the day before `ends_on`.

    `points` are those a decision itself set (a commendation); for every other kind the policy in
    force on the day says what the fact is worth. `working_days` is how late something was, in
    working days; `yearly_deliveries` the contracts the organisation had delivered in the policy's
    period when the entry was posted.
    """

    kind: ConductKind
    ends_on: date
    contract: int | None = None
    points: Decimal | None = None
    working_days: int = 0
    yearly_deliveries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class VetoEntry(Entry):
    """A fact for which D is proposed whatever the score, standing until the day before `ends_on`."""

    kind: VetoKind
    ends_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ReversingEntry(Entry):
    """Takes the entry with number `reverses` out of the reckoning from `takes_effect_on` on.

    A reversal can itself be reversed. It has a higher number than what it reverses, else ValueError.
    """

    reverses: int

    def __post_init__(self) -> None:
        """A reversal comes after what it reverses, which also rules out rings."""
        if self.reverses >= self.id:
            raise ValueError(f"reverses: {self.reverses} is not before {self.id}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionEntry(Entry):
    """One step of a decision on grade A or D.

    `proposal` is the number of the entry that proposed it (None on the proposal itself).
    `in_force_on` is set on a confirmation: the first day after its publication has ended.
    """

    step: DecisionStep
    grade: Grade
    proposal: int | None = None
    in_force_on: date | None = None

    def __post_init__(self) -> None:
        """Only A and D are decided, and each step has just the columns it needs."""
        if self.grade not in (Grade.A, Grade.D):
            raise ValueError(f"grade: {self.grade.value} is not decided by proposal")
        if (self.proposal is None) != (self.step is DecisionStep.PROPOSED):
            raise ValueError("proposal: named by every step but the proposal itself")
        if (self.in_force_on is None) == (self.step is DecisionStep.CONFIRMED):
            raise ValueError("in_force_on: set on a confirmation and nowhere else")
