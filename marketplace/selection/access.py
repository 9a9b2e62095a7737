"""Which needs, entries and awards a person may open; another party's answer 404."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import literal, select

from marketplace.accounts.overseeing import oversees, supervises
from marketplace.fees.access import quotes_closed_by
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import UTCDateTime, db
from marketplace.foundation.errors import Missing
from marketplace.projects import queries as projects
from marketplace.projects.models import Need

from . import queries
from .models import Award, DrawAnnulment, Entry, RoundStatus, SelectionRound
from .sealing import low
from .sealing.models import LowQuote


def public_need(public_id: str) -> Need:
    """A need that was ever published."""
    need = projects.need(public_id)
    if not need.is_public:
        raise Missing(f"need {public_id}")
    return need


def own_need(actor: Actor, public_id: str) -> Need:
    """A need of the actor's own organisation."""
    need = projects.need(public_id)
    if need.owner_id != actor.organisation_id or (need.is_ordered and not need.is_public):
        raise Missing(f"need {public_id}")
    return need


def public_round(public_id: str) -> tuple[Need, SelectionRound]:
    """A published need and its newest round, open or closed; Missing without one."""
    need = public_need(public_id)
    running = queries.round_of(need)
    if running is None:
        raise Missing(f"need {public_id} has no round")
    return need, running


def closed_round(public_id: str) -> tuple[Need, SelectionRound]:
    """A need whose list is public: its newest round that is closed. Missing before closing."""
    need = public_need(public_id)
    for running in reversed(queries.rounds_of(need)):
        if running.status is not RoundStatus.OPEN and running.closed_at is not None:
            return need, running
    raise Missing(f"need {public_id} is not closed")


def own_entry(actor: Actor, public_id: str) -> Entry:
    """An entry of the actor's own firm."""
    entry = queries.entry(public_id)
    if entry.organisation_id != actor.organisation_id:
        raise Missing(f"entry {public_id}")
    return entry


def own_award(actor: Actor, public_id: str) -> Award:
    """An award made to the actor's own firm."""
    award = queries.award(public_id)
    if award.organisation_id != actor.organisation_id:
        raise Missing(f"award {public_id}")
    return award


def owners_award(actor: Actor, public_id: str) -> Award:
    """An award of a need of the actor's own organisation."""
    award = queries.award(public_id)
    if award.need.owner_id != actor.organisation_id:
        raise Missing(f"award {public_id}")
    return award


def lettered_award(actor: Actor, public_id: str) -> Award:
    """An award whose letter the actor may read: its firm, its owner, officers of its area."""
    award = queries.award(public_id)
    parties = (award.organisation_id, award.need.owner_id)
    if actor.organisation_id not in parties and not supervises(actor, award.need.jurisdiction_code):
        raise Missing(f"award {public_id}")
    return award


def own_low_quote(actor: Actor, public_id: str) -> LowQuote:
    """A low quote of the actor's own firm."""
    asked = low.low_quote(public_id)
    if asked.entry.organisation_id != actor.organisation_id:
        raise Missing(f"low quote {public_id}")
    return asked


def owners_low_quote(actor: Actor, public_id: str) -> LowQuote:
    """A low quote for a need of the actor's own organisation."""
    asked = low.low_quote(public_id)
    if asked.entry.need.owner_id != actor.organisation_id:
        raise Missing(f"low quote {public_id}")
    return asked


def overseen_need(actor: Actor, public_id: str) -> Need:
    """A published need of the officer's area."""
    need = public_need(public_id)
    if not supervises(actor, need.jurisdiction_code):
        raise Missing(f"need {public_id}")
    return need


def annulment_for(actor: Actor, public_id: str) -> DrawAnnulment:
    """A proposed annulment of a draw in the officer's area."""
    found = queries.annulment(public_id)
    if not oversees(actor, found.round.need.jurisdiction_code):
        raise Missing(f"annulment {public_id}")
    return found


def _quotes_closed(need_id: int, at: datetime) -> bool:
    closed = queries.quotes_closed(literal(need_id), literal(at, UTCDateTime()))
    return bool(db.session.scalar(select(closed)))


def _entry_closed(entry_id: int, at: datetime) -> bool:
    return _quotes_closed(db.session.get_one(Entry, entry_id).need_id, at)


quotes_closed_by(Need.__tablename__, _quotes_closed)
# checks made before they were told their need have their entry alone
quotes_closed_by(Entry.__tablename__, _entry_closed)
