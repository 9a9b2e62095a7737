"""寿光's ladder through its pages: yellow, red, the report to the department with D, step by step
as the firm, an owner, the department and the public see it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.accounts.models import User
from marketplace.accounts.permissions import Role
from marketplace.foundation import policy
from marketplace.foundation.db import db
from marketplace.ratings.models import GradeProposal
from marketplace.sanctions.models import Card
from tests.factories import accounts, contracts, sanctions, selection
from tests.places import SHOUGUANG, Stage, open_marketplace

DAY = timedelta(days=1)
ENTRY = {
    "price": "36000",
    "contribution": "0" * 64,
    "agree": "y",
    "deviation_reason": "已有相邻项目的资料，工作量较小",
}


def test_yellow_red_report_step_by_step(
    app: Flask,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sign_in_as: Callable[..., FlaskClient],
    advance: Callable[[timedelta], None],
) -> None:
    open_marketplace(app, SHOUGUANG, tmp_path, monkeypatch)
    stage = Stage(app, sign_in_as, advance)
    deal = contracts.signed(app, advance)
    name, code, home, contract = stage.make(
        lambda: (
            deal.party().organisation.name,
            deal.party().organisation.credit_code,
            f"/firms/{deal.party().organisation.public_id}",
            f"/contracts/{deal.contract.public_id}",
        )
    )
    person, keeper = stage.make(
        lambda: (deal.party().user, db.session.get_one(User, deal.approver_id))
    )
    department = stage.make(lambda: accounts.officer(Role.DEPARTMENT_OFFICER, "slj").user)

    def need() -> str:
        return stage.make(lambda: selection.open_need(entry_working_days=10).public_id)

    def enter(where: str) -> int:
        return stage.at(person).post(f"/needs/{where}/enter", data=ENTRY).status_code

    def card() -> str:
        """One more breach: proposed by one officer, issued by another, on their pages."""
        facts = {"credit_code": code, "breach": "late", "item_code": "stbc"}
        new = stage.at(stage.operator).post(
            "/supervision/cards/new", data={**facts, "facts": sanctions.FACTS}
        )
        assert new.status_code == 303, new.text
        page = new.headers["Location"]
        assert stage.at(person).get(page).status_code == 404, "proposed only"
        own = stage.at(stage.operator).post(f"{page}/decision", data={"conclusion": "issue"})
        assert own.status_code == 403
        issued = stage.at(stage.approver).post(f"{page}/decision", data={"conclusion": "issue"})
        assert issued.status_code == 303, issued.text
        return page

    def edition_of(page: str) -> str:
        query = select(Card.edition_id).where(Card.public_id == page.rpartition("/")[2])
        row = db.session.get_one(policy.PolicyEdition, db.session.scalars(query).one())
        return row.jurisdiction

    # first breach: a yellow card with its period; the public reads it, work goes on
    yellow = card()
    assert stage.read(lambda: edition_of(yellow)) == SHOUGUANG
    own = stage.at(person).get("/workspace/sanctions").text
    assert "黄牌" in own
    assert yellow in own
    assert "黄牌" in stage.at(person).get(yellow).text
    for address in ("/sanctions", home, "/"):
        assert "限期整改" in stage.anybody(address) or "整改中" in stage.anybody(address), address
    assert name in stage.anybody("/sanctions")
    assert enter(need()) == 303
    reported = {"text": "已补交成果，并向业主书面说明原因。"}
    assert stage.at(person).post(f"{yellow}/correction", data=reported).status_code == 303
    judged = {"conclusion": "done", "reason": "经核查，整改属实。"}
    assert stage.at(stage.operator).post(f"{yellow}/judgement", data=judged).status_code == 303
    assert name not in stage.anybody("/sanctions"), "corrected in time"

    # a second within the year: red, nothing new for thirty days; the contract runs on
    advance(DAY)
    waiting = need()
    red = card()
    barred = stage.at(person).get(f"/needs/{waiting}/enter").text
    assert "红牌" in barred
    assert "措施至" in barred
    assert enter(waiting) == 403
    assert "红牌" in stage.at(person).get("/workspace/sanctions").text
    assert "红牌" in stage.anybody("/sanctions")
    assert "红牌" in stage.anybody(home)
    assert name in stage.anybody("/firms"), "suspended, still listed"
    assert red in stage.at(person).get("/workspace/sanctions").text
    assert "受托机构被采取措施" not in stage.at(keeper).get(contract).text
    advance(31 * DAY)
    assert enter(need()) == 303, "the suspension is over"
    assert "红牌" not in stage.anybody(home)

    # a third: red again, the department is told, D proposed
    third = card()
    told = stage.at(department).get("/workspace/messages").text
    assert name in told
    shown = stage.at(stage.operator).get(third).text
    assert "已报告" in shown
    assert "拟评定为 D 级" in stage.at(person).get(f"{home}/rating").text
    proposal = stage.read(lambda: db.session.scalars(select(GradeProposal.public_id)).one())
    hand = stage.at(stage.approver).post(f"/supervision/ratings/{proposal}")
    assert hand.status_code == 403, "who issued the card does not confirm what follows"
    stage.confirm_grade(code, "D")
    advance(12 * DAY)

    # the last step: struck off, barred, the owner decides on what runs
    assert name not in stage.anybody("/firms")
    assert stage.app.test_client().get(home).status_code == 404
    assert name in stage.anybody("/sanctions")
    assert "列入黑名单，撤下列名，不得承接新业务" in stage.anybody("/sanctions")
    last = need()
    assert "D 级" in stage.at(person).get(f"/needs/{last}/enter").text
    assert enter(last) == 403
    assert "信用等级 D 级生效" in stage.at(keeper).get(contract).text
    kept = stage.at(keeper).post(
        f"{contract}/continue", data={"continue_reason": "成果已近完成，换人将延误开工"}
    )
    assert kept.status_code == 303
    assert "成果已近完成，换人将延误开工" in stage.at(person).get(contract).text
