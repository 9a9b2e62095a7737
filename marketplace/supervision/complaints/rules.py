"""Who may complain about a selection, about what, counted from when. Plain values only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class About(StrEnum):
    """What a complaint is about."""

    RESULT = "result"
    OWNER = "owner"
    BUREAU = "bureau"


@dataclass(frozen=True)
class Standing:
    """What one organisation has to do with one selection.

    ``entered``: it has or had an entry; ``answered_at``: when its newest objection was answered;
    ``unanswered``: one of its objections still waits; ``happened_at``: the newest public act of
    the selection (the list fixed, a result published, the need failed or withdrawn).
    """

    entered: bool
    answered_at: datetime | None
    unanswered: bool
    happened_at: datetime | None


class Refusal(StrEnum):
    """Why a complaint may not be filed."""

    STRANGER = "stranger"
    EARLY = "early"
    OBJECT_FIRST = "object_first"
    WAIT_FOR_ANSWER = "wait_for_answer"


def refusal(standing: Standing, about: About) -> Refusal | None:
    """Why this organisation may not complain about that now; None when it may.

    The result is objected to first: a complaint follows the answer. Conduct may be complained of
    as soon as something has happened in public.
    """
    if not standing.entered and standing.answered_at is None and not standing.unanswered:
        return Refusal.STRANGER
    if standing.happened_at is None:
        return Refusal.EARLY
    if about is not About.RESULT:
        return None
    if standing.unanswered:
        return Refusal.WAIT_FOR_ANSWER
    return Refusal.OBJECT_FIRST if standing.answered_at is None else None


def may_decide_from(asked: Sequence[tuple[datetime, datetime | None]]) -> datetime | None:
    """From when a complaint may be decided, for each asked to reply until when it may and when it
    did; None: at once, everybody has replied or nobody was asked."""
    return max((until for until, replied in asked if replied is None), default=None)


def counted_from(standing: Standing, about: About) -> datetime:
    """When the time to complain begins; only asked where ``refusal`` is None."""
    found = [standing.answered_at]
    if about is not About.RESULT:
        found.append(standing.happened_at)
    return max(each for each in found if each is not None)
