"""What the demo's firms say of the bureaus that served them, and how bad ratings are answered."""

from __future__ import annotations

from datetime import time

from marketplace.accounts import queries as accounts
from marketplace.evaluations.served import actions, matters, queries
from marketplace.evaluations.served.models import FollowUpOutcome, Satisfaction
from marketplace.foundation import clock
from marketplace.foundation.transactions import transaction

from .agenda import Days, Story
from .people import CITY, Cast

# what the firms say, by the number of the matter; None: nothing
SAID = (
    Satisfaction.VERY_GOOD,
    Satisfaction.GOOD,
    None,
    Satisfaction.VERY_GOOD,
    Satisfaction.FAIR,
    Satisfaction.BAD,
    None,
    Satisfaction.GOOD,
)
REASON = "补正要求分两次告知，多跑了一趟"
ANSWER = "经核实，首次告知确有遗漏，已改为按清单一次性告知，并向贵单位致歉"


def rated(cast: Cast, days: Days, *before: int) -> Story:
    """On some days firms rate what was decided lately; bad ratings are answered a few days on."""
    for day in before:
        yield days.at(day, time(10, 20))
        _rate(cast)
        # the newest still waits
        if day > 2:
            yield days.at(day - 2, time(15, 10))
            _answer(cast)


def _rate(cast: Cast) -> None:
    with transaction():
        for person in cast.firms.values():
            now = clock.now()
            for matter in matters.to_rate(person.organisation_id, now):
                grade = SAID[matter.subject_id % len(SAID)]
                if grade is not None:
                    told = REASON if grade.is_bad else None
                    actions.rate(matter, grade, told, person.actor, now)


def _answer(cast: Cast) -> None:
    with transaction():
        for follow in queries.waiting(accounts.below(CITY)):
            part = (follow.rating.handled_by, follow.rating.decided_by)
            for place in ("operator", "colleague"):
                actor = cast.desk(CITY, place).actor
                if actor.user_id not in part:
                    actions.answer(follow, FollowUpOutcome.MENDED, ANSWER, actor, clock.now())
                    break
