"""A new officer: invited, given a role, with a second factor, at work, and locked out at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pyotp
import pytest
from flask import Flask
from sqlalchemy import select

from marketplace.accounts.models import WebSession
from marketplace.accounts.permissions import Role
from marketplace.accounts.rules import STEP_SECONDS
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from tests.browsing import NARROW, Visitor
from tests.factories import accounts as people

from .people import fill, press, text

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
WORD = "Harbour-9-stone-mill"


@pytest.fixture
def guarded(app: Flask) -> Iterator[Flask]:
    app.config["SECOND_FACTOR"] = True
    yield app
    app.config["SECOND_FACTOR"] = False


class Device:
    """A phone with an authenticator; never shows the same code twice."""

    def __init__(self, app: Flask, key: str) -> None:
        self.app = app
        self.totp = pyotp.TOTP(key)
        self.last = 0

    def code(self) -> str:
        """The next code nobody has used: of now, or of the half minute after."""
        from marketplace.accounts import queries

        with self.app.app_context():
            now = int(queries.real_now().timestamp()) // STEP_SECONDS
        self.last = max(self.last + 1, now)
        assert self.last <= now + 1, "more codes than the device can show"
        return self.totp.at(self.last * STEP_SECONDS)


def enter(window: Visitor, login: str, word: str = people.PASSWORD) -> None:
    """The first step of signing in, through the page."""
    window.open("/sign-in")
    fill(window, login=login, password=word)
    press(window, "登录")


def set_up(app: Flask, window: Visitor) -> Device:
    """What somebody does who is led to set a factor up."""
    assert "须先设置二次验证" in text(window)
    press(window, "开始设置")
    picture = window.page.locator("main img")
    assert picture.evaluate("image => image.complete && image.naturalWidth > 100")
    device = Device(app, window.page.locator("main code").inner_text().replace(" ", ""))
    fill(window, code="000000")
    press(window, "完成设置", 422)
    fill(window, code=device.code())
    press(window, "完成设置")
    assert window.page.locator("main li code").count() == 10
    window.follow(window.page.get_by_role("link", name="已保存，继续"))
    return device


def admit(app: Flask, window: Visitor, role: Role) -> Device:
    with app.app_context(), transaction():
        login = people.officer(role).user.login
    enter(window, login)
    return set_up(app, window)


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_new_officer_comes_works_and_is_locked_out_at_once(
    guarded: Flask, visitor: Callable[..., Visitor]
) -> None:
    system, security, officer = visitor(), visitor(), visitor(size=NARROW)
    admit(guarded, system, Role.SYSTEM_ADMIN)
    keeper = admit(guarded, security, Role.SECURITY_ADMIN)

    system.open("/offices/accounts")
    bureau = system.page.locator("main [name=office] option", has_text="行政审批服务局").first
    fill(
        system,
        name="许核查",
        office=bureau.get_attribute("value") or "",
        role="bureau_operator",
    )
    press(system, "提交提议")
    assert "待审批" in text(system)
    assert system.page.get_by_role("button", name="批准").count() == 0

    security.open("/offices/accounts")
    press(security, "批准")
    found = re.search(r"https?://[^/]+(/invitations/[\w-]+)", text(security))
    assert found is not None

    officer.open(found.group(1))
    assert "管理机构经办人" in text(officer)
    fill(officer, login="xuhecha", password=WORD, password_again=WORD)
    press(officer, "开通账号")
    fill(officer, login="xuhecha", password=WORD)
    press(officer, "登录")
    device = set_up(guarded, officer)
    assert officer.open("/supervision/applications") == 200
    assert "入驻" in text(officer)

    officer.follow(officer.page.get_by_role("button", name="退出"))
    enter(officer, "xuhecha", WORD)
    assert "二次验证" in text(officer)
    assert officer.open("/supervision") == 200
    assert "请再输入验证器应用显示的验证码" in text(officer)
    fill(officer, code=device.code())
    press(officer, "验证")
    assert officer.open("/supervision") == 200
    assert "请再输入" not in text(officer)

    security.open("/offices/accounts")
    security.follow(
        security.page.locator("main tr", has_text="许核查").get_by_role("link", name="收回角色")
    )
    assert "管理机构经办人" in text(security)
    with guarded.app_context(), transaction():
        for row in db.session.scalars(
            select(WebSession).where(WebSession.confirmed_at.is_not(None))
        ):
            row.confirmed_at = row.created_at.replace(year=row.created_at.year - 1)
    press(security, "收回角色", 403)
    assert "您填写的内容已保留" in text(security)
    assert officer.open("/supervision") == 200
    fill(security, code=keeper.code())
    press(security, "确认")
    press(security, "继续提交")
    assert "许核查" not in text(security)

    officer.open("/supervision")
    assert officer.page.locator("main [name=login]").count() == 1
    fill(officer, login="xuhecha", password=WORD)
    press(officer, "登录", 422)
    assert "登录名或密码不正确" in text(officer)
