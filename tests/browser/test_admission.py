"""Admission in a real browser: an application that keeps itself, returned once, corrected, admitted,
and the certificate that is scanned."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import expect
from sqlalchemy import select

from marketplace.accounts.access import cookie_name
from marketplace.accounts.permissions import Role
from marketplace.foundation import calendar, clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries.models import Firm, Qualification
from tests.browser.people import Cast, fill, press, press_in, text
from tests.browser.test_first_light import POINTS
from tests.browsing import NARROW, Visitor
from tests.factories import accounts, intermediaries
from tests.qr_reading import text_of

pytestmark = pytest.mark.browser
# the modules of a drawn code, as they are seen: the middle of each
SCAN = """image => {
  const size = image.naturalWidth, canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  const pen = canvas.getContext("2d");
  pen.drawImage(image, 0, 0);
  const seen = pen.getImageData(0, 0, size, size).data;
  const step = 4, margin = 4, count = size / step - 2 * margin, rows = [];
  for (let y = 0; y < count; y++) {
    const row = [];
    for (let x = 0; x < count; x++) {
      const at = ((y + margin) * step + step / 2) * size + (x + margin) * step + step / 2;
      row.push(seen[4 * at] < 128);
    }
    rows.push(row);
  }
  return rows;
}"""


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_returned_once_corrected_admitted_and_the_certificate_scanned(
    app: Flask, visitor: Callable[..., Visitor], advance: Callable[[timedelta], None]
) -> None:
    cast = Cast(app, visitor, advance)
    name = "青河净源环境咨询有限公司"
    login = cast.make(lambda: intermediaries.submitted(("stbc",), name=name).user.login)
    operator = cast.at(cast.login_of(lambda: accounts.officer(Role.BUREAU_OPERATOR)))
    approver = cast.at(cast.login_of(lambda: accounts.officer(Role.BUREAU_APPROVER)))
    with app.app_context():
        address = db.session.scalars(select(Firm)).one().public_id
    review = f"/supervision/applications/{address}"
    operator.open(review)
    points = dict.fromkeys(POINTS, "pass") | {"legal": "mend"}
    fill(operator, **points, legal_reason="经办人电话无法接通，请更正", outcome="return")
    press(operator, "提交审查结论")

    firm = cast.at(login)
    firm.open("/firm/application")
    assert "一次性告知书：须补正 1 项" in text(firm)
    status = firm.page.locator("#kept")
    expect(status).to_contain_text("各栏填写后自动保存")
    firm.page.locator("[name=agent_phone]").fill("0399-8880001")
    expect(status).to_contain_text("已自动保存")
    firm.open("/firm/application")
    assert firm.page.locator("[name=agent_phone]").input_value() == "0399-8880001"
    assert "经办人电话" in text(firm)
    press_in(firm, "提交入驻申请", 200, committed="")

    operator.open(review)
    seen = operator.page.locator("[data-point]").nth(1)
    expect(seen).to_contain_text("上一轮要求补正：经办人电话无法接通，请更正")
    expect(seen.locator("ins")).to_be_visible()
    fill(operator, **dict.fromkeys(POINTS, "pass"), outcome="list")
    press(operator, "提交审查结论")
    approver.open(review)
    fill(approver, outcome="list", reason="补正后各项符合入驻条件")
    press(approver, "作出决定")

    anybody = cast.stranger()
    with app.app_context():
        public_id = db.session.scalars(select(Firm)).one().organisation.public_id
    anybody.open(f"/firms/{public_id}/certificate")
    code = anybody.page.get_by_alt_text("名录查验页的二维码")
    expect(code).to_be_visible()
    scanned = text_of(code.evaluate(SCAN))
    assert scanned == f"{anybody.address}/firms/{public_id}/register"
    telephone = visitor(size=NARROW)
    telephone.open(scanned.removeprefix(telephone.address))
    assert "今日在册" in text(telephone)
    assert "补正后各项符合入驻条件" in text(telephone)
    assert not telephone.is_wider_than_its_window()


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_two_windows_and_a_session_that_ends_lose_nothing(
    app: Flask, visitor: Callable[..., Visitor], advance: Callable[[timedelta], None]
) -> None:
    cast = Cast(app, visitor, advance)
    login = cast.make(lambda: intermediaries.drafted().user.login)
    one = cast.at(login)
    other = visitor(size=NARROW)
    other.sign_in(login, accounts.PASSWORD)
    for window in (one, other):
        window.open("/firm/application")
    one.page.locator("[name=agent_name]").fill("周经办")
    expect(one.page.locator("#kept")).to_contain_text("已自动保存")
    other.page.locator("[name=agent_name]").fill("吴经办")
    status = other.page.locator("#kept")
    expect(status).to_contain_text("另一窗口已改过这一栏")
    expect(status).to_contain_text("周经办")
    expect(status).to_contain_text("吴经办")
    assert not other.is_wider_than_its_window()
    # pressed as slowly as a hand does: leaving the field must not take the button away
    status.get_by_role("button", name="采用另一窗口的").click(delay=400)
    expect(other.page.locator("[name=agent_name]")).to_have_value("周经办")
    expect(status).to_contain_text("已自动保存")

    # the session is over: what was typed stays in the window and is there after signing in
    with app.app_context():
        one.page.context.clear_cookies(name=cookie_name())
    one.page.locator("[name=introduction]").fill("成立于 2009 年")
    expect(one.page.locator("#kept")).to_contain_text("登录已失效")
    one.page.locator("[name=introduction]").press_sequentially("，")
    with one.page.expect_navigation():
        one.page.locator("#kept a").click(delay=400)
    form = one.page.locator("main form", has=one.page.locator("[name=password]"))
    form.locator("[name=login]").fill(login)
    form.locator("[name=password]").fill(accounts.PASSWORD)
    form.locator("[type=submit]").first.click()
    one.page.wait_for_url("**/firm/application")
    expect(one.page.locator("[name=introduction]")).to_have_value("成立于 2009 年，")
    expect(one.page.locator("#kept")).to_contain_text("已自动保存")
    with app.app_context():
        assert db.session.scalars(select(Firm)).one().introduction == "成立于 2009 年，"


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_listing_takes_no_orders_from_midnight_after_its_certificates_last_day(
    app: Flask, visitor: Callable[..., Visitor], advance: Callable[[timedelta], None]
) -> None:
    def build() -> Any:
        firm = intermediaries.listed(("jsjl",), name="青河明远监理有限公司")
        held = select(Qualification).where(Qualification.firm_id == firm.firm.id)
        for row in db.session.scalars(held):
            row.valid_until = clock.today() + timedelta(days=3)
        return firm.organisation.public_id, clock.today() + timedelta(days=3)

    with app.app_context(), transaction():
        public_id, last = build()
    window = visitor(size=NARROW)
    register, found = f"/firms/{public_id}/register", "/firms?item=jsjl&open=1"

    def until(moment: timedelta) -> None:
        with app.app_context():
            midnight = calendar.moment(last + timedelta(days=1), time(0))
            step = midnight + moment - clock.now()
        advance(step)

    until(timedelta(seconds=-30))
    window.open(register)
    assert "正在承接" in text(window)
    window.open(found)
    assert "青河明远监理有限公司" in text(window)
    until(timedelta(seconds=1))
    window.open(register)
    assert "没有经核验的有效资质" in text(window)
    assert "正在承接" not in text(window)
    window.open(found)
    assert "青河明远监理有限公司" not in text(window)
    window.open("/firms?item=jsjl")
    assert "青河明远监理有限公司" in text(window)
    assert not window.is_wider_than_its_window()
