"""Append rows to the rating ledger: the one place that does."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.exc import IntegrityError

from marketplace.accounts.queries import register_of
from marketplace.foundation import audit, clock
from marketplace.foundation import db as database
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db

from . import queries
from .models import Capacity, EntryKind, RatingEntry, RatingSubject
from .rules.entries import Grade


def locked_subject(
    organisation_id: int, jurisdiction_code: str, capacity: Capacity
) -> RatingSubject:
    """The subject of an organisation on the register of a jurisdiction, locked; made if new."""
    register = register_of(jurisdiction_code)
    subject = queries.subject_of(organisation_id, register, capacity)
    if subject is None:
        subject = RatingSubject(
            organisation_id=organisation_id,
            register=register,
            capacity=capacity,
            grade=Grade.UNGRADED,
        )
        try:
            with db.session.begin_nested():
                db.session.add(subject)
        except IntegrityError:
            # somebody else posted the first entry at the same moment
            subject = queries.subject_of(organisation_id, register, capacity)
            if subject is None:
                raise
    return database.lock(subject)


def append(
    subject: RatingSubject,
    kind: EntryKind,
    evidence: Any,
    actor: Actor,
    now: datetime,
    *,
    jurisdiction_code: str | None = None,
    takes_effect_on: date | None = None,
    **facts: Any,
) -> RatingEntry:
    """Append one row to the ledger of a locked subject and make the subject due when it counts.

    `evidence` is the object that the entry rests on. It takes effect the day after, by the policy's
    number of days, so that one day's facts never change that day's choices; only corrections and
    decisions on a proposal name another day.
    """
    today = clock.local_day(now)
    edition = queries.edition_on(subject.register, today)
    if takes_effect_on is None:
        takes_effect_on = today + timedelta(days=edition.values.effect_after_days)
    row = RatingEntry(
        subject_id=subject.id,
        kind=kind,
        jurisdiction_code=jurisdiction_code or subject.register,
        takes_effect_on=takes_effect_on,
        recorded_at=now,
        recorded_by=actor.user_id,
        edition_id=edition.id,
        evidence_type=evidence.__tablename__,
        evidence_id=evidence.id,
        **facts,
    )
    row.digest = row.content_digest()
    db.session.add(row)
    db.session.flush()
    audit.record("rating.posted", actor, row, now, digest=row.digest, kind=kind.value)
    # a correction of a past day shows from the next day on, when the subject is settled again
    due = queries.start_of(max(takes_effect_on, today + timedelta(days=1)))
    if subject.next_check_at is None or subject.next_check_at > due:
        subject.next_check_at = due
    return row
