"""A fee list from the template to its first day: faults by cell, a second officer, old checks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import expect

from marketplace.accounts.permissions import Role
from marketplace.fees.lists.tasks import read_uploads
from marketplace.foundation import clock
from tests.browsing import NARROW, Visitor
from tests.factories import accounts as people
from tests.factories.fee_lists import OWN, file_of, letter, rows_in
from tests.factories.fees import price_check

from .people import Cast, fill, press, text

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
DESK = "/supervision/fee-lists"


def upload(window: Visitor, name: str, content: bytes) -> None:
    """Choose a file on the upload page and send it."""
    window.page.locator("main [name=file]").set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )
    press(window, "上传并检查")


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_from_the_template_to_the_first_day(
    app: Flask, visitor: Callable[..., Visitor], advance: Callable[[timedelta], None]
) -> None:
    cast = Cast(app, visitor, advance)
    operator = cast.login_of(lambda: people.officer(Role.BUREAU_OPERATOR))
    approver = cast.login_of(lambda: people.officer(Role.BUREAU_APPROVER))
    old_check = cast.make(lambda: price_check(stage="budget").public_id)
    desk = cast.at(operator)

    # the rail leads there; the template is the list in force
    desk.page.get_by_role("link", name="收费目录清单").first.click()
    desk.page.wait_for_url(f"**{DESK}")
    with desk.page.expect_download() as download:
        desk.page.get_by_role("link", name="下载模板").click()
    with app.test_request_context():
        rows = rows_in(download.value.path().read_bytes())
    assert len(rows) > 5

    # supervision of works is to cost at most half a percent of the project, and binds
    for row in rows:
        if row["code"] == "jsjl":
            row |= {"standard": None, "variants": None, "high": Decimal("0.5"), "unit": "%"}
            row |= {"per": "工程造价", "price_form": "government_guided", "binds": "binding"}
            row |= {"legal_basis": OWN["legal_basis"], "freed_by": None, "freed_on": None}
    rows.append(dict(OWN))
    last = len(rows) + 1
    spoilt = {f"{letter('high')}{last}": "面议", f"{letter('price_form')}2": "协商"}
    desk.page.get_by_role("link", name="导入清单文件").click()
    upload(desk, "第一稿.xlsx", file_of(rows, **spoilt))
    assert "等待读取" in text(desk)
    expect(desk.page.locator("progress")).to_be_visible()
    with app.app_context():
        assert read_uploads() == 1
    # the page looks again by itself
    expect(desk.page.locator("main")).to_contain_text("共 2 格有误，没有保存任何内容")
    for cell, words in (
        (f"{letter('high')}{last}", "应为数字，得到“面议”"),
        (f"{letter('price_form')}2", "“协商”不在可选范围内"),
    ):
        expect(desk.page.get_by_role("row", name=cell)).to_contain_text(words)

    # corrected, read without JavaScript and on a narrow screen
    plain = visitor(NARROW, javascript=False)
    plain.sign_in(operator, people.PASSWORD)
    plain.open(f"{DESK}/import")
    upload(plain, "第二稿.xlsx", file_of(rows))
    assert 'http-equiv="refresh"' in plain.page.content()
    address = plain.page.url
    with app.app_context():
        assert read_uploads() == 1
    plain.page.goto(address)
    changed = plain.page.get_by_role("row").filter(has_text="jsjl")
    expect(changed).to_contain_text("工程造价的 0.5%")
    expect(plain.page.get_by_role("row").filter(has_text="防水检测")).to_contain_text("新增")
    press(plain, "确认，成为草稿")
    with app.app_context():
        first_day: date = clock.today() + timedelta(days=3)
    fill(plain, document="青河发改价〔2026〕12号", effective_from=first_day.isoformat())
    press(plain, "保存")
    press(plain, "送审")
    assert "等待另一人审批" in text(plain)
    listed = plain.page.url

    # the second officer finds it among what waits
    second = cast.at(approver)
    second.open("/workspace")
    second.page.get_by_role("link", name="审批收费目录清单").first.click()
    assert second.page.url == listed
    press(second, "批准并公布")
    assert "已公布" in text(second)

    # the public sees it coming, and on its day in force
    reader = cast.stranger()
    reader.open("/fees")
    reader.page.locator("main").get_by_role("link", name="收费目录清单").click()
    expect(reader.page.get_by_role("row").filter(has_text="12号")).to_contain_text("尚未施行")
    reader.open("/notices")
    assert "收费目录清单" in text(reader)
    cast.wait(timedelta(days=4))
    reader.open("/fees/lists")
    reader.page.get_by_role("link", name="查看现行清单").click()
    fill(reader, q="防水")
    row = reader.page.get_by_role("row").filter(has_text="防水检测")
    expect(row).to_contain_text("每平方米 1.5 至 2 元")
    expect(row).to_contain_text("任何部门不得作为审批条件")
    with reader.page.expect_download() as sheet:
        reader.page.get_by_role("link", name="下载 Excel").click()
    with app.test_request_context():
        assert "fswt" in {each["code"] for each in rows_in(sheet.value.path().read_bytes())}
    reader.open("/fees/lists")
    press(reader, "对照")
    expect(reader.page.locator("main")).to_contain_text("自定收费")
    assert "变化内容" in text(reader)

    # a check of today is held against the new list, the old one shows what it was held against
    asked: dict[str, Any] = {"inputs": {"amount": "60000000", "unit": "元"}}
    new_check = cast.make(lambda: price_check(stage="budget", **asked).public_id)
    reader.open(f"/fees/checks/{new_check}")
    assert "300,000.00" in text(reader)
    cast.at(operator).open(f"/fees/checks/{old_check}")
    assert "361,200.00" in text(cast.at(operator))
    for window in (desk, plain, second, reader):
        assert window.complaints == []
