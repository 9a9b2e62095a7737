"""A contract's page from either side, and what it refuses."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.models import Organisation, OrganisationKind, User
from marketplace.contracts import queries
from marketplace.contracts.models import ContractStatus
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from tests.factories import accounts
from tests.factories import contracts as factory
from tests.factories.contracts import Deal

Advance = Callable[[timedelta], None]
SignIn = Callable[..., FlaskClient]


class Parties:
    """Everybody's browsers."""

    def __init__(self, app: Flask, deal: Deal, sign_in: SignIn) -> None:
        self.app, self.deal = app, deal
        with app.app_context():
            people = [
                db.session.get_one(User, key)
                for key in (deal.editor_id, deal.approver_id, deal.firm_user_id)
            ]
            places = [
                db.session.get_one(Organisation, key)
                for key in (deal.owner_id, deal.owner_id, deal.firm_id)
            ]
            self.need = deal.need.public_id
        self.editor, self.approver, self.firm = (
            sign_in(person, place) for person, place in zip(people, places, strict=True)
        )

    def at(self) -> str:
        """The address of the contract's page."""
        with self.app.app_context():
            return f"/contracts/{self.deal.contract.public_id}"

    def status(self) -> ContractStatus:
        """Where the contract stands."""
        with self.app.app_context():
            return self.deal.contract.status

    def days(self, length: int = 7) -> dict[str, str]:
        """The terms form filled in."""
        with self.app.app_context():
            terms = factory.terms(length)
        return {
            "starts_on": terms.starts_on.isoformat(),
            "ends_on": terms.ends_on.isoformat(),
            "extra_terms": "成果一式三份",
        }


@pytest.fixture
def agreed(app: Flask, advance: Advance, sign_in_as: SignIn) -> Parties:
    """An agency's need with an accepted award."""
    return Parties(app, factory.awarded(app, advance, kind=OrganisationKind.AGENCY), sign_in_as)


@pytest.fixture
def running(app: Flask, advance: Advance, sign_in_as: SignIn) -> Parties:
    """A signed contract of an agency."""
    return Parties(app, factory.signed(app, advance, kind=OrganisationKind.AGENCY), sign_in_as)


def _upload(browser: FlaskClient, at: str, content: bytes, name: str = "成果.pdf") -> int:
    data = {"upload": (io.BytesIO(content), name), "note": "第一版"}
    return browser.post(
        f"{at}/deliveries", data=data, content_type="multipart/form-data"
    ).status_code


def test_from_the_draft_to_acceptance(agreed: Parties) -> None:
    new = f"/contracts/new/{agreed.need}"
    assert "36,000.00" in agreed.firm.get(new).text
    assert agreed.approver.get(new).status_code == 403
    made = agreed.editor.post(new, data=agreed.days())
    assert made.status_code == 303
    at = agreed.at()
    assert made.location == at
    assert agreed.firm.get(new).location == at
    assert "确认合同" in agreed.firm.get(at).text
    assert "叁万陆仟元整" in agreed.firm.get(at).text
    assert agreed.editor.post(f"{at}/confirm").status_code == 403
    assert agreed.firm.post(f"{at}/confirm").status_code == 303
    assert agreed.firm.post(f"{at}/confirm").status_code == 409
    assert agreed.approver.post(f"{at}/confirm").status_code == 303
    assert agreed.status() is ContractStatus.ACTIVE
    assert _upload(agreed.firm, at, b"not a pdf") == 422
    assert agreed.firm.post(f"{at}/deliveries", data={"note": ""}).status_code == 422
    assert _upload(agreed.firm, at, factory.PDF) == 303
    assert _upload(agreed.firm, at, factory.PDF) == 409
    page = agreed.editor.get(at)
    assert "验收通过" in page.text
    with agreed.app.app_context():
        delivery = f"/deliveries/{queries.deliverables(agreed.deal.contract.id)[0].public_id}"
    assert agreed.editor.get(f"{delivery}/file").data == factory.PDF
    empty = agreed.editor.post(f"{delivery}/return", data={"return_reason": ""})
    assert empty.status_code == 422
    assert 'href="#return_reason"' in empty.text
    reason = {"return_reason": "缺少附图和监测点位"}
    assert agreed.editor.post(f"{delivery}/return", data=reason).status_code == 303
    assert "缺少附图和监测点位" in agreed.firm.get(at).text
    assert agreed.editor.post(f"{delivery}/accept").status_code == 409
    assert _upload(agreed.firm, at, b"%PDF-1.7 mended") == 303
    with agreed.app.app_context():
        delivery = f"/deliveries/{queries.deliverables(agreed.deal.contract.id)[1].public_id}"
    assert agreed.firm.post(f"{delivery}/accept").status_code == 403
    assert agreed.editor.post(f"{delivery}/accept").status_code == 303
    assert agreed.status() is ContractStatus.COMPLETED
    for browser in (agreed.editor, agreed.approver, agreed.firm):
        assert "已完成" in browser.get(at).text
        assert at in browser.get("/contracts").text


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_wrong_terms_name_their_field(agreed: Parties) -> None:
    new, right = f"/contracts/new/{agreed.need}", agreed.days()
    for changes, field in (
        ({"ends_on": "2099-01-01"}, "ends_on"),
        ({"ends_on": "3月9日"}, "ends_on"),
        ({"ends_on": ""}, "ends_on"),
        ({"starts_on": "2026-02-30"}, "starts_on"),
        ({"starts_on": "1999-01-01"}, "starts_on"),
        ({"extra_terms": "约" * 2001}, "extra_terms"),
    ):
        answer = agreed.firm.post(new, data={**right, **changes})
        assert answer.status_code == 422
        assert f'href="#{field}"' in answer.text
    assert agreed.firm.post(new, data={**right, "price": "1"}).status_code == 422
    with agreed.app.app_context():
        assert queries.of_need(agreed.deal.need_id) is None


def test_a_stranger_finds_nothing(
    app: Flask, running: Parties, sign_in_as: SignIn, client: FlaskClient
) -> None:
    at = running.at()
    assert _upload(running.firm, at, factory.PDF) == 303
    with app.app_context(), transaction():
        other, firm = accounts.owner(), accounts.firm()
        delivery = f"/deliveries/{queries.deliverables(running.deal.contract.id)[0].public_id}"
    for browser in (sign_in_as(other.user), sign_in_as(firm.user)):
        for path in (at, f"{delivery}/file", f"/contracts/new/{running.need}"):
            assert browser.get(path).status_code == 404
        assert browser.post(f"{at}/confirm").status_code == 404
        data = {"termination_reason": "与我无关的合同"}
        assert browser.post(f"{at}/termination", data=data).status_code == 404
    assert client.get(at).status_code == 302
    assert running.status() is ContractStatus.DELIVERED


def test_changes_and_the_end_by_both_sides(running: Parties) -> None:
    at = running.at()
    with running.app.app_context():
        later = (running.deal.contract.ends_on + timedelta(days=2)).isoformat()
    change = {
        "amended_price": "37000",
        "amended_ends_on": later,
        "amendment_reason": "增加监测点位",
    }
    wrong = running.firm.post(f"{at}/amendments", data={**change, "amended_price": "0"})
    assert wrong.status_code == 422
    assert 'href="#amended_price"' in wrong.text
    assert running.firm.post(f"{at}/amendments", data=change).status_code == 303
    assert running.firm.post(f"{at}/amendments", data=change).status_code == 409
    with running.app.app_context():
        paper = f"/amendments/{queries.amendments(running.deal.contract.id)[0].public_id}"
    assert running.editor.post(f"{paper}/confirm").status_code == 403
    assert running.approver.post(f"{paper}/confirm").status_code == 303
    assert "37,000.00" in running.firm.get(at).text
    assert running.approver.post(f"{paper}/refuse").status_code == 409
    reason = {"termination_reason": "资金计划取消"}
    assert running.firm.post(f"{at}/termination/agree").status_code == 409
    assert running.approver.post(f"{at}/termination", data=reason).status_code == 303
    assert running.approver.post(f"{at}/termination/agree").status_code == 403
    assert "资金计划取消" in running.firm.get(at).text
    assert running.firm.post(f"{at}/termination/agree").status_code == 303
    assert running.status() is ContractStatus.TERMINATED
    assert _upload(running.firm, at, factory.PDF) == 409


def test_the_same_form_twice_has_one_effect(running: Parties) -> None:
    at = running.at()
    key = {"idempotency_key": "one-form-sent-twice"}
    reason = {"termination_reason": "资金计划取消", **key}
    first = running.firm.post(f"{at}/termination", data=reason)
    again = running.firm.post(f"{at}/termination", data=reason)
    assert (first.status_code, first.location) == (again.status_code, again.location)
    with running.app.app_context():
        assert running.deal.contract.termination_side == "firm"
        assert clock.now() > running.deal.contract.signed_at
