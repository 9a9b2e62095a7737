"""What a printed certificate's code opens: whether the firm is listed at this very moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import segno
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.accounts.models import Organisation
from marketplace.accounts.permissions import Role
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries import actions, queries
from marketplace.intermediaries.models import Firm, FirmStatus, Qualification
from tests.factories import accounts, intermediaries, sanctions


def _firms() -> dict[str, str]:
    made: dict[str, Any] = {
        "listed": intermediaries.listed(("hpwj", "stbc"), name="青河净源环境咨询有限公司"),
        "paused": intermediaries.listed(("hpwj",)),
        "barred": intermediaries.listed(("hpwj",)),
        "left": intermediaries.listed(("hpwj",)),
        "questioned": intermediaries.listed(("hpwj",)),
        "draft": intermediaries.drafted(("hpwj",)),
        "sent": intermediaries.submitted(("hpwj",)),
    }
    now = clock.now()
    actions.set_availability(made["paused"].firm, True, None, made["paused"].actor, now)
    intermediaries.left(made["left"].firm, made["left"].actor)
    sanctions.blacklisted(made["barred"])
    (check,) = queries.professional_checks(made["questioned"].firm)
    officer = accounts.officer(Role.DEPARTMENT_OFFICER, "sthj").actor
    actions.department_opinion(check, True, "未缴纳社保的张某某", officer, now)
    held = db.session.scalars(
        select(Qualification).where(Qualification.firm_id == made["listed"].firm.id)
    ).one()
    held.valid_until = clock.today()
    return {name: each.organisation.public_id for name, each in made.items()}


def test_the_page_says_how_a_firm_stands_at_this_moment(
    app: Flask, client: FlaskClient, advance: Callable[[timedelta], None]
) -> None:
    with app.app_context(), transaction():
        ids = _firms()

    def told(name: str, status: int = 200) -> str:
        answer = client.get(f"/firms/{ids[name]}/register")
        assert answer.status_code == status, name
        return answer.text

    text = told("listed")
    assert "今日在册" in text
    assert text.count("正在承接") == 2
    # how it came: the rules, the reasons, the notice, the department's clock
    assert "中介服务机构入驻规则" in text
    assert "形式审查 6 项要点均通过" in text
    assert "入驻公示：青河净源环境咨询有限公司" in text
    assert "待核查" in text
    assert "在册，暂停接单" in told("paused")
    assert "处于暂停或终止服务期间" in told("barred")
    assert "今日在册" not in told("barred")
    assert "已退出名录" in told("left")
    questioned = told("questioned")
    assert "存在异议，正在处理" in questioned
    assert "张某某" not in questioned
    # an application that was never granted is nobody's business
    told("draft", 404)
    told("sent", 404)
    # the certificate ends; the department stays silent and answers for it
    advance(timedelta(days=9))
    later = told("listed")
    assert "没有经核验的有效资质" in later
    assert later.count("正在承接") == 1
    assert "逾期未答复，视为无异议" in later
    assert "责任由该部门承担" in later
    with app.app_context():
        states = dict(
            db.session.execute(select(Organisation.public_id, Firm.status).join(Firm)).all()
        )
        assert states[ids["left"]] is FirmStatus.LEFT


def test_the_certificates_code_leads_to_that_page(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), transaction():
        public_id = intermediaries.listed().organisation.public_id
    page = client.get(f"/firms/{public_id}/certificate").text
    assert f"/firms/{public_id}/register.svg" in page
    drawn = client.get(f"/firms/{public_id}/register.svg").text
    wanted = segno.make(f"http://localhost/firms/{public_id}/register", error="m", micro=False)
    assert wanted.svg_inline(scale=4, border=4).split('d="')[1].split('"')[0] in drawn
