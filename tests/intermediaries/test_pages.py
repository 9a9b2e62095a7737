"""Admission through the pages, by each of the people who take part in it."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import html5lib
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.accounts.permissions import Role
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries import actions, queries
from marketplace.intermediaries.models import (
    CheckStatus,
    Firm,
    FirmStatus,
    Offering,
    ProfessionalCheck,
    Qualification,
)
from tests.factories import accounts as people
from tests.factories import intermediaries as firms

SignIn = Callable[..., FlaskClient]
CREDITS = dict.fromkeys(actions.POINTS, "pass")


def made(app: Flask, build: Callable[[], Any]) -> Any:
    with app.app_context(), transaction():
        return build()


def one(app: Flask, column: Any) -> Any:
    with app.app_context():
        return db.session.scalars(select(column)).one()


def read(browser: FlaskClient, address: str, status: int = 200) -> str:
    """A page that is well formed with one H1."""
    answer = browser.get(address)
    assert answer.status_code == status, (address, answer.status_code)
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    tree = parser.parse(answer.data)
    assert parser.errors == [], address
    assert len(list(tree.iter("h1"))) == 1
    ids = [element.get("id") for element in tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids)), address
    return answer.text


def subject(**more: Any) -> dict[str, Any]:
    return {
        "legal_representative": "郑法人",
        "legal_identity": firms.resident_id(3),
        "agent_name": "周经办",
        "agent_phone": "0399-6660001",
        "introduction": "",
        "decoupled": "y",
        "licence": (io.BytesIO(firms.PDF), "营业执照.pdf"),
        **more,
    }


def test_the_whole_way_onto_the_register(app: Flask, sign_in_as: SignIn) -> None:
    def cast() -> list[people.Party]:
        return [
            people.firm("青河明远环保咨询有限公司"),
            people.officer(Role.BUREAU_OPERATOR),
            people.officer(Role.BUREAU_APPROVER),
            people.officer(Role.DEPARTMENT_OFFICER, "sthj"),
        ]

    firm, operator, approver, department = (sign_in_as(p.user) for p in made(app, cast))
    assert "填写入驻申请" in read(firm, "/firm")
    early = firm.get("/firm/application")
    assert (early.status_code, early.location) == (303, "/firm"), "the door leads to the beginning"
    assert firm.post("/firm/application", data=subject()).status_code == 404
    assert firm.post("/firm/opening").status_code == 303
    assert "至少承接一个服务事项" in read(firm, "/firm/application")
    assert firm.post("/firm/application", data=subject()).status_code == 303
    assert (
        firm.post(
            "/firm/qualifications",
            data={
                "type": "环境影响评价工程师职业资格",
                "grade": "",
                "number": "HP2024001",
                "issuer": "人力资源社会保障部",
                "valid_from": "2024-01-01",
                "valid_until": "2028-12-31",
                "file": (io.BytesIO(firms.PDF), "证书.pdf"),
            },
        ).status_code
        == 303
    )
    person = {"name": "赵工", "profession": "环评工程师", "number": "HP-77"}
    assert firm.post("/firm/practitioners", data=person).status_code == 303
    promise = {"item_code": "hpwj", "discount": "12.5", "promised_days": "20"}
    choice = firm.get("/firm/offerings").text.split('id="item_code"')[1].split("</select>")[0]
    assert choice.index('<optgroup label="环境保护">') < choice.index('value="hpwj"')
    assert firm.post("/firm/offerings", data=promise).status_code == 303
    for page in ("/firm", "/firm/qualifications", "/firm/practitioners", "/firm/offerings"):
        read(firm, page)
    assert "提交前还须补齐" not in read(firm, "/firm/application")
    assert firm.post("/firm/application/submission", data={}).status_code == 422
    sent = firm.post("/firm/application/submission", data={"committed": "y"})
    assert sent.status_code == 303

    public_id = one(app, Firm.public_id)
    address = f"/supervision/applications/{public_id}"
    assert "青河明远环保咨询有限公司" in read(operator, "/supervision/applications")
    assert "审查要点" in read(operator, address)
    waits = read(approver, address)
    assert "本步骤为形式审查，由管理机构经办人办理" in waits
    assert "审查要点</h2>" not in waits
    half_done = {"subject": "pass", "legal": "mend", "legal_reason": "补充授权书", "preview": "1"}
    preview = operator.post(f"{address}/check", data=half_done)
    assert preview.status_code == 200
    assert "1. 法定代表人与经办人：补充授权书" in preview.text
    assert "2. " not in preview.text.split('id="notice"')[1].split("</section>")[0]
    assert one(app, Firm.status) is FirmStatus.SUBMITTED
    unanswered = operator.post(f"{address}/check", data={"outcome": "list"})
    assert unanswered.status_code == 422
    returned = {**CREDITS, "practitioners": "mend", "outcome": "return"}
    assert operator.post(f"{address}/check", data=returned).status_code == 422
    returned["practitioners_reason"] = "补充执业人员劳动合同"
    assert operator.post(f"{address}/check", data=returned).status_code == 303
    assert "补充执业人员劳动合同" in read(firm, "/firm")
    history = read(firm, "/firm/reviews")
    assert "第 1 次申请 · 第 1 轮审查" in history
    assert history.count("补充执业人员劳动合同") == 2  # beside its point, and in the notice
    assert firm.post("/firm/application/submission", data={"committed": "y"}).status_code == 303
    assert operator.post(f"{address}/check", data=returned).status_code == 409
    passed = {**CREDITS, "outcome": "list"}
    assert operator.post(f"{address}/decision", data={"outcome": "list"}).status_code == 403
    assert operator.post(f"{address}/check", data=passed).status_code == 303
    assert "第 1 次申请 · 第 2 轮审查" in read(firm, "/firm/reviews")
    assert "审批" in read(approver, address)
    assert approver.post(f"{address}/decision", data={"outcome": "refuse"}).status_code == 422
    assert approver.post(f"{address}/decision", data={"outcome": "list"}).status_code == 303
    assert approver.post(f"{address}/decision", data={"outcome": "list"}).status_code == 409
    assert one(app, Firm.status) is FirmStatus.LISTED

    assert "青河明远环保咨询有限公司" in read(department, "/department/applications")
    check = f"/department/applications/{one(app, ProfessionalCheck.public_id)}"
    read(department, check)
    assert department.post(check, data={"outcome": "object"}).status_code == 422
    objection = {"outcome": "object", "reason": "工程师未在本单位缴纳社保"}
    assert department.post(check, data=objection).status_code == 303
    assert one(app, ProfessionalCheck.status) is CheckStatus.OBJECTED
    read(department, check)
    assert "异议处理" in read(approver, address)
    decision = {"outcome": "keep", "reason": "已核实社保缴纳记录"}
    assert approver.post(f"{address}/question", data=decision).status_code == 303
    assert one(app, Firm.status) is FirmStatus.LISTED
    assert firm.post("/firm", data={"paused": "y", "capacity": "3"}).status_code == 303
    assert one(app, Firm.paused) is True
    assert "暂停接单" in read(firm, "/firm")


def test_another_party_finds_nothing(app: Flask, sign_in_as: SignIn) -> None:
    def cast() -> list[Any]:
        return [
            firms.listed(),
            firms.drafted(),
            people.officer(Role.DEPARTMENT_OFFICER, "zjj"),
            people.officer(Role.BUREAU_OPERATOR),
        ]

    listed, rival, department, operator = made(app, cast)
    with app.app_context():
        offering = db.session.scalars(select(Offering.public_id).where(Offering.firm_id == 1)).one()
        check = db.session.scalars(select(ProfessionalCheck.public_id)).one()
        licence = db.session.get_one(Firm, 1).licence.public_id  # type: ignore[union-attr]
        draft = db.session.get_one(Firm, 2).public_id
    outsider = sign_in_as(rival.user)
    assert outsider.post(f"/firm/records/offering/{offering}/end").status_code == 404
    assert outsider.post(f"/firm/records/nothing/{offering}/end").status_code == 404
    assert outsider.get(f"/firm-files/{licence}").status_code == 404
    assert outsider.get("/supervision/applications").status_code == 403
    assert sign_in_as(department.user).get(f"/department/applications/{check}").status_code == 404
    officer = sign_in_as(operator.user)
    assert officer.get(f"/supervision/applications/{draft}").status_code == 404
    assert officer.get(f"/firm-files/{licence}").status_code == 200
    own = sign_in_as(listed.user)
    assert "无须再次申请" in own.get("/firm/application").text
    assert own.get(f"/firm-files/{licence}").headers["Content-Disposition"].startswith("attachment")
    assert own.post(f"/firm/records/offering/{offering}/end").status_code == 303
    assert own.post(f"/firm/records/offering/{offering}/end").status_code == 409
    assert app.test_client().get(f"/firm-files/{licence}").status_code == 302


@pytest.mark.parametrize(
    ("address", "data", "words"),
    [
        ("/firm/offerings", {"item_code": "nothing"}, "error-summary"),
        ("/firm/offerings", {"discount": "1e1"}, "百分数"),
        ("/firm/offerings", {"discount": "-1"}, "百分数"),
        ("/firm/offerings", {"discount": "100"}, "下浮率"),
        ("/firm/offerings", {"discount": "１０"}, "百分数"),
        ("/firm/offerings", {"promised_days": "31"}, "法定时限"),
        ("/firm/offerings", {"promised_days": ""}, "承诺时限：请填写此项"),
        ("/firm/offerings", {"promised_days": "x"}, "error-summary"),
        ("/firm/qualifications", {"valid_from": "2024-02-30"}, "error-summary"),
        ("/firm/qualifications", {"valid_until": "2020-01-01"}, "有效期"),
        ("/firm/qualifications", {"number": "x" * 81}, "80 个字"),
        ("/firm/qualifications", {"type": "自造资质"}, "error-summary"),
        ("/firm/practitioners", {"name": "\u202e倒"}, "控制字符"),
        ("/firm/application", {"legal_identity": "379902198501010000"}, "身份证件号码校验未通过"),
        ("/firm/application", {"controller_name": "某某", "controller_identity": "1"}, "校验"),
        ("/firm/application", {"controller_name": "某某"}, "控股股东"),
        ("/firm/application", {"status": "listed"}, "不认识的字段"),
    ],
)
def test_wrong_input_names_the_field_and_keeps_nothing(
    app: Flask, sign_in_as: SignIn, address: str, data: dict[str, str], words: str
) -> None:
    party = made(app, firms.drafted)
    browser = sign_in_as(party.user)
    right = {
        "/firm/offerings": {"item_code": "hpwj", "discount": "5", "promised_days": "9"},
        "/firm/qualifications": {
            "type": "安全评价机构资质",
            "number": "A1",
            "issuer": "甲",
            "valid_from": "2024-01-01",
        },
        "/firm/practitioners": {"name": "甲", "profession": "乙", "number": "丙"},
        "/firm/application": {**subject(), "introduction": "改过的简介"},
    }[address]
    answer = browser.post(address, data={**right, **data})
    assert answer.status_code == 422
    assert words in answer.text
    with app.app_context():
        firm = db.session.scalars(select(Firm)).one()
        assert firm.introduction is None
        assert len(queries.offerings(firm.id)) == 1
        assert len(db.session.scalars(select(Qualification)).all()) == 1
        assert queries.practitioners(firm.id) == []


def test_a_file_that_is_not_what_it_says_is_refused(app: Flask, sign_in_as: SignIn) -> None:
    party = made(app, firms.drafted)
    browser = sign_in_as(party.user)
    fake = subject(licence=(io.BytesIO(b"MZ\x90"), "licence.pdf"))
    answer = browser.post("/firm/application", data=fake)
    assert answer.status_code == 422
    assert "不符" in answer.text
