"""Certificates: registered, verified, valid on a day, about to end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, or_, select

from marketplace.accounts import queries as accounts
from marketplace.catalogue import queries as catalogue
from marketplace.catalogue.rules.items import qualified
from marketplace.foundation import clock, epoch
from marketplace.foundation.db import db, fetch

from ..models import (
    Qualification,
)

_SHOWN_QUALIFICATIONS = (
    select(
        Qualification.type,
        Qualification.grade,
        Qualification.number,
        Qualification.issuer,
        Qualification.valid_until,
    )
    .where(
        Qualification.firm_id == bindparam("firm_id"),
        Qualification.ended_at.is_(None),
        Qualification.verified_at.is_not(None),
    )
    .order_by(Qualification.type, Qualification.id)
)


def shown_qualifications(firm_id: int) -> Sequence[Row[Any]]:
    """The verified certificates of a firm as its page shows them, expired ones included."""
    return fetch(_SHOWN_QUALIFICATIONS, firm_id=firm_id)


def all_qualifications(firm_id: int) -> list[Qualification]:
    """The certificates registered now, verified or not, expired ones included."""
    return list(
        db.session.scalars(
            select(Qualification)
            .where(Qualification.firm_id == firm_id, Qualification.ended_at.is_(None))
            .order_by(Qualification.type, Qualification.id)
        )
    )


def qualifications(firm_id: int) -> list[Qualification]:
    """The verified certificates of a firm, expired ones included (a page says so)."""
    return [each for each in all_qualifications(firm_id) if each.verified_at is not None]


_QUALIFICATIONS_OF = (
    select(
        Qualification.firm_id,
        Qualification.type,
        Qualification.grade,
        Qualification.valid_from,
        Qualification.valid_until,
    )
    .where(
        Qualification.firm_id.in_(bindparam("firm_ids", expanding=True)),
        Qualification.ended_at.is_(None),
        Qualification.verified_at.is_not(None),
    )
    .order_by(Qualification.type, Qualification.id)
)


def qualifications_of(firm_ids: Sequence[int]) -> dict[int, list[Row[Any]]]:
    """The verified certificates of many firms, expired ones included, by firm: type, grade and
    the days they are valid."""
    found: dict[int, list[Row[Any]]] = {}
    for row in fetch(_QUALIFICATIONS_OF, firm_ids=list(firm_ids)):
        found.setdefault(row.firm_id, []).append(row)
    return found


@epoch.remembered
def _asked(lineage: tuple[str, ...], day: date) -> dict[str, tuple[Any, bool]]:
    return {
        item.code: (item.requirements, item.qualification_rule == "any")
        for item in catalogue.items(day, lineage)
        if item.requirements
    }


def items_asking(register: str, day: date) -> list[str]:
    """The items of a register that ask for certificates on a day."""
    return sorted(_asked(tuple(accounts.lineage(register)), day))


def lapsed_items(register: str, day: date, certificates: Iterable[Any]) -> frozenset[str]:
    """The items of a register that ask for more than these verified certificates (rows with type,
    grade, valid_until) give on a day: what is promised for them is not ordered nor entered for."""
    held = [
        (each.type, each.grade or "")
        for each in certificates
        if each.valid_until is None or each.valid_until >= day
    ]
    asked = _asked(tuple(accounts.lineage(register)), day)
    return frozenset(
        code for code, (wanted, any_of) in asked.items() if not qualified(wanted, any_of, held)
    )


def qualifications_valid_at(firm_id: int, instant: datetime) -> list[Qualification]:
    """The certificates that serve at an instant: verified by then and within their days."""
    day = clock.local_day(instant)
    return list(
        db.session.scalars(
            select(Qualification)
            .where(
                Qualification.firm_id == firm_id,
                Qualification.verified_at <= instant,
                or_(Qualification.ended_at.is_(None), Qualification.ended_at > instant),
                Qualification.valid_from <= day,
                or_(Qualification.valid_until.is_(None), Qualification.valid_until >= day),
            )
            .order_by(Qualification.type, Qualification.id)
        )
    )


def held(firm_id: int, day: date) -> list[tuple[str, str]]:
    """(type, grade) of the certificates valid on a day, verified or not."""
    return [
        (each.type, each.grade or "")
        for each in all_qualifications(firm_id)
        if each.valid_from <= day and (each.valid_until is None or day <= each.valid_until)
    ]


def expiring(firm_id: int, day: date, within_days: int = 60) -> list[Qualification]:
    """Certificates that end within so many natural days, or have ended already."""
    edge = day + timedelta(days=within_days)
    return [
        each
        for each in all_qualifications(firm_id)
        if each.valid_until is not None and each.valid_until <= edge
    ]
