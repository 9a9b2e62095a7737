"""The expert pool: applied for, checked by one officer, admitted by another, on duty, left."""

from __future__ import annotations

import io
from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.accounts.models import OrganisationKind
from marketplace.accounts.permissions import Role
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Invalid, Refused
from marketplace.foundation.transactions import transaction
from marketplace.selection.experts import actions, queries
from marketplace.selection.experts.models import Expert, ExpertStatus
from marketplace.selection.rules.experts import Tie, on_duty, recusal
from marketplace.supervision.unusual import actions as unusual
from marketplace.supervision.unusual.models import UnusualEvent, UnusualKind
from tests.factories import accounts, experts
from tests.selection.scenes import SignIn


def the_expert() -> Expert:
    return db.session.scalars(select(Expert)).one()


def application(**changes: object) -> dict[str, object]:
    return {
        "title": "高级工程师（水利）",
        "trades": [experts.TRADE],
        "credentials": "从事水土保持方案编制和评审十六年，参加评审四十余次",
        "relations": "",
        "declared": "y",
        "file": (io.BytesIO(experts.PAPER), "证书.pdf"),
        **changes,
    }


def sent(browser: FlaskClient, **changes: object) -> tuple[int, str]:
    answer = browser.post(
        "/experts/apply", data=application(**changes), content_type="multipart/form-data"
    )
    return answer.status_code, answer.get_data(as_text=True)


def test_from_the_application_to_duty_and_leaving(app: Flask, sign_in_as: SignIn) -> None:
    with app.app_context(), transaction():
        person = accounts.owner("青河水利学校", OrganisationKind.PUBLIC_INSTITUTION)
        related = accounts.firm("青河清源咨询有限公司")
        code = related.organisation.credit_code
        trade = experts.TRADE
        operator = accounts.officer(Role.BUREAU_OPERATOR)
        approver = accounts.officer(Role.BUREAU_APPROVER)
        people = person.user, operator.user, approver.user
    me, checks, decides = (sign_in_as(each) for each in people)
    page = me.get("/experts/apply").get_data(as_text=True)
    assert "申请入评审专家库" in page
    assert trade in page
    # nothing typed is lost when a line is wrong
    status, page = sent(me, trades=[trade], relations="91370000000000000X 顾问")
    assert status == 422
    assert "第 1 行的统一社会信用代码没有对应的单位" in page
    assert "从事水土保持方案编制和评审十六年" in page
    status, page = sent(me, trades=[trade], relations=f"{code} 兼任顾问")
    assert status == 303, page
    page = me.get("/experts/me").get_data(as_text=True)
    assert "待核对" in page
    with app.app_context():
        key = the_expert().public_id
    desk = checks.get("/supervision/experts").get_data(as_text=True)
    assert key in desk
    assert "核对专家入库申请" in checks.get("/workspace").get_data(as_text=True)
    file = f"/supervision/experts/{key}"
    page = checks.get(file).get_data(as_text=True)
    assert "青河清源咨询有限公司（兼任顾问）" in page
    assert checks.get(f"/experts/{key}/credentials").status_code == 200
    # not before it was checked, and not by who checked it
    assert decides.post(f"{file}/decision", data={"verdict": "admit"}).status_code == 409
    assert checks.post(f"{file}/check").status_code == 303
    assert checks.post(f"{file}/decision", data={"verdict": "admit"}).status_code == 403
    assert decides.post(f"{file}/decision", data={"verdict": "refuse"}).status_code == 422
    assert decides.post(f"{file}/decision", data={"verdict": "admit"}).status_code == 303
    with app.app_context():
        found = the_expert()
        assert found.status is ExpertStatus.ADMITTED
        assert queries.admitted(accounts.CITY, trade) == [found]
        assert queries.admitted(accounts.CITY, "别的专业") == []
    away = {"available": "y", "away_until": (clock_day(app) + timedelta(days=3)).isoformat()}
    assert me.post("/experts/me/duty", data=away).status_code == 303
    assert "以后" in decides.get("/supervision/experts").get_data(as_text=True)
    yesterday = {"available": "y", "away_until": "2020-01-01"}
    assert me.post("/experts/me/duty", data=yesterday).status_code == 422
    removal = f"{file}/removal"
    assert checks.post(removal, data={"reason": "两次无故不参加评审"}).status_code == 303
    with app.app_context():
        assert queries.admitted(accounts.CITY, trade) == []
    assert decides.post(f"{removal}/decision", data={"verdict": "keep"}).status_code == 303
    assert me.post("/experts/me/leave", data={"reason": "工作调动"}).status_code == 303
    assert "已退出" in me.get("/experts/me").get_data(as_text=True)
    # and back again: a new application, with the paper kept
    status, page = sent(me, trades=[trade], file=(io.BytesIO(b""), ""))
    assert status == 303, page


def clock_day(app: Flask) -> date:
    with app.app_context():
        return clock.today()


def test_what_keeps_somebody_out(app: Flask, sign_in_as: SignIn) -> None:
    with app.app_context(), transaction():
        officer = accounts.officer(Role.BUREAU_OPERATOR)
        department = accounts.officer(Role.DEPARTMENT_OFFICER)
        outsider = accounts.firm()
        person = officer.user, department.user, outsider.user
        party = accounts.owner()
        expert = experts.applied(party)
        with pytest.raises(Conflict):
            experts.applied(party)
        actions.check(expert, accounts.officer(Role.BUREAU_OPERATOR).actor)
        with pytest.raises(Refused):
            actions.admit(expert, party.actor)
        with pytest.raises(Invalid):
            actions.refuse(expert, "不", accounts.officer(Role.BUREAU_APPROVER).actor)
        key = expert.public_id
    status, page = sent(sign_in_as(person[0]), trades=[experts.TRADE])
    assert status == 403
    assert "不能入评审专家库" in page
    assert sign_in_as(person[1]).get("/experts/apply").status_code == 200
    assert sign_in_as(person[2]).get(f"/experts/{key}/credentials").status_code == 404


def test_a_removed_expert_waits_before_applying_again(app: Flask) -> None:
    with app.app_context(), transaction():
        party = accounts.owner()
        expert = experts.admitted(party)
        actions.propose_removal(
            expert, "两次无故不参加评审", accounts.officer(Role.BUREAU_OPERATOR).actor
        )
        actions.decide_removal(expert, True, accounts.officer(Role.BUREAU_APPROVER).actor)
        assert expert.status is ExpertStatus.REMOVED
        with pytest.raises(Conflict, match="12"):
            experts.applied(party)
        clock.set_to(clock.now() + timedelta(days=366))
        assert experts.applied(party).status is ExpertStatus.APPLIED


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_who_enters_and_leaves_the_pool_late_at_night_is_looked_at(app: Flask) -> None:
    with app.app_context(), transaction():
        local = clock.now().astimezone(clock.SHANGHAI)
        clock.set_to(local.replace(hour=23, minute=10))
        operator = accounts.officer(Role.BUREAU_OPERATOR).actor
        approver = accounts.officer(Role.BUREAU_APPROVER).actor
        expert = experts.admitted(accounts.owner())
        actions.propose_removal(expert, "两次无故不参加评审", operator)
        actions.decide_removal(expert, True, approver)
        actions.refuse(experts.applied(accounts.owner()), "职称证书与所填专业不一致", approver)
    with app.app_context(), transaction():
        unusual.scan(clock.now())
        noted = db.session.scalars(
            select(UnusualEvent.action).where(UnusualEvent.kind == UnusualKind.NIGHT)
        ).all()
        found = sorted(each for each in noted if each and each.startswith("experts."))
        assert found == ["experts.admitted", "experts.refused", "experts.removed"]


def test_trades_grow_by_application_only(app: Flask) -> None:
    with app.app_context(), transaction():
        party = accounts.owner()
        expert = experts.admitted(party)
        other = next(
            each for each in queries.trades(accounts.CITY, clock.today()) if each != experts.TRADE
        )
        with pytest.raises(Invalid):
            actions.edit_relations_and_trades(expert, [experts.TRADE, other], [], party.actor)
        firm = accounts.firm().organisation
        actions.edit_relations_and_trades(
            expert, [experts.TRADE], [(firm.id, "配偶任职")], party.actor
        )
        ties = queries.ties_of(expert)
        assert recusal(ties, {firm.id}) == "配偶任职"
        assert recusal(ties, {party.organisation.id}) == "在该单位任职"
        assert recusal(ties, {firm.id + 1}) is None


def test_the_rules_of_duty() -> None:
    today = date(2026, 3, 2)
    assert on_duty(True, None, today)
    assert not on_duty(False, None, today)
    assert not on_duty(True, today, today)
    assert on_duty(True, today - timedelta(days=1), today)
    assert recusal([Tie(4, "顾问")], {5}) is None
