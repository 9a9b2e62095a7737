"""Reads: the queue of unusual events."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, func, or_, select

from marketplace.accounts.overseeing import organisations_of
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Missing

from .models import UnusualEvent, UnusualKind


def events(actor: Actor, kind: UnusualKind | None = None) -> Select[UnusualEvent]:
    """Events of the auditor's area, those nobody acknowledged first, each newest first.

    What belongs to no organisation (a fault of the ledger) is everybody's who audits.
    """
    query = select(UnusualEvent).where(_here(actor))
    if kind is not None:
        query = query.where(UnusualEvent.kind == kind)
    return query.order_by(UnusualEvent.acknowledged_at.is_not(None), UnusualEvent.id.desc())


def open_count(actor: Actor) -> int:
    """How many nobody acknowledged yet."""
    return (
        db.session.scalar(
            select(func.count(UnusualEvent.id)).where(
                UnusualEvent.acknowledged_at.is_(None), _here(actor)
            )
        )
        or 0
    )


def event_for(actor: Actor, public_id: str) -> UnusualEvent:
    """One event of the auditor's area. Raises Missing."""
    found = db.session.scalar(
        select(UnusualEvent).where(UnusualEvent.public_id == public_id, _here(actor))
    )
    if found is None:
        raise Missing(f"event {public_id}")
    return found


def _here(actor: Actor) -> ColumnElement[bool]:
    return or_(
        UnusualEvent.organisation_id.is_(None),
        UnusualEvent.organisation_id.in_(organisations_of(actor)),
    )
