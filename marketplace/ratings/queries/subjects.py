"""Whose ratings there are: organisation, register, capacity."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Row, literal, select

from marketplace.accounts.models import Organisation
from marketplace.foundation.db import as_written, db

from ..models import Capacity, RatingSubject
from ..rules.entries import Grade


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


def graded(
    registers: Collection[str], grade: Grade, limit: int = 100
) -> list[Row[tuple[Organisation, str]]]:
    """The firms a grade is in force for on some registers, by name, with the register.

    The grade stands in the statement itself: of one it does not know PostgreSQL takes a part of
    all firms to have it, and walks through their names.
    """
    return list(
        db.session.execute(
            select(Organisation, RatingSubject.register)
            .join(RatingSubject, RatingSubject.organisation_id == Organisation.id)
            .where(
                RatingSubject.register.in_(registers),
                RatingSubject.capacity == Capacity.INTERMEDIARY,
                RatingSubject.grade
                == literal(grade, RatingSubject.grade.type, literal_execute=True),
            )
            .order_by(Organisation.name, Organisation.id)
            .limit(as_written(limit))
        )
    )
