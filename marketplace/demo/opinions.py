"""What departments and the firms of their trade say of each other after a contract."""

from __future__ import annotations

from datetime import time

from marketplace.evaluations.departments import actions, queries
from marketplace.evaluations.models import EvaluationWindow
from marketplace.evaluations.rules import Direction
from marketplace.foundation import clock
from marketplace.foundation.transactions import transaction

from .agenda import Days, Story
from .people import Cast, Person

HOUR = time(16, 40)
# by the number of the contract; None: nothing is said
DEPARTMENTS_GIVE = ((5, 5), (4, 5), None, (4, 4), (5, 4), None, (2, 4), None)
FIRMS_GIVE = ((5, 4, 5), (4, 3, 5), (5, 5, 5), None, (3, 4, 4), (2, 2, 4))
FEW = "成果中引用的规范已经废止，经提醒后改正"
SLOW = "办理中两次更换经办人，未一次告知补正内容"


def exchanged(cast: Cast, days: Days, *before: int) -> Story:
    """On some days departments and firms mark each other on contracts ended lately."""
    firms = {person.organisation_id: person for person in cast.firms.values()}
    for day in before:
        yield days.at(day, HOUR)
        for office in cast.officers.values():
            _mark(office, firms)


def _mark(office: Person, firms: dict[int, Person]) -> None:
    with transaction():
        for window in queries.waiting_for(office.organisation_id, clock.now()):
            number = window.contract_id
            given = DEPARTMENTS_GIVE[number % len(DEPARTMENTS_GIVE)]
            if given is not None:
                _say(window, office, Direction.DEPARTMENT_TO_FIRM, given, FEW)
            told, firm = FIRMS_GIVE[number % len(FIRMS_GIVE)], firms.get(window.contract.firm_id)
            said = Direction.FIRM_TO_DEPARTMENT in queries.directions_in(window)
            if told is not None and firm is not None and not said:
                _say(window, firm, Direction.FIRM_TO_DEPARTMENT, told, SLOW)


def _say(
    window: EvaluationWindow, who: Person, way: Direction, marks: tuple[int, ...], why: str
) -> None:
    reason = why if min(marks) < 3 else None
    now = clock.now()
    actions.submit_evaluation(
        window.contract, dict(zip(way.parts, marks, strict=True)), reason, who.actor, now
    )
