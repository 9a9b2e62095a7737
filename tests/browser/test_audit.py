"""The auditor's day: a sample, its replay, a finding, the bureau's answer, a second's signature,
the report."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import expect
from python_calamine import CalamineWorkbook
from sqlalchemy import select, text

from marketplace.accounts.permissions import Role
from marketplace.foundation.db import db
from marketplace.ratings.models import RatingEntry
from tests.browsing import NARROW, Visitor
from tests.factories import accounts as people
from tests.factories import ratings

from .people import Cast, fill, press
from .people import text as words

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.altered]
DAY = timedelta(days=1)


def _world() -> None:
    for _firm in range(3):
        ratings.evaluated(people.firm().organisation, 4)


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_the_auditors_day(
    app: Flask, visitor: Callable[..., Visitor], advance: Callable[[timedelta], None]
) -> None:
    cast = Cast(app, visitor, advance)
    first = cast.login_of(lambda: people.officer(Role.AUDITOR))
    second = cast.login_of(lambda: people.officer(Role.SUPERVISOR))
    bureau = cast.login_of(lambda: people.officer(Role.BUREAU_OPERATOR))
    cast.make(_world)
    cast.wait(2 * DAY)
    cast.make(
        lambda: db.session.execute(
            text(
                "UPDATE rating_subjects SET hundredths = 9999 "
                "WHERE id = (SELECT MIN(id) FROM rating_subjects)"
            )
        )
    )
    with app.app_context():
        subject = db.session.scalar(text("SELECT MIN(id) FROM rating_subjects"))
        entries = select(RatingEntry.id, RatingEntry.subject_id).order_by(RatingEntry.id)
        rows = db.session.execute(entries).all()
        its = next(row.id for row in rows if row.subject_id == subject)
        others = next(row.id for row in rows if row.subject_id != subject)

    # the sample is drawn and replayed at once; what differs stands first
    desk = cast.at(first)
    desk.page.get_by_role("link", name="抽查与复算").first.click()
    desk.page.get_by_role("link", name="抽取样本").first.click()
    fill(desk, kind="grades", size="3")
    press(desk, "抽取并复算")
    assert "3 件中 1 件有差异" in words(desk)
    sample = desk.page.url
    wrong = desk.page.locator(".sampled").first
    expect(wrong).to_contain_text("99.99")
    expect(wrong).to_contain_text("不一致")

    # the difference must be dealt with before the sample is handed over
    fill(desk, conclusion="三件中一件得分被改动")
    press(desk, "提交复核", 422)
    assert "有差异，请先写明核查意见" in words(desk)

    # a finding names an entry of this very firm
    desk.page.goto(sample)
    desk.page.locator(".sampled").first.get_by_role("link", name="登记问题").click()
    fill(
        desk,
        kind="difference",
        severity="serious",
        text="存档得分 99.99 与复算不一致",
        evidence="信用档案与评定记录",
        entry_number=str(others),
    )
    press(desk, "登记并请管理机构答复", 422)
    assert "不是该机构在本名录的记录" in words(desk)
    fill(desk, entry_number=str(its))
    press(desk, "登记并请管理机构答复")
    expect(desk.page.locator(".sampled").first).to_contain_text("存档与复算不一致")
    fill(desk, conclusion="三件中一件得分被改动，已登记问题")
    press(desk, "提交复核")
    assert "须由抽取人、核查人以外的人员签认" in words(desk)

    # the audited bureau finds it among what waits, on a narrow screen without JavaScript, answers
    asked = visitor(NARROW, javascript=False)
    asked.sign_in(bureau, people.PASSWORD)
    asked.open("/workspace")
    asked.page.get_by_role("link", name="答复审计发现的问题").first.click()
    finding = asked.page.url
    assert "存档得分 99.99 与复算不一致" in words(asked)
    fill(asked, answer="经查为手工改动，已恢复")
    press(asked, "提交答复")
    assert "已答复，待审核" in words(asked)
    asked.page.goto(sample)
    assert "3 件中" not in words(asked)

    # somebody else signs; the answer is judged
    other = cast.at(second)
    other.open("/workspace")
    other.page.get_by_role("link", name="复核签认抽查").first.click()
    fill(other, outcome="sign", note="同意")
    press(other, "提交复核意见")
    assert "已签认" in words(other)
    desk.page.goto(finding)
    fill(desk, outcome="return", judgement="请说明改动人")
    press(desk, "提交审核意见")
    asked.page.goto(finding)
    assert "请说明改动人" in words(asked)
    fill(asked, answer="系统维护人员误操作，已处理")
    press(asked, "提交答复")
    desk.page.goto(finding)
    fill(desk, outcome="close", judgement="答复充分")
    press(desk, "提交审核意见")
    assert "已办结" in words(desk)

    # the report holds everything, on paper and as a workbook
    desk.page.goto(sample)
    with desk.page.expect_download() as download:
        desk.page.get_by_role("link", name="下载 Excel").click()
    book = CalamineWorkbook.from_path(str(download.value.path()))
    assert book.sheet_names == ["核查底稿", "问题与答复", "抽取的由来"]
    told = str(book.get_sheet_by_name("问题与答复").to_python())
    for part in ("严重", "系统维护人员误操作，已处理", "答复充分", "已办结"):
        assert part in told
    desk.page.get_by_role("link", name="审计抽查报告").click()
    report = words(desk)
    for part in ("已登记问题", "存档得分 99.99", "系统维护人员误操作，已处理", "答复充分", "同意"):
        assert part in report
    for window in (desk, other):
        assert window.complaints == []
