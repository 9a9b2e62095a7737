"""Branches, agents and their hand-over, professionals who go from one firm to another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select

from marketplace.accounts import organising, queries
from marketplace.accounts.factors import held_to
from marketplace.accounts.models import Organisation, User
from marketplace.accounts.permissions import Role
from marketplace.foundation import clock
from marketplace.foundation.actor import CLOCK
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries import actions
from marketplace.intermediaries.file.models import Branch, FirmAgent, Transfer, TransferStatus
from marketplace.intermediaries.models import Firm, Practitioner
from marketplace.notifications.models import Message
from tests.factories import accounts as people
from tests.factories import intermediaries as firms
from tests.factories.filing import SignIn, made, one, read, send

PERSON = {"name": "诸葛工", "profession": "环评工程师", "number": "HP-778899"}


def test_branches_come_and_go(app: Flask, sign_in_as: SignIn) -> None:
    party = made(app, firms.listed)
    firm = sign_in_as(party.user)
    branch = {
        "name": "青河咨询东城分公司",
        "address": "东城区 1 号",
        "head_name": "令狐负责",
        "head_phone": "13812345678",
    }
    assert "没有登记分支机构" in read(firm, "/firm/branches")
    assert "校验未通过" in send(
        firm, "/firm/branches", 422, **branch, credit_code="91370000MA0000000X"
    )
    own = party.organisation.credit_code
    assert "自己的" in send(firm, "/firm/branches", 422, **branch, credit_code=own)
    code = people.new_credit_code(people.OrganisationKind.COMPANY)
    send(firm, "/firm/branches", **branch, credit_code=code)
    assert "已经登记" in send(firm, "/firm/branches", 422, **branch, credit_code=code)
    assert "令狐负责" in read(firm, "/firm/branches")
    send(firm, f"/firm/records/branch/{one(app, Branch.public_id)}/end")
    assert "令狐负责" not in read(firm, "/firm/branches")
    assert read(firm, "/firm/history").count("青河咨询东城分公司") == 2


def test_the_agent_is_handed_over_in_one_moment(
    app: Flask, sign_in_as: SignIn, advance: Callable[[timedelta], None]
) -> None:
    def cast() -> list[Any]:
        party = firms.listed()
        return [party, people.user(party.organisation, Role.FIRM_STAFF)]

    party, staff = made(app, cast)
    firm, clerk = sign_in_as(party.user), sign_in_as(staff)
    assert clerk.get("/account").status_code == 200
    assert clerk.get("/firm/agents").status_code == 403, "the administrator hands over"
    first = {
        "name": "欧阳经办",
        "phone": "13900001111",
        "scope": ["file", "enter"],
        "account": staff.public_id,
        "document_number": "授权〔2026〕1 号",
        "starts_on": "2026-03-01",
        "ends_on": "2026-05-10",
    }
    assert "请至少选择一项" in send(
        firm, "/firm/agents", 422, **{**first, "scope": []}, paper="document"
    )
    assert "最长 730 日" in send(
        firm, "/firm/agents", 422, **{**first, "ends_on": "2029-01-01"}, paper="document"
    )
    assert "不能晚于今天" in send(
        firm, "/firm/agents", 422, **{**first, "starts_on": "2026-03-03"}, paper="document"
    )
    send(firm, "/firm/agents", **first, paper="document")
    assert "欧阳经办" in read(firm, "/firm")
    second = {**first, "name": "上官接任", "account": "", "ends_on": "2026-12-31"}
    send(firm, "/firm/agents", **second, paper="document")
    with app.app_context():
        old, new = db.session.scalars(select(FirmAgent).order_by(FirmAgent.id)).all()
        assert old.ended_at == new.granted_at
        assert new.ended_at is None
        assert db.session.scalars(select(Firm)).one().agent_name == "上官接任"
    assert clerk.get("/account").status_code == 302, "the linked account ended with it"
    assert "上官接任" in read(firm, "/firm/agents")
    assert "欧阳经办" in read(firm, "/firm/history")

    third = {**first, "name": "慕容短期", "account": "", "ends_on": "2026-03-20"}
    send(firm, "/firm/agents", **third, paper="document")
    assert "办理经办人授权续期或交接" in read(firm, "/firm")
    advance(timedelta(days=18, hours=14))  # 20 March, 23:00
    assert one(app, FirmAgent.ended_at) is None
    advance(timedelta(hours=1))
    assert one(app, FirmAgent.reason) == "授权到期"
    with app.app_context():
        told = list(db.session.scalars(select(Message.subject)))
    assert "经办人授权将于 7 天后到期" in told
    assert "经办人授权已到期" in told
    assert "没有有效授权" in read(sign_in_as(party.user), "/firm/agents")


def test_a_linked_account_goes_as_far_as_the_authority(app: Flask, sign_in_as: SignIn) -> None:
    def cast() -> list[Any]:
        party = firms.listed()
        staff = people.user(party.organisation, Role.FIRM_STAFF)
        both = people.user(party.organisation, Role.FIRM_STAFF)
        organising.grant_role(both, party.organisation, Role.FIRM_ADMIN, CLOCK, clock.now())
        return [party, staff, both]

    party, staff, both = made(app, cast)
    firm, clerk = sign_in_as(party.user), sign_in_as(staff)
    pages = {"file": "/firm/practitioners", "enter": "/firm/entries"}
    signing = "/contracts/0000000000000/deliveries"  # nobody's: 404 for who may sign at all

    def reach() -> set[str]:
        found = {code for code, page in pages.items() if clerk.get(page).status_code == 200}
        return found | ({"contract"} if clerk.post(signing).status_code != 403 else set())

    assert reach() == {"enter", "contract"}, "the role alone, while no paper is linked"
    data = {
        "name": "欧阳经办",
        "phone": "13900001111",
        "document_number": "1 号",
        "starts_on": "2026-03-01",
        "ends_on": "2026-12-31",
    }
    assert "限制不了管理员" in send(
        firm, "/firm/agents", 422, **data, scope=["file"], account=both.public_id, paper="document"
    )
    for scope in (["contract"], ["file"], ["enter"]):
        # the paper is changed, and the very next request goes by it
        chosen = {**data, "scope": scope, "account": staff.public_id}
        send(firm, "/firm/agents", **chosen, paper="document")
        assert reach() == set(scope)
    refused = clerk.post(signing)
    assert refused.status_code == 403
    assert "授权事项为“报名、报价、接单”，不含此事项" in refused.text
    assert "由机构管理员在“经办人授权”中用新的授权书变更" in refused.text

    # who keeps the file under a paper neither widens it nor gives the firm's place away
    chosen = {**data, "scope": ["file", "enter"], "account": staff.public_id}
    send(firm, "/firm/agents", **chosen, paper="document")
    assert reach() == {"file", "enter"}
    assert "由机构管理员登记" in read(clerk, "/firm/agents", 403)
    assert "由机构管理员声明" in read(clerk, "/firm/leaving", 403)
    assert "授权与交接" not in read(clerk, "/firm")
    with app.app_context():
        actor = queries.actor_for(db.session.get_one(User, staff.id), party.organisation)
        assert held_to(actor) > actor.roles, "asked for the second factor like an administrator"

    # taken from the role and given it again, the paper still says how far
    with app.app_context(), transaction():
        (member,) = queries.live_memberships(staff.id)
        organising.end_membership(member, CLOCK, clock.now())
        organising.grant_role(member.user, member.organisation, Role.FIRM_STAFF, CLOCK, clock.now())
        assert [each.scope for each in queries.live_memberships(staff.id)] == ["file,enter"]
    send(firm, f"/firm/agents/{one(app, FirmAgent.public_id)}/end", reason="离职")
    with app.app_context(), transaction():
        assert not queries.live_memberships(staff.id)
        user = db.session.get_one(User, staff.id)
        place = db.session.get_one(Organisation, party.organisation.id)
        again = organising.grant_role(user, place, Role.FIRM_STAFF, CLOCK, clock.now())
        assert again.scope is None, "the paper is over"


def test_an_authority_ends_early_on_a_reason(app: Flask, sign_in_as: SignIn) -> None:
    party = made(app, firms.listed)
    firm = sign_in_as(party.user)
    data = {
        "name": "欧阳经办",
        "phone": "13900001111",
        "scope": ["contract"],
        "account": "",
        "document_number": "1 号",
        "starts_on": "2026-03-01",
        "ends_on": "2026-12-31",
    }
    send(firm, "/firm/agents", **data, paper="document")
    address = f"/firm/agents/{one(app, FirmAgent.public_id)}/end"
    read(firm, address)
    assert "请填写此项" in send(firm, address, 422, reason="")
    send(firm, address, reason="离职")
    send(firm, address, 409, reason="离职")
    rival = made(app, firms.listed)
    assert sign_in_as(rival.user).get(address).status_code == 404


def scene() -> list[Any]:
    present, asking, stranger = firms.listed(), firms.listed(), firms.listed()
    actions.add_practitioner(present.firm, **PERSON, actor=present.actor, now=clock.now())
    return [
        present,
        asking,
        stranger,
        people.officer(Role.BUREAU_APPROVER),
        people.officer(Role.BUREAU_OPERATOR),
    ]


def ask(app: Flask, browser: Any) -> str:
    send(
        browser,
        "/firm/transfers",
        name=PERSON["name"],
        number=PERSON["number"],
        valid_until="",
        paper="statement",
    )
    return str(one(app, Transfer.public_id))


def stands_with(app: Flask) -> int:
    with app.app_context():
        return db.session.scalars(
            select(Practitioner.firm_id).where(Practitioner.ended_at.is_(None))
        ).one()


def test_a_professional_goes_over_once_released(app: Flask, sign_in_as: SignIn) -> None:
    present, asking, stranger, _approver, _operator = made(app, scene)
    here, there = sign_in_as(present.user), sign_in_as(asking.user)
    taken = send(there, "/firm/practitioners", 422, **PERSON, valid_until="")
    assert "执业人员转入" in taken
    assert "没有找到" in send(
        there, "/firm/transfers", 422, name="别人", number=PERSON["number"], valid_until=""
    )
    row = ask(app, there)
    again = {"name": PERSON["name"], "number": PERSON["number"], "valid_until": ""}
    send(there, "/firm/transfers", 409, **again)
    assert "答复执业人员转出请求" in read(here, "/firm")
    assert PERSON["number"] not in read(there, f"/firm/transfers/{row}")
    assert asking.organisation.name in read(here, f"/firm/transfers/{row}")
    assert sign_in_as(stranger.user).get(f"/firm/transfers/{row}").status_code == 404
    send(there, f"/firm/transfers/{row}/answer", 404, outcome="release", reason="")
    before = stands_with(app)
    send(here, f"/firm/transfers/{row}/answer", outcome="release", reason="")
    after = stands_with(app)
    assert before != after
    assert "已同意转出" in read(there, "/firm/transfers")
    assert PERSON["name"] in read(there, "/firm/practitioners")
    assert PERSON["name"] not in read(here, "/firm/practitioners")


def test_a_refusal_is_brought_before_the_officer(app: Flask, sign_in_as: SignIn) -> None:
    present, asking, _stranger, approver, operator = made(app, scene)
    here, there, officer = (sign_in_as(each.user) for each in (present, asking, approver))
    row = ask(app, there)
    answer = f"/firm/transfers/{row}/answer"
    assert "事实和理由" in send(here, answer, 422, outcome="refuse", reason="")
    send(here, answer, outcome="refuse", reason="劳动合同未到期")
    assert "劳动合同未到期" in read(there, f"/firm/transfers/{row}")
    case = f"/supervision/transfers/{row}"
    send(officer, case, 409, outcome="grant", reason="双方未提请裁定")
    send(there, f"/firm/transfers/{row}/dispute", dispute="已于上月解除劳动合同", paper="evidence")
    assert "裁定执业人员转出" in read(officer, "/supervision")
    page = read(officer, case)
    assert PERSON["name"] not in page
    assert PERSON["number"] not in page
    send(sign_in_as(operator.user), case, 403, outcome="grant", reason="无权裁定的人")
    send(officer, case, 422, outcome="grant", reason="短")
    assert one(app, Transfer.status) is TransferStatus.DISPUTED
    send(officer, case, outcome="grant", reason="解除证明和社保转移记录属实")
    assert "裁定转出" in read(here, f"/firm/transfers/{row}")
    with app.app_context():
        moved = db.session.scalars(
            select(Practitioner).where(Practitioner.ended_at.is_(None))
        ).one()
        assert moved.firm.organisation_id == asking.organisation.id


def test_silence_goes_to_the_officer_who_may_deny(
    app: Flask, sign_in_as: SignIn, advance: Callable[[timedelta], None]
) -> None:
    present, asking, _stranger, approver, _operator = made(app, scene)
    row = ask(app, sign_in_as(asking.user))
    advance(timedelta(days=7, hours=7, minutes=59))  # 9 March, 16:59: the fifth working day
    assert one(app, Transfer.status) is TransferStatus.ASKED
    advance(timedelta(minutes=2))
    assert one(app, Transfer.status) is TransferStatus.SILENT
    here, there, officer = (sign_in_as(each.user) for each in (present, asking, approver))
    late = {"outcome": "refuse", "reason": "迟到的不同意"}
    assert "期限已过" in send(here, f"/firm/transfers/{row}/answer", 409, **late)
    send(officer, f"/supervision/transfers/{row}", outcome="deny", reason="声明签名与本人不符")
    assert "裁定不予转出" in read(there, f"/firm/transfers/{row}")
    with app.app_context():
        kept = db.session.scalars(select(Practitioner).where(Practitioner.ended_at.is_(None))).one()
        assert kept.firm.organisation_id == present.organisation.id
    row = ask(app, there)
    send(there, f"/firm/transfers/{row}/withdraw")
    row = ask(app, there)
    with app.app_context(), transaction():
        person = db.session.scalars(
            select(Practitioner).where(Practitioner.ended_at.is_(None))
        ).one()
        actions.end_record(person, present.actor, clock.now())
    assert one(app, Transfer.status) is TransferStatus.RELEASED, "let go without an answer"


def test_a_professionals_certificate_is_announced_and_prolonged(
    app: Flask, sign_in_as: SignIn, advance: Callable[[timedelta], None]
) -> None:
    party = made(app, firms.listed)
    firm = sign_in_as(party.user)
    assert "已过有效期" in send(
        firm, "/firm/practitioners", 422, **PERSON, valid_until="2026-03-01"
    )
    send(firm, "/firm/practitioners", **PERSON, valid_until="2026-03-12")
    assert "更新执业人员证书有效期" in read(firm, "/firm")
    advance(timedelta(days=3, hours=1))
    with app.app_context():
        told = db.session.scalars(
            select(Message).where(Message.subject == "执业人员证书将于 7 天后到期")
        ).one()
        assert PERSON["name"] not in told.body
        assert PERSON["number"] not in told.body
    firm = sign_in_as(party.user)
    address = f"/firm/practitioners/{one(app, Practitioner.public_id)}/extension"
    read(firm, address)
    assert "晚于原有效期" in send(firm, address, 422, valid_until="2026-03-12")
    send(firm, address, valid_until="2029-03-12")
    assert one(app, Practitioner.valid_until) == date(2029, 3, 12)
    assert "更新执业人员证书有效期" not in read(firm, "/firm")
