"""A bureau's call-back from the desk to the decision: masked contact, questions, another officer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from marketplace.accounts.permissions import Role
from marketplace.evaluations.callbacks import queries
from marketplace.evaluations.callbacks.models import EvaluationCallback
from marketplace.evaluations.reviews.models import EvaluationReview, ReviewStatus
from marketplace.foundation.db import db
from tests.browsing import Visitor
from tests.factories import accounts as people
from tests.factories import contracts, evaluations

from .people import Cast, fill, press, text

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_low_mark_is_called_back_and_found_untrue(
    app: Flask, visitor: Callable[..., Visitor], advance: Callable[[timedelta], None]
) -> None:
    cast = Cast(app, visitor, advance)
    deal = contracts.completed(app, advance)
    cast.make(lambda: evaluations.give(deal, "editor", 1, "成果存在重大错误，未能改正"))
    cast.make(lambda: evaluations.give(deal, "firm", 5))
    caller = cast.login_of(lambda: people.officer(Role.BUREAU_OPERATOR))
    chief = cast.login_of(lambda: people.officer(Role.BUREAU_APPROVER))
    with app.app_context():
        found = db.session.scalars(select(EvaluationCallback)).one()
        name = queries.contact_of(found).name
        number = found.evaluation.window.contract.number
    desk = cast.at(caller)
    desk.open("/supervision/callbacks")
    desk.follow(desk.page.locator("main").get_by_role("link", name=number))
    assert name not in text(desk)
    desk.follow(desk.page.locator("main").get_by_role("link", name="查看").first)
    fill(desk, reason="电话核实评价是否属实")
    press(desk, "显示")
    assert name in text(desk)
    fill(desk, how="no_answer")
    press(desk, "登记本次拨打")
    assert "无人接听" in text(desk)
    fill(desk, outcome="unreached")
    press(desk, "提交回访结果", 422)
    assert "3 个不同的日子" in text(desk)
    said = {f"answer_{n}": "经办人员称未作出该评价" for n in range(4)}
    fill(desk, outcome="denied", note="经办人员称未登录、未作出该评价", **said)
    press(desk, "提交回访结果")
    assert "不属实" in text(desk)
    desk.follow(desk.page.get_by_role("link", name="剔除建议及其决定"))
    assert desk.page.get_by_role("button", name="作出决定").count() == 0
    decides = cast.at(chief)
    decides.open("/supervision/evaluations")
    decides.follow(decides.page.locator("main").get_by_role("link", name=number))
    fill(decides, outcome="exclude", reason="回访表明评价不是业主作出")
    press(decides, "作出决定")
    assert "评价划线保留" in text(decides)
    with app.app_context():
        review = db.session.scalars(select(EvaluationReview)).one()
        assert review.status is ReviewStatus.EXCLUDED
        assert review.decided_by != review.proposed_by
