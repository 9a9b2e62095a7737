"""The demo's months, step by step, from the first application to this evening's needs.

Time runs as it would: every step happens on a working day, deadlines pass on the way.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from marketplace.accounts.rules import DEMO_PASSWORD
from marketplace.foundation import calendar, clock
from marketplace.foundation.transactions import transaction

from . import conduct, dealings, firms, moving, needs, people
from .people import Cast
from .wishes import DRAFTED, EARLY, LATE, OPEN, PAST, SUBMITTED

WORKING_DAYS = 50
AFTER_CLOSING = time(17, 31)
AFTER_LOTTERY = time(21, 35)
MORNING = time(9, 0)


class Days:
    """Working days counted back from the last one before today."""

    def __init__(self, real_now: datetime) -> None:
        self._calendar = calendar.working_calendar()
        self.last = self._calendar.day_before(clock.local_day(real_now), 1)

    def day(self, before: int) -> date:
        """The working day ``before`` working days before the last one."""
        return self._calendar.day_before(self.last, before)

    def move_to(self, before: int, at: time = MORNING) -> None:
        """Let time run until ``at`` of that day."""
        moving.advance_to(calendar.moment(self.day(before), at))


def begin() -> None:
    """Move the clock of a database without history back to where the demo begins."""
    days = Days(moving.present())
    with transaction():
        clock.set_to(calendar.moment(days.day(WORKING_DAYS), time(8, 0)))


def load(progress: Callable[[str], None]) -> None:
    """Make the demo. The clock must stand where ``begin`` put it; it ends in the present."""
    with transaction():
        ahead = -clock.offset()
    days = Days(moving.present() + ahead)
    progress("demo: people and organisations")
    with transaction():
        cast = people.make_cast(DEMO_PASSWORD, clock.now())
    progress("demo: admission")
    _admit(cast, days)
    progress("demo: needs, contracts and marks of the past weeks")
    _past(cast, days)
    progress("demo: inspections, a card, a case")
    conduct.inspect_and_sanction(cast, days.move_to)
    progress("demo: needs of these days")
    _present(cast, days)
    moving.advance_to(moving.present() - _offset())


def _offset() -> timedelta:
    with transaction():
        return clock.offset()


def _admit(cast: Cast, days: Days) -> None:
    days.move_to(50)
    listed = [sketch.login for sketch in people.FIRMS if sketch.login not in ("huaan", "shuncheng")]
    applied = [firms.apply(cast, login) for login in listed]
    days.move_to(49)
    for firm_id in applied:
        firms.check(cast, firm_id)
        firms.admit(cast, firm_id)
    days.move_to(47)
    firms.departments_answer(cast)
    days.move_to(42)


def _past(cast: Cast, days: Days) -> None:
    opened = [needs.open_for(cast, *row) for row in PAST]
    won = choose(cast, days, opened, 41, 36)
    running = [
        (
            need.sketch.owner,
            won[need.id],
            dealings.sign(cast, need.sketch.owner, won[need.id], need.id),
        )
        for need in opened
    ]
    days.move_to(33)
    for _owner, firm, contract_id in running:
        dealings.deliver(cast, firm, contract_id, "按合同约定提交成果")
    days.move_to(31)
    owner, firm, contract_id = running[0]
    dealings.give_back(cast, owner, contract_id, "缺少公众参与说明,请补充后重新提交")
    days.move_to(30)
    dealings.deliver(cast, firm, contract_id, "已补充公众参与说明")
    days.move_to(28)
    for owner, _firm, contract_id in running:
        dealings.accept(cast, owner, contract_id)
    days.move_to(26)
    for place, (owner, firm, contract_id) in enumerate(running):
        dealings.evaluate(cast, owner, firm, contract_id, place)
    days.move_to(24)


def choose(
    cast: Cast, days: Days, opened: list[needs.Opened], first: int, last: int
) -> dict[int, str]:
    """Let the days from ``first`` to ``last`` before the end pass: entries close, owners pick,
    the lottery is drawn, notices end, winners accept. Returns who won, by need.
    """
    won: dict[int, str] = {}
    for before in range(first, last - 1, -1):
        days.move_to(before)
        for need in opened:
            winner = needs.accept_offered(cast, need.id)
            if winner is not None:
                won[need.id] = winner
        days.move_to(before, AFTER_CLOSING)
        for need in opened:
            needs.pick_if_open(cast, need)
        if needs.lottery_is_awaited(opened, days.day(before)):
            days.move_to(before, AFTER_LOTTERY)
            needs.enter_lottery(cast, days.day(before))
    days.move_to(last - 1)
    return won


def _present(cast: Cast, days: Days) -> None:
    """Needs in every other status, as they stand on the last working day's evening."""
    days.move_to(10)
    early = [needs.open_for(cast, *row) for row in EARLY]
    won = choose(cast, days, early, 9, 5)
    contracts = [
        dealings.sign(cast, need.sketch.owner, won[need.id], need.id) for need in early[:3]
    ]
    days.move_to(2)
    dealings.deliver(cast, won[early[1].id], contracts[1], "第一版成果")
    dealings.end_early(cast, early[2].sketch.owner, won[early[2].id], contracts[2])
    withdrawn, _failed, *late = [needs.open_for(cast, *row) for row in LATE]
    needs.withdraw(cast, withdrawn)
    returned = firms.apply(cast, "shuncheng")
    days.move_to(1)
    firms.return_once(cast, returned)
    days.move_to(0)
    firms.apply(cast, "huaan")
    for row in OPEN:
        needs.open_for(cast, *row)
    needs.submit(cast, SUBMITTED, needs.draft(cast, SUBMITTED))
    needs.draft(cast, DRAFTED)
    days.move_to(0, AFTER_CLOSING)
    for need in late:
        needs.pick_if_open(cast, need)
