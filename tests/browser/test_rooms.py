"""What officers do with keys alone, in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import expect
from sqlalchemy import select

from marketplace.accounts.permissions import Role
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries.models import FirmStatus, ReviewPoint
from marketplace.intermediaries.queries import firm_by_public_id
from tests.browsing import NARROW, WIDE, Visitor
from tests.factories import accounts, intermediaries

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_an_application_is_returned_by_keys_alone(
    app: Flask, visitor: Callable[..., Visitor]
) -> None:
    with app.app_context(), transaction():
        public_id = intermediaries.submitted().firm.public_id
        login = accounts.officer(Role.BUREAU_OPERATOR).user.login
    page = visitor().page
    page.goto("/sign-in")
    page.fill("input[name=login]", login)
    page.fill("input[name=password]", accounts.PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/workspace")
    page.goto(f"/supervision/applications/{public_id}")
    page.keyboard.press("j")
    for key in ("1", "2"):
        page.keyboard.press(key)
    page.keyboard.type("补充授权书 j1")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    for _point in range(4):
        page.keyboard.press("1")
    page.keyboard.press("p")
    page.wait_for_selector("#notice")
    assert "1. 法定代表人与经办人：补充授权书 j1" in page.inner_text("#notice")
    page.check("input[name=outcome][value=return]")
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    with app.app_context():
        firm = firm_by_public_id(public_id)
        assert firm is not None
        assert firm.status is FirmStatus.RETURNED
        results = db.session.scalars(select(ReviewPoint.result).order_by(ReviewPoint.id)).all()
        assert [str(result) for result in results] == ["pass", "mend", *["pass"] * 4]


@pytest.mark.parametrize("engine_name", ["sqlite"])
@pytest.mark.parametrize("javascript", [True, False])
def test_the_rail_folds_on_a_narrow_screen_and_stands_open_on_a_wide_one(
    app: Flask, visitor: Callable[..., Visitor], javascript: bool
) -> None:
    with app.app_context(), transaction():
        login = accounts.officer(Role.BUREAU_OPERATOR).user.login
    for size, folds in ((WIDE, False), (NARROW, True)):
        page = visitor(size=size, javascript=javascript).page
        page.goto("/sign-in")
        page.fill("input[name=login]", login)
        page.fill("input[name=password]", accounts.PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/workspace")
        rail = page.get_by_role("navigation", name="工作台导航")
        link = rail.get_by_role("link", name="惩戒案件")
        summary = rail.locator("summary")
        expect(summary).to_be_visible(visible=folds)
        expect(link).to_be_visible(visible=not folds)
        if folds:
            expect(summary).to_contain_text("工作台首页")
            summary.focus()
            page.keyboard.press("Enter")
        expect(link).to_be_visible()
        link.focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/supervision/cases")
