"""新泰 through its pages: what follows from C, from D and from A."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.accounts import queries as people
from marketplace.accounts.models import OrganisationKind, User
from marketplace.accounts.permissions import Role
from marketplace.foundation import clock, policy
from marketplace.foundation.audit import AuditRow
from marketplace.foundation.db import db
from marketplace.projects.models import InvestmentKind
from marketplace.selection.models import Entry
from marketplace.supervision.inspections.models import ContractInspection, InspectionStatus
from tests.factories import accounts, contracts, intermediaries, selection
from tests.places import XINTAI, Stage, open_marketplace

DAY = timedelta(days=1)
ENTRY = {
    "price": "36000",
    "contribution": "0" * 64,
    "agree": "y",
    "deviation_reason": "已有相邻项目的资料，工作量较小",
}
FOUND = {"document": "泰检〔2026〕1号", "findings": "抽查成果、人员到位和收费，与合同一致"}


@pytest.fixture
def stage(
    app: Flask,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sign_in_as: Callable[..., FlaskClient],
    advance: Callable[[timedelta], None],
) -> Stage:
    """A marketplace in 新泰, with its bureau."""
    open_marketplace(app, XINTAI, tmp_path, monkeypatch)
    return Stage(app, sign_in_as, advance)


def _firm(name: str) -> tuple[Any, str, str]:
    """A listed firm: its person, its credit code, its page."""
    made = intermediaries.listed(("stbc",), name=name)
    code = made.organisation.credit_code
    assert code is not None
    return made.user, code, f"/firms/{made.organisation.public_id}"


def _party(code: str) -> accounts.Party:
    organisation = people.organisation_by_credit_code(code)
    assert organisation is not None
    person = accounts.user(organisation, Role.FIRM_ADMIN)
    return accounts.Party(person, organisation, person)


def _need(investment: InvestmentKind) -> str:
    kind = OrganisationKind.COMPANY
    if investment is InvestmentKind.GOVERNMENT:
        kind = OrganisationKind.AGENCY
    owner = accounts.owner(kind=kind)
    return selection.open_need(owner, investment=investment, entry_working_days=10).public_id


def test_c_is_warned_of_inspected_contract_by_contract_and_kept_from_government_money(
    stage: Stage,
) -> None:
    deal = contracts.signed(stage.app, stage.advance)
    person, code, page, number = stage.make(
        lambda: (
            deal.party().user,
            deal.party().organisation.credit_code,
            f"/firms/{deal.party().organisation.public_id}",
            deal.contract.number,
        )
    )
    name = stage.make(lambda: deal.party().organisation.name)
    stage.inspect(code, "65")
    assert name not in stage.anybody("/sanctions")
    stage.advance(2 * DAY)

    # the public: on the warning list, under key supervision, still listed
    for address in ("/", "/sanctions"):
        assert name in stage.anybody(address), address
    shown = stage.anybody(page)
    assert "C 级" in shown
    assert "列入警示名单；属重点监管，履行中的合同逐份检查；不得承接政府投资项目" in shown
    assert name in stage.anybody("/firms")

    # the officer: the contract that runs is to be inspected, by a day the edition gives
    desk = stage.at(stage.operator)
    listing = desk.get("/supervision/inspections").text
    assert number in listing
    assert "检查重点监管机构的合同" in desk.get("/workspace").text

    def due() -> list[ContractInspection]:
        return list(db.session.scalars(select(ContractInspection).order_by("id")))

    def first() -> tuple[str, int]:
        (row,) = due()
        edition = db.session.get_one(policy.PolicyEdition, row.edition_id)
        assert edition.section == "sanctions"
        return f"/supervision/inspections/{row.public_id}", row.id

    inspection, key = stage.read(first)
    told = stage.at(person).get("/workspace/messages").text
    assert f"合同 {number} 列入重点监管检查" in told
    assert stage.at(stage.approver).post(f"{inspection}/outcome", data=FOUND).status_code == 403
    assert stage.at(person).get(inspection).status_code == 403
    elsewhere = stage.make(lambda: accounts.officer(Role.BUREAU_OPERATOR, city="379900").user)
    assert stage.at(elsewhere).get(inspection).status_code == 404
    faults = {**FOUND, "outcome": "faults"}
    bare = desk.post(f"{inspection}/outcome", data=faults)
    assert bare.status_code == 422
    assert 'id="evidence-error"' in bare.text
    assert desk.post(f"{inspection}/outcome", data={**FOUND, "outcome": "due"}).status_code == 422
    given = {**faults, "evidence": (io.BytesIO(b"%PDF-1.7 record"), "检查记录.pdf")}
    assert desk.post(f"{inspection}/outcome", data=given).status_code == 303
    assert desk.post(f"{inspection}/outcome", data={**FOUND, "outcome": "sound"}).status_code == 409
    # what was found leads to a card: firm, contract and facts stand in its form, the record with it
    assert f"{inspection}/card" in desk.get(inspection).text
    form = desk.get(f"{inspection}/card").text
    assert f'value="{code}"' in form
    assert f"检查合同 {number}（" in form
    assert "检查记录.pdf" in form
    facts = f"检查合同 {number}：底稿缺失，收费凭证与合同不符。"
    card = {"credit_code": code, "breach": "service", "item_code": "", "facts": facts}
    assert desk.post(f"{inspection}/card", data={**card, "facts": ""}).status_code == 422
    sent = desk.post(f"{inspection}/card", data=card)
    assert sent.status_code == 303
    assert desk.get(f"{sent.headers['Location']}/evidence").data == b"%PDF-1.7 record"
    assert stage.at(stage.approver).get(f"{inspection}/card").status_code == 403
    assert stage.at(elsewhere).get(f"{inspection}/card").status_code == 404
    assert desk.get(f"{inspection}/evidence").data == b"%PDF-1.7 record"
    assert "发现问题" in stage.at(person).get("/workspace/messages").text

    def recorded() -> Any:
        row = db.session.get_one(ContractInspection, key)
        assert row.status is InspectionStatus.FAULTS
        query = select(AuditRow).where(
            AuditRow.action == "contract_inspections.faults", AuditRow.subject_id == str(key)
        )
        return db.session.scalars(query).one().facts

    assert len(stage.read(recorded)["content"]) == 64

    # the gate: no government money, with the reason; other work is open
    public_money = stage.make(lambda: _need(InvestmentKind.GOVERNMENT))
    private = stage.make(lambda: _need(InvestmentKind.ENTERPRISE))
    firm = stage.at(person)
    refused = firm.get(f"/needs/{public_money}/enter").text
    assert "信用等级：C" in refused
    assert "政府投资项目要求信用等级 B 级及以上" in refused
    assert firm.post(f"/needs/{public_money}/enter", data=ENTRY).status_code == 403
    assert firm.post(f"/needs/{private}/enter", data=ENTRY).status_code == 303

    # every further contract of the firm is inspected too
    while stage.read(clock.today).weekday():
        stage.advance(DAY)
    again = contracts.signed(stage.app, stage.advance, firm_of=deal.party)
    stage.advance(timedelta(minutes=2))
    both = stage.read(lambda: [row.contract_id for row in due()])
    assert both == [stage.read(lambda: deal.contract.id), stage.read(lambda: again.contract.id)]


def test_d_is_struck_off_and_barred_everywhere_and_a_stands_first(stage: Stage) -> None:
    bad, good, plain = (
        stage.make(lambda name=name: _firm(name))
        for name in ("新泰丁丙咨询有限公司", "新泰优甲咨询有限公司", "新泰常乙咨询有限公司")
    )
    running = contracts.signed(stage.app, stage.advance, firm_of=lambda: _party(bad[1]))
    agreed = stage.make(lambda: f"/contracts/{running.contract.public_id}")
    keeper = stage.make(lambda: db.session.get_one(User, running.approver_id))
    stage.advance(DAY)
    for firm, result in ((plain, "80"), (good, "95"), (bad, "50")):
        stage.inspect(firm[1], result)
    stage.advance(2 * DAY)
    stage.confirm_grade(good[1], "A")
    stage.confirm_grade(bad[1], "D")
    assert "新泰丁丙咨询有限公司" in stage.anybody("/firms"), "published, not yet in force"
    open_still = stage.make(lambda: _need(InvestmentKind.ENTERPRISE))
    assert stage.at(bad[0]).post(f"/needs/{open_still}/enter", data=ENTRY).status_code == 303
    entered = stage.read(
        lambda: db.session.query(Entry).order_by(Entry.id.desc()).first().public_id
    )
    stage.advance(8 * DAY)
    out = stage.at(bad[0]).get(f"/entries/{entered}").text
    assert "报名已被撤下" in out
    assert "信用等级 D 级生效" in out
    assert "信用等级 D 级生效" in stage.at(keeper).get(agreed).text, "the owner decides"

    # the recommended list: A first, D nowhere
    order = re.findall(r"新泰\w+咨询有限公司", stage.anybody("/firms?item=stbc"))
    assert list(dict.fromkeys(order)) == ["新泰优甲咨询有限公司", "新泰常乙咨询有限公司"]
    assert "没有找到" in stage.anybody(bad[2]) or "404" in stage.anybody(bad[2])
    warned = stage.anybody("/sanctions")
    assert "新泰丁丙咨询有限公司" in warned
    assert "列入黑名单，撤下列名，不得承接新业务" in warned
    assert "新泰优甲咨询有限公司" not in warned
    assert "新泰丁丙咨询有限公司" in stage.anybody("/")

    # no need of whatever money is open to it; the reason stands at the gate
    desk = stage.at(bad[0])
    for investment in (InvestmentKind.GOVERNMENT, InvestmentKind.ENTERPRISE):
        need = stage.make(lambda investment=investment: _need(investment))
        assert "D 级" in desk.get(f"/needs/{need}/enter").text
        assert desk.post(f"/needs/{need}/enter", data=ENTRY).status_code == 403
        # who stands well gets in, whoever pays
        assert stage.at(good[0]).post(f"/needs/{need}/enter", data=ENTRY).status_code == 303
    assert stage.read(lambda: db.session.query(Entry).filter_by(status="standing").count()) == 2
