"""One complete return: what the machine finds stands beside each point, and what was changed since
stands there the second time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.accounts.permissions import Role
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries import actions, queries
from marketplace.intermediaries.models import (
    Firm,
    FirmStatus,
    Offering,
    Qualification,
    Recommendation,
)
from marketplace.intermediaries.screening import queries as screening
from tests.factories import accounts as people
from tests.factories import intermediaries as firms
from tests.intermediaries.test_pages import CREDITS, made, read

SignIn = Callable[..., FlaskClient]
CERTIFICATE = "环境影响评价工程师职业资格"


def _sent() -> list[Any]:
    """A firm whose certificate ends the day after it applied, with a promise above the ceiling."""
    firm = firms.drafted(("hpwj",))
    rival = firms.drafted(("stbc",))
    for each, number in ((firm, "HP-1"), (rival, "HP-2")):
        actions.add_practitioner(
            each.firm, name="赵工", profession="环评工程师", number=number, actor=each.actor,
            now=clock.now(),
        )  # fmt: skip
    held = db.session.scalars(
        select(Qualification).where(Qualification.firm_id == firm.firm.id)
    ).one()
    held.valid_until = clock.today()
    offered = db.session.scalars(select(Offering).where(Offering.firm_id == firm.firm.id)).one()
    # as if the statutory days had been shortened since
    offered.promised_days = 400
    actions.submit_application(firm.firm, True, firm.actor, clock.now())
    return [
        firm,
        people.officer(Role.BUREAU_OPERATOR),
        people.officer(Role.BUREAU_APPROVER),
    ]


def test_one_return_names_every_fault_and_the_second_look_shows_what_changed(
    app: Flask, sign_in_as: SignIn, advance: Callable[[timedelta], None]
) -> None:
    cast = made(app, _sent)
    with app.app_context():
        sent = select(Firm.public_id).where(Firm.submitted_at.is_not(None))
        public_id = db.session.scalars(sent).one()
    advance(timedelta(days=1))
    firm, operator, approver = (sign_in_as(each.user) for each in cast)
    address = f"/supervision/applications/{public_id}"
    page = read(operator, address)
    found = page.split("data-review>")[1]
    for words in ("已于 2026年3月2日 到期", "没有登记“环境影响评价文件编制”所需的有效资质",
                  "承诺时限 400", "没有上传扫描件", "人员同名，请核实是否同一人"):  # fmt: skip
        assert words in found, words
    # the checklist begins with what was found
    assert 'name="qualifications" type="radio" value="mend"' in found.replace(" checked", "")
    assert "到期；" in found.split('name="qualifications_reason"')[1].split(">")[0]
    # what was found cannot be left for a second return, nor passed over
    half = {**CREDITS, "offerings": "mend", "offerings_reason": "时限超过法定", "outcome": "return"}
    refused = operator.post(f"{address}/check", data=half)
    assert refused.status_code == 422
    assert "须列入补正内容，一次性告知" in refused.text
    listed = operator.post(f"{address}/check", data={**CREDITS, "outcome": "list"})
    assert listed.status_code == 409
    assert "不能准予入驻" in listed.text
    whole = half | {"qualifications": "mend", "qualifications_reason": "换证后登记并上传扫描件"}
    assert operator.post(f"{address}/check", data=whole).status_code == 303

    # the firm reads it point by point, with the way to each
    for shown in (read(firm, "/firm"), read(firm, "/firm/application")):
        notice = shown.split("一次性告知书：须补正 2 项")[1].split("</table>")[0]
        assert 'href="/firm/qualifications"' in notice
        assert 'href="/firm/offerings"' in notice
        assert notice.count("还没有改动") == 2
    with app.app_context():
        ending = select(Qualification).where(Qualification.valid_until.is_not(None))
        old = db.session.scalars(ending).one().public_id
    assert firm.post(f"/firm/records/qualification/{old}/end").status_code == 303
    new = {"type": CERTIFICATE, "number": "NEW-77", "issuer": "人社部", "valid_from": "2026-01-05"}
    assert firm.post("/firm/qualifications", data=new).status_code == 303
    promise = {"item_code": "hpwj", "discount": "15", "promised_days": "20"}
    assert firm.post("/firm/offerings", data=promise).status_code == 303
    mended = read(firm, "/firm/application").split("一次性告知书：须补正")[1].split("</table>")[0]
    assert "NEW-77" in mended
    assert "下浮 15%，20 " in mended
    assert firm.post("/firm/application/submission", data={"committed": "y"}).status_code == 303

    # the officer's second look: what was asked, what is different now
    second = read(operator, address).split("data-review>")[1]
    assert "上一轮要求补正：换证后登记并上传扫描件" in second
    assert "<ins>下浮 15%，20 " in second
    assert "到期" not in second.split('name="qualifications_reason"')[1].split(">")[0]
    assert operator.post(f"{address}/check", data=whole).status_code == 409
    passed = operator.post(f"{address}/check", data={**CREDITS, "outcome": "list"})
    assert passed.status_code == 303
    decision = {"outcome": "list", "reason": "两项均已补正，准予入驻"}
    assert approver.post(f"{address}/decision", data=decision).status_code == 303
    history = read(firm, "/firm/reviews")
    assert "两项均已补正，准予入驻" in history
    assert history.count("次提交的内容（") == 2
    with app.app_context():
        row = db.session.scalars(select(Firm).where(Firm.public_id == public_id)).one()
        assert row.status is FirmStatus.LISTED
        assert [copy.round for copy in screening.copies(row)] == [1, 2]
        # nobody is named in a copy
        told = str([copy.lines for copy in screening.copies(row)])
        assert "赵工" not in told


FEE_INPUTS = {"construction": "500", "specialty": "building_municipal", "complexity": "II"}


def test_a_promise_above_the_ceiling_is_found(app: Flask) -> None:
    with app.app_context(), transaction():
        firm = firms.drafted(("jsjl",))
        now = clock.now()
        fixed = actions.FixedPrice(Decimal(148_000), Decimal(5_000_000), inputs=FEE_INPUTS)
        actions.save_offering(firm.firm, "jsjl", Decimal(0), 20, firm.actor, now, fixed)
        actions.submit_application(firm.firm, True, firm.actor, now)
        assert [each.text for each in screening.faults(firm.firm, now) if each.stops] == []
        # as if the list had been lowered since
        queries.offerings(firm.firm.id)[0].amount = Decimal(990_000)
        db.session.flush()
        found = [each for each in screening.faults(firm.firm, now) if each.stops]
        assert [each.point for each in found] == ["offerings"]
        assert "高于收费标准上限" in found[0].text
        operator = people.officer(Role.BUREAU_OPERATOR).actor
        with pytest.raises(Conflict, match="高于收费标准上限"):
            actions.pass_check(
                firm.firm, firms.all_passed(), Recommendation.LIST, "", operator, now
            )


def test_usual_reasons_stand_where_the_approver_writes_none(app: Flask) -> None:
    with app.app_context(), transaction():
        firm = firms.listed(("hpwj",)).firm
        assert "形式审查 6 项要点均通过，符合《" in (firm.decision_reason or "")
        (step,) = [each for each in queries.steps_of(firm) if each.to_status == "listed"]
        assert step.reason == firm.decision_reason
