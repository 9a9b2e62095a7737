"""Finding firms and comparing them on a telephone, with and without a script."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from flask import Flask
from playwright.sync_api import expect

from marketplace.foundation.transactions import transaction
from tests.browsing import NARROW, Visitor
from tests.factories import intermediaries

pytestmark = pytest.mark.browser
NAMES = ("净源", "碧水", "青杉")


def fill(app: Flask) -> None:
    with app.app_context(), transaction():
        for place, name in enumerate(NAMES):
            firm = f"青河{name}环境咨询有限公司"
            intermediaries.listed(name=firm, discount=Decimal(place) / 10)
        intermediaries.listed(("jsjl",), name="东城明远监理有限公司")


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_the_box_says_what_the_words_may_mean_while_one_types(
    app: Flask, visitor: Callable[..., Visitor]
) -> None:
    fill(app)
    window = visitor(size=NARROW)
    page = window.page
    window.open("/items")
    box = page.locator("#site-search")
    box.press_sequentially("环评")
    suggestions = page.locator("#site-suggestions")
    expect(suggestions).to_contain_text("环境影响评价文件编制")
    expect(suggestions).not_to_contain_text("净源")
    assert not window.is_wider_than_its_window()
    box.fill("")
    box.press_sequentially("qhjy")
    expect(suggestions).to_contain_text("青河净源环境咨询有限公司")
    box.press("Enter")
    page.wait_for_url("**/search?q=qhjy")
    expect(page.locator("main")).to_contain_text("青河净源环境咨询有限公司")


@pytest.mark.parametrize("engine_name", ["sqlite"])
@pytest.mark.parametrize("javascript", [True, False])
def test_a_search_and_a_comparison_on_a_telephone(
    app: Flask, visitor: Callable[..., Visitor], javascript: bool
) -> None:
    fill(app)
    window = visitor(size=NARROW, javascript=javascript)
    page = window.page
    window.open("/search")
    page.locator("#site-search").fill("环评")
    page.get_by_role("button", name="搜索", exact=True).click()
    page.wait_for_url("**/search?q=*")
    expect(page.locator("main")).to_contain_text("环境影响评价文件编制")
    window.open("/firms?q=环评")
    page.get_by_label("比较 青河净源环境咨询有限公司").check()
    page.get_by_role("button", name="放入比较栏").click()
    tray = page.locator("#compare")
    expect(tray).to_contain_text("青河净源环境咨询有限公司")
    # what is picked stays through a filter, in the address
    page.get_by_role("link", name="10%–20%（不含）").click()
    page.wait_for_url("**price=10*")
    expect(page.locator("#found table")).not_to_contain_text("净源")
    expect(tray).to_contain_text("青河净源环境咨询有限公司")
    page.get_by_label("比较 青河碧水环境咨询有限公司").check()
    assert not window.is_wider_than_its_window()
    page.get_by_role("button", name="比较所选机构").click()
    page.wait_for_url("**/firms/compare?*")
    table = page.locator("main table")
    expect(table).to_contain_text("青河净源环境咨询有限公司")
    expect(table).to_contain_text("青河碧水环境咨询有限公司")
    expect(table).to_contain_text("90%")
    expect(table).not_to_contain_text("青杉")
    assert not window.is_wider_than_its_window()
    page.get_by_role("link", name="重新选择").click()
    expect(tray).to_contain_text("碧水")
    tray.get_by_role("link", name="移出 青河净源环境咨询有限公司").click()
    expect(tray).not_to_contain_text("净源")
