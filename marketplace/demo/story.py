"""The demo's months, step by step, from the first application to this evening's needs.

Time runs as it would: every step happens on a working day, deadlines pass on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import datetime, time, timedelta

from marketplace.accounts import credit_code
from marketplace.accounts.rules import DEMO_PASSWORD
from marketplace.foundation import calendar, clock
from marketplace.foundation.transactions import transaction

from . import (
    colluding,
    competing,
    conduct,
    dealings,
    firms,
    judging,
    listing,
    moving,
    needs,
    opinions,
    people,
    seating,
    serving,
    truth,
)
from .agenda import AFTER_CLOSING, AFTER_LOTTERY, Agenda, Days, Story
from .overpriced import refused_budgets
from .people import Cast
from .wishes import DRAFTED, EARLY, LATE, OPEN, PAST, SUBMITTED

WORKING_DAYS = 50
APPLY_LATE = ("huaan", "shuncheng")


def begin(working_days: int = WORKING_DAYS) -> None:
    """Move the clock of a database without history back to where the demo begins."""
    days = Days(moving.present())
    with transaction():
        clock.set_to(calendar.moment(days.day(working_days), time(8, 0)))


def days_to_present() -> Days:
    """The days that end in the present, whatever the demo's clock says now."""
    with transaction():
        ahead = -clock.offset()
    return Days(moving.present() + ahead)


def load(progress: Callable[[str], None]) -> None:
    """Make the small demo. The clock must stand where ``begin`` put it; it ends in the present."""
    days = days_to_present()
    progress("demo: people and organisations")
    with transaction():
        cast = people.make_cast(DEMO_PASSWORD, clock.now())
    agenda = Agenda()
    agenda.add(main_story(cast, days, progress))
    agenda.add(refused_budgets(cast, days))
    agenda.add(truth.called_back(cast, days, 24))
    agenda.add(truth.disputed(cast, days, 25))
    agenda.add(serving.rated(cast, days, 40, 1))
    agenda.add(opinions.exchanged(cast, days, 20))
    agenda.add(_tied(cast, days))
    for each in competing.competitions(cast, days):
        agenda.add(each)
    agenda.add(judging.best_value(cast, days))
    for each in colluding.colluding(cast, days):
        agenda.add(each)
    agenda.add(listing.proposals(cast, days))
    agenda.add(listing.demands(cast, days))
    agenda.add(seating.hall(cast, days))
    agenda.run(days.end, lambda day: None)
    return_to_present()


def _tied(cast: Cast, days: Days) -> Story:
    """The list of bodies not decoupled, with nobody of the platform on it."""
    yield days.at(12)
    code = credit_code.complete(f"12{people.CITY}MB2DEM001")
    firms.import_tied(cast, (), [("青河市水利工程质量检测站（演示）", code)])


def return_to_present() -> None:
    """Let time run to the real instant, and go with it from there."""
    with transaction():
        offset = clock.offset()
    moving.advance_to(moving.present() - offset)
    with transaction():
        # the seconds this took: what became due in them is for the clock's next round
        clock.set_offset(timedelta())


def main_story(
    cast: Cast, days: Days, progress: Callable[[str], None], admitted: int = WORKING_DAYS
) -> Story:
    """What the demo's first twelve firms and six owners live through.

    The firms are admitted ``admitted`` working days before the end.
    """
    yield from _admit(cast, days, admitted, progress)
    yield days.at(42)
    progress("demo: needs, contracts and marks of the past weeks")
    yield from _past(cast, days)
    progress("demo: inspections, a card, a case")
    yield from conduct.inspect_and_sanction(cast, days)
    progress("demo: needs of these days")
    yield from _present(cast, days)


def _admit(cast: Cast, days: Days, first: int, progress: Callable[[str], None]) -> Story:
    yield days.at(first)
    progress("demo: admission")
    applied = [firms.apply(cast, sketch.login) for sketch in people.FIRMS if not _late(sketch)]
    yield days.at(first - 1)
    for firm_id in applied:
        firms.check(cast, firm_id)
        firms.admit(cast, firm_id)
    yield days.at(first - 3)
    firms.departments_answer(cast)


def _late(sketch: people.FirmSketch) -> bool:
    return sketch.login in APPLY_LATE


def _past(cast: Cast, days: Days) -> Story:
    opened = [needs.open_for(cast, *row) for row in PAST]
    won = yield from choosing(cast, days, opened, 41, 36)
    running = [
        (
            need.sketch.owner,
            won[need.id],
            dealings.sign(cast, need.sketch.owner, won[need.id], need.id),
        )
        for need in opened
    ]
    yield days.at(33)
    for _owner, firm, contract_id in running:
        dealings.deliver(cast, firm, contract_id, "按合同约定提交成果")
    yield days.at(31)
    owner, firm, contract_id = running[0]
    dealings.give_back(cast, owner, contract_id, "缺少公众参与说明，请补充后重新提交")
    yield days.at(30)
    dealings.deliver(cast, firm, contract_id, "已补充公众参与说明")
    yield days.at(28)
    for owner, _firm, contract_id in running:
        dealings.accept(cast, owner, contract_id)
    yield days.at(26)
    for place, (owner, firm, contract_id) in enumerate(running):
        dealings.evaluate(cast, owner, firm, contract_id, place)
    yield days.at(24)


def choosing(
    cast: Cast, days: Days, opened: list[needs.Opened], first: int, last: int
) -> Generator[datetime, None, dict[int, str]]:
    """Let the days from ``first`` to ``last`` before the end pass: entries close, owners pick,
    the lottery is drawn, notices end, winners accept. Returns who won, by need.
    """
    won: dict[int, str] = {}
    for before in range(first, last - 1, -1):
        yield days.at(before)
        for need in opened:
            winner = needs.accept_offered(cast, need.id)
            if winner is not None:
                won[need.id] = winner
        yield days.at(before, AFTER_CLOSING)
        for need in opened:
            needs.pick_if_open(cast, need)
        if needs.lottery_is_awaited(opened, days.day(before)):
            yield days.at(before, AFTER_LOTTERY)
            needs.enter_lottery(cast, days.day(before))
    yield days.at(last - 1)
    return won


def choose(
    cast: Cast, days: Days, opened: list[needs.Opened], first: int, last: int
) -> dict[int, str]:
    """``choosing`` with nothing else going on: the clock moves from one step to the next."""
    steps = choosing(cast, days, opened, first, last)
    while True:
        try:
            at = next(steps)
        except StopIteration as end:
            won: dict[int, str] = end.value
            return won
        moving.advance_to(at)


def _present(cast: Cast, days: Days) -> Story:
    """Needs in every other status, as they stand on the last working day's evening."""
    yield days.at(10)
    early = [needs.open_for(cast, *row) for row in EARLY]
    won = yield from choosing(cast, days, early, 9, 5)
    contracts = [
        dealings.sign(cast, need.sketch.owner, won[need.id], need.id) for need in early[:3]
    ]
    yield days.at(2)
    dealings.deliver(cast, won[early[1].id], contracts[1], "第一版成果")
    dealings.end_early(cast, early[2].sketch.owner, won[early[2].id], contracts[2])
    withdrawn, failed, *late = [needs.open_for(cast, *row) for row in LATE]
    needs.withdraw(cast, withdrawn)
    returned = firms.apply(cast, "shuncheng")
    yield days.at(1)
    firms.return_once(cast, returned)
    firms.decide_likeness(cast, returned)
    firms.notice_removal(cast, "taihe", "连续两季度自查填报的专职人员少于承诺人数，限期补充未完成")
    yield days.at(0)
    firms.apply(cast, "huaan")
    needs.post_again(cast, failed)
    for row in OPEN:
        needs.open_for(cast, *row)
    needs.submit(cast, SUBMITTED, needs.draft(cast, SUBMITTED))
    needs.draft(cast, DRAFTED)
    yield days.at(0, AFTER_CLOSING)
    for need in late:
        needs.pick_if_open(cast, need)
