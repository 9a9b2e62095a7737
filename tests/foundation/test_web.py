"""The edge of every page: access, one transaction, idempotent forms, headers, bad input."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient
from sqlalchemy import func, select
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from config import from_environment
from marketplace.app import create_app
from marketplace.foundation import audit, clock
from marketplace.foundation.actor import CLOCK
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict
from marketplace.foundation.forms import Form, YuanField
from marketplace.foundation.idempotency import IdempotencyKey
from marketplace.foundation.web import PUBLIC, access, writes
from marketplace.notifications.models import Message


class TrialForm(Form):
    """A text and an amount."""

    name = StringField("名称", validators=[InputRequired(), Length(max=5)])
    price = YuanField("报价")

    def validate_name(self, field: StringField) -> None:
        """Stands for what asks the database: it may never be given what no text can hold."""
        assert "\x00" not in field.data


def _message(key: str) -> None:
    db.session.add(
        Message(
            organisation_id=1, subject="试", body="试", link="/", key=key, created_at=clock.now()
        )
    )
    audit.record("trial", CLOCK, ("trial", 1), clock.now())


@access(PUBLIC)
@writes
def trial() -> Any:
    form = TrialForm()
    if form.validate_on_submit():
        _message(form.name.data)
        if form.name.data == "冲突":
            raise Conflict("已有他人先行办理")
        if form.name.data == "坏":
            raise RuntimeError("secret detail")
        return "", 303, {"Location": f"/done/{form.name.data}"}
    text = "{% for field, message in form.problems %}{{ field }}:{{ message }}\n{% endfor %}"
    return render_template_string(text, form=form), form.http_status


def undeclared() -> str:
    return "never"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Flask]:
    settings = from_environment({"MARKETPLACE_MODE": "test", "MARKETPLACE_DATA_DIR": str(tmp_path)})
    app = create_app(settings, WTF_CSRF_ENABLED=False)
    app.add_url_rule("/trial", "trial", trial, methods=["GET", "POST"])
    app.add_url_rule("/undeclared", "undeclared", undeclared)
    with app.app_context():
        db.create_all()
    yield app
    with app.app_context():
        db.engine.dispose()


def count(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Message)) or 0


def post(client: FlaskClient, **fields: str) -> Any:
    return client.post("/trial", data=fields)


def test_a_good_form_commits_and_a_refused_one_leaves_nothing(site: Flask) -> None:
    client = site.test_client()
    assert post(client, name="甲").status_code == 303
    assert post(client, name="太长太长太长").status_code == 422
    assert post(client, name="冲突").status_code == 409
    assert count(site) == 1


def test_reading_a_form_claims_no_key(site: Flask) -> None:
    client = site.test_client()
    for _ in range(2):
        assert client.get("/trial", headers={"Idempotency-Key": "k"}).status_code == 200
    with site.app_context():
        assert db.session.scalar(select(func.count()).select_from(IdempotencyKey)) == 0


def test_the_same_form_twice_has_one_effect_and_one_answer(site: Flask) -> None:
    client = site.test_client()
    first = post(client, name="甲", idempotency_key="k1")
    again = post(client, name="甲", idempotency_key="k1")
    other = post(client, name="乙", idempotency_key="k1")
    assert first.headers["Location"] == again.headers["Location"] == "/done/%E7%94%B2"
    assert other.status_code == 409
    assert count(site) == 1


def test_a_refused_form_may_be_sent_again_with_its_key(site: Flask) -> None:
    client = site.test_client()
    assert post(client, name="太长太长太长", idempotency_key="k2").status_code == 422
    assert post(client, name="短", idempotency_key="k2").status_code == 303


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "甲", "is_admin": "1"}, "is_admin"),
        ({"name": "甲\x00"}, "控制字符"),
        ({"name": "甲\u202e"}, "控制字符"),
        ({"name": "甲", "price": "1e9"}, "两位小数"),
        ({"name": "甲", "price": "１２"}, "两位小数"),
        ({"name": "  "}, "name"),
    ],
)
def test_bad_input_is_refused_with_words(site: Flask, fields: dict[str, str], said: str) -> None:
    answer = post(site.test_client(), **fields)
    assert answer.status_code == 422
    assert said in answer.get_data(as_text=True)
    assert count(site) == 0


def test_a_doubled_field_is_refused(site: Flask) -> None:
    answer = site.test_client().post("/trial", data={"name": ["甲", "乙"]})
    assert answer.status_code == 422
    assert "重复提交" in answer.get_data(as_text=True)


def test_a_crash_tells_nothing_and_saves_nothing(site: Flask) -> None:
    site.config["PROPAGATE_EXCEPTIONS"] = False
    answer = post(site.test_client(), name="坏")
    assert answer.status_code == 500
    assert "secret" not in answer.get_data(as_text=True)
    assert count(site) == 0


def test_an_endpoint_without_access_is_closed(site: Flask) -> None:
    site.config["PROPAGATE_EXCEPTIONS"] = False
    assert site.test_client().get("/undeclared").status_code == 500


def test_strict_headers_on_every_answer(site: Flask) -> None:
    for path in ("/trial", "/no-such-page"):
        headers = site.test_client().get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"


def test_another_sites_form_is_refused(site: Flask) -> None:
    client = site.test_client()
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = client.post("/trial", data={"name": "甲"}, headers=headers)
        assert answer.status_code == 403
    assert count(site) == 0


def test_a_form_without_its_token_is_refused_in_words(site: Flask) -> None:
    site.config["WTF_CSRF_ENABLED"] = True
    answer = post(site.test_client(), name="甲")
    assert answer.status_code == 400
    assert "刷新" in answer.get_data(as_text=True)
    assert count(site) == 0


def test_a_database_that_is_gone_answers_503_in_words(site: Flask, tmp_path: Path) -> None:
    site.config["PROPAGATE_EXCEPTIONS"] = False
    with site.app_context():
        db.engine.dispose()
    for file in tmp_path.glob("marketplace.db*"):
        file.unlink()
    (tmp_path / "marketplace.db").mkdir()
    answer = post(site.test_client(), name="甲")
    assert answer.status_code == 503
    assert "稍后再试" in answer.get_data(as_text=True)
    assert answer.headers["Retry-After"]
