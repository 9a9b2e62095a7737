"""The pages of notices: objections filed and answered, the objector hidden."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient

from marketplace.foundation.db import db
from marketplace.notices.models import Objection
from tests.factories import notices
from tests.notices.test_notices import REASON, World


def _browser(
    app: Flask, sign_in_as: Callable[..., FlaskClient], somebody: notices.Somebody
) -> FlaskClient:
    with app.app_context():
        person = somebody.user
    return sign_in_as(person)


def test_pages_hide_the_objector_and_take_objections(
    app: Flask, client: FlaskClient, sign_in_as: Callable[..., FlaskClient]
) -> None:
    with app.app_context():
        world = World()
        name = world.firm.organisation.name
    assert world.public_id in client.get("/notices?kind=award&state=open").text
    assert world.public_id not in client.get("/notices?kind=grade").text
    page = f"/notices/{world.public_id}"
    firm = _browser(app, sign_in_as, world.firm)
    assert firm.get(f"{page}/objection").status_code == 200
    refused = firm.post(f"{page}/objection", data={"text": "不服"})
    assert refused.status_code == 422
    assert 'id="text-error"' in refused.text
    sent = {"text": REASON, "idempotency_key": "one"}
    assert firm.post(f"{page}/objection", data=sent).status_code == 303
    assert firm.post(f"{page}/objection", data=sent).status_code == 303
    assert firm.post(f"{page}/objection", data={"text": REASON}).status_code == 409
    with app.app_context():
        objection = db.session.query(Objection).one()
        answer = f"/objections/{objection.public_id}/answer"
    assert REASON in firm.get(page).text
    other = _browser(app, sign_in_as, world.other)
    for stranger in (client, other):
        seen = stranger.get(page).text
        assert "第 1 件异议" in seen
        assert REASON not in seen
        assert name not in seen
    assert other.get(answer).status_code == 403
    officer = _browser(app, sign_in_as, world.officer)
    assert REASON in officer.get(answer).text
    assert officer.post(answer, data={"conclusion": "yes", "answer": "x"}).status_code == 422
    given = {"conclusion": "rejected", "answer": "经核实证书有效。"}
    assert officer.post(answer, data=given).status_code == 303
    assert officer.post(answer, data=given).status_code == 409
    assert "经核实证书有效。" in client.get(page).text
    assert client.get("/notices/0000000000000").status_code == 404
