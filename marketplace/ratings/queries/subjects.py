"""Whose ratings there are: organisation, register, capacity."""

from __future__ import annotations

from sqlalchemy import select

from marketplace.foundation.db import db

from ..models import Capacity, RatingSubject


def subject_of(
    organisation_id: int, register: str, capacity: Capacity = Capacity.INTERMEDIARY
) -> RatingSubject | None:
    """The subject of an organisation on a register, None before its first entry."""
    return db.session.scalar(
        select(RatingSubject).where(
            RatingSubject.organisation_id == organisation_id,
            RatingSubject.register == register,
            RatingSubject.capacity == capacity,
        )
    )


def registers_of(organisation_id: int, capacity: Capacity = Capacity.INTERMEDIARY) -> list[str]:
    """The registers on which an organisation has entries, by code."""
    return list(
        db.session.scalars(
            select(RatingSubject.register)
            .where(
                RatingSubject.organisation_id == organisation_id,
                RatingSubject.capacity == capacity,
            )
            .order_by(RatingSubject.register)
        )
    )
