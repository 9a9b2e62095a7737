"""Owner and winner may call each other once the award is accepted, and say why they look."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.models import Organisation, OrganisationKind, User
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.selection import queries as selection
from tests.factories import accounts
from tests.factories import contracts as factory
from tests.factories import selection as needs

SignIn = Callable[..., FlaskClient]
Advance = Callable[[timedelta], None]


def test_the_owner_looks_at_the_winners_agent_on_a_reason(
    app: Flask, advance: Advance, sign_in_as: SignIn
) -> None:
    deal = factory.signed(app, advance, kind=OrganisationKind.AGENCY)
    with app.app_context(), transaction():
        firm = selection.winning_firm(deal.need)
        assert firm is not None
        name, mobile = firm.agent_name, firm.agent_phone
        place = db.session.get_one(Organisation, deal.owner_id)
        person = db.session.get_one(User, deal.editor_id)
        need, at = deal.need.public_id, f"/contracts/{deal.contract.public_id}"
        other = accounts.owner()
        early = needs.open_need(other).public_id
    assert name
    assert mobile
    address = f"/personal/award/{need}/agent"
    editor = sign_in_as(person, place)
    page = editor.get(at).text
    assert mobile not in page
    assert f"{name[0]}**" in page
    assert address in page
    assert editor.post(f"{address}?next={at}", data={"reason": "约定现场踏勘"}).location == at
    opened = editor.get(at).text
    assert mobile in opened
    assert name in opened
    stranger = sign_in_as(other.user)
    assert stranger.post(address, data={"reason": "想看看"}).status_code == 404
    assert stranger.get(f"/personal/award/{early}/agent").status_code == 404
    assert editor.get(f"/personal/award/{need}/legal").status_code == 404
