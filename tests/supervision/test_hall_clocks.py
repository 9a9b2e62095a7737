"""The clocks of a call for windows of the hall: who is told of what, and when it stops."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from marketplace.accounts.permissions import Role
from marketplace.foundation import clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries.hall import actions, queries
from marketplace.intermediaries.hall.models import HallCall
from marketplace.notifications.models import Message
from marketplace.supervision.lamps import shown
from marketplace.supervision.models import ClockKind, RunningClock
from marketplace.supervision.rules import Lamp
from marketplace.supervision.waiting.gathering import of_officer
from marketplace.workspace.todo import firms as own
from marketplace.workspace.todo.line import Line
from tests.factories import accounts, intermediaries
from tests.factories import hall as halls

Advance = Callable[[timedelta], None]
DAY = timedelta(days=1)


def _running(kind: ClockKind) -> list[RunningClock]:
    return list(
        db.session.scalars(
            select(RunningClock).where(RunningClock.kind == kind, RunningClock.ended_at.is_(None))
        )
    )


def _what(actor: Actor) -> list[str]:
    return [str(each.what) for each in of_officer(actor, clock.now())]


def _calls_for(actor: Actor) -> list[Line]:
    found = own.own_firm(actor, clock.now())
    return [line for line in found if line.page == "intermediaries.hall_apply"]


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_calls_clocks_run_for_whoever_must_act_and_stop_when_it_is_done(
    app: Flask, advance: Advance
) -> None:
    with app.app_context(), transaction():
        call = halls.published()
        firm = intermediaries.listed(("hpwj",))
        operator, approver = (
            accounts.officer(role).actor for role in (Role.BUREAU_OPERATOR, Role.BUREAU_APPROVER)
        )
        # nobody is named yet: that is the operator's; a firm may apply of its own will
        assert "聘请大厅征集评委" in _what(operator)
        (line,) = _calls_for(firm.actor)
        assert (line.key, line.due) == (call.public_id, call.apply_by)
        bench = halls.bench(call)
        assert "聘请大厅征集评委" not in _what(operator)
        fourth = accounts.officer(Role.DEPARTMENT_OFFICER, "zrzy").user
        named = actions.propose_judge(call, fourth, "自然资源", operator, clock.now())
        application = halls.applied(call, firm)
        assert _calls_for(firm.actor) == []
        keys = call.id, named.id, application.id
    advance(7 * DAY + timedelta(hours=3))
    with app.app_context():
        call = db.session.get_one(HallCall, keys[0])
        (judge,) = _running(ClockKind.HALL_JUDGE)
        assert (judge.due_at, judge.link) == (
            call.apply_by,
            f"/supervision/hall/calls/{call.public_id}",
        )
        assert shown([accounts.CITY], clock.now())[ClockKind.HALL_JUDGE, keys[1]] is Lamp.AMBER
        assert "确认大厅征集评委" in _what(approver)
        assert _running(ClockKind.HALL_MARKS) == []
        told = [each.subject for each in db.session.scalars(select(Message))]
        assert "黄灯提醒：确认大厅征集评委" in told
    advance(DAY + timedelta(hours=5))
    with app.app_context(), transaction():
        call = db.session.get_one(HallCall, keys[0])
        marks = _running(ClockKind.HALL_MARKS)
        assert {each.due_at for each in marks} == {call.mark_by}
        assert {each.organisation_id for each in marks} == {
            each.judge.organisation_id for each in bench
        }
        (application,) = queries.to_mark(call)
        halls.marked(bench[0], application, "50", "35")
        assert call.mark_by is not None
        wait = call.mark_by - clock.now() - timedelta(hours=2)
    advance(wait)
    with app.app_context():
        marks = _running(ClockKind.HALL_MARKS)
        assert bench[0].judge_id not in {each.subject_id for each in marks}
        assert len(marks) == 2
        told = [each.subject for each in db.session.scalars(select(Message))]
        assert told.count("黄灯提醒：大厅窗口征集评分") == 2
        assert told.count("今日到期：大厅窗口征集评分") == 2
