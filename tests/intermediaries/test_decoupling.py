"""The list of bodies not decoupled: read by cell, confirmed by a second officer, held against who
applies."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from marketplace.accounts.models import User, WebSession
from marketplace.accounts.permissions import Role
from marketplace.foundation import clock, files, policy
from marketplace.foundation.actor import CLOCK
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Refused
from marketplace.foundation.spreadsheets import Problem, Sheet, workbook
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries import actions
from marketplace.intermediaries.decoupling import actions as decoupling
from marketplace.intermediaries.decoupling import queries
from marketplace.intermediaries.decoupling.columns import COLUMNS, SHEET
from marketplace.intermediaries.decoupling.models import DecouplingUpload, UploadStatus
from marketplace.intermediaries.models import Firm, FirmStatus, Recommendation
from marketplace.intermediaries.rules import AdmissionPolicy
from tests.accounts.devices import set_up, sign_in
from tests.factories import accounts as people
from tests.factories import intermediaries as firms
from tests.intermediaries.test_open_admission import SHIPPED
from tests.intermediaries.test_pages import CREDITS, made, one, read

SignIn = Callable[..., FlaskClient]
HEAD = ",".join(column.title for column in COLUMNS)


def line(code: str, name: str = "某某环境科学研究所", tie: str = "人员") -> str:
    return f"{name},{code},青河市生态环境局,{tie},法定代表人为在编人员"


def csv(*lines: str) -> bytes:
    """The file as a Chinese spreadsheet saves it."""
    return "\r\n".join([HEAD, *lines]).encode("gb18030")


def uploaded(content: bytes, name: str = "list.csv") -> DecouplingUpload:
    """An upload by a new operator."""
    actor, now = people.officer(Role.BUREAU_OPERATOR).actor, clock.now()
    file = files.store(io.BytesIO(content), name, actor, now, "file", decoupling.KINDS)
    return decoupling.upload_list(file, "青编办〔2026〕1号", people.CITY, actor, now)


def confirmed(*lines: str) -> DecouplingUpload:
    """A list uploaded by one officer and confirmed by another."""
    found = uploaded(csv(*lines))
    decoupling.confirm_upload(found, people.officer(Role.BUREAU_APPROVER).actor, clock.now())
    return found


def test_every_bad_cell_is_named_and_a_list_takes_the_place_of_the_one_before(app: Flask) -> None:
    with app.app_context(), transaction():
        first, second = people.new_credit_code(), people.new_credit_code()
        wrong = first[:-1] + ("A" if first[-1] != "A" else "B")
        bad = uploaded(csv(line(first), line(wrong), line(first), line(second, tie="没有")))
        assert bad.status is UploadStatus.FAULTY
        assert [Problem.from_record(each).cell for each in bad.problems] == ["B3", "B4", "D5"]
        approver = people.officer(Role.BUREAU_APPROVER).actor
        with pytest.raises(Conflict):
            decoupling.confirm_upload(bad, approver, clock.now())
        rows = [
            {"name": "甲", "credit_code": first, "department": "乙局", "tie": "staff", "note": ""}
        ]
        early = uploaded(csv(line(second)))
        found = uploaded(workbook([Sheet(SHEET, COLUMNS, rows)]), "list.xlsx")
        decoupling.confirm_upload(found, approver, clock.now())
        assert [each.credit_code for each in queries.live(people.CITY)] == [first]
        # an older upload does not come after a newer one
        with pytest.raises(Conflict, match="后来上传的名单"):
            decoupling.confirm_upload(early, approver, clock.now())
        confirmed(line(second))
        assert [each.credit_code for each in queries.live(people.CITY)] == [second]
        late = uploaded(csv(line(first)))
        uploader = dataclasses.replace(approver, user_id=late.uploaded_by)
        with pytest.raises(Refused):
            decoupling.confirm_upload(late, uploader, clock.now())


def _cast() -> list[Any]:
    firm = firms.drafted(("hpwj",))
    confirmed(line(firm.organisation.credit_code or ""))
    actions.submit_application(firm.firm, True, firm.actor, clock.now())
    return [
        firm,
        people.officer(Role.BUREAU_OPERATOR),
        people.officer(Role.BUREAU_APPROVER),
    ]


def test_who_is_on_the_list_is_not_admitted_before_an_officer_decides(
    app: Flask, sign_in_as: SignIn
) -> None:
    cast = made(app, _cast)
    address = f"/supervision/applications/{one(app, Firm.public_id)}"
    _firm, operator, approver = (sign_in_as(each.user) for each in cast)
    page = read(operator, address)
    assert "列于青编办〔2026〕1号" in page
    assert "在人员上尚未脱钩" in page.split("data-review>")[1]
    assert "某某环境科学研究所" in read(operator, "/supervision/decoupling")
    listed = operator.post(f"{address}/check", data={**CREDITS, "outcome": "list"})
    assert listed.status_code == 409
    with app.app_context():
        entry = queries.live(people.CITY)[0].public_id
    decide = f"{address}/decoupling/{entry}"
    assert (
        operator.post(decide, data={"tie_outcome": "cleared", "tie_reason": ""}).status_code == 422
    )
    assert (
        approver.post(decide, data={"tie_outcome": "cleared", "tie_reason": "x"}).status_code == 403
    )
    missing = operator.post(
        f"{address}/decoupling/none", data={"tie_outcome": "tied", "tie_reason": "x"}
    )
    assert missing.status_code == 404
    tied = {"tie_outcome": "tied", "tie_reason": "法定代表人仍在编"}
    assert operator.post(decide, data=tied).status_code == 303
    listed = operator.post(f"{address}/check", data={**CREDITS, "outcome": "list"})
    assert listed.status_code == 409
    cleared = {"tie_outcome": "cleared", "tie_reason": "编办 3 月 1 日复函：已完成脱钩"}
    assert operator.post(decide, data=cleared).status_code == 303
    assert "编办 3 月 1 日复函" in read(approver, address)
    listed = operator.post(f"{address}/check", data={**CREDITS, "outcome": "list"})
    assert listed.status_code == 303


def test_the_pages_take_a_list_in(app: Flask, sign_in_as: SignIn) -> None:
    def cast() -> list[Any]:
        return [
            people.officer(Role.BUREAU_OPERATOR),
            people.officer(Role.BUREAU_APPROVER),
            people.officer(Role.DEPARTMENT_OFFICER, "sthj"),
        ]

    operator, approver, department = (sign_in_as(each.user) for each in made(app, cast))
    code = made(app, people.new_credit_code)
    template = operator.get("/supervision/decoupling/template.xlsx")
    assert template.status_code == 200
    assert "没有在列机构" in read(operator, "/supervision/decoupling")
    nothing = operator.post("/supervision/decoupling/import", data={"document": "文"})
    assert nothing.status_code == 422
    assert "请选择要导入的文件" in nothing.text

    def upload(content: bytes) -> str:
        data = {"document": "青编办〔2026〕1号", "file": (io.BytesIO(content), "list.csv")}
        sent = operator.post("/supervision/decoupling/import", data=data)
        assert sent.status_code == 303
        return str(sent.location)

    faulty = upload(csv(line("X")))
    assert "B2" in read(operator, faulty)
    assert operator.post(f"{faulty}/discard").status_code == 303
    good = upload(csv(line(code)))
    assert "须由上传人以外的审批人确认" in read(operator, good)
    assert operator.post(f"{good}/confirm").status_code == 403
    assert "确认未脱钩机构名单" in read(approver, "/workspace")
    assert approver.post(f"{good}/confirm").status_code == 303
    assert code in read(approver, "/supervision/decoupling")
    assert "请选择" not in read(approver, good)
    # one uploaded before a list in force waits for nobody, and says so
    early, late = upload(csv(line(code))), upload(csv(line(code, name="新名称")))
    assert approver.post(f"{late}/confirm").status_code == 303
    page = read(approver, early)
    assert "已有后来上传的名单生效" in page
    assert "确认更新" not in page
    assert "已有后来的名单" in read(operator, "/supervision/decoupling")
    assert "确认未脱钩机构名单" not in read(approver, "/workspace")
    assert department.get("/supervision/decoupling/import").status_code == 403


def test_where_firms_enter_by_commitment_one_on_the_list_waits_for_an_officer(app: Flask) -> None:
    with app.app_context(), transaction():
        text = SHIPPED.read_text("utf-8").replace('mode = "review"', 'mode = "open"')
        text = text.replace('"000000"', f'"{people.CITY}"')
        text = text.replace("= 2024-01-01", f"= {clock.today().isoformat()}")
        policy.publish(policy.parse("open.toml", text, [AdmissionPolicy]), CLOCK, clock.now())
        free, tied = firms.drafted(("stbc",)), firms.drafted(("stbc",))
        # by its name: the list may know another code
        confirmed(line(people.new_credit_code(), name=tied.organisation.name))
        for each in (free, tied):
            actions.submit_application(each.firm, True, each.actor, clock.now())
        assert free.firm.status is FirmStatus.LISTED
        assert tied.firm.status is FirmStatus.SUBMITTED
        operator = people.officer(Role.BUREAU_OPERATOR).actor
        entry = queries.live(people.CITY)[0].public_id
        decoupling.decide_match(tied.firm, entry, True, "同名不同机构", operator, clock.now())
        actions.pass_check(
            tied.firm, firms.all_passed(), Recommendation.LIST, "", operator, clock.now()
        )
        assert tied.firm.status is FirmStatus.CHECKED
        assert db.session.scalars(select(DecouplingUpload)).one().confirmed_at is not None


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_confirming_a_list_asks_once_more_for_the_second_factor(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for the national list: a proof older than five minutes is asked for anew."""
    login = made(app, lambda: people.officer(Role.BUREAU_APPROVER).user.login)
    key = made(app, lambda: uploaded(csv(line(people.new_credit_code()))).public_id)
    monkeypatch.setitem(app.config, "SECOND_FACTOR", True)
    browser, confirm = app.test_client(), f"/supervision/decoupling/imports/{key}/confirm"
    sign_in(browser, login)
    device = set_up(app, browser)
    with app.app_context(), transaction():
        for session in db.session.scalars(select(WebSession)):
            assert session.confirmed_at is not None
            session.confirmed_at -= timedelta(minutes=6)
        db.session.execute(update(User).values(factor_step=None))
    asked = browser.post(confirm)
    assert asked.status_code == 403
    assert 'name="code"' in asked.text
    status = select(DecouplingUpload.status)
    with app.app_context():
        assert db.session.scalars(status).one() is UploadStatus.READY
    proved = browser.post("/account/confirm", data={"code": device.code(1)})
    assert proved.status_code == 303
    assert browser.post(confirm).status_code == 303
    with app.app_context():
        assert db.session.scalars(status).one() is UploadStatus.CONFIRMED
