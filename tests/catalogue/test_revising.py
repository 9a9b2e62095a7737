"""Departments propose, the bureau composes, another officer approves, the public may object."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from html import unescape
from typing import Any

import html5lib
import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.permissions import Role
from marketplace.catalogue import queries as catalogue
from marketplace.catalogue.revising import queries
from marketplace.catalogue.revising.models import DraftStatus, ListDraft
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from tests.factories import accounts as people

DESK = "/supervision/catalogue"
PLACE = people.CITY
NS = "{http://www.w3.org/1999/xhtml}"


@pytest.fixture
def hands(app: Flask, sign_in_as: Callable[..., FlaskClient]) -> dict[str, FlaskClient]:
    with app.app_context(), transaction():
        made = {
            "department": people.officer(Role.DEPARTMENT_OFFICER, "sthj").user,
            "other": people.officer(Role.DEPARTMENT_OFFICER, "zjj").user,
            "operator": people.officer(Role.BUREAU_OPERATOR).user,
            "approver": people.officer(Role.BUREAU_APPROVER).user,
            "owner": people.owner().user,
        }
    return {name: sign_in_as(user) for name, user in made.items()}


def fields(page: str) -> dict[str, Any]:
    """What the long form of a page holds, as a browser would send it."""
    found: dict[str, Any] = {}
    for form in html5lib.parse(page).iter(f"{NS}form"):
        if not form.findall(f".//{NS}textarea"):
            continue
        for each in form.iter():
            name = each.get("name")
            if name is None or name == "idempotency_key":
                continue
            if each.tag == f"{NS}textarea":
                found[name] = each.text or ""
            elif each.tag == f"{NS}select":
                chosen = [o for o in each.iter(f"{NS}option") if o.get("selected") is not None]
                found[name] = (chosen or list(each.iter(f"{NS}option")))[0].get("value")
            elif each.get("type") == "checkbox":
                if each.get("checked") is not None:
                    found[name] = "y"
            elif each.tag == f"{NS}input":
                found[name] = each.get("value", "")
    return found


def proposed(client: FlaskClient, code: str = "hpwj", **changes: str) -> str:
    """A change proposed through the form; the address of its page."""
    address = f"{DESK}/items/{code}/propose"
    sent = {**fields(client.get(address).text), "reason": "按新的技术导则调整", **changes}
    answer = client.post(address, data=sent)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def composed(hands: dict[str, FlaskClient], address: str, day: str = "2026-04-01") -> str:
    """A new edition with one proposal, laid before the approver; the address of its page."""
    assert hands["operator"].post(f"{address}/accept").status_code == 303
    found = re.search(rf'"({DESK}/drafts/\w+)"', hands["operator"].get(address).text)
    assert found is not None
    draft = found[1]
    head = {
        "title": "青河市清单（2026 年版）",
        "document": "青审改发〔2026〕2号",
        "effective_from": day,
    }
    assert hands["operator"].post(f"{draft}/facts", data=head).status_code == 303
    answer = hands["operator"].post(f"{draft}/submit")
    assert answer.status_code == 303, answer.text
    return draft


def test_a_change_goes_from_the_department_to_the_public_page(
    app: Flask,
    client: FlaskClient,
    hands: dict[str, FlaskClient],
    advance: Callable[[timedelta], None],
) -> None:
    address = proposed(hands["department"], promised_days="12", norm="正文和附图\n公众参与说明")
    page = hands["operator"].get(address).text
    assert "公众参与说明" in page
    assert "18 个工作日" in page
    assert "12 个工作日" in page
    assert "{&#39;" not in page
    assert "待答复" in page
    assert "环境影响评价文件编制" in hands["operator"].get("/workspace").text
    assert hands["other"].get(address).status_code == 404
    draft = composed(hands, address)
    # whoever composed it does not approve it, nor may he
    assert hands["operator"].post(f"{draft}/approve").status_code == 403
    assert hands["approver"].post(f"{draft}/approve").status_code == 303
    shown = hands["approver"].get(draft).text
    assert "公示中" in shown
    changed = "承诺时限由“18 个工作日”改为“12 个工作日”"
    assert changed in shown
    notice = re.search(r'"(/notices/\w+)"', shown)
    assert notice is not None
    told = client.get(notice[1]).text
    assert "修改：环境影响评价文件编制" in told
    assert changed in told
    assert "18 个工作日" in client.get("/items/hpwj").text
    advance(timedelta(days=8))
    assert "已公布" in hands["operator"].get(draft).text
    # from its day on, and not before
    assert "18 个工作日" in client.get("/items/hpwj").text
    assert "青河市清单（2026 年版）" in client.get("/items/editions").text
    advance(timedelta(days=30))
    page = client.get("/items/hpwj").text
    assert "12 个工作日" in page
    assert "公众参与说明" in page
    with app.app_context():
        old = catalogue.edition_in_force(date(2026, 3, 2), (PLACE,))
        assert old is not None
        new = catalogue.edition_in_force(date(2026, 4, 3), (PLACE,))
        assert new is not None
    assert changed in client.get(f"/items/editions/{new.id}").text
    assert "18 个工作日" in client.get(f"/items/editions/{old.id}/hpwj").text
    assert "已公布" in hands["department"].get(address).text


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("required", "项目备案证明\n其他材料", "“其他材料”是兜底条款"),
        ("deferrable", "法律法规规定的其他材料", "是兜底条款"),
        ("conditions", "法律、法规规定的其他条件", "是兜底条款"),
        ("norm", "图纸等相关资料", "是兜底条款"),
        ("qualifications", "主管部门要求的其他证书", "是兜底条款"),
        ("forms", "委托单\n其他事项：按要求填写", "是兜底条款"),
        ("steps", "委托后办理", "应写成“名称：说明”"),
        ("forms", "委托单", "还没有栏目"),
        ("covered", "开发区｜青审改发〔2025〕6号｜明年", "应写成“地块｜文号｜2028-06-30”"),
        ("promised_days", "31", "承诺时限"),
        ("promised_days", "0", "不能小于 1"),
        ("statutory_days", "abc", "statutory_days"),
        ("qualifications", "测绘资质｜丙级｜甲级、乙级", "最低等级"),
        ("phone", "1", "至少 5"),
        ("reason", "短", "reason-error"),
        ("parts", "stbc", "两个以上"),
    ],
)
def test_the_form_leaves_nothing_open(
    app: Flask, hands: dict[str, FlaskClient], name: str, value: str, said: str
) -> None:
    address = f"{DESK}/items/hpwj/propose"
    sent = {**fields(hands["department"].get(address).text), "reason": "按新的技术导则调整"}
    answer = hands["department"].post(address, data={**sent, name: value})
    assert answer.status_code == 422
    assert said in unescape(answer.text)
    with app.app_context():
        assert queries.proposals([PLACE]) == []


def test_a_department_changes_its_own_items_alone(
    app: Flask, hands: dict[str, FlaskClient]
) -> None:
    assert "招标代理" not in hands["department"].get(DESK).text
    assert hands["department"].get(f"{DESK}/items/zbdl/propose").status_code == 404
    assert (
        hands["department"]
        .post(f"{DESK}/items/zbdl/drop", data={"reason": "不再需要了"})
        .status_code
        == 404
    )
    assert hands["owner"].get(DESK).status_code == 403
    assert hands["approver"].get(f"{DESK}/items/hpwj/propose").status_code == 403
    form = f"{DESK}/items/new"
    page = hands["department"].get(form).text
    assert "青河市生态环境局" in page
    assert "青河市水利局" not in page
    sent = {
        **fields(hands["department"].get(f"{DESK}/items/hjjc/propose").text),
        "code": "shjc",
        "department": "slj",
        "name": "室内环境检测",
        "reason": "群众有需要，自愿委托",
    }
    assert hands["department"].post(form, data=sent).status_code == 422
    answer = hands["department"].post(form, data={**sent, "department": "sthj"})
    assert answer.status_code == 303, answer.text
    assert "室内环境检测" in hands["operator"].get(DESK).text
    again = hands["department"].post(form, data={**sent, "department": "sthj", "code": "hjjc"})
    assert "已有这一事项代码" in again.text


def test_a_part_of_a_package_is_not_dropped_alone(
    app: Flask, hands: dict[str, FlaskClient]
) -> None:
    answer = hands["department"].post(
        f"{DESK}/items/hpwj/drop", data={"reason": "改为告知承诺，不再需要"}
    )
    assert answer.status_code == 303
    refused = hands["operator"].post(f"{answer.headers['Location']}/accept")
    assert refused.status_code == 422
    assert "应是本清单中的单项事项" in refused.text
    with app.app_context():
        assert queries.open_draft(PLACE) is None
    declined = hands["operator"].post(
        f"{answer.headers['Location']}/refuse", data={"reason": "三评合一仍包含这一事项"}
    )
    assert declined.status_code == 303
    assert "三评合一仍包含这一事项" in hands["department"].get(answer.headers["Location"]).text


def test_what_is_missing_stops_a_new_edition(app: Flask, hands: dict[str, FlaskClient]) -> None:
    address = proposed(hands["department"], promised_days="12")
    second = hands["department"].post(
        f"{DESK}/items/hpwj/propose",
        data={
            **fields(hands["department"].get(f"{DESK}/items/hpwj/propose").text),
            "promised_days": "11",
            "reason": "再次调整承诺时限",
        },
    )
    assert second.status_code == 409
    draft = composed(hands, address, "2026-03-05")
    early = hands["approver"].post(f"{draft}/approve")
    assert early.status_code == 422
    assert "施行日期须晚于这一天" in early.text
    answer = hands["approver"].post(f"{draft}/return", data={"reason": "施行日期太早"})
    assert answer.status_code == 303
    assert "施行日期太早" in hands["operator"].get(draft).text
    assert hands["operator"].post(f"{draft}/withdraw").status_code == 303
    assert "待答复" in hands["operator"].get(address).text
    assert hands["department"].post(f"{address}/withdraw").status_code == 303


def test_an_objection_upheld_gives_a_new_edition_back(
    app: Flask, hands: dict[str, FlaskClient], advance: Callable[[timedelta], None]
) -> None:
    draft = composed(hands, proposed(hands["department"], promised_days="12"))
    assert hands["approver"].post(f"{draft}/approve").status_code == 303
    notice = re.search(r'"(/notices/\w+)"', hands["operator"].get(draft).text)
    assert notice is not None
    answer = hands["owner"].post(f"{notice[1]}/objection", data={"text": "十二个工作日做不完监测"})
    assert answer.status_code == 303, answer.text
    with app.app_context():
        from sqlalchemy import select

        from marketplace.notices.models import Objection

        key = db.session.scalars(select(Objection.public_id)).one()
    advance(timedelta(days=8))
    assert "公示中" in hands["operator"].get(draft).text  # the objection holds it
    upheld = hands["operator"].post(
        f"/objections/{key}/answer",
        data={"conclusion": "upheld", "answer": "监测周期确需十五个工作日"},
    )
    assert upheld.status_code == 303, upheld.text
    advance(timedelta(hours=2))
    with app.app_context():
        found = db.session.scalars(select(ListDraft)).one()
        assert found.status is DraftStatus.RETURNED
        assert found.edition_id is None
        assert clock.today() > date(2026, 3, 9)
    assert "异议成立" in hands["operator"].get(draft).text
