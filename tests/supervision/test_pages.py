"""The officers' overview and the audit ledger's page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from marketplace.accounts.permissions import Role
from marketplace.foundation import audit, clock
from marketplace.foundation.db import db
from marketplace.foundation.errors import Invalid
from marketplace.foundation.ledger import append_only_ddl
from marketplace.foundation.transactions import transaction
from marketplace.notices import actions as notice_actions
from marketplace.supervision import queries
from marketplace.supervision.queries import ledger
from marketplace.supervision.titles import action_title, subject_title
from tests.factories import accounts, notices, sanctions
from tests.factories.notices import Somebody

SignIn = Callable[..., FlaskClient]


def _officer(app: Flask, sign_in_as: SignIn, role: Role) -> FlaskClient:
    with app.app_context():
        with transaction():
            party = Somebody.of(accounts.officer(role))
        user = party.user
    return sign_in_as(user)


def test_the_overview_lists_what_waits_by_deadline(
    app: Flask, sign_in_as: SignIn, advance: Callable[[timedelta], None]
) -> None:
    with app.app_context(), transaction():
        notice = notices.notice()
        notice_actions.file_objection(
            notice, "资质证书已过期，请核实。", accounts.firm().actor, clock.now()
        )
        firm = accounts.firm()
        case = sanctions.proposed_case(firm)
        name, case_page = firm.organisation.name, f"/cases/{case.public_id}"
        title, notice_page = notice.title, f"/notices/{notice.public_id}"
    officer = _officer(app, sign_in_as, Role.BUREAU_APPROVER)
    page = officer.get("/supervision").text
    assert case_page in page
    assert name in page
    assert page.index(notice_page) < page.index(case_page)
    assert title in page
    assert "已超期 0 件" in page
    advance(timedelta(days=4))
    officer = _officer(app, sign_in_as, Role.BUREAU_APPROVER)
    assert "已超期 1 件" in officer.get("/supervision").text


def test_the_overview_is_for_officers(app: Flask, client: FlaskClient, sign_in_as: SignIn) -> None:
    assert client.get("/supervision").status_code == 302
    with app.app_context():
        with transaction():
            firm = Somebody.of(accounts.firm())
        user = firm.user
    browser = sign_in_as(user)
    assert browser.get("/supervision").status_code == 403
    assert browser.get("/supervision/ledger").status_code == 403


def test_a_range_of_the_ledger_is_verified_on_demand(app: Flask, sign_in_as: SignIn) -> None:
    auditor = _officer(app, sign_in_as, Role.AUDITOR)
    page = auditor.get("/supervision/ledger")
    assert page.status_code == 200
    assert "重新计算一致" not in page.text
    with app.app_context():
        seq, head = audit.head()
    assert head in page.text
    checked = auditor.get(f"/supervision/ledger?first=1&last={seq}").text
    assert f"第 1 至 {seq} 条：重新计算一致" in checked
    assert "近期校验记录" in auditor.get("/supervision/ledger").text
    wrong = {
        "first=-5&last=9": "序号请填写正整数",
        "first=x&last=y": "序号请填写正整数",
        "first=0&last=9": "起始序号应在 1 至",
        "first=9&last=8": "截止序号不能小于起始序号",
        f"first=1&last={10**12}": "截止序号不能大于最新序号",
        f"first=1&last={10**30}": "序号请填写正整数",
    }
    for asked, told in wrong.items():
        answer = auditor.get(f"/supervision/ledger?{asked}")
        assert answer.status_code == 422
        assert told in answer.text
        assert "重新计算一致" not in answer.text
        assert f'value="{asked.split("&")[0].split("=")[1]}"' in answer.text
    with app.app_context():
        _tamper(seq - 1)
        assert queries.verify_range(1, seq - 2).findings == []
        assert {f.seq for f in queries.verify_range(seq - 1, seq).findings} == {seq - 1}
    assert "处不符" in auditor.get(f"/supervision/ledger?first={seq - 1}&last={seq}").text


def test_a_range_is_limited(monkeypatch: pytest.MonkeyPatch, app: Flask) -> None:
    monkeypatch.setattr(ledger, "LONGEST_RANGE", 3)
    with app.app_context():
        assert queries.read_range("2", "4", 9) == (2, 4)
        with pytest.raises(Invalid, match="一次最多校验 3 条"):
            queries.read_range("2", "5", 9)


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_every_action_of_the_demo_has_a_title(demo_app: Flask) -> None:
    with demo_app.app_context():
        codes = db.session.scalars(select(audit.AuditRow.action).distinct()).all()
        subjects = db.session.scalars(select(audit.AuditRow.subject_type).distinct()).all()
        assert len(codes) > 50
        assert [code for code in codes if action_title(code) == code] == []
        assert [each for each in subjects if subject_title(each) == each] == []
        assert action_title("needs.published") == "采购需求：报名中"
        assert action_title("something.unheard_of") == "something.unheard_of"


def _tamper(seq: int) -> None:
    """Change one row as somebody with the database in hand could: triggers off, then on."""
    table = audit.AuditRow.__tablename__
    with transaction():
        if db.session.get_bind().dialect.name == "sqlite":
            db.session.execute(text(f"DROP TRIGGER {table}_no_update"))
        else:
            db.session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
            db.session.execute(text(f"GRANT UPDATE ON {table} TO CURRENT_USER"))
        db.session.execute(
            text(f"UPDATE {table} SET action = 'forged' WHERE seq = :seq"), {"seq": seq}
        )
        if db.session.get_bind().dialect.name == "sqlite":
            db.session.execute(text(append_only_ddl(table, "sqlite")[0]))
        else:
            db.session.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))


def test_a_countys_bureau_sees_the_county_and_not_the_city(
    app: Flask, client: FlaskClient, sign_in_as: SignIn
) -> None:
    with app.app_context(), transaction():
        county = accounts.officer(Role.BUREAU_OPERATOR, city="379921")
        here = sanctions.reported_case(accounts.firm(), jurisdiction_code="379921")
        above = sanctions.reported_case(accounts.firm())
        names = [each.organisation.name for each in (here, above)]
        keys = [each.public_id for each in (here, above)]
    browser = sign_in_as(county.user)
    assert "安平县行政审批服务局" in browser.get("/workspace").text
    desk = browser.get("/supervision/cases").text
    assert [name in desk for name in names] == [True, False]
    assert [browser.get(f"/cases/{key}").status_code for key in keys] == [200, 404]
    assert browser.get("/supervision").status_code == 200
    assert "安平县行政审批服务局" in client.get("/?area=379921").text, (
        "whom a reader there turns to"
    )
