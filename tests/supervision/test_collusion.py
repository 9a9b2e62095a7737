"""The screens in the register: what they read, what they raise, what an officer makes of it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from flask import Flask
from sqlalchemy import event, select

from marketplace.accounts.permissions import Role
from marketplace.demo.colluding import RING
from marketplace.demo.competing import FIRMS as TRIO
from marketplace.demo.papers import Making, pdf
from marketplace.foundation import clock, files
from marketplace.foundation.actor import CLOCK
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.projects.models import SelectionMethod
from marketplace.selection import queries
from marketplace.supervision.collusion import actions, finding
from marketplace.supervision.collusion.models import CollusionFlag, CollusionRun, CollusionStatus
from marketplace.supervision.collusion.rules.screens import Screen
from marketplace.supervision.waiting.gathering import of_officer
from tests.factories import accounts, selection
from tests.selection.scenes import Advance, SignIn, again, key

COMPETITION: dict[str, Any] = {
    "method": SelectionMethod.PRICE_COMPETITION,
    "draw_source": None,
}
TO_OPENING = timedelta(days=1, hours=8, minutes=31)
WHY = "三家报价均附有成本构成，最低价机构同期在同一园区作业，数据可以共用"


def looked(at: str = accounts.CITY) -> CollusionRun:
    return actions.screen(at, CLOCK, clock.now())


def flags(screen: Screen) -> list[CollusionFlag]:
    rows = db.session.scalars(select(CollusionFlag).order_by(CollusionFlag.id))
    return [each for each in rows if each.screen is screen]


def test_only_opened_quotes_are_read_and_what_is_decided_is_not_raised_anew(
    app: Flask, advance: Advance, sign_in_as: SignIn
) -> None:
    with app.app_context(), transaction():
        firms = selection.firms(3)
        for _need in range(3):
            need = selection.open_need(**COMPETITION)
            for firm, price in zip(firms, ("33000", "39000", "39100"), strict=True):
                selection.enter(need, firm, Decimal(price))
        operator = accounts.officer(Role.BUREAU_OPERATOR)
        approver = accounts.officer(Role.BUREAU_APPROVER)
        members = {key(firm) for firm in firms}
    # closed and not opened yet: the firms are known, no quote is
    advance(TO_OPENING - timedelta(minutes=2))
    asked: list[str] = []

    def note(*told: Any) -> None:
        asked.append(told[2])

    with app.app_context():
        since = clock.now() - timedelta(days=100)
        event.listen(db.engine, "before_cursor_execute", note)
        closed = finding.selections_of(accounts.CITY, since)
        event.remove(db.engine, "before_cursor_execute", note)
        assert [each.firms for each in closed] == [frozenset(members)] * 3
        assert all(each.quotes == {} for each in closed)
        assert asked
        assert not any("entries.sealed" in statement for statement in asked)
        # a price that stood in clear against the rules would not be read either
        assert all("unsealed_at IS NOT NULL" in each for each in asked if "entries.price" in each)
        db.session.rollback()
    with app.app_context(), transaction():
        assert looked().counts[Screen.COVER] == [0, 0]
    advance(timedelta(days=1))
    with app.app_context(), transaction():
        clock.set_to(clock.now() + timedelta(days=8))
        run = looked()
        assert run.counts[Screen.COVER] == [1, 1]
        (flag,) = flags(Screen.COVER)
        assert set(flag.firms) == members
        assert len(flag.needs) == 3
        page = f"/supervision/collusion/{flag.public_id}"
        assert [
            m
            for m in of_officer(again(operator).actor, clock.now())
            if page.endswith(str(m.done_at[1]))
        ]
        assert queries.award_of(db.session.get_one(selection.Need, flag.needs[0])) is not None
    desk = sign_in_as(operator.user)
    listed = desk.get("/supervision/collusion").get_data(as_text=True)
    assert "疑似陪标" in listed
    assert "核算的 1 组一同报价的机构中有 1 组（100.0%）" in listed
    shown = desk.get(page).get_data(as_text=True)
    for words in ("84.85", "9.43%", "可能的正当原因", "33,000.00"):
        assert words in shown
    assert (
        sign_in_as(approver.user)
        .post(f"{page}/decision", data={"outcome": "clear", "reason": WHY})
        .status_code
        == 403
    )
    assert (
        desk.post(f"{page}/decision", data={"outcome": "clear", "reason": "无"}).status_code == 422
    )
    assert (
        desk.post(f"{page}/decision", data={"outcome": "clear", "reason": WHY}).status_code == 303
    )
    assert (
        desk.post(f"{page}/decision", data={"outcome": "clear", "reason": WHY}).status_code == 409
    )
    assert WHY in desk.get(page).get_data(as_text=True)
    with app.app_context(), transaction():
        clock.set_to(clock.now() + timedelta(days=8))
        assert looked().counts[Screen.COVER] == [1, 1]
        # found again, told in the base rate, and not raised anew: nothing has been added
        assert [each.status for each in flags(Screen.COVER)] == [CollusionStatus.CLEARED]


def test_documents_of_one_hand_are_a_question_until_a_print_shop_explains_them(
    app: Flask, advance: Advance, sign_in_as: SignIn
) -> None:
    with app.app_context(), transaction():
        firms = selection.firms(4)
        selection.entered_need(entrants=firms)
        operator = accounts.officer(Role.BUREAU_OPERATOR)
        now = clock.now()
        at = now - timedelta(days=3)
        form = Making("管理机构", "WPS 文字", at - timedelta(days=90))
        # two let the same shop set their papers, two bought the same computer; one form
        # came from two of them byte for byte alike, which another screen tells
        making = [Making("快印店王姐", "方正飞翔", at)] * 2
        making += [Making("Lenovo", "WPS 文字", at), Making("lenovo", "wps 文字", at)]
        for firm, made in zip(firms, making, strict=True):
            files.store(pdf(f"paper {key(firm)}", made), "材料.pdf", firm.actor, now, "file")
        for firm in firms[1:3]:
            files.store(pdf("form", form), "表格.pdf", firm.actor, now, "file")
        members = {key(firm) for firm in firms[:2]}
    advance(timedelta(days=2))
    with app.app_context(), transaction():
        clock.set_to(clock.now() + timedelta(days=8))
        run = looked()
        # one computer's name says nothing, and the minute was the same: both pairs are named
        assert run.counts[Screen.DOCUMENTS] == [2, 6]
        (flag, other) = flags(Screen.DOCUMENTS)
        assert set(flag.firms) == members
        assert (flag.facts["authors"], other.facts["authors"]) == (1, 0)
        page = f"/supervision/collusion/{flag.public_id}"
    desk = sign_in_as(operator.user)
    shown = desk.get(page).get_data(as_text=True)
    for words in (
        "文件制作信息相同",
        "作者相同",
        "同一分钟生成",
        "图文店",
        "6 对",
        "33.3%",
        "方正飞翔",
        "材料.pdf",
    ):
        assert words in shown
    assert "王姐" not in shown
    said = {
        "outcome": "clear",
        "reason": "两家均委托同一家快印店排版，有委托单和付款凭证，内容各自编写",
    }
    assert desk.post(f"{page}/decision", data=said).status_code == 303
    with app.app_context(), transaction():
        clock.set_to(clock.now() + timedelta(days=8))
        looked()
        cleared = [each for each in flags(Screen.DOCUMENTS) if set(each.firms) == members]
        assert [each.status for each in cleared] == [CollusionStatus.CLEARED]


def test_a_need_only_one_firm_fits_stays_a_question(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        selection.firms(1)
        selection.open_need()
        assert looked().counts[Screen.ONE_FITS] == [1, 1]
        assert [each.facts["fit"] for each in flags(Screen.ONE_FITS)] == [1]
    advance(timedelta(days=9))
    with app.app_context():
        assert [each.status for each in flags(Screen.ONE_FITS)] == [CollusionStatus.RAISED]
        # the night looks by itself, once a week
        days = db.session.scalars(
            select(CollusionRun.day).where(CollusionRun.register == accounts.CITY)
        ).all()
        assert len(days) == len(set(days)) >= 2


def test_the_demo_shows_a_ring_and_a_look_alike_that_was_cleared(demo_app: Flask) -> None:
    with demo_app.app_context():
        ring, trio = (
            {accounts.queries.user_by_login(login).memberships[0].organisation_id for login in each}  # type: ignore[union-attr]
            for each in (RING, TRIO)
        )
        named = {screen: [set(each.firms) for each in flags(screen)] for screen in Screen}
        assert ring in named[Screen.COVER]
        assert named[Screen.ROTATION] == [ring]
        assert trio in named[Screen.COVER]
        assert [each < ring for each in named[Screen.DOCUMENTS]] == [True]
        for flag in flags(Screen.COVER) + flags(Screen.ROTATION):
            cleared = set(flag.firms) == trio
            assert (flag.status is CollusionStatus.CLEARED) == cleared
            assert bool(flag.decision_reason) == cleared
