"""The calculator and the audit of charges in a real browser, as visitors and officers use them."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pypdf
import pytest
import python_calamine
from flask import Flask

from marketplace.accounts.permissions import Role
from marketplace.fees.charges.tasks import judge_uploads
from marketplace.fees.rules.bands import convert
from marketplace.fees.rules.worked_examples import answer
from marketplace.foundation.money import format_yuan
from marketplace.foundation.transactions import transaction
from tests.browsing import NARROW, WIDE, Visitor
from tests.factories import accounts, intermediaries
from tests.factories.charges import agency, charge_file, supervision
from tests.fees.test_calculator import STANDARDS, enterable

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
Open = Callable[..., Visitor]


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_visitor_calculates_shares_and_prints(app: Flask, visitor: Open) -> None:
    with app.app_context(), transaction():
        intermediaries.listed(("zbdl",), name="青河测算招标代理有限公司")
    window = visitor()
    page = window.page
    window.open("/fees")
    page.locator("#filter-q").press_sequentially("招标")
    page.wait_for_selector("#found:not(:has-text('水土保持'))")
    # the answer to the last letter: one that comes later would put the link away under the pointer
    page.wait_for_url(lambda address: parse_qs(urlsplit(address).query).get("q") == ["招标"])
    with page.expect_event("load"):  # the search's late answer renames the address, no more
        window.follow(page.get_by_role("link", name="收费测算 招标代理"))
    page.select_option("#variant", "works")
    page.wait_for_selector("#variant option[value=works][selected]", state="attached")
    page.fill("#award_amount", "6000")
    page.wait_for_selector(".answer-figure__amount:has-text('180,400.00 – 270,600.00')")
    page.wait_for_selector("#fee-curve svg")
    page.wait_for_selector("#offers-title ~ div:has-text('202,950.00')")
    assert "招标代理服务收费标准" in page.inner_text("#answer")
    assert page.locator("text=已放开，仅供参考").first.is_visible()
    # 6000 万元 and 60,000,000 元 are the same
    page.fill("#award_amount", "60000000")
    page.select_option("#unit", "元")
    page.wait_for_selector(".answer-figure__amount:has-text('180,400.00 – 270,600.00')")
    page.fill("#price", "300000")
    page.wait_for_selector("#answer .tag:has-text('高于参考标准')")

    # a county's rules bind, another city's layer halves
    page.select_option("#place", "379921")
    page.wait_for_selector("#calculator .tag:has-text('须遵守')")
    page.wait_for_selector("#answer .tag:has-text('超过上限')")
    page.select_option("#place", "370982")
    page.wait_for_selector("h2:has-text('本地的上限规则')")
    page.wait_for_selector("#answer .tag:has-text('以此为准')")
    ceiling = page.locator("tr:has(.tag:has-text('以此为准')) td.number").inner_text()

    # another item has other questions, and nobody is scolded for not having answered them
    page.select_option("#item", "jsjl")
    page.wait_for_selector("#construction")
    assert page.locator(".field--wrong").count() == 0
    page.go_back()
    page.wait_for_selector("#award_amount")

    address = page.locator(".link-line a").get_attribute("href") or ""
    assert "place=370982" in address
    assert "day=2026-03-02" in address
    other = visitor(NARROW, False)
    other.open(address.removeprefix(window.address))
    assert ceiling in other.text
    assert "180,400.00 – 270,600.00" in other.text
    assert not other.is_wider_than_its_window()

    # paper: the conditions in words, no controls, every table
    page.goto(address)
    page.wait_for_selector("#offers-title ~ div table, #offers-title ~ div .empty")
    page.emulate_media(media="print")
    assert not page.locator("#award_amount").is_visible()
    assert page.locator(".print-only").is_visible()
    paper = pypdf.PdfReader(io.BytesIO(page.pdf(format="A4")))
    words = "".join(sheet.extract_text() for sheet in paper.pages).replace(" ", "")
    for figure in ("180,400.00", "270,600.00", "60000000", ceiling):
        assert figure in words


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_person_enters_published_examples_by_hand(visitor: Open, size: tuple[int, int]) -> None:
    by_standard = {example["standard"]: (example, fields) for example, fields in enterable()}
    window = visitor(size, False)
    for example, fields in list(by_standard.values())[:12]:
        kept = {k: v for k, v in example["inputs"].items() if k in _OWN}
        wanted = answer({"standard": example["standard"], "inputs": kept}, STANDARDS)
        window.open(f"/fees?standard={fields['standard']}&variant={fields.get('variant', '')}"
                    + (f"&factors={fields['factors']}" if "factors" in fields else ""))  # fmt: skip
        form = window.page.locator("form.screen-only")
        for name, value in fields.items():
            if name not in ("standard", "variant", "day", "factors"):
                field = form.locator(f"[name='{name}']")
                if field.evaluate("element => element.tagName") == "SELECT":
                    field.select_option(value)
                else:
                    field.fill(value)
        with window.page.expect_navigation():
            form.get_by_role("button", name="测算").click()
        figure = convert(Decimal(str(wanted["low"])), str(wanted["unit"]), "元")
        assert format_yuan(figure) in window.page.inner_text("#answer"), example
        assert not window.is_wider_than_its_window(), example


_OWN = ("variant", "x", "lots", "coefficients")


def judge(app: Flask) -> None:
    """Let what was uploaded be judged, as the worker does."""
    with app.app_context():
        assert judge_uploads() == 1


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_an_officer_audits_a_file_of_charges(app: Flask, visitor: Open, tmp_path: Path) -> None:
    with app.app_context(), transaction():
        officer = accounts.officer(Role.BUREAU_OPERATOR).user.login
        superior = accounts.officer(Role.SUPERVISOR).user.login
    bad, good = tmp_path / "bad.xlsx", tmp_path / "good.xlsx"
    rows = [supervision("371200"), supervision("361200.01"), agency("300000"), agency("200000")]
    bad.write_bytes(
        charge_file([{**rows[0], "unit": "斤"}, *rows[1:3], {**rows[3], "day": "昨天"}])
    )
    good.write_bytes(charge_file(rows))
    window = visitor()
    page = window.page
    window.sign_in(officer, accounts.PASSWORD)
    window.open("/workspace")
    window.follow(page.locator(".rail").get_by_role("link", name="实际收费核对"))
    page.set_input_files("[name=file]", str(bad))
    with page.expect_navigation():
        page.get_by_role("button", name="上传并核对").click()
    assert page.locator("progress").is_visible()
    judge(app)
    page.get_by_role("heading", name="文件中有错误").or_(page.locator(".notice--bad")).wait_for()
    cells = page.locator("#upload tbody th").all_text_contents()
    assert [cell.split()[0] for cell in cells] == ["F2", "H5"]
    assert "没有保存任何内容" in window.text
    window.follow(page.get_by_role("link", name="重新上传"))
    assert "还没有核对过" in window.text

    window.send("上传并核对", file=good, title="二月收费")
    judge(app)
    # the page goes on by itself when the file is judged
    page.wait_for_url(re.compile(r"/fees/charges/[^/]+$"))
    assert "全部 4 笔" in window.text
    assert "10,000.00" in window.text
    address = page.url.removeprefix(window.address)
    window.follow(page.locator(".verdicts a:has-text('超过上限')"))
    assert page.locator("main table").first.locator("tbody tr").count() == 1
    window.follow(page.locator("tbody th a").first)
    assert "超出 10,000.00 元" in window.text
    assert "直线内插" in window.text

    window.open(address)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="导出 Excel").click()
    book = python_calamine.CalamineWorkbook.from_path(waiting.value.path())
    sums = book.get_sheet_by_name("按机构").to_python()
    titles = sums[0]
    over, above = titles.index("超收合计（元）"), titles.index("高出参考合计（元）")
    assert (sum(row[over] for row in sums[1:]), sum(row[above] for row in sums[1:])) == (
        10000, 29400,
    )  # fmt: skip
    narrow = visitor(NARROW, False)
    narrow.sign_in(superior, accounts.PASSWORD)
    narrow.open(address)
    assert "二月收费" in narrow.text
    assert not narrow.is_wider_than_its_window()
