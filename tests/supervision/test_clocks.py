"""Reminders: once each, at their own moments, and none for what is already done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.accounts.permissions import Role
from marketplace.contracts.models import Contract
from marketplace.foundation import clock
from marketplace.foundation.calendar import moment, working_calendar
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries import actions as register
from marketplace.intermediaries.models import Firm
from marketplace.notifications.models import Delivery, Message
from marketplace.orders import actions as order_actions
from marketplace.orders.models import Order
from marketplace.orders.queries import live_ask
from marketplace.sanctions.appeals import actions as appeals
from marketplace.sanctions.appeals.queries import reviewing_offices
from marketplace.sanctions.measures import actions as measures
from marketplace.sanctions.measures.actions import Content
from marketplace.sanctions.measures.models import MeasureKind
from marketplace.schedule import run_due
from marketplace.supervision.models import ClockKind, RunningClock
from marketplace.supervision.rules import Lamp, Stage
from marketplace.supervision.waiting.gathering import in_area
from tests.factories import accounts, contracts, evaluations, intermediaries, orders, sanctions

Advance = Callable[[timedelta], None]


def reminders(kind: ClockKind) -> list[tuple[str, datetime]]:
    """What was told about clocks of a kind, in order."""
    rows = db.session.scalars(select(RunningClock).where(RunningClock.kind == kind)).all()
    keys = [f"clock:{row.id}:{stage}" for row in rows for stage in Stage]
    return [
        (message.subject, message.created_at)
        for message in db.session.scalars(
            select(Message).where(Message.key.in_(keys)).order_by(Message.id)
        )
    ]


def test_a_clock_tells_of_amber_and_of_its_last_day_once_each(app: Flask, advance: Advance) -> None:
    """Two working days, handed in Monday 9:00: amber at half (never before), due Wednesday."""
    with app.app_context():
        with transaction():
            intermediaries.submitted()
        advance(timedelta(days=4))
        row = db.session.scalars(
            select(RunningClock).where(RunningClock.kind == ClockKind.FORM_CHECK)
        ).one()
        assert row.due_at == moment(clock.local_day(row.since) + timedelta(days=2))
        half = row.since + (row.due_at - row.since) / 2
        assert abs(row.amber_at - half) <= timedelta(microseconds=1)
        told = reminders(ClockKind.FORM_CHECK)
        assert [subject.split("：")[0] for subject, _at in told] == ["黄灯提醒", "今日到期"]
        assert abs(told[0][1] - row.amber_at) < timedelta(minutes=1)
        assert told[1][1].astimezone(clock.SHANGHAI).hour == 9
        assert row.stage is Stage.RED
        assert row.next_check_at is None


def test_what_is_done_is_not_reminded_of(app: Flask, advance: Advance) -> None:
    with app.app_context():
        with transaction():
            made = intermediaries.submitted()
            firm_id = made.firm.id
        run_due()
        with transaction():
            register.return_application(
                db.session.get_one(Firm, firm_id),
                intermediaries.all_passed() | {"subject": register.Finding(False, "请补充证照")},
                accounts.officer(Role.BUREAU_OPERATOR).actor,
                clock.now(),
            )
        advance(timedelta(days=4))
        row = db.session.scalars(
            select(RunningClock).where(RunningClock.kind == ClockKind.FORM_CHECK)
        ).one()
        assert row.ended_at is not None
        assert reminders(ClockKind.FORM_CHECK) == []


def owing(kind: ClockKind) -> set[int]:
    """Whose clock of a kind runs."""
    return set(
        db.session.scalars(
            select(RunningClock.organisation_id).where(
                RunningClock.kind == kind, RunningClock.ended_at.is_(None)
            )
        )
    )


def test_an_answer_and_marks_end_the_clock_of_whoever_gave_them_alone(
    app: Flask, advance: Advance
) -> None:
    deal = contracts.completed(app, advance)
    with app.app_context():
        with transaction():
            first, second = (intermediaries.listed(("dazl",)) for _n in range(2))
            order = orders.asked(accounts.owner(), first, second)
            order_id, both = order.id, [each.organisation.id for each in (first, second)]
        run_due()
        assert owing(ClockKind.MARKS) == {deal.owner_id, deal.firm_id}
        assert owing(ClockKind.ORDER) == {both[0]}
        with transaction():
            evaluations.give(deal, "editor", 5)
            ask = live_ask(db.session.get_one(Order, order_id))
            assert ask is not None
            order_actions.decline(ask, "近期人员已排满", first.actor)
        run_due()
        assert owing(ClockKind.MARKS) == {deal.firm_id}
        assert owing(ClockKind.ORDER) == {both[1]}


def test_a_later_deadline_begins_its_clock_anew_and_mails_the_firm(
    app: Flask, advance: Advance
) -> None:
    with app.app_context():
        contract_id = contracts.signed(app, advance).contract.id
        with transaction():
            found = db.session.get_one(Contract, contract_id)
            found.firm.email = "firm@example.cn"
            due = found.due_at
        run_due()
        with transaction():
            found = db.session.get_one(Contract, contract_id)
            assert found.due_at is not None
            found.due_at = found.due_at + timedelta(days=7)
            found.next_check_at = found.due_at
        run_due()
        rows = db.session.scalars(
            select(RunningClock)
            .where(RunningClock.kind == ClockKind.DELIVERY)
            .order_by(RunningClock.id)
        ).all()
        assert [row.ended_at is None for row in rows] == [False, True]
        assert due is not None
        assert rows[1].due_at == due + timedelta(days=7)
        newest, left = rows[1].id, rows[1].due_at - clock.now()
        db.session.rollback()
        advance(left - timedelta(hours=1))
        assert len(reminders(ClockKind.DELIVERY)) == 2
        addresses = db.session.scalars(
            select(Delivery.address)
            .join(Message, Message.id == Delivery.message_id)
            .where(Message.key.like(f"clock:{newest}:%"))
        ).all()
        assert addresses == ["firm@example.cn"] * 2


def test_an_order_to_answer_has_its_lamp_and_the_overview_counts_what_it_lists(
    app: Flask, sign_in_as: Callable[..., FlaskClient]
) -> None:
    with app.app_context():
        with transaction():
            firm = intermediaries.listed(("dazl",))
            orders.asked(accounts.owner(), firm)
            waiting = intermediaries.submitted().firm
            officer = accounts.officer(Role.BUREAU_OPERATOR)
            firm_id, owed = firm.organisation.id, waiting.id
        run_due()
        row = db.session.scalars(
            select(RunningClock).where(RunningClock.kind == ClockKind.ORDER)
        ).one()
        assert row.organisation_id == firm_id
        assert row.due_at == working_calendar().deadline(row.since, 1)
        assert row.link.startswith("/firm/orders/")
        moment_of_amber = clock.now()
        with transaction():
            db.session.scalars(
                select(RunningClock).where(RunningClock.kind == ClockKind.FORM_CHECK)
            ).one().amber_at = moment_of_amber
        listed = {each.matter.clock: each.lamp for each in in_area(officer.actor, clock.now())}
        assert listed[ClockKind.FORM_CHECK, owed] is Lamp.AMBER
    assert "答复订单或询价" in sign_in_as(officer.user).get("/supervision/lamps").text


def test_appeals_repairs_and_letters_have_their_clocks_and_remind_whose_they_are(
    app: Flask, advance: Advance, sign_in_as: Callable[..., FlaskClient]
) -> None:
    with app.app_context():
        with transaction():
            firm = accounts.firm()
            superior, bureau = (
                accounts.officer(Role.SUPERVISOR),
                accounts.officer(Role.BUREAU_OPERATOR),
            )
            now = clock.now()
            card = sanctions.card(firm.organisation)
            appeal = appeals.file_appeal(card, sanctions.REASON, firm.actor, now)
            other = accounts.firm()
            repair = sanctions.asked_repair(sanctions.corrected_card(other), other.actor)
            order, letter = (
                measures.issue_measure(
                    firm.organisation,
                    accounts.CITY,
                    Content(kind, sanctions.FACTS, sanctions.FACTS, authority="市监局"),
                    bureau.actor,
                    now,
                )
                for kind in (MeasureKind.RECTIFICATION, MeasureKind.TRANSFER)
            )
            firm_id, office = firm.organisation.id, bureau.organisation.id
            over = {each.id for each in reviewing_offices(accounts.CITY)}
            assert superior.organisation.id in over
            dues = {
                **{(ClockKind.APPEAL, each): appeal.due_at for each in over},
                (ClockKind.REPAIR, office): repair.due_at,
                (ClockKind.MEASURE, firm_id): order.due_at,
                (ClockKind.MEASURE, office): letter.due_at,
            }
            people = [superior.user, bureau.user]
            last = appeal.due_at
        run_due()
        rows = db.session.scalars(
            select(RunningClock).where(
                RunningClock.kind.in_((ClockKind.APPEAL, ClockKind.REPAIR, ClockKind.MEASURE))
            )
        ).all()
        assert {(row.kind, row.organisation_id): row.due_at for row in rows} == dues
        left = last - clock.now()
    above, here = (sign_in_as(each) for each in people)
    for browser in (above, here):
        page = browser.get("/supervision/lamps").text
        for words in ("复核申诉", "办理信用修复", "答复柔性措施"):
            assert words in page
    advance(left + timedelta(minutes=1))
    with app.app_context():
        told = [subject.split("：")[0] for subject, _at in reminders(ClockKind.APPEAL)]
        assert sorted(told) == ["今日到期"] * len(over) + ["黄灯提醒"] * len(over)
        assert owing(ClockKind.APPEAL) == over
