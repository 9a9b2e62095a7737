"""An owner's pages: from choosing an item to a published need, and what they refuse."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from marketplace.accounts.models import Organisation, OrganisationKind, User
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.projects import actions
from marketplace.projects.models import InvestmentKind, Need, NeedCorrection, NeedStatus
from tests.factories import accounts
from tests.factories import projects as factory

SignIn = Callable[..., FlaskClient]
ANSWERS = {
    "project": "",
    "project_name": "青河示范工程",
    "project_code": "2026-379902-77-01-000009",
    "title": "示范工程水土保持方案编制",
    "scope": "编制水土保持方案报告书，通过专家评审并取得批复",
    "place": "青河市东城区示范路",
    "budget": "40,000.00",
    "investment": "enterprise",
    "days_wanted": "10",
    "method": "random_draw",
    "draw_source": "lottery",
    "minimum_grade": "",
    "entry_working_days": "",
    "recusals": "",
    "contact_name": "陈联络",
    "contact_phone": "0399-7770001",
    "declared": "y",
}
NEW = "/owner/needs/new?item=stbc"


class Owner:
    """An owner's people and their browsers."""

    def __init__(self, app: Flask, sign_in: SignIn, kind: OrganisationKind) -> None:
        with app.app_context(), transaction():
            party = accounts.owner(kind=kind)
            self.keys = (party.user.id, party.organisation.id, party.approver.id)
        self.editor = sign_in(party.user)
        self.approver = sign_in(party.approver)

    def party(self) -> accounts.Party:
        """The people, inside the running session."""
        user, organisation, approver = self.keys
        return accounts.Party(
            db.session.get_one(User, user),
            db.session.get_one(Organisation, organisation),
            db.session.get_one(User, approver),
        )


@pytest.fixture
def company(app: Flask, sign_in_as: SignIn) -> Owner:
    return Owner(app, sign_in_as, OrganisationKind.COMPANY)


@pytest.fixture
def agency(app: Flask, sign_in_as: SignIn) -> Owner:
    return Owner(app, sign_in_as, OrganisationKind.AGENCY)


def _count(app: Flask, model: Any) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count(model.id))) or 0


def _need(app: Flask) -> Need:
    with app.app_context():
        return db.session.scalars(select(Need)).one()


def test_from_the_item_to_a_submitted_need(app: Flask, agency: Owner) -> None:
    chosen = agency.editor.get("/owner/needs/new")
    assert "水土保持方案编制" in chosen.text
    form = agency.editor.get(NEW)
    key = re.search(r'name="idempotency_key"[^>]*value="([^"]+)"', form.text)
    assert key is not None
    answers = {**ANSWERS, "investment": "government", "idempotency_key": key[1]}
    first = agency.editor.post(NEW, data=answers)
    again = agency.editor.post(NEW, data=answers)
    assert (first.status_code, again.status_code) == (303, 303)
    assert first.location == again.location
    assert _count(app, Need) == 1
    page = agency.editor.get(first.location)
    assert page.status_code == 200
    assert "草稿" in page.text
    assert "40,000.00" in page.text
    sent = agency.editor.post(f"{first.location}/submit")
    assert sent.status_code == 303
    assert _need(app).status is NeedStatus.SUBMITTED
    waiting = agency.approver.get(first.location)
    assert "审批并发布" in waiting.text
    back = agency.approver.post(f"{first.location}/return", data={"reason": "请补充验收方式"})
    assert back.status_code == 303
    assert "请补充验收方式" in agency.editor.get(first.location).text
    assert "示范工程水土保持方案编制" in agency.editor.get("/owner/needs").text


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"title": ""}, "title", "请填写需求名称"),
        ({"title": "短"}, "title", "请控制在 4 到 120 个字以内"),
        ({"title": "名" * 121}, "title", "请控制在 4 到 120 个字以内"),
        ({"title": "名称\x00带控制字符"}, "title", "控制字符"),
        ({"recusals": "甲\x00乙 同一法定代表人"}, "recusals", "控制字符"),
        ({"budget": "1e5"}, "budget", "请填写以元为单位的数字"),
        ({"budget": "0"}, "budget", "金额应大于 0"),
        ({"budget": "0.001"}, "budget", "请填写以元为单位的数字"),
        ({"budget": ""}, "budget", "请填写预算金额"),
        ({"days_wanted": "１０"}, "days_wanted", "整数"),
        ({"days_wanted": "0"}, "days_wanted", "整数"),
        ({"days_wanted": "21"}, "days_wanted", "法定时限 20"),
        ({"entry_working_days": "21"}, "entry_working_days", "1 至 20 个工作日"),
        ({"method": "auction"}, "method", None),
        ({"method": "best_value", "draw_source": ""}, "weight_price", "各项分值之和应为 100 分"),
        ({"method": "direct_pick"}, "draw_source", "随机抽取须选择公开值的来源"),
        ({"draw_source": ""}, "draw_source", "随机抽取须选择公开值的来源"),
        ({"investment": "natural_person"}, "investment", None),
        ({"investment": ""}, "investment", "请选择资金性质"),
        ({"project_code": "2026-379902-77-09-000009"}, "project_code", "01（审批）"),
        ({"project_name": ""}, "project", "填写新项目名称"),
        ({"project": "nobodys0proj0"}, "project", None),
        ({"recusals": "91370000000000000X 有诉讼"}, "recusals", "第 1 行的统一社会信用代码"),
        ({"declared": ""}, "declared", "不能在中介超市采购"),
        ({"surprise": "1"}, None, "不认识的字段"),
    ],
)
@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_wrong_input_names_its_field_and_leaves_nothing(
    app: Flask, company: Owner, changes: dict[str, str], field: str | None, words: str | None
) -> None:
    answer = company.editor.post(NEW, data={**ANSWERS, **changes})
    assert answer.status_code == 422
    assert "处需要更正" in answer.text
    if field:
        assert f'href="#{field}' in answer.text
    if words:
        assert words in answer.text
    assert _count(app, Need) == 0


def test_the_gate_and_the_ceiling_are_told_on_the_form(app: Flask, agency: Owner) -> None:
    answers = {**ANSWERS, "investment": "government", "budget": "1000000"}
    refused = agency.editor.post(NEW, data=answers)
    assert refused.status_code == 422
    assert "财政性资金达到采购限额 1,000,000 元" in refused.text
    assert "政府采购法" in refused.text
    supervision = {
        **answers,
        "budget": "361200.02",
        "days_wanted": "200",
        "fee-construction": "1000",
        "fee-specialty": "building_municipal",
        "fee-complexity": "II",
        "fee-altitude": "upto_2000",
        "fee-unit": "万元",
    }
    above = agency.editor.post("/owner/needs/new?item=jsjl", data=supervision)
    assert above.status_code == 422
    assert 'href="#budget"' in above.text
    allowed = agency.editor.post(
        "/owner/needs/new?item=jsjl", data={**supervision, "budget": "361200"}
    )
    assert allowed.status_code == 303
    missing = {key: value for key, value in supervision.items() if key != "fee-construction"}
    assert agency.editor.post("/owner/needs/new?item=jsjl", data=missing).status_code == 422
    assert _count(app, Need) == 1


def test_another_owner_sees_nothing_of_it(
    app: Flask, company: Owner, sign_in_as: SignIn, client: FlaskClient
) -> None:
    at = company.editor.post(NEW, data=ANSWERS).location
    with app.app_context(), transaction():
        other = accounts.owner()
        firm = accounts.firm()
    stranger, bidder = sign_in_as(other.user), sign_in_as(firm.user)
    for path in (at, f"{at}/edit", f"{at}/corrections/new"):
        assert stranger.get(path).status_code == 404
        assert bidder.get(path).status_code == 403
        assert client.get(path).status_code == 302
    for path in ("submit", "discard", "withdraw", "attachments", "withdrawal-request", "return"):
        data = {"reason": "理由充分", "withdrawal_reason": "理由充分"}
        assert stranger.post(f"{at}/{path}", data=data).status_code == 404
    assert _need(app).status is NeedStatus.DRAFT


def test_a_wrong_state_answers_conflict(app: Flask, company: Owner) -> None:
    at = company.editor.post(NEW, data=ANSWERS).location
    assert company.editor.post(f"{at}/discard").status_code == 303
    assert company.editor.post(f"{at}/submit").status_code == 409
    assert company.editor.get(f"{at}/edit").status_code == 409
    assert company.approver.post(f"{at}/return", data={"reason": "太晚了吧"}).status_code == 422
    late = company.approver.post(f"{at}/return", data={"reason": "已经太晚了"})
    assert late.status_code == 409
    assert "当前状态为“已撤回”" in late.text


def test_files_of_a_draft_are_the_owners_until_publication(
    app: Flask, company: Owner, client: FlaskClient
) -> None:
    at = company.editor.post(NEW, data=ANSWERS).location

    def upload(content: bytes, name: str) -> int:
        data = {"upload": (io.BytesIO(content), name)}
        return company.editor.post(
            f"{at}/attachments", data=data, content_type="multipart/form-data"
        ).status_code

    assert upload(b"MZ\x90", "木马.pdf") == 422
    assert upload(b"%PDF-1.7 plan", "方案.pdf") == 303
    assert company.editor.post(f"{at}/attachments", data={}).status_code == 422
    link = re.search(r"/needs/attachments/\w+", company.editor.get(at).text)
    assert link is not None
    assert company.editor.get(link[0]).data == b"%PDF-1.7 plan"
    assert client.get(link[0]).status_code == 404
    with app.app_context(), transaction():
        need = db.session.scalars(select(Need)).one()
        actions.publish(need, company.party().approving_actor, clock.now())
    answer = client.get(link[0])
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert upload(b"%PDF-1.7 late", "补充.pdf") == 409


def test_a_correction_and_a_withdrawal_by_two_people(app: Flask, agency: Owner) -> None:
    with app.app_context(), transaction():
        need = factory.published(agency.party(), investment=InvestmentKind.GOVERNMENT)
        at = f"/owner/needs/{need.public_id}"
    answers = {
        "scope": "编制水土保持方案报告书并负责报批",
        "place": "青河市东城区示范路",
        "budget": "40000",
        "days_wanted": "10",
        "reason": "补充报批责任",
    }
    same = {**answers, "scope": "编制水土保持方案报告书，通过专家评审并取得批复"}
    assert agency.editor.post(f"{at}/corrections/new", data=same).status_code == 422
    assert agency.editor.post(f"{at}/corrections/new", data=answers).status_code == 303
    with app.app_context():
        row = db.session.scalars(select(NeedCorrection)).one().public_id
    assert agency.editor.post(f"/owner/corrections/{row}/publish").status_code == 403
    assert "补充报批责任" in agency.approver.get(at).text
    assert agency.approver.post(f"/owner/corrections/{row}/publish").status_code == 303
    assert agency.approver.post(f"/owner/corrections/{row}/publish").status_code == 409
    page = agency.editor.get(at).text
    assert "通过专家评审并取得批复" in page
    assert "编制水土保持方案报告书并负责报批" in page
    reason = {"withdrawal_reason": "资金计划取消"}
    assert agency.approver.post(f"{at}/withdraw", data=reason).status_code == 409
    assert agency.editor.post(f"{at}/withdraw", data=reason).status_code == 403
    assert agency.editor.post(f"{at}/withdrawal-request", data=reason).status_code == 303
    assert agency.approver.post(f"{at}/withdraw", data=reason).status_code == 303
    assert _need(app).status is NeedStatus.WITHDRAWN
