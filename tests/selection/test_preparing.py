"""Writing a need: what is said beside the form, what it is begun with, who hears of a narrow one."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from marketplace.accounts.permissions import Role
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.notifications.models import Message
from marketplace.projects.models import Need, Project
from marketplace.selection.preparing.models import NarrowCall
from tests.factories import accounts, intermediaries, selection
from tests.factories import projects as factory

SignIn = Callable[..., FlaskClient]
CHECK = "/owner/needs/check/hpwj"
CODE = "2024-379921-77-01-123456"
HTMX = {"HX-Request": "true"}


def stored(app: Flask) -> tuple[int, int, int]:
    with app.app_context():
        return tuple(  # type: ignore[return-value]
            db.session.scalar(select(func.count()).select_from(each)) or 0
            for each in (Need, Project, Message)
        )


def test_the_form_answers_while_it_is_filled_in_and_nothing_is_kept(
    app: Flask, client: FlaskClient, sign_in_as: SignIn
) -> None:
    with app.app_context(), transaction():
        firms = [
            intermediaries.listed(name=f"青河{name}环境咨询有限公司") for name in ("甲", "乙", "丙")
        ]
        owner = accounts.owner()
        code = firms[0].organisation.credit_code
    assert client.post(CHECK).status_code == 401
    editor = sign_in_as(owner.user)
    before = stored(app)

    said = editor.post(CHECK, headers=HTMX).get_data(as_text=True)
    assert "3 家" in said
    assert "不足" not in said
    assert "填写预算后" in said

    # neither has a grade yet: nobody reaches a minimum of A
    said = editor.post(CHECK, data={"minimum_grade": "A"}, headers=HTMX).get_data(as_text=True)
    assert '<b class="lead-facts__figure">0 家</b>' in said
    assert "不足 3 家" in said
    assert "信用等级 3" in said
    recused = {"recusals": f"{code} 承担过前期工作", "budget": "60000"}
    said = editor.post(CHECK, data=recused, headers=HTMX).get_data(as_text=True)
    assert '<b class="lead-facts__figure">2 家</b>' in said
    assert "回避 1" in said
    assert "2 个工作日（规则规定不少于 2 个）" in said  # above 50 000 yuan
    said = editor.post(
        CHECK,
        data={
            "title": "示范工程环评",
            "scope": "编制报告书并取得批复文件",
            "investment": "government",
            "budget": "1000000",
            "days_wanted": "999",
        },
        headers=HTMX,
    ).get_data(as_text=True)
    assert "财政性资金达到采购限额" in said
    assert "不得超过该事项法定时限" in said
    assert "示范工程环评" in said
    assert "编制报告书并取得批复文件" in said

    # without JavaScript the same stands on the form's own page, with what is wrong at its field
    page = editor.post(CHECK, data={"title": "短", "budget": "一百"})
    text = page.get_data(as_text=True)
    assert page.status_code == 422
    assert 'id="budget-error"' in text
    assert "公告预览" in text
    assert 'value="短"' in text
    assert stored(app) == before
    assert editor.post("/owner/needs/check/nothing").status_code == 404
    other = f"{CHECK}?draft=nobody0000000"
    assert editor.post(other).status_code == 404


def test_a_need_begins_with_an_earlier_one_a_template_or_a_code(
    app: Flask, sign_in_as: SignIn
) -> None:
    with app.app_context(), transaction():
        owner, stranger = accounts.owner(), accounts.owner()
        factory.project(owner, "青河二期", CODE)
        need = factory.draft(owner, title="上年度水土保持方案", place="青河市老街一号")
        earlier = need.public_id
    editor = sign_in_as(owner.user)
    start = editor.get("/owner/needs/new").get_data(as_text=True)
    assert f"copy={earlier}" in start
    assert "template=1" in start

    copied = editor.get(f"/owner/needs/new?copy={earlier}").get_data(as_text=True)
    assert 'value="上年度水土保持方案"' in copied
    assert 'value="青河市老街一号"' in copied
    assert "参照上年同类项目的成交价" not in copied  # said of that budget only
    assert sign_in_as(stranger.user).get(f"/owner/needs/new?copy={earlier}").status_code == 404

    begun = editor.get("/owner/needs/new?item=stbc&template=1").get_data(as_text=True)
    assert "一、工作范围：" in begun
    assert "【请写明建设内容" in begun
    blank = {"scope": "一、工作范围：本项目【请写明建设内容、规模和起止范围】。"}
    refused = editor.post("/owner/needs/new?item=stbc", data=blank)
    assert refused.status_code == 422
    assert "须填写或者删去" in refused.get_data(as_text=True)

    for wrong, why in (
        ("2024-379921-77-01", "项目代码应为 24 位"),
        ("2999-379921-77-01-123456", "赋码年份"),
        ("2024-999921-77-01-123456", "行政区划代码"),
        ("2024-379921-77-09-123456", "（审批）"),
    ):
        assert why in editor.get(f"/owner/needs/new?code={wrong}").get_data(as_text=True)
    read = editor.get(f"/owner/needs/new?code={CODE.lower()}").get_data(as_text=True)
    assert "2024 年赋码，审批类项目" in read
    assert "本单位已有该代码的项目“青河二期”" in read
    with app.app_context():
        project = db.session.scalars(select(Project).where(Project.code == CODE)).one()
        chosen = f'<option selected value="{project.public_id}">'
    form = editor.get(f"/owner/needs/new?item=stbc&code={CODE}").get_data(as_text=True)
    assert chosen in form
    fresh = "2025-379921-77-02-000001"
    form = editor.get(f"/owner/needs/new?item=stbc&code={fresh}").get_data(as_text=True)
    assert f'value="{fresh}"' in form


def test_the_bureau_sees_a_need_that_hardly_any_firm_could_enter(
    app: Flask, sign_in_as: SignIn
) -> None:
    with app.app_context(), transaction():
        selection.open_need(title="无人可报的需求")
        selection.firms(3)
        selection.open_need(title="够数的需求")
        officer = accounts.officer(Role.BUREAU_OPERATOR)
    with app.app_context():
        call = db.session.scalars(select(NarrowCall)).one()
        assert (call.eligible, call.least) == (0, 3)
        told = db.session.scalars(
            select(Message).where(Message.subject.like("可报名机构不足%"))
        ).all()
        assert [one.subject for one in told] == ["可报名机构不足：无人可报的需求"]
    listed = sign_in_as(officer.user).get("/supervision/narrow-needs").get_data(as_text=True)
    assert "无人可报的需求" in listed
    assert "够数的需求" not in listed
