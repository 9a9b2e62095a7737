"""Pages that answer without being loaded again, in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import expect

from marketplace.foundation.transactions import transaction
from tests.browsing import NARROW, Visitor
from tests.factories import accounts, intermediaries

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_lists_and_sums_answer_while_one_types(app: Flask, visitor: Callable[..., Visitor]) -> None:
    with app.app_context(), transaction():
        for name in ("净源", "碧水"):
            intermediaries.listed(name=f"青河{name}环境咨询有限公司")
        login = accounts.owner().user.login
    window = visitor()
    page = window.page
    window.open("/firms")
    page.evaluate("window.stayed = true")
    page.locator("#filter-q").press_sequentially("碧水")
    page.wait_for_url("**/firms?q=*")
    page.wait_for_selector("#found:not(:has-text('净源'))")
    assert "青河碧水环境咨询有限公司" in page.inner_text("#found")
    assert page.evaluate("window.stayed")

    window.open("/fees?item=jsjl")
    page.fill("#construction", "6000")
    for name in ("specialty", "complexity"):
        page.select_option(f"#{name}", index=1)
    page.wait_for_selector(".answer-figure__amount")
    page.wait_for_selector("#fee-curve svg")
    expect(page.locator("#fee-curve table")).not_to_be_visible()
    page.click("#fee-curve summary")
    expect(page.locator("#fee-curve table")).to_be_visible()
    before = page.locator(".answer-figure__amount").first.text_content() or ""
    page.fill("#construction", "7000")
    expect(page.locator(".answer-figure__amount").first).not_to_have_text(before)
    page.wait_for_selector("#fee-curve svg")
    # what its reader opened stays open when the answer is fetched anew
    expect(page.locator("#fee-curve table")).to_be_visible()
    page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    assert not window.is_wider_than_its_window()

    window.sign_in(login, accounts.PASSWORD)
    window.open("/owner/needs/new?item=hpwj")
    page.wait_for_selector("#need-answer:has-text('2 家 承接本事项')")
    page.select_option("#minimum_grade", "A")
    page.wait_for_selector("#need-answer:has-text('0 家 承接本事项')")


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_every_component_fits_a_narrow_window(visitor: Callable[..., Visitor]) -> None:
    window = visitor(size=NARROW)
    assert window.open("/design") == 200
    window.page.wait_for_selector("#sample-chart svg")
    assert not window.is_wider_than_its_window()
