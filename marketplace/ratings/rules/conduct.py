"""Points of conduct entries under one policy, with the limits that hold them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from marketplace.ratings.rules.entries import ConductEntry, ConductKind
from marketplace.ratings.rules.policy import RatingPolicy

_FIXED = {
    ConductKind.ABANDONED_AWARD: "abandoned_award_points",
    ConductKind.WITHDRAWN_AFTER_AWARD: "withdrawn_after_award_points",
    ConductKind.OVERCHARGE: "overcharge_points",
    ConductKind.UPHELD_COMPLAINT: "upheld_complaint_points",
    ConductKind.YELLOW_CARD: "yellow_card_points",
    ConductKind.RED_CARD: "red_card_points",
}
_LATE = {
    ConductKind.OVERDUE_DELIVERY: ("late_delivery_step_points", "late_delivery_most_points"),
    ConductKind.LATE_ACCEPTANCE: ("late_acceptance_step_points", "late_acceptance_most_points"),
    ConductKind.LATE_PAYMENT: ("late_payment_step_points", "late_payment_most_points"),
}


@dataclass(frozen=True, slots=True)
class ConductPoints:
    """What one entry is worth: `stated` by the policy, `held` within its limit, ÷ `divisor`."""

    entry: ConductEntry
    stated: Decimal
    held: Decimal
    divisor: Fraction

    @property
    def counted(self) -> Fraction:
        """Signed points that enter the score."""
        return Fraction(self.held) / self.divisor


@dataclass(frozen=True, slots=True)
class ConductTotal:
    """Standing conduct entries with their points, and the sum of these."""

    lines: tuple[ConductPoints, ...]
    points: Fraction


NO_CONDUCT = ConductTotal((), Fraction(0))


def conduct_total(entries: Iterable[ConductEntry], policy: RatingPolicy) -> ConductTotal:
    """Points of standing conduct entries, in their order, which decides who reaches a limit first.

    Lateness is held per contract before it is divided by the volume of deliveries; commendations
    are held by the sum that may stand.
    """
    lines = []
    used: dict[tuple[ConductKind, int | None, int], Decimal] = {}
    praised = Decimal(0)
    one = Fraction(1)
    for entry in entries:
        divisor = one
        if entry.kind is ConductKind.COMMENDATION:
            stated = _commendation(entry, policy)
            held = min(stated, policy.commendation_standing_points - praised)
            praised += held
        elif entry.kind in _LATE:
            step, most = _LATE[entry.kind]
            steps = -(-entry.working_days // policy.late_step_working_days)
            stated = -getattr(policy, step) * steps
            # an entry without a contract is held by itself
            key = (entry.kind, entry.contract, 0 if entry.contract is not None else entry.id)
            before = used.get(key, Decimal(0))
            held = max(stated, -getattr(policy, most) - before)
            used[key] = before + held
            if entry.kind is ConductKind.OVERDUE_DELIVERY:
                divisor = max(one, Fraction(entry.yearly_deliveries, policy.delivery_volume_unit))
        else:
            stated = held = -getattr(policy, _FIXED[entry.kind])
        lines.append(ConductPoints(entry, stated, held, divisor))
    return ConductTotal(tuple(lines), sum((line.counted for line in lines), Fraction(0)))


def _commendation(entry: ConductEntry, policy: RatingPolicy) -> Decimal:
    """The points an officer gave, held within what the policy allows for one commendation."""
    given = policy.commendation_least_points if entry.points is None else entry.points
    return min(max(given, policy.commendation_least_points), policy.commendation_most_points)
