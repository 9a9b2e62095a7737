"""Rounds of questions: of an entry, of a round, waiting for a firm."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from marketplace.foundation import clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Missing
from marketplace.foundation.finding import by_public_id
from marketplace.projects.models import Need, NeedStatus, SelectionMethod
from marketplace.projects.rules import TalkRules

from .. import queries
from ..models import LIVE_AWARDS, Award, Entry, EntryStatus, SelectionRound
from .models import Talk, TalkStatus


def rules(need: Need, running: SelectionRound) -> tuple[int, TalkRules]:
    """Edition and numbers that bound the rounds of questions of a need."""
    edition_id, values = queries.edition_of(need, clock.local_day(running.opened_at))
    return edition_id, values.talks


def of_entry(entry: Entry) -> list[Talk]:
    """What one entrant was asked, in order."""
    query = select(Talk).where(Talk.entry_id == entry.id).order_by(Talk.number)
    return list(db.session.scalars(query))


def of_round(running: SelectionRound) -> list[Talk]:
    """Everything asked in a round, by entrant and in order."""
    return list(
        db.session.scalars(
            select(Talk)
            .join(Entry, Entry.id == Talk.entry_id)
            .where(Entry.round_id == running.id)
            .order_by(Entry.id, Talk.number)
        )
    )


def to_answer(organisation_id: int, now: datetime) -> list[Talk]:
    """What a firm must answer, the most urgent first; nothing once a firm was chosen."""
    chosen = select(Award.id).where(Award.need_id == Need.id, Award.status.in_(LIVE_AWARDS))
    return list(
        db.session.scalars(
            select(Talk)
            .join(Talk.entry)
            .join(Entry.need)
            .where(
                Entry.organisation_id == organisation_id,
                Talk.status == TalkStatus.ASKED,
                Talk.answer_by > now,
                Need.status == NeedStatus.SELECTING,
                ~chosen.exists(),
            )
            .order_by(Talk.answer_by, Talk.id)
            .options(contains_eager(Talk.entry).contains_eager(Entry.need))
        )
    )


def owners_entry(actor: Actor, public_id: str) -> Entry:
    """A listed entry of a need the actor's organisation picks for; Missing for any other."""
    entry = queries.entry(public_id)
    need = entry.need
    if (
        need.owner_id != actor.organisation_id
        or need.method is not SelectionMethod.DIRECT_PICK
        or need.is_ordered
        or entry.status is not EntryStatus.LISTED
    ):
        raise Missing(f"entry {public_id}")
    return entry


def own_talk(actor: Actor, public_id: str) -> Talk:
    """A question to the actor's own firm."""
    talk = by_public_id(Talk, public_id)
    if talk.entry.organisation_id != actor.organisation_id:
        raise Missing(f"talk {public_id}")
    return talk


def is_open(need: Need, now: datetime) -> bool:
    """Whether the owner may ask and firms may answer: the list is public, nobody is chosen."""
    return (
        need.status is NeedStatus.SELECTING
        and need.method is SelectionMethod.DIRECT_PICK
        and not need.is_ordered
        and need.choice_at is not None
        and now >= need.choice_at
        and queries.award_of(need) is None
    )


def may_ask(entry: Entry, now: datetime) -> bool:
    """Whether one more question may be put to an entrant now."""
    asked = of_entry(entry)
    most = rules(entry.need, entry.round)[1].rounds
    waits = any(each.status is TalkStatus.ASKED for each in asked)
    return is_open(entry.need, now) and not waits and len(asked) < most
