"""A rule on trial, in the browser: drafted, run in the background, proposed by one officer and
adopted by another on a telephone, then public."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from marketplace.accounts.permissions import Role
from marketplace.foundation import clock
from marketplace.foundation.transactions import transaction
from marketplace.supervision.trials.tasks import run_trials
from tests.browsing import Visitor
from tests.factories import accounts, ratings

NARROW = (360, 740)
TITLE = "青禾市评定规则试行"


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_rule_is_tried_and_adopted_by_two_officers(
    app: Flask, visitor: Callable[..., Visitor], advance: Callable[[timedelta], None]
) -> None:
    with app.app_context(), transaction():
        weak = accounts.firm().organisation
        ratings.evaluated(weak, 4, 1)
        name = weak.name
        logins = [
            accounts.officer(role).user.login
            for role in (Role.BUREAU_OPERATOR, Role.BUREAU_APPROVER)
        ]
    advance(timedelta(days=2))
    operator, approver = visitor(), visitor(size=NARROW, javascript=False)
    for window, login in zip((operator, approver), logins, strict=True):
        window.sign_in(login, accounts.PASSWORD)

    operator.open("/supervision/rating-trials")
    operator.follow(operator.page.get_by_role("link", name="试算新规则").first)
    operator.page.locator("summary", has_text="等级标准").click()
    limit = operator.page.locator("[name=b_from]")
    assert "现行 75；0 至 100" in operator.text
    operator.page.locator("[name=title]").fill(TITLE)
    limit.fill("95")
    operator.follow(operator.page.get_by_role("button", name="开始试算"))
    assert "B 级分数线：须高于 C 级分数线且低于 A 级分数线" in operator.text
    assert operator.page.locator(".numbers__one--changed").count() == 1
    assert limit.is_visible()
    operator.send("开始试算", b_from="70")
    assert "正在排队试算" in operator.text
    trial = operator.page.url
    with app.app_context():
        assert run_trials() == 1
        effective = clock.today() + timedelta(days=20)
        reviewed = clock.today()
    operator.open(trial)
    assert "1 家等级变化，升级 1 家" in operator.text
    assert name in operator.text
    operator.follow(operator.page.get_by_role("link", name="提请采用"))
    operator.send(
        "提请审批",
        effective_from=effective.isoformat(),
        legal_basis="《青禾市中介超市管理办法》第二十条",
        review_document="青公竞审〔2026〕3号",
        review_conclusion="不含排除、限制竞争的内容",
        review_date=reviewed.isoformat(),
    )
    assert "采用并公布" not in operator.text

    approver.open("/workspace")
    assert "审批信用等级评定规则" in approver.text
    approver.open(trial)
    assert not approver.is_wider_than_its_window()
    approver.send("采用并公布")
    assert "已采用" in approver.text
    assert not approver.is_wider_than_its_window()
    small = visitor(size=NARROW)
    small.sign_in(logins[0], accounts.PASSWORD)
    assert small.open("/supervision/rating-trials/new") == 200
    closed = small.page.locator("details.numbers:not([open]) > summary")
    while closed.count():
        closed.first.click()
    assert not small.is_wider_than_its_window()

    reader = visitor(size=NARROW)
    reader.open("/notices")
    reader.follow(reader.page.get_by_role("link", name=f"关于采用《{TITLE}》的公告").first)
    assert "等级变化 1 家，其中升级 1 家" in reader.text
    assert not reader.is_wider_than_its_window()
