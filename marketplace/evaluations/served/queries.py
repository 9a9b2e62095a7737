"""Reads of service ratings: what was said, what is to be called back, rates by quarter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import Select, func, select

from marketplace.foundation import calendar
from marketplace.foundation.db import as_written, db
from marketplace.foundation.errors import Missing

from .matters import Matter
from .models import FollowUpStatus, Satisfaction, ServiceFollowUp, ServiceRating

LISTED = 100
QUARTERS = 8


def rating_of(matter: Matter) -> ServiceRating | None:
    """What was said of a matter."""
    return db.session.scalar(
        select(ServiceRating).where(
            ServiceRating.kind == matter.kind,
            ServiceRating.subject_id == matter.subject_id,
            ServiceRating.round == matter.round,
        )
    )


def follow_up_of(rating: ServiceRating) -> ServiceFollowUp | None:
    """The call-back of a bad rating."""
    return db.session.scalar(select(ServiceFollowUp).where(ServiceFollowUp.rating_id == rating.id))


def follow_up(public_id: str) -> ServiceFollowUp:
    """A call-back by its public id. Raises Missing."""
    found = db.session.scalar(select(ServiceFollowUp).where(ServiceFollowUp.public_id == public_id))
    if found is None:
        raise Missing(f"follow-up {public_id}")
    return found


def given_by(organisation_id: int) -> list[tuple[ServiceRating, ServiceFollowUp | None]]:
    """What an organisation said, the newest first, with the call-backs."""
    rows = db.session.execute(
        select(ServiceRating, ServiceFollowUp)
        .outerjoin(ServiceFollowUp, ServiceFollowUp.rating_id == ServiceRating.id)
        .where(ServiceRating.organisation_id == organisation_id)
        .order_by(ServiceRating.given_at.desc(), ServiceRating.id.desc())
        .limit(as_written(LISTED))
    )
    return [(rating, follow) for rating, follow in rows]


def waiting(codes: Sequence[str]) -> list[ServiceFollowUp]:
    """Call-backs to be made in these areas, by deadline."""
    return list(
        db.session.scalars(
            select(ServiceFollowUp)
            .join(ServiceRating, ServiceRating.id == ServiceFollowUp.rating_id)
            .where(
                ServiceRating.jurisdiction_code.in_(codes),
                ServiceFollowUp.status == FollowUpStatus.OPEN,
            )
            .order_by(ServiceFollowUp.due_at, ServiceFollowUp.id)
            .limit(as_written(LISTED))
        )
    )


def said(codes: Sequence[str]) -> Select[ServiceRating]:
    """All ratings of these areas, the newest first."""
    return (
        select(ServiceRating)
        .where(ServiceRating.jurisdiction_code.in_(codes))
        .order_by(ServiceRating.given_at.desc(), ServiceRating.id.desc())
    )


@dataclass(frozen=True)
class Quarter:
    """How often each grade was given in a quarter, and how the bad ones were called back."""

    year: int
    number: int
    grades: dict[Satisfaction, int]
    answered: int
    in_time: int

    @property
    def total(self) -> int:
        """All ratings."""
        return sum(self.grades.values())

    @property
    def bad(self) -> int:
        """Those that are called back."""
        return sum(count for grade, count in self.grades.items() if grade.is_bad)

    @property
    def satisfied(self) -> int | None:
        """Share of those at least fairly satisfied in tenths of a percent, half-up."""
        if not self.total:
            return None
        return ((self.total - self.bad) * 2000 + self.total) // (self.total * 2)


def quarters(codes: Sequence[str], today: date) -> list[Quarter]:
    """The last eight quarters, the running one first."""
    index = today.year * 4 + (today.month - 1) // 3
    return [_quarter(codes, number) for number in range(index, index - QUARTERS, -1)]


def _quarter(codes: Sequence[str], index: int) -> Quarter:
    begins, ends = _first(index), _first(index + 1)
    within = (
        ServiceRating.jurisdiction_code.in_(codes),
        ServiceRating.given_at >= begins,
        ServiceRating.given_at < ends,
    )
    counted = db.session.execute(
        select(ServiceRating.grade, func.count()).where(*within).group_by(ServiceRating.grade)
    )
    grades = dict.fromkeys(Satisfaction, 0)
    for grade, count in counted:
        grades[grade] = count
    answered = (
        select(func.count())
        .select_from(ServiceFollowUp)
        .join(ServiceRating, ServiceRating.id == ServiceFollowUp.rating_id)
        .where(*within, ServiceFollowUp.status == FollowUpStatus.ANSWERED)
    )
    in_time = answered.where(ServiceFollowUp.answered_at <= ServiceFollowUp.due_at)
    return Quarter(
        index // 4,
        index % 4 + 1,
        grades,
        db.session.scalar(answered) or 0,
        db.session.scalar(in_time) or 0,
    )


def _first(index: int) -> datetime:
    return calendar.moment(date(index // 4, index % 4 * 3 + 1, 1), time(0))
