"""Changes of a listed firm's file: in force at once or once checked, each with its history."""

from __future__ import annotations

from typing import Any

from flask import Flask
from sqlalchemy import select

from marketplace.accounts.permissions import Role
from marketplace.foundation.audit import AuditRow
from marketplace.foundation.db import db
from marketplace.intermediaries.file.models import (
    FieldChange,
    FieldValue,
    Recheck,
    RecheckStatus,
)
from marketplace.intermediaries.models import Firm, Practitioner, Qualification
from tests.factories import accounts as people
from tests.factories import intermediaries as firms
from tests.factories.filing import SignIn, made, one, read, send


def cast() -> list[Any]:
    return [
        firms.listed(),
        people.officer(Role.BUREAU_OPERATOR),
        people.officer(Role.BUREAU_APPROVER),
        people.officer(Role.BUREAU_OPERATOR, city="379800"),
    ]


def test_what_waits_for_its_check_is_shown_to_nobody_before(app: Flask, sign_in_as: SignIn) -> None:
    party, operator, approver, elsewhere = made(app, cast)
    firm, officer = sign_in_as(party.user), sign_in_as(operator.user)
    public = f"/firms/{party.organisation.public_id}"
    assert "审核后生效" in read(firm, "/firm/changes")
    form = "/firm/changes/legal_representative"
    assert "此前公开页面仍显示现登记内容" in read(firm, form)
    new = {"value": "欧阳新任", "identity": firms.resident_id(77)}
    assert "请上传变更后的登记证照" in send(firm, form, 422, **new)
    wrong = {"value": "欧阳新任", "identity": "379902198501010000"}
    assert "身份证件号码校验未通过" in send(firm, form, 422, **wrong, paper="evidence")
    send(firm, form, **new, paper="evidence")
    assert "正在核查" in send(firm, form, 409, **new, paper="evidence")
    assert "欧阳新任" not in app.test_client().get(public).text
    assert "待审核，尚未生效" in read(firm, "/firm/changes")

    case = f"/supervision/rechecks/{one(app, Recheck.public_id)}"
    assert party.organisation.name in read(officer, "/supervision/rechecks")
    assert "核查档案变更" in read(officer, "/supervision")
    page = read(officer, case)
    assert "欧阳新任" in page
    assert "材料.pdf" in page
    paper = page.split('href="/firm-files/')[1].split('"')[0]
    assert officer.get(f"/firm-files/{paper}").status_code == 200
    assert sign_in_as(elsewhere.user).get(case).status_code == 404
    assert sign_in_as(elsewhere.user).get(f"/firm-files/{paper}").status_code == 404
    send(sign_in_as(approver.user), case, 403, outcome="accept")
    assert "请写明" in send(officer, case, 422, outcome="reject")
    send(officer, case, outcome="accept")
    send(officer, case, 409, outcome="accept")
    assert "欧阳新任" in app.test_client().get(public).text

    history = read(firm, "/firm/history")
    assert history.index(party.organisation.legal_representative) < history.index("欧阳新任")
    public_id = one(app, Firm.public_id)
    assert "欧阳新任" in read(officer, f"/supervision/applications/{public_id}/history")
    assert (
        sign_in_as(elsewhere.user).get(f"/supervision/applications/{public_id}/history").status_code
        == 404
    )
    with app.app_context():
        row = db.session.scalars(select(Recheck)).one()
        assert row.status is RecheckStatus.ACCEPTED
        assert row.proposal is None, "the values are kept once, in the history"
        ledger = db.session.scalars(select(AuditRow.facts)).all()
        assert not any("欧阳" in str(facts) for facts in ledger)
        change = db.session.scalars(select(FieldChange)).one()
        assert change.after_digest
        assert change.after_digest != "欧阳新任"
        assert db.session.scalars(select(FieldValue)).one().after == "欧阳新任"


def test_what_is_checked_afterwards_is_taken_back_when_wrong(
    app: Flask, sign_in_as: SignIn
) -> None:
    party, operator, _approver, _elsewhere = made(app, cast)
    firm, officer = sign_in_as(party.user), sign_in_as(operator.user)
    public = f"/firms/{party.organisation.public_id}"
    before = party.organisation.address
    send(firm, "/firm/changes/address", value="西城区新址 9 号", paper="evidence")
    assert "西城区新址" in app.test_client().get(public).text
    case = f"/supervision/rechecks/{one(app, Recheck.public_id)}"
    assert "已生效，待核查" in read(officer, case)
    send(officer, case, outcome="reject", reason="证照上的住所不一致")
    assert before in app.test_client().get(public).text
    assert "证照上的住所不一致" in read(firm, "/firm/changes")
    assert read(firm, "/firm/history").count("西城区新址") == 2  # put in, taken back

    send(firm, "/firm/changes/introduction", value="专做环评的机构")
    assert "专做环评的机构" in app.test_client().get(public).text
    send(firm, "/firm/changes/name", value="青河更名咨询有限公司", paper="evidence")
    waiting = one(app, Recheck.public_id)
    send(firm, f"/firm/changes/{waiting}/withdraw")
    send(firm, f"/firm/changes/{waiting}/withdraw", 409)
    assert "已撤回" in read(firm, "/firm/changes")
    send(officer, f"/supervision/rechecks/{waiting}", 409, outcome="accept")
    assert firm.get("/firm/changes/nothing").status_code == 404


def test_controller_and_declaration_change_with_a_check(app: Flask, sign_in_as: SignIn) -> None:
    party, operator, _approver, _elsewhere = made(app, cast)
    firm, officer = sign_in_as(party.user), sign_in_as(operator.user)
    form = "/firm/changes/controller"
    assert "控股股东" in send(firm, form, 422, value="钱多多")
    send(firm, form, value="钱多多", identity=firms.resident_id(91))
    case = f"/supervision/rechecks/{one(app, Recheck.public_id)}"
    shown = read(officer, case)
    assert "钱多多" not in shown
    assert "钱**" in shown
    send(officer, case, outcome="accept")
    send(firm, "/firm/changes/decoupling", 422, value="随便")
    assert "相同" in send(firm, "/firm/changes/decoupling", 422, value="已声明")
    send(firm, "/firm/changes/decoupling", value="未声明")
    send(officer, f"/supervision/rechecks/{one(app, Recheck.public_id)}", outcome="accept")
    with app.app_context():
        assert db.session.scalars(select(Firm)).one().decoupled is False
        assert len(db.session.scalars(select(FieldChange)).all()) == 2


def test_added_papers_and_people_are_checked(app: Flask, sign_in_as: SignIn) -> None:
    party, operator, _approver, _elsewhere = made(app, cast)
    firm, officer = sign_in_as(party.user), sign_in_as(operator.user)
    paper = {
        "type": "安全评价机构资质",
        "number": "AP-1",
        "issuer": "甲",
        "valid_from": "2024-01-01",
    }
    send(firm, "/firm/qualifications", **paper, grade="", valid_until="")
    case = f"/supervision/rechecks/{one(app, Recheck.public_id)}"
    assert "AP-1" in read(officer, case)
    send(officer, case, outcome="accept")
    assert one(app, Qualification.verified_at) is not None
    person = {"name": "司马工", "profession": "安全评价师", "number": "S0001234"}
    send(firm, "/firm/practitioners", **person, valid_until="")
    case = f"/supervision/rechecks/{one(app, Recheck.public_id)}"
    assert "S0001234" not in read(officer, case)
    send(officer, case, outcome="reject", reason="社保不在本机构")
    assert one(app, Practitioner.ended_at) is not None
    # verified on the review's page, the check is over with it
    send(firm, "/firm/qualifications", **{**paper, "number": "AP-2"}, grade="", valid_until="")
    address = f"/supervision/applications/{one(app, Firm.public_id)}"
    send(officer, f"{address}/qualifications/{one(app, Qualification.public_id)}")
    assert one(app, Recheck.status) is RecheckStatus.ACCEPTED
