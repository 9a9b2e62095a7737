"""The firms the public may see, and what it may know of one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, exists, func, select

from marketplace.accounts.models import Organisation
from marketplace.foundation.db import Page, db, paginate
from marketplace.foundation.errors import Missing
from marketplace.intermediaries import queries as intermediaries
from marketplace.intermediaries.models import Firm, Offering
from marketplace.ratings import queries as ratings
from marketplace.ratings.models import Capacity, RatingSubject
from marketplace.ratings.rules.entries import Grade

# a firm without a grade stands after B (RULES section 6)
ORDER = (Grade.A, Grade.B, Grade.UNGRADED, Grade.C, Grade.D)


def firms_page(
    *,
    register: str,
    words: str,
    item_code: str,
    grade: Grade | None,
    number: int,
    now: datetime,
) -> Page[Firm]:
    """Listed firms: better grades first, then longer listed.

    ``words`` are part of the name or the whole credit code.
    """
    own_grade = func.coalesce(RatingSubject.grade, Grade.UNGRADED.value)
    place = case({each.value: index for index, each in enumerate(ORDER)}, value=own_grade)
    query = intermediaries.listed(register, now).outerjoin(RatingSubject, _rated_as_firm(register))
    if words:
        query = query.where(
            Organisation.name.contains(words, autoescape=True)
            | (Organisation.credit_code == words.upper())
        )
    if item_code:
        query = query.where(
            exists().where(
                Offering.firm_id == Firm.id,
                Offering.item_code == item_code,
                Offering.ended_at.is_(None),
            )
        )
    if grade is not None:
        query = query.where(own_grade == grade.value)
    return paginate(query.order_by(place, Firm.listed_at, Firm.id), number)


def listed_firm(organisation_public_id: str, register: str, now: datetime) -> Firm:
    """A firm the public may see now; raises Missing for all others, barred ones included."""
    found = intermediaries.listed_firm(organisation_public_id, register, now)
    if found is None:
        raise Missing(f"firm {organisation_public_id}")
    return found


def grades_of(firms: Sequence[Firm], register: str) -> dict[int, Grade]:
    """Grades by organisation; firms without one are ungraded."""
    found = ratings.grades_now([firm.organisation_id for firm in firms], register)
    return {firm.organisation_id: found.get(firm.organisation_id, Grade.UNGRADED) for firm in firms}


def offered_by(firms: Sequence[Firm]) -> dict[int, list[Offering]]:
    """What each firm offers now, by item."""
    rows = db.session.scalars(
        select(Offering)
        .where(Offering.firm_id.in_([firm.id for firm in firms]), Offering.ended_at.is_(None))
        .order_by(Offering.item_code, Offering.id)
    )
    found: dict[int, list[Offering]] = {firm.id: [] for firm in firms}
    for row in rows:
        found[row.firm_id].append(row)
    return found


def warned(register: str, now: datetime, limit: int = 10) -> list[Firm]:
    """Listed firms of grade C: the warning list."""
    query = (
        intermediaries.listed(register, now)
        .join(RatingSubject, _rated_as_firm(register))
        .where(RatingSubject.grade == Grade.C)
        .order_by(Organisation.name, Firm.id)
        .limit(limit)
    )
    return list(db.session.scalars(query))


def _rated_as_firm(register: str) -> ColumnElement[bool]:
    return and_(
        RatingSubject.organisation_id == Firm.organisation_id,
        RatingSubject.register == register,
        RatingSubject.capacity == Capacity.INTERMEDIARY,
    )
