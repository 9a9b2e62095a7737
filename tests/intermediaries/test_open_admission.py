"""非禁即入 through the pages: one form, one commitment, listed at once, checked afterwards."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient

from config import ROOT
from marketplace.accounts.permissions import Role
from marketplace.foundation import clock, policy
from marketplace.foundation.actor import CLOCK
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries.rules import AdmissionPolicy
from tests.factories import accounts, intermediaries

SHIPPED = ROOT / "marketplace/editions/policies/000000/admission-2024-01-01.toml"


def test_a_firm_enters_by_its_own_commitment(
    app: Flask, sign_in_as: Callable[..., FlaskClient], client: FlaskClient
) -> None:
    with app.app_context(), transaction():
        text = SHIPPED.read_text("utf-8").replace('mode = "review"', 'mode = "open"')
        text = text.replace('"000000"', '"379900"')
        text = text.replace("= 2024-01-01", f"= {clock.today().isoformat()}")
        draft = policy.parse("open.toml", text, [AdmissionPolicy])
        policy.publish(draft, CLOCK, clock.now())
        made = intermediaries.drafted(("stbc",))
        operator = accounts.officer(Role.BUREAU_OPERATOR)
        name, page = made.organisation.name, made.organisation.public_id
        application = made.firm.public_id
    firm, officer = sign_in_as(made.user), sign_in_as(operator.user)
    asked = firm.get("/firm/application")
    assert "非禁即入：提交后即时入驻" in asked.text
    assert firm.post("/firm/application/submission").status_code == 422
    assert client.get(f"/firms/{page}").status_code == 404
    assert firm.post("/firm/application/submission", data={"committed": "y"}).status_code == 303
    assert "已入驻" in firm.get("/firm").text
    assert client.get(f"/firms/{page}").status_code == 200
    assert name in client.get("/notices").text
    # afterwards: the bureau reads the file and verifies what it holds
    assert name in officer.get("/supervision/applications").text
    assert officer.get(f"/supervision/applications/{application}").status_code == 200
