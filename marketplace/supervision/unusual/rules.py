"""What counts as unusual."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar

from annotated_types import Ge, Le

DECISIONS = frozenset(
    {
        "blacklistings.in_force",
        "cards.correcting",
        "cards.suspended",
        "credit_repairs.granted",
        "credit_repairs.refused",
        "departures.dismissed",
        "departures.removed",
        "departures.revoked",
        "draw.annulment_refused",
        "evaluation_reviews.excluded",
        "evaluation_reviews.kept",
        "experts.admitted",
        "experts.refused",
        "experts.removed",
        "fee_lists.published",
        "firms.listed",
        "firms.refused",
        "firms.removed",
        "firm_rechecks.accepted",
        "firm_rechecks.rejected",
        "grade_proposals.published",
        "grade_proposals.rejected",
        "hall_calls.open",
        "hall_calls.withdrawn",
        "hall_judges.confirmed",
        "hall_judges.refused",
        "hall_seats.sitting",
        "likeness_matches.related",
        "likeness_matches.same",
        "likeness_matches.unrelated",
        "objections.rejected",
        "objections.upheld",
        "practitioner_transfers.denied",
        "practitioner_transfers.granted",
        "professional_checks.no_objection",
        "professional_checks.objected",
        "rating_trials.adopted",
        "sanction_appeals.changed",
        "sanction_appeals.revoked",
        "sanction_appeals.stay",
        "sanction_appeals.upheld",
        "sanction_cases.decided",
        "sanction_cases.dismissed",
        "selection_complaints.dismissed",
        "selection_complaints.refused",
        "selection_complaints.upheld",
        "selection_rounds.annulled",
    }
)
REVERSALS = frozenset(
    {
        "departures.revoked",
        "grade_proposals.rejected",
        "objections.upheld",
        "sanction_appeals.changed",
        "sanction_appeals.revoked",
        "selection_rounds.annulled",
    }
)


@dataclass(frozen=True)
class AuditPolicy:
    """Section `audit`: from which hour of the evening to which of the morning (Shanghai) a decision
    is late, and how many decisions of one kind in so many natural days all by the same two people
    are unusual."""

    SECTION: ClassVar[str] = "audit"
    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    night_from_hour: Annotated[int, Ge(18), Le(23)] = 22
    night_to_hour: Annotated[int, Ge(0), Le(9)] = 6
    pair_days: Annotated[int, Ge(30), Le(730)] = 180
    pair_decisions: Annotated[int, Ge(2), Le(1000)] = 5


def is_night(at: datetime, policy: AuditPolicy) -> bool:
    """Whether a moment, given in local time, is late at night."""
    return at.hour >= policy.night_from_hour or at.hour < policy.night_to_hour


def is_reversal(action: str, facts: Mapping[str, Any]) -> bool:
    """Whether an event takes back what was decided or recorded before."""
    return action in REVERSALS or (action == "rating.posted" and facts.get("kind") == "reversal")
