"""The rating explained, the desk, confirmation, rejection, an inspection recorded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.accounts.models import Organisation, User
from marketplace.accounts.permissions import Role
from marketplace.foundation import clock
from marketplace.foundation.actor import CLOCK
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.ratings import actions, queries
from marketplace.ratings.models import GradeProposal, Inspection, ProposalStatus, RatingEntry
from marketplace.ratings.rules.entries import ConductKind, Grade
from tests.factories import accounts, ratings

Advance = Callable[[timedelta], None]
SignIn = Callable[..., FlaskClient]
DAY = timedelta(days=1)


def _page(client: FlaskClient, url: str, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status, answer.get_data(as_text=True)
    return answer.get_data(as_text=True)


def _rated_firm(app: Flask) -> tuple[int, str, User]:
    with app.app_context(), transaction():
        party = accounts.firm()
        firm = party.organisation
        owner = accounts.owner("青河市水利工程处").organisation
        ratings.marked(firm, owner, 5)
        ratings.evaluated(firm, 2, 4)
        actions.post_conduct(firm.id, "379902", ConductKind.YELLOW_CARD, owner, CLOCK, clock.now())
        return firm.id, firm.public_id, party.user


def test_every_line_of_the_sum_is_on_the_page(
    app: Flask, client: FlaskClient, advance: Advance
) -> None:
    _id, public_id, _user = _rated_firm(app)
    advance(3 * DAY)
    page = _page(client, f"/firms/{public_id}/rating")
    assert "青河市水利工程处" in page
    assert "黄牌" in page
    # 80 + (100−80)·0.25/5.75 = 80.87, −5 = 75.87
    assert "80.87" in page
    assert "75.87" in page
    assert "−5.00" in page
    assert "B 级" in page
    assert "王测" not in page


def test_a_firm_without_entries_and_an_unknown_firm(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), transaction():
        public_id = accounts.firm().organisation.public_id
    assert "还没有信用记录" in _page(client, f"/firms/{public_id}/rating")
    _page(client, "/firms/zzzzzzzzzzzzz/rating", 404)


def test_past_days_are_for_the_firm_and_for_supervision(
    app: Flask, client: FlaskClient, advance: Advance, sign_in_as: SignIn
) -> None:
    _id, public_id, user = _rated_firm(app)
    advance(40 * DAY)
    with app.app_context(), transaction():
        rival = accounts.firm().user
        officer = accounts.officer(Role.BUREAU_OPERATOR).user
    url = f"/firms/{public_id}/rating"
    past = f"{url}?day=2026-03-05"
    assert "只向机构本人和监管人员开放" in _page(client, past, 422)
    _page(sign_in_as(rival), past, 422)
    for reader in (user, officer):
        page = _page(sign_in_as(reader), past)
        assert "历次记录" in page
        assert "2026年3月5日 得分" in page
    assert "2027年6月1日 得分" in _page(client, f"{url}?day=2027-06-01")
    for wrong in ("2026-13-01", "yesterday", "2099-01-01"):
        _page(client, f"{url}?day={wrong}", 422)
    assert "尚无信用等级评定规则" in _page(sign_in_as(officer), f"{url}?day=2020-01-01", 422)


def test_an_excluded_mark_is_shown_struck_through(
    app: Flask, client: FlaskClient, advance: Advance
) -> None:
    firm, public_id, _user = _rated_firm(app)
    advance(2 * DAY)
    with app.app_context(), transaction():
        row = db.session.scalars(select(RatingEntry).order_by(RatingEntry.id)).first()
        evidence = db.session.get_one(Organisation, firm)
        actions.reverse_entry(row.id, evidence, CLOCK, clock.now())
    advance(DAY)
    assert f"<s>青河市水利工程处 项目业主评价 记录 {row_id(app)}</s>" in _page(
        client, f"/firms/{public_id}/rating"
    )


def row_id(app: Flask) -> int:
    with app.app_context():
        return db.session.scalars(select(RatingEntry.id).order_by(RatingEntry.id)).first() or 0


def test_an_officer_records_an_inspection_and_another_confirms_the_a(
    app: Flask, advance: Advance, sign_in_as: SignIn
) -> None:
    with app.app_context(), transaction():
        firm = accounts.firm().organisation
        code, firm_id = firm.credit_code, firm.id
        operator = accounts.officer(Role.BUREAU_OPERATOR).user
        approver = accounts.officer(Role.BUREAU_APPROVER).user
    browser = sign_in_as(operator)
    url = "/supervision/ratings/inspections/new"
    _page(browser, url)
    sent = {
        "credit_code": code,
        "inspected_on": "2026-02-27",
        "document": "青审查〔2026〕8号",
        "result": "95.5",
        "findings": "档案齐全",
        "idempotency_key": "inspection-1",
    }
    for change, words in (
        ({"result": "101"}, "检查得分须为 0 到 100"),
        ({"result": "９５"}, "检查得分须为 0 到 100"),
        ({"inspected_on": "2026-03-09"}, "检查日期不能晚于今天"),
        ({"credit_code": "91379902MA00000000"}, "本名录中没有"),
        ({"findings": ""}, "请填写检查情况"),
    ):
        answer = browser.post(url, data={**sent, **change, "idempotency_key": f"k{words}{change}"})
        assert answer.status_code == 422
        assert words in answer.get_data(as_text=True)
    for _again in range(2):
        assert browser.post(url, data=sent).status_code == 303
    with app.app_context():
        assert len(db.session.scalars(select(Inspection)).all()) == 1
        assert len(db.session.scalars(select(RatingEntry)).all()) == 1
    advance(DAY)
    with app.app_context():
        proposal = db.session.scalars(select(GradeProposal)).one().public_id
    assert "待确认" in _page(browser, "/supervision/ratings")
    address = f"/supervision/ratings/{proposal}"
    _page(browser, address, 403)
    decider = sign_in_as(approver)
    assert "确认并公示" in _page(decider, address)
    assert decider.post(address, data={"idempotency_key": "c1"}).status_code == 303
    assert decider.post(address, data={"idempotency_key": "c2"}).status_code == 409
    advance(8 * DAY)
    with app.app_context():
        assert queries.grade_on(firm_id, accounts.CITY, date(2026, 3, 11)).grade is Grade.A
    assert "已生效" in _page(decider, "/supervision/ratings")


def test_a_rejection_needs_a_reason(app: Flask, advance: Advance, sign_in_as: SignIn) -> None:
    with app.app_context(), transaction():
        firm = accounts.firm().organisation
        ratings.inspected(firm, 95)
        approver = accounts.officer(Role.BUREAU_APPROVER).user
    advance(DAY)
    with app.app_context():
        proposal = db.session.scalars(select(GradeProposal)).one().public_id
    browser = sign_in_as(approver)
    address = f"/supervision/ratings/{proposal}/rejection"
    refused = browser.post(address, data={"reason": " ", "idempotency_key": "r1"})
    assert refused.status_code == 422
    assert "请填写不予通过的理由" in refused.get_data(as_text=True)
    done = browser.post(address, data={"reason": "检查结论待复核", "idempotency_key": "r2"})
    assert done.status_code == 303
    with app.app_context():
        assert db.session.scalars(select(GradeProposal)).one().status is ProposalStatus.REJECTED


@pytest.mark.parametrize("path", ["", "/inspections/new", "/zzzzzzzzzzzzz"])
def test_the_desk_is_closed_to_firms(app: Flask, sign_in_as: SignIn, path: str) -> None:
    with app.app_context(), transaction():
        firm = accounts.firm().user
    _page(sign_in_as(firm), f"/supervision/ratings{path}", 403)


def test_the_grade_on_paper_leads_to_how_it_is_made(
    app: Flask, client: FlaskClient, advance: Advance
) -> None:
    _id, public_id, _user = _rated_firm(app)
    advance(3 * DAY)
    with app.app_context():
        found = db.session.scalar(select(Organisation).where(Organisation.public_id == public_id))
        assert found is not None
        name, code = found.name, found.credit_code
    paper = _page(client, f"/firms/{public_id}/rating/certificate?register=379900")
    for part in (name, code, "B 级", "75.87", f"/firms/{public_id}/rating/code.svg"):
        assert part in paper
    assert "/rating/certificate" in _page(client, f"/firms/{public_id}/rating")
    picture = client.get(f"/firms/{public_id}/rating/code.svg")
    assert picture.mimetype == "image/svg+xml"
    assert picture.get_data().startswith(b"<svg")
    assert picture.get_data() != client.get(f"/owners/{public_id}/rating/code.svg").get_data()
    assert "尚未评级" in _page(client, f"/owners/{public_id}/rating/certificate")
    for missing in ("/firms/nobody/rating/certificate", "/owners/nobody/rating/code.svg"):
        assert client.get(missing).status_code == 404
