"""Twelve at once on every act of choosing: one effect each, and a row's own index behind it.

RELIABILITY section 6: an act that only the code guards is shown by taking the guard away; where an
index is the last guard, dropping it must let the race through, or the test would prove nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from threading import Barrier
from time import sleep

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from marketplace import schedule
from marketplace.foundation import clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.audit import AuditRow
from marketplace.foundation.db import db
from marketplace.foundation.errors import DomainError
from marketplace.foundation.transactions import transaction
from marketplace.notices import actions as notices
from marketplace.notices.models import Objection, PublicNotice
from marketplace.projects.models import Need, NeedStatus, SelectionMethod
from marketplace.selection import actions, queries
from marketplace.selection.actions import entering
from marketplace.selection.models import (
    Award,
    AwardStatus,
    Entry,
    EntryStatus,
    RoundStatus,
    SelectionRound,
)
from tests.factories import selection
from tests.selection.scenes import TO_CLOSING, TO_LOTTERY, Advance, the_need

pytestmark = pytest.mark.long

AT_ONCE = 12
COMPETITION = {"method": SelectionMethod.PRICE_COMPETITION, "draw_source": None}
SAID = "评审所依据的业绩材料与公开登记的不符，请核对并说明"


def at_once(app: Flask, act: Callable[[int], object], count: int = AT_ONCE) -> Counter[str]:
    """What so many did at the same moment, each in a transaction of its own: ``done``, the rule
    that refused it, or ``database`` where an index did."""
    gate = Barrier(count)

    def one(number: int) -> str:
        with app.app_context():
            try:
                gate.wait()
                with transaction():
                    act(number)
                return "done"
            except DomainError as error:
                return error.rule or type(error).__name__
            except IntegrityError:
                return "database"
            finally:
                db.session.remove()

    with ThreadPoolExecutor(count) as pool:
        return Counter(pool.map(one, range(count)))


def clock_rounds(app: Flask) -> None:
    """Twelve workers look for due work at the same moment, twice."""
    gate = Barrier(AT_ONCE)

    def one(_number: int) -> None:
        with app.app_context():
            gate.wait()
            try:
                for _round in range(2):
                    schedule.run_once(schedule.jobs_for(["needs"]))
            finally:
                db.session.remove()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(one, range(AT_ONCE)))


def acts(app: Flask, action: str) -> int:
    """How often the ledger has an act."""
    with app.app_context():
        found = db.session.scalar(select(func.count()).where(AuditRow.action == action))
        return int(found or 0)


def to(app: Flask, instant_of: Callable[[Need], object], before: timedelta = timedelta()) -> None:
    """Let time stand at an instant of the need without the clock's work being done."""
    with app.app_context(), transaction():
        clock.set_to(instant_of(the_need()) - before)  # type: ignore[operator]


# ---- entry ------------------------------------------------------------------------------------


def standing(app: Flask) -> int:
    with app.app_context():
        live = Entry.status.not_in((EntryStatus.REPLACED, EntryStatus.WITHDRAWN))
        return int(db.session.scalar(select(func.count(Entry.id)).where(live)) or 0)


def test_a_firm_that_sends_its_entry_twelve_times_at_once_stands_once(app: Flask) -> None:
    with app.app_context(), transaction():
        firm = selection.firms(1)[0]
        selection.open_need()
        actor = firm.actor
    came = at_once(app, lambda n: _enter(actor, n))
    assert came == {"done": AT_ONCE}  # each change replaces the one before
    assert standing(app) == 1


@pytest.mark.parametrize("dropped", [False, True])
def test_without_lock_and_check_the_index_holds_and_without_it_nothing(
    app: Flask, monkeypatch: pytest.MonkeyPatch, dropped: bool
) -> None:
    with app.app_context(), transaction():
        firm = selection.firms(1)[0]
        selection.open_need()
        actor = firm.actor
        if dropped:
            db.session.execute(text("DROP INDEX uq_entries_live"))
    monkeypatch.setattr(entering, "lock", lambda row: row)
    monkeypatch.setattr(entering.queries, "entry_in", lambda *_given: None)
    came = at_once(app, lambda n: _enter(actor, n))
    if dropped:
        assert standing(app) > 1, "without its index the rule does not hold"
    else:
        assert standing(app) == 1
        assert came["done"] == 1
        assert came["database"] == AT_ONCE - 1


def _enter(actor: Actor, number: int) -> None:
    actions.enter_need(
        the_need(), f"{number:064x}", Decimal(36000 + number), actor, "已有相邻项目资料"
    )


def test_at_the_deadline_the_list_is_exactly_who_was_received_before_it(app: Flask) -> None:
    """Firms go on sending over the deadline while workers close: nobody between the two."""
    with app.app_context(), transaction():
        people = [each.actor for each in selection.firms(AT_ONCE)]
        selection.open_need(method=SelectionMethod.DIRECT_PICK, draw_source=None)
    to(app, lambda need: need.entry_deadline, timedelta(seconds=1.2))
    gate = Barrier(AT_ONCE + 2)

    def firm(number: int) -> str:
        gate.wait()
        # spread over the deadline, some on both sides of it
        sleep(number * 0.2)
        with app.app_context():
            try:
                with transaction():
                    _enter(people[number], number)
                return "done"
            except DomainError as error:
                return error.rule or ""
            finally:
                db.session.remove()

    def worker(_number: int) -> str:
        gate.wait()
        for _round in range(16):
            with app.app_context():
                schedule.run_once(schedule.jobs_for(["needs"]))
                db.session.remove()
            sleep(0.2)
        return "worker"

    with ThreadPoolExecutor(AT_ONCE + 2) as pool:
        jobs = [pool.submit(firm, number) for number in range(AT_ONCE)]
        jobs += [pool.submit(worker, number) for number in range(2)]
        came = [job.result() for job in jobs][:AT_ONCE]
    assert set(came) == {"done", "entry.late"}
    with app.app_context():
        need = the_need()
        running = db.session.scalars(select(SelectionRound)).one()
        entries = db.session.scalars(select(Entry)).all()
        assert len(entries) == came.count("done")
        assert all(each.received_at < need.entry_deadline for each in entries)
        assert {each.status for each in entries} == {EntryStatus.LISTED}
        assert running.list_text is not None
        assert running.list_text.count("\n") == len(entries)


# ---- draw, opening ----------------------------------------------------------------------------


def test_twelve_workers_draw_once(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        selection.entered_need(3)
    advance(TO_CLOSING)
    advance(TO_LOTTERY)
    with app.app_context(), transaction():
        selection.read_lottery("2026062")
    with app.app_context(), transaction():
        clock.set_to(clock.now() + timedelta(seconds=2))
    clock_rounds(app)
    with app.app_context():
        running = db.session.scalars(select(SelectionRound)).one()
        assert running.proof is not None
        assert running.status is RoundStatus.DECIDED
        assert db.session.scalars(select(Award)).one().place == 1
    assert acts(app, "draw.made") == 1


def test_twelve_workers_open_the_quotes_once(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        need = selection.open_need(**COMPETITION)
        for firm, price in zip(selection.firms(3), ("36000", "34000", "38000"), strict=True):
            selection.enter(need, firm, Decimal(price))
    advance(TO_CLOSING)
    to(app, lambda need: need.choice_at)
    clock_rounds(app)
    with app.app_context():
        running = db.session.scalars(select(SelectionRound)).one()
        assert running.ranking is not None
        assert len(running.ranking) == 3
        assert db.session.scalars(select(Award)).one().price == Decimal(34000)
    assert acts(app, "quotes.key_released") == 1
    assert acts(app, "quotes.opened") == 3
    assert acts(app, "quotes.ranked") == 1


# ---- award, objection -------------------------------------------------------------------------


def offered(app: Flask, advance: Advance) -> tuple[int, Actor]:
    """An award that waits for its winner: key and the winner's actor."""
    with app.app_context(), transaction():
        need = selection.open_need(**COMPETITION)
        firms = selection.firms(3)
        for firm, price in zip(firms, ("36000", "34000", "38000"), strict=True):
            selection.enter(need, firm, Decimal(price))
        winner = firms[1].actor
    advance(TO_CLOSING + timedelta(minutes=30))
    advance(timedelta(days=1))
    with app.app_context():
        award = db.session.scalars(select(Award)).one()
        assert award.status is AwardStatus.OFFERED
        return award.id, winner


def test_twelve_clicks_accept_one_award_once(app: Flask, advance: Advance) -> None:
    key, winner = offered(app, advance)
    came = at_once(app, lambda _n: actions.accept_award(db.session.get_one(Award, key), winner))
    assert came["done"] == 1
    assert sum(came.values()) == AT_ONCE
    assert acts(app, "awards.accepted") == 1


def test_accepting_and_giving_up_at_once_are_one_of_the_two(app: Flask, advance: Advance) -> None:
    key, winner = offered(app, advance)

    def act(number: int) -> None:
        award = db.session.get_one(Award, key)
        if number % 2:
            actions.accept_award(award, winner)
        else:
            actions.decline_award(award, "人员另有安排，不能按期开工", winner)

    came = at_once(app, act)
    assert came["done"] == 1
    with app.app_context():
        award = db.session.get_one(Award, key)
        accepted = award.status is AwardStatus.ACCEPTED
        others = db.session.scalars(select(Award).where(Award.id != key)).all()
        # given up, the reserve was offered it, once
        assert len(others) == (0 if accepted else 1)
    assert acts(app, "awards.accepted") + acts(app, "awards.declined") == 1


def test_twelve_objections_of_one_firm_are_one(app: Flask, advance: Advance) -> None:
    notice_id, loser = announced(app, advance)

    def act(_number: int) -> None:
        notice = db.session.get_one(PublicNotice, notice_id)
        notices.file_objection(notice, SAID, loser, clock.now())

    came = at_once(app, act)
    assert came == {"done": 1, "objection.one_at_a_time": AT_ONCE - 1}
    with app.app_context():
        assert db.session.scalar(select(func.count(Objection.id))) == 1


@pytest.mark.parametrize("dropped", [False, True])
def test_an_objection_is_one_by_its_index_alone(
    app: Flask, advance: Advance, monkeypatch: pytest.MonkeyPatch, dropped: bool
) -> None:
    notice_id, loser = announced(app, advance)
    if dropped:
        with app.app_context(), transaction():
            db.session.execute(text("DROP INDEX uq_objections_unanswered"))
    monkeypatch.setattr(notices, "lock", lambda row: row)
    monkeypatch.setattr(notices, "_unanswered_of", lambda *_given: None)

    def act(_number: int) -> None:
        notice = db.session.get_one(PublicNotice, notice_id)
        notices.file_objection(notice, SAID, loser, clock.now())

    came = at_once(app, act)
    with app.app_context():
        count = db.session.scalar(select(func.count(Objection.id))) or 0
    if dropped:
        assert count > 1, "without its index the rule does not hold"
    else:
        assert count == 1
        assert came == {"done": 1, "database": AT_ONCE - 1}


def announced(app: Flask, advance: Advance) -> tuple[int, Actor]:
    """A result under notice: the notice's key, and a firm that lost."""
    with app.app_context(), transaction():
        need = selection.open_need(**COMPETITION)
        firms = selection.firms(3)
        for firm, price in zip(firms, ("36000", "34000", "38000"), strict=True):
            selection.enter(need, firm, Decimal(price))
        loser = firms[0].actor
    advance(TO_CLOSING + timedelta(minutes=30))
    with app.app_context():
        award = db.session.scalars(select(Award)).one()
        assert award.status is AwardStatus.ANNOUNCED
        notice = db.session.scalars(
            select(PublicNotice).where(PublicNotice.subject_type == "awards")
        ).one()
        return notice.id, loser


def test_an_objection_in_the_last_moment_holds_the_award_or_is_late(
    app: Flask, advance: Advance
) -> None:
    """Objections and the end of the notice at once: in time and held, or late and offered."""
    notice_id, loser = announced(app, advance)
    with app.app_context(), transaction():
        clock.set_to(db.session.get_one(PublicNotice, notice_id).ends_at - timedelta(seconds=0.4))

    def act(number: int) -> None:
        if number % 2:
            sleep(number * 0.08)
            notice = db.session.get_one(PublicNotice, notice_id)
            notices.file_objection(notice, SAID, loser, clock.now())

    with ThreadPoolExecutor(1) as pool:
        workers = pool.submit(_work_on, app)
        came = at_once(app, act)
        workers.result()
    filed = came["done"] - AT_ONCE // 2  # the even ones did nothing
    assert filed in (0, 1)
    with app.app_context():
        award = db.session.scalars(select(Award)).one()
        objections = db.session.scalars(select(Objection)).all()
        assert len(objections) == filed
        notice = db.session.get_one(PublicNotice, notice_id)
        assert all(each.filed_at < notice.ends_at for each in objections)
        assert award.status is (AwardStatus.ANNOUNCED if filed else AwardStatus.OFFERED)
        assert the_need().status is NeedStatus.AWARDED


def _work_on(app: Flask) -> None:
    for _round in range(14):
        with app.app_context():
            schedule.run_once(schedule.jobs_for(["needs"]))
            db.session.remove()
        sleep(0.1)


def test_nothing_of_it_is_left_half_done(app: Flask, advance: Advance) -> None:
    """After a race the invariants of choosing hold."""
    from marketplace.supervision.invariants import asking

    key, winner = offered(app, advance)
    at_once(app, lambda _n: actions.accept_award(db.session.get_one(Award, key), winner))
    with app.app_context():
        broken = [each.code for each in asking.broken({"I05", "I07b", "I08b", "I10", "I10c"})]
        assert broken == []
        assert len(queries.awards_of(the_need())) == 1
