"""All that waits for one person, by deadline, with its lamp."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from flask import g

from marketplace.accounts import queries as accounts
from marketplace.foundation import clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.web import require_actor
from marketplace.supervision.lamps import Dial, dial, lamps_policy
from marketplace.supervision.rules import Lamp, LampsPolicy

from . import complained, contracting, firms, keepers, marking, officers, ordering, owners
from .line import Line

Source = Callable[[Actor, datetime], Iterator[Line]]
SOURCES: tuple[Source, ...] = (
    firms.own_firm,
    firms.own_sanctions,
    firms.awards_to_accept,
    firms.quotes_to_explain,
    firms.talks_to_answer,
    owners.drafts,
    owners.needs_to_approve,
    owners.choices,
    owners.questions,
    owners.agents_ending,
    complained.replies,
    ordering.orders_to_decide,
    ordering.asks_to_answer,
    contracting.to_draft,
    contracting.to_confirm,
    contracting.to_deliver_and_accept,
    marking.to_mark,
    marking.services,
    marking.to_mark_departments,
    marking.to_assess,
    marking.hall_sheets,
    marking.panels_to_judge,
    officers.matters,
    keepers.account_proposals,
    keepers.shares_to_hand_in,
    keepers.samples_to_sign,
    keepers.findings,
)


@dataclass(frozen=True)
class Todo:
    """A line with its clock and the colour of it."""

    line: Line
    clock: Dial

    @property
    def lamp(self) -> Lamp:
        """The colour of its clock."""
        return self.clock.lamp


def todo(actor: Actor, now: datetime) -> list[Todo]:
    """What waits for the actor, the first deadline first, matters without one last."""
    lines = [line for source in SOURCES for line in source(actor, now) if line.is_served]
    return ordered(lines, actor, now)


def waiting_now() -> list[Todo]:
    """What waits for who is signed in, read once for the page and its rail."""
    if "waiting" not in g:
        g.waiting = todo(require_actor(), clock.now())
    return list(g.waiting)


def ordered(lines: list[Line], actor: Actor, now: datetime) -> list[Todo]:
    """The lines with their lamps, by deadline."""
    if not lines:
        return []
    values = lamps(actor, now)
    marked = [Todo(line, dial(values, line.since, line.due, now)) for line in lines]
    return sorted(marked, key=_place)


def _place(each: Todo) -> tuple[bool, datetime, datetime, str]:
    line = each.line
    return (line.due is None, line.due or line.since, line.since, line.key or line.page)


def counts(waiting: list[Todo]) -> Counter[str]:
    """How many lines belong to each list."""
    return Counter(each.line.where for each in waiting)


def lamps(actor: Actor, now: datetime) -> LampsPolicy:
    """The lamps edition in force where the actor works."""
    return lamps_policy(actor.jurisdiction or accounts.site().jurisdiction_code, now)
