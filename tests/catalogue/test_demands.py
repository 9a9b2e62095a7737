"""A department asked for a service off the list: report, answer, decision, and what it costs."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.accounts import queries as accounts
from marketplace.accounts.permissions import Role
from marketplace.catalogue.demands import actions
from marketplace.catalogue.demands.models import DemandStatus, OffListDemand
from marketplace.evaluations.bundled import actions as bundled
from marketplace.evaluations.bundled import queries as years
from marketplace.evaluations.bundled.tasks import settle_due
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.errors import Refused
from marketplace.foundation.transactions import transaction
from tests.factories import accounts as people

NAME = "建设项目交通影响评价"
FACTS = "窗口工作人员口头要求先提交交通影响评价报告，否则不予受理。"
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


class Offices:
    """Everybody with a part in a case, each at a browser."""

    def __init__(self, app: Flask, sign_in_as: Callable[..., FlaskClient]) -> None:
        self.app = app
        with app.app_context():
            with transaction():
                self.parties = {
                    "reporter": people.owner(name="青河市河畔食品有限公司"),
                    "other": people.owner(),
                    "department": people.officer(Role.DEPARTMENT_OFFICER, "zrzy"),
                    "elsewhere": people.officer(Role.DEPARTMENT_OFFICER, "slj"),
                    "operator": people.officer(Role.BUREAU_OPERATOR),
                    "approver": people.officer(Role.BUREAU_APPROVER),
                }
                users = {name: party.user for name, party in self.parties.items()}
            self.key = accounts.department(people.CITY, "zrzy").public_id
        self.at = {name: sign_in_as(user) for name, user in users.items()}

    def report(self, status: int = 303, **changes: object) -> str:
        """Report a demand; the address of the case, or the page that refused."""
        sent = {
            "department": self.key,
            "item_name": NAME,
            "approval": "建设用地规划许可证核发",
            "asked_on": "2026-02-27",
            "facts": FACTS,
            **changes,
        }
        answer = self.at["reporter"].post(
            "/demands/new", data=sent, content_type="multipart/form-data"
        )
        assert answer.status_code == status, answer.text
        return answer.headers["Location"] if status == 303 else answer.text

    def decide(self, address: str, conclusion: str, status: int = 303) -> str:
        """Decide a case by the approver."""
        answer = self.at["approver"].post(
            f"{address}/decide",
            data={"conclusion": conclusion, "finding": "经查，窗口告知单写有这一要求，没有依据。"},
        )
        assert answer.status_code == status, answer.text
        return answer.text


@pytest.fixture
def offices(app: Flask, sign_in_as: Callable[..., FlaskClient]) -> Offices:
    return Offices(app, sign_in_as)


def test_a_case_from_the_button_to_the_decision(
    app: Flask, client: FlaskClient, offices: Offices
) -> None:
    page = client.get("/items/jtyp").text
    assert 'href="/demands/new?item=jtyp"' in page
    assert 'href="/demands/new' not in client.get("/items/hpwj").text
    assert f'value="{NAME}"' in offices.at["reporter"].get("/demands/new?item=jtyp").text
    address = offices.report(file=(io.BytesIO(PDF), "告知单.pdf"))
    assert "待受理" in offices.at["reporter"].get(address).text
    assert NAME in offices.at["operator"].get("/workspace").text
    # nobody else sees it, the department not before it is taken in
    for name in ("other", "elsewhere", "department"):
        assert offices.at[name].get(address).status_code == 404
    assert offices.at["operator"].get(f"{address}/file").status_code == 200
    assert offices.at["department"].post(f"{address}/take").status_code == 403
    assert offices.at["operator"].post(f"{address}/take").status_code == 303
    seen = offices.at["department"].get(address).text
    assert NAME in seen
    for hidden in ("河畔食品", "口头要求", "告知单"):
        assert hidden not in seen
        assert hidden not in offices.at["department"].get("/supervision/demands").text
        assert hidden not in offices.at["department"].get(f"{address}/answer").text
    assert offices.at["department"].get(f"{address}/file").status_code == 404
    assert offices.at["elsewhere"].get(address).status_code == 404
    # not before the department had its say
    assert "说明期限" in offices.decide(address, "upheld", 409)
    said = offices.at["department"].post(
        f"{address}/answer", data={"answer": "窗口人员理解有误，已改正告知单。"}
    )
    assert said.status_code == 303
    again = offices.at["department"].post(f"{address}/answer", data={"answer": "再作一次说明。"})
    assert again.status_code == 409
    # who decides has both sides before him
    form = offices.at["approver"].get(f"{address}/decide").text
    assert "口头要求" in form
    assert "窗口人员理解有误，已改正告知单。" in form
    offices.decide(address, "upheld")
    for name in ("reporter", "department", "operator"):
        told = offices.at[name].get(address).text
        assert "查实" in told
        assert "没有依据" in told
    assert "河畔食品" not in offices.at["department"].get("/workspace/messages").text
    offices.decide(address, "dismissed", 409)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"item_name": "环境影响评价文件编制"}, "在现行清单内，可以作为办理审批的条件"),
        ({"asked_on": "2026-03-03"}, "日期不能晚于今天"),
        ({"asked_on": "2026-02-30"}, "asked_on-error"),
        ({"department": "nobody"}, "department-error"),
        ({"facts": "短"}, "facts-error"),
        ({"facts": "   "}, "facts-error"),
        ({"item_name": ""}, "item_name-error"),
        ({"item_name": "评" * 121}, "item_name-error"),
        ({"approval": ""}, "approval-error"),
        ({"file": b"MZ" + bytes(100)}, "file-error"),
    ],
)
def test_what_cannot_be_a_report(
    app: Flask, offices: Offices, changes: dict[str, object], said: str
) -> None:
    if "file" in changes:
        changes = {"file": (io.BytesIO(changes["file"]), "通知.pdf")}  # type: ignore[arg-type]
    assert said in offices.report(422, **changes)
    with app.app_context():
        assert db.session.scalars(select(OffListDemand)).all() == []


def test_a_service_nobody_lists_can_be_reported_and_once(app: Flask, offices: Offices) -> None:
    address = offices.report(item_name="企业形象策划书")
    assert "现行清单中没有这一事项" in offices.at["reporter"].get(address).text
    assert "正在办理" in offices.report(409, item_name="企业形象策划书")
    answer = offices.at["operator"].post(
        f"{address}/decline", data={"reason": "窗口只是提示可以准备，未作为条件。"}
    )
    assert answer.status_code == 303
    assert "未作为条件" in offices.at["reporter"].get(address).text
    assert offices.at["department"].get(address).status_code == 404
    offices.report(item_name="企业形象策划书")


def test_silence_does_not_stop_a_case_and_who_took_it_does_not_decide(
    app: Flask, offices: Offices, advance: Callable[[timedelta], None]
) -> None:
    address = offices.report()
    offices.at["operator"].post(f"{address}/take")
    advance(timedelta(days=8))
    assert "部门逾期未说明" in offices.at["operator"].get(address).text
    with app.app_context():
        case = db.session.scalars(select(OffListDemand)).one()
        taker = accounts.actor_for(
            db.session.merge(offices.parties["operator"].user),
            db.session.merge(offices.parties["operator"].organisation),
        )
        with pytest.raises(Refused):
            actions.decide_case(case, True, "经查属实，没有依据。", taker, clock.now())
        db.session.rollback()
    offices.decide(address, "dismissed")
    assert "查不属实" in offices.at["department"].get(address).text


def test_what_is_found_true_comes_off_the_departments_year(
    app: Flask, offices: Offices, advance: Callable[[timedelta], None]
) -> None:
    for name in (NAME, "企业形象策划书"):
        address = offices.report(item_name=name)
        offices.at["operator"].post(f"{address}/take")
        offices.at["department"].post(f"{address}/answer", data={"answer": "已经改正告知单。"})
        offices.decide(address, "upheld" if name == NAME else "dismissed")
    running = offices.at["operator"].get(f"/data/departments/{offices.key}/2026").text
    assert "查实的清单外索要" in running
    assert "−3.00" in running
    assert re.search(r"/demands/\w{13}", running)
    advance(timedelta(days=310))
    with app.app_context():
        assert settle_due() == 1
        department = accounts.department(people.CITY, "zrzy")
        row = years.settled_year(department.id, 2026)
        assert row is not None
        assert row.facts.demands == 1
        assert row.hundredths == 7700  # nothing else happened: 80 less 3
        assert list(bundled.differences()) == []
        case = db.session.scalars(
            select(OffListDemand).where(OffListDemand.status == DemandStatus.UPHELD)
        ).one()
        assert row.evidence["demands"] == [case.id]
        assert settle_due() == 0
        assert clock.today() > date(2026, 12, 31)
    told = app.test_client().get(f"/data/departments/{offices.key}/2026").text
    assert "−3.00" in told
    assert "/demands/" not in told
