"""What may be marked, by whom, for how long (rules of the marketplace, section 9)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Gt, Le, MaxLen, MinLen

LOWEST, HIGHEST = 1, 5


@dataclass(frozen=True)
class EvaluationPolicy:
    """Section `evaluation` of a policy edition; days are working days."""

    SECTION: ClassVar[str] = "evaluation"
    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    window_working_days: Annotated[int, Ge(1), Le(90)] = 15
    revisions: Annotated[int, Ge(0), Le(5)] = 1
    revision_working_days: Annotated[int, Ge(0), Le(30)] = 3
    reason_up_to: Annotated[int, Ge(0), Le(5)] = 2
    reason_shortest: Annotated[int, Ge(1), Le(200)] = 5
    dispute_working_days: Annotated[int, Ge(1), Le(60)] = 5
    dispute_answer_working_days: Annotated[int, Ge(1), Le(60)] = 5

    # marks on departments: published by the year, once so many firms have marked; of two each
    # could tell the other's from the sum
    department_least_firms: Annotated[int, Ge(3), Le(1000)] = 5
    # a department's score of a year: shares of its parts, the prior they begin from, silence
    department_marks_share: Annotated[Decimal, Ge(0), Le(1)] = Decimal("0.4")
    department_on_time_share: Annotated[Decimal, Ge(0), Le(1)] = Decimal("0.3")
    department_accepted_share: Annotated[Decimal, Ge(0), Le(1)] = Decimal("0.3")
    department_prior_share: Annotated[Decimal, Gt(0), Le(1)] = Decimal("0.5")
    department_prior_value: Annotated[Decimal, Ge(0), Le(100)] = Decimal(80)
    department_prior_strength: Annotated[Decimal, Gt(0), Le(1000)] = Decimal(5)
    department_silent_points: Annotated[Decimal, Ge(0), Le(100)] = Decimal(1)
    department_silent_most: Annotated[Decimal, Ge(0), Le(100)] = Decimal(10)

    # the bureau's own service: how long a matter may be rated, until when a bad rating is answered
    service_working_days: Annotated[int, Ge(1), Le(90)] = 15
    service_answer_working_days: Annotated[int, Ge(1), Le(60)] = 5

    # who but the parties may mark the firm of an ended contract, on what, appointed for how many
    # months at most; nobody by default
    assessor_kinds: tuple[Literal["social", "third_party"], ...] = ()
    assessor_parts: tuple[
        Literal["quality", "timeliness", "attitude", "charging", "conduct"], ...
    ] = ("quality", "timeliness", "conduct")
    assessor_months: Annotated[int, Ge(1), Le(120)] = 36

    # call-backs: every mark up to `callback_up_to`, and a drawn share of the full ones
    callback_up_to: Annotated[int, Ge(0), Le(5)] = 2
    callback_sample_percent: Annotated[int, Ge(0), Le(100)] = 10
    callback_sample_least: Annotated[int, Ge(0), Le(1000)] = 1
    callback_working_days: Annotated[int, Ge(1), Le(60)] = 10
    callback_attempts: Annotated[int, Ge(1), Le(10)] = 3
    callback_questions: tuple[Annotated[str, MinLen(2), MaxLen(200)], ...] = (
        "贵单位是否实际接受了该合同约定的服务？",
        "评价是否由贵单位经办人员自行作出，有无他人代为打分？",
        "评分和理由是否与实际情况一致？",
        "有无人以评价结果提出交换条件或者施加压力？",
    )
    callback_assessor_questions: tuple[Annotated[str, MinLen(2), MaxLen(200)], ...] = (
        "是否实际查看了该合同的服务成果和履行情况？",
        "评价是否由本人或者本单位自行作出，有无他人代为打分？",
        "评分和理由是否与实际情况一致？",
        "有无人以评价结果提出交换条件或者施加压力？",
    )

    # screens for gaming: reasons to look, over the marks of the last `screen_months`
    screen_months: Annotated[int, Ge(1), Le(60)] = 24
    ring_marks: Annotated[int, Ge(1), Le(100)] = 1
    pair_contracts: Annotated[int, Ge(2), Le(100)] = 3
    pair_percent: Annotated[int, Ge(1), Le(100)] = 50
    burst_marks: Annotated[int, Ge(2), Le(1000)] = 5
    burst_days: Annotated[int, Ge(1), Le(365)] = 7
    burst_percent: Annotated[int, Ge(1), Le(100)] = 50
    assessor_burst_marks: Annotated[int, Ge(2), Le(1000)] = 10
    assessor_burst_days: Annotated[int, Ge(1), Le(365)] = 7
    assessor_burst_percent: Annotated[int, Ge(1), Le(100)] = 50
    dominance_marks: Annotated[int, Ge(2), Le(1000)] = 5
    dominance_percent: Annotated[int, Ge(1), Le(100)] = 60
    influence_points: Annotated[Decimal, Gt(0), Le(100)] = Decimal(3)
    same_device_organisations: Annotated[int, Ge(2), Le(1000)] = 5


class Direction(StrEnum):
    """Who marks whom."""

    OWNER_TO_FIRM = "owner_to_firm"
    FIRM_TO_OWNER = "firm_to_owner"
    DEPARTMENT_TO_FIRM = "department_to_firm"
    FIRM_TO_DEPARTMENT = "firm_to_department"
    ASSESSOR_TO_FIRM = "assessor_to_firm"

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts to mark, in their order; an assessor marks those of them its edition names."""
        return PARTS[self]

    def parts_under(self, policy: EvaluationPolicy) -> tuple[str, ...]:
        """The parts to mark under an edition, in their order."""
        if self is not Direction.ASSESSOR_TO_FIRM:
            return self.parts
        return tuple(part for part in self.parts if part in policy.assessor_parts)


PARTS: dict[Direction, tuple[str, ...]] = {
    Direction.OWNER_TO_FIRM: ("quality", "timeliness", "attitude", "charging", "conduct"),
    Direction.FIRM_TO_OWNER: ("requirements", "cooperation", "payment", "integrity"),
    Direction.DEPARTMENT_TO_FIRM: ("result", "conduct"),
    Direction.FIRM_TO_DEPARTMENT: ("guidance", "timeliness", "fairness"),
    Direction.ASSESSOR_TO_FIRM: ("quality", "timeliness", "attitude", "charging", "conduct"),
}
# who see each other's marks at once: the parties of a contract; its firm and the department
PARTIES = frozenset({Direction.OWNER_TO_FIRM, Direction.FIRM_TO_OWNER})
# revealed with the contract's window: the parties' and the assessors'
REVEALED_TOGETHER = PARTIES | {Direction.ASSESSOR_TO_FIRM}
DEPARTMENTS = frozenset({Direction.DEPARTMENT_TO_FIRM, Direction.FIRM_TO_DEPARTMENT})


def wrong_part(parts: Collection[str], marks: Mapping[str, int]) -> str | None:
    """The first part that is missing, unknown or outside 1–5; None when all is well."""
    for part in parts:
        if marks.get(part) not in range(LOWEST, HIGHEST + 1):
            return part
    return next((part for part in marks if part not in parts), None)


def needs_reason(marks: Mapping[str, int], policy: EvaluationPolicy) -> bool:
    """A mark of 1 or 2 (by default) needs a reason."""
    return any(mark <= policy.reason_up_to for mark in marks.values())


def may_revise(
    versions: int, revise_until: datetime, now: datetime, policy: EvaluationPolicy
) -> bool:
    """One revision (by default) within the days after it was given; reveal is asked elsewhere."""
    return versions <= policy.revisions and now < revise_until


def all_in(given: set[Direction]) -> bool:
    """Whether both parties have marked."""
    return given == PARTIES
