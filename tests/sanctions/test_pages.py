"""The pages of cards and cases: who sees what, each step once, wrong input named."""

from __future__ import annotations

import io
from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.permissions import Role
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.sanctions.models import Card, CardStatus, Case, CaseStatus
from tests.factories import accounts, sanctions
from tests.factories.notices import Somebody

SignIn = Callable[..., FlaskClient]
PDF = b"%PDF-1.7\nevidence"
STATEMENT = "我单位对所列事实没有异议。"


class Cast:
    """A firm, another firm, an operator, two approvers, a district's operator: signed in."""

    def __init__(self, app: Flask, sign_in_as: SignIn) -> None:
        with app.app_context():
            with transaction():
                firm, other = accounts.firm(), accounts.firm()
                people = {
                    "firm": firm,
                    "other": other,
                    "operator": accounts.officer(Role.BUREAU_OPERATOR),
                    "approver": accounts.officer(Role.BUREAU_APPROVER),
                    "department": accounts.officer(Role.DEPARTMENT_OFFICER),
                }
                self.code = firm.organisation.credit_code
                self.name = firm.organisation.name
                keys = {name: Somebody.of(party) for name, party in people.items()}
            users = {name: somebody.user for name, somebody in keys.items()}
        self.browser = {name: sign_in_as(user) for name, user in users.items()}

    def post(self, who: str, address: str, **data: object) -> int:
        """Send a form; the status of the answer."""
        return self.browser[who].post(address, data=data).status_code

    def get(self, who: str, address: str) -> int:
        """Look; the status of the answer."""
        return self.browser[who].get(address).status_code


def test_a_case_through_its_pages(app: Flask, client: FlaskClient, sign_in_as: SignIn) -> None:
    cast = Cast(app, sign_in_as)
    new = "/supervision/cases/new"
    assert cast.get("firm", new) == 403
    assert cast.get("operator", new) == 200
    for wrong, field in (
        ({"credit_code": "91379902MA0000000X"}, "credit_code"),
        ({"facts": "短"}, "facts"),
        ({"cause": "boredom"}, "cause"),
        ({"cause": ""}, "cause"),
        ({"evidence": (io.BytesIO(b"MZ"), "x.exe")}, "evidence"),
        ({"nonsense": "1"}, ""),
    ):
        data = {"credit_code": cast.code, "cause": "breach", "facts": sanctions.FACTS, **wrong}
        answer = cast.browser["operator"].post(new, data=data)
        assert answer.status_code == 422, wrong
        assert f'id="{field}-error"' in answer.text or not field
    sent = {
        "credit_code": cast.code,
        "cause": "breach",
        "facts": sanctions.FACTS,
        "idempotency_key": "one",
    }
    first = cast.browser["operator"].post(
        new, data={**sent, "evidence": (io.BytesIO(PDF), "记录.pdf")}
    )
    assert first.status_code == 303
    assert cast.browser["operator"].post(new, data=sent).status_code == 303
    with app.app_context():
        case = db.session.query(Case).one()
        page = f"/cases/{case.public_id}"
    assert first.headers["Location"] == page

    assert [cast.get(who, page) for who in ("firm", "operator", "department", "other")] == [
        200,
        200,
        200,
        404,
    ]
    assert client.get(page).status_code == 302
    assert cast.browser["firm"].get(f"{page}/files/evidence").data == PDF
    assert cast.get("other", f"{page}/files/evidence") == 404
    assert cast.get("firm", f"{page}/files/statement") == 404

    proposal = {"severity": "ordinary", "months": "12", "reason": sanctions.REASON}
    assert cast.get("firm", f"{page}/statement") == 200
    assert cast.post("operator", f"{page}/proposal", **proposal) == 409
    assert cast.post("other", f"{page}/statement", statement=STATEMENT) == 404
    assert cast.post("firm", f"{page}/statement", statement=" ") == 422
    assert cast.post("firm", f"{page}/statement", statement=STATEMENT) == 303
    assert cast.post("firm", f"{page}/statement", statement=STATEMENT) == 409
    assert STATEMENT in cast.browser["operator"].get(page).text

    assert cast.get("operator", f"{page}/proposal") == 200
    for months in ("13", "0", "-1", "many", "9" * 30):
        assert cast.post("operator", f"{page}/proposal", **{**proposal, "months": months}) == 422, (
            months
        )
    assert cast.post("operator", f"{page}/proposal", **proposal, items=["jsjl", "zzzz"]) == 422
    assert cast.post("approver", f"{page}/proposal", **proposal) == 403
    assert cast.post("operator", f"{page}/proposal", **proposal) == 303
    assert sanctions.REASON not in cast.browser["firm"].get(page).text
    assert cast.post("operator", f"{page}/return", reason=sanctions.REASON) == 403
    assert cast.get("approver", f"{page}/return") == 200
    assert cast.post("approver", f"{page}/return", reason=sanctions.REASON) == 303
    assert cast.post("operator", f"{page}/proposal", **proposal) == 303
    assert cast.get("approver", f"{page}/dismissal") == 200
    assert cast.post("approver", f"{page}/dismissal", reason="证据不足，不予处理。") == 303
    assert cast.post("approver", f"{page}/dismissal", reason="证据不足，不予处理。") == 409
    assert "证据不足，不予处理。" in cast.browser["firm"].get(page).text
    with app.app_context():
        assert db.session.query(Case).one().status is CaseStatus.DISMISSED
    # a step that is over leads back to the case
    for who, step in (("firm", "statement"), ("operator", "proposal"), ("approver", "dismissal")):
        assert cast.get(who, f"{page}/{step}") == 302
    assert cast.get("operator", "/supervision/cases") == 200


def test_a_card_through_its_pages(app: Flask, client: FlaskClient, sign_in_as: SignIn) -> None:
    cast = Cast(app, sign_in_as)
    new = "/supervision/cards/new"
    data = {
        "credit_code": cast.code,
        "breach": "late",
        "item_code": "",
        "facts": sanctions.FACTS,
    }
    assert cast.get("operator", new) == 200
    assert cast.post("operator", new, **{**data, "breach": "x"}) == 422
    assert cast.post("operator", new, **data) == 303
    with app.app_context():
        page = f"/cards/{db.session.query(Card).one().public_id}"
    # only proposed: the firm does not see it yet, nor does the public
    assert [cast.get(who, page) for who in ("operator", "firm", "other")] == [200, 404, 404]
    assert cast.name not in client.get("/sanctions").text
    assert cast.post("operator", f"{page}/decision", conclusion="issue") == 403
    assert cast.post("approver", f"{page}/decision", conclusion="reject") == 422
    assert cast.get("approver", f"{page}/decision") == 200
    assert cast.post("approver", f"{page}/decision", conclusion="issue") == 303
    assert cast.post("approver", f"{page}/decision", conclusion="issue") == 409
    assert cast.get("firm", page) == 200
    assert cast.name in client.get("/sanctions").text
    assert cast.post("other", f"{page}/correction", text=STATEMENT) == 404
    assert cast.get("firm", f"{page}/correction") == 200
    assert cast.post("firm", f"{page}/correction", text=STATEMENT) == 303
    assert cast.post("firm", f"{page}/correction", text=STATEMENT) == 409
    done = {"conclusion": "done", "reason": "核查属实。"}
    assert cast.get("operator", f"{page}/judgement") == 200
    assert cast.post("operator", f"{page}/judgement", **done) == 303
    assert cast.post("operator", f"{page}/judgement", **done) == 409
    for who, step in (("firm", "correction"), ("operator", "judgement"), ("approver", "decision")):
        assert cast.get(who, f"{page}/{step}") == 302
    with app.app_context():
        assert db.session.query(Card).one().status is CardStatus.CORRECTED
    assert cast.name not in client.get("/sanctions").text
    assert cast.get("operator", "/supervision/cases") == 200


def test_the_public_list_shows_what_is_in_force(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), transaction():
        firm = accounts.firm()
        sanctions.blacklisted(firm, items=["jsjl"])
        sanctions.card(firm.organisation)
        name = firm.organisation.name
    page = client.get("/sanctions")
    assert page.status_code == 200
    assert page.text.count(name) == 2
    assert "不是国家严重失信主体名单" in page.text


def test_no_link_leads_to_a_firm_that_is_off_the_lists(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), transaction():
        firm = accounts.firm()
        sanctions.blacklisted(firm)
        public_id, code = firm.organisation.public_id, firm.organisation.credit_code
    page = client.get("/sanctions").text
    assert code in page
    assert public_id not in page
