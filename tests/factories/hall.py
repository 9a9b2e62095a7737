"""Calls for windows of the hall for tests, made through the actions. Call inside a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from marketplace.accounts.permissions import Role
from marketplace.foundation import clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.intermediaries import queries as register_queries
from marketplace.intermediaries.hall import actions, queries
from marketplace.intermediaries.hall.models import (
    HallApplication,
    HallCall,
    HallJudge,
    HallWindow,
)
from marketplace.intermediaries.hall.rules import Criterion
from tests.factories import accounts
from tests.factories.intermediaries import RegisteredFirm
from tests.factories.notices import Somebody

CRITERIA = (
    Criterion("服务方案", "窗口人员配备、受理和告知流程", 60),
    Criterion("专业能力", "近三年同类成果的质量和按期情况", 40),
)
# tests begin on Monday 2 March 2026
UNTIL = date(2026, 3, 10)


@dataclass(frozen=True)
class Bench:
    """A judge with the person behind it."""

    judge_id: int
    party: Somebody

    @property
    def judge(self) -> HallJudge:
        """The row in this session."""
        return db.session.get_one(HallJudge, self.judge_id)


def published(
    seats: int = 1, until: date = UNTIL, criteria: Sequence[Criterion] | None = None
) -> HallCall:
    """A call that takes applications, drafted by one officer and published by another."""
    operator = accounts.officer(Role.BUREAU_OPERATOR).actor
    now = clock.now()
    day = clock.local_day(now)
    scored = register_queries.admission_policy(accounts.CITY, day).values.mode == "tendered"
    call = actions.draft_call(
        accounts.CITY,
        title="办事大厅中介服务窗口公开征集",
        seats=seats,
        item_codes=[],
        term_months=12,
        apply_until=until,
        criteria=(CRITERIA if scored else ()) if criteria is None else criteria,
        actor=operator,
        now=now,
    )
    actions.submit_call(call, operator, now)
    actions.publish_call(call, accounts.officer(Role.BUREAU_APPROVER).actor, now)
    return call


def bench(call: HallCall, offices: Sequence[str] = ("sthj", "zjj", "slj")) -> list[Bench]:
    """Confirmed judges, one of each department."""
    operator, approver = (
        accounts.officer(role).actor for role in (Role.BUREAU_OPERATOR, Role.BUREAU_APPROVER)
    )
    made = []
    for office in offices:
        party = accounts.officer(Role.DEPARTMENT_OFFICER, office)
        judge = actions.propose_judge(call, party.user, "工程管理", operator, clock.now())
        actions.confirm_judge(judge, approver, clock.now())
        made.append(Bench(judge.id, Somebody.of(party)))
    return made


def applied(call: HallCall, firm: RegisteredFirm) -> HallApplication:
    """A firm's application, with a word on every criterion."""
    answers = {str(each.position): "窗口每日两人在岗，即时受理。" for each in call.criteria}
    return actions.apply_to_call(call, firm.firm, answers, firm.actor, clock.now())


def marked(seat: Bench, application: HallApplication, *marks: str) -> None:
    """A judge's marks for an application."""
    given = [Decimal(mark) for mark in marks]
    actions.give_sheet(
        seat.judge, application, given, "按评分标准逐项评定", seat.party.actor, clock.now()
    )


def window(number: int = 1, actor: Actor | None = None) -> HallWindow:
    """A window of the hall."""
    actor = actor or accounts.officer(Role.BUREAU_OPERATOR).actor
    return actions.open_window(accounts.CITY, number, "一楼东区", actor, clock.now())


def sitting() -> dict[int, int]:
    """Who sits now, as the public sees it: number of the window by firm."""
    return queries.windows_on(accounts.CITY, clock.now())
