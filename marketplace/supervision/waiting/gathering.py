"""All that waits in an area, and what of it one officer may do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import g, has_request_context

from marketplace.accounts.overseeing import area_of
from marketplace.accounts.permissions import GRANTS, HOME_OF_ROLE, Permission
from marketplace.foundation.actor import Actor
from marketplace.foundation.web import PUBLIC, SIGNED_IN, declared_access

from ..lamps import dial, lamps_policy, shown
from ..models import ClockKind
from ..rules import Lamp
from . import admission, cataloguing, choosing, filing, grading, judging, marks, penalties, seating
from .matter import MOST, Matter, Page, Search, Source

SOURCES: tuple[Source, ...] = (
    admission.applications,
    admission.likenesses,
    admission.removals,
    admission.lapses,
    admission.professional_checks,
    admission.decoupling_lists,
    admission.objections,
    admission.registers,
    filing.rechecks,
    filing.transfers,
    filing.self_checks,
    grading.grade_proposals,
    grading.rating_trials,
    grading.contract_inspections,
    penalties.cards,
    penalties.cases,
    penalties.repairs,
    penalties.soft_measures,
    penalties.appeals,
    penalties.national_lists,
    marks.callbacks,
    marks.service_follow_ups,
    marks.appointments,
    marks.evaluation_reviews,
    marks.flags,
    choosing.lotteries,
    choosing.annulments,
    choosing.complaints,
    choosing.collusion,
    choosing.fee_lists,
    cataloguing.item_proposals,
    cataloguing.list_drafts,
    cataloguing.offlist_demands,
    judging.experts,
    seating.hall_calls,
    seating.hall_benches,
    seating.hall_judges,
    seating.hall_seats,
)
# what somebody at a bureau or a department can do; the rest is the superior office's alone
_BELOW = frozenset().union(
    *(GRANTS[role] for role, home in HOME_OF_ROLE.items() if home in ("bureau", "department"))
)
_NO_CLOCK = (ClockKind.CASE, 0)


@dataclass(frozen=True)
class Waiting:
    """A matter as the overview shows it: the colour of its clock, whether it is the reader's, and
    where the reader does it or reads of it (None: nowhere)."""

    matter: Matter
    lamp: Lamp
    own: bool
    page: Page | None


def of_officer(actor: Actor, now: datetime) -> list[Matter]:
    """What waits for one officer: of the own area, at a step that is his, no part in it before."""
    if not actor.may(Permission.SUPERVISION_VIEW):
        return []
    found = _gathered(actor)
    if found is None:
        found = _all(Search(area_of(actor), actor.jurisdiction or "", now, actor))
    return [matter for matter in found if matter.is_for(actor)]


def in_area(actor: Actor, now: datetime) -> list[Waiting]:
    """Everything that waits for officers of the reader's area, nearest deadline first.

    What only the superior office can do is shown to it and to its auditors. The lamps are those of
    the running clocks, so that they agree with the counts beside them; what arrived since the
    clocks were last followed is judged by the edition in force.
    """
    codes = area_of(actor)
    found = _all(Search(codes, codes[0], now))
    _keep(actor, found)
    values, running = lamps_policy(codes[0], now), shown(codes, now)
    whole = actor.may(Permission.AUDIT_READ)
    waiting = [
        Waiting(
            matter,
            running.get(matter.clock or _NO_CLOCK)
            or dial(values, matter.since, matter.due, now).lamp,
            matter.is_for(actor),
            _page_for(actor, matter),
        )
        for matter in found
        if whole or matter.permission in _BELOW
    ]
    return sorted(waiting, key=_place)


def _all(search: Search) -> list[Matter]:
    return [matter for source in SOURCES for matter in source(search)]


def _page_for(actor: Actor, matter: Matter) -> Page | None:
    if matter.is_for(actor):
        return matter.done_at
    page = matter.read_at or matter.done_at
    need = declared_access(page[0])
    readable = need in (PUBLIC, SIGNED_IN) or (need is not None and actor.may(need))
    return page if readable else None


def _place(each: Waiting) -> tuple[bool, datetime, datetime]:
    matter = each.matter
    return (matter.due is None, matter.due or matter.since, matter.since)


# the rail beside the overview asks for a part of what the overview has just read


def _keep(actor: Actor, found: list[Matter]) -> None:
    # where so much waits that a list was cut, a person's own may have been cut off
    if has_request_context() and len(found) < MOST:
        g.waiting_in_area = (actor, found)


def _gathered(actor: Actor) -> list[Matter] | None:
    if not has_request_context():
        return None
    reader, found = g.get("waiting_in_area", (None, None))
    return found if reader == actor else None
