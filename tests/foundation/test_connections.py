"""How a request holds its connection: reading alone, writing as one, never on a dead one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from flask import Flask, Response, url_for
from flask.testing import FlaskClient
from psycopg.pq import TransactionStatus
from sqlalchemy import func, insert, select, text, update

from marketplace.accounts.models import Organisation
from marketplace.foundation import connections
from marketplace.foundation.connections import set_write_mode
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.foundation.web import PUBLIC, access, writes
from marketplace.notifications.models import Message
from tests.factories import accounts

POSTGRESQL = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)


@pytest.fixture
def reading(app: Flask) -> Iterator[None]:
    """Inside a request that only reads."""
    with app.app_context():
        set_write_mode(False)
        yield
        set_write_mode(None)


def _driver() -> Any:
    return db.session.connection().connection.driver_connection


@POSTGRESQL
def test_a_request_that_reads_opens_no_transaction_and_one_that_writes_does(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def look() -> Response:
        db.session.scalar(select(func.count(Organisation.id)))
        seen.append(_driver().info.transaction_status)
        return Response("", mimetype="text/plain")

    monkeypatch.setitem(app.view_functions, "accounts.sign_in", access(PUBLIC)(writes(look)))
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    with app.test_request_context():
        address = url_for("accounts.sign_in")
    client = app.test_client()
    for _ in range(2):
        assert client.get(address).status_code == 200
        assert client.post(address).status_code == 200
    assert seen == [TransactionStatus.IDLE, TransactionStatus.INTRANS] * 2


def test_a_request_that_reads_cannot_write(app: Flask, reading: None) -> None:
    db.session.add(Message(organisation_id=1, subject="试", body="试", link="/", key="k"))
    with pytest.raises(RuntimeError, match="only reads"):
        db.session.flush()
    db.session.rollback()
    with pytest.raises(RuntimeError, match="only reads"):
        db.session.execute(update(Organisation).values(name="改"))
    with pytest.raises(RuntimeError, match="only reads"):
        db.session.connection().execute(insert(Message.__table__), {"subject": "试"})  # type: ignore[arg-type]


def test_what_follows_a_request_is_a_transaction_again(app: Flask, client: FlaskClient) -> None:
    client.get("/")
    with app.app_context(), transaction():
        key = accounts.firm().organisation.id
    with app.app_context():
        db.session.get_one(Organisation, key).name = "不应留下的名称"
        db.session.flush()
        db.session.rollback()
        assert db.session.get_one(Organisation, key).name != "不应留下的名称"


@POSTGRESQL
def test_a_connection_that_died_while_it_rested_is_not_used(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        own = db.session.scalar(text("SELECT pg_backend_pid()"))
        db.session.remove()
        assert db.session.scalar(text("SELECT pg_backend_pid()")) == own
        db.session.remove()
        address = db.engine.url.set(drivername="postgresql").render_as_string()
        with psycopg.connect(address) as other:
            other.execute("SELECT pg_terminate_backend(%s)", (own,))
        monkeypatch.setattr(connections, "_TRUSTED_SECONDS", 0)
        assert db.session.scalar(text("SELECT pg_backend_pid()")) != own


@POSTGRESQL
def test_a_connection_just_given_back_is_not_asked_whether_it_lives(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    with app.app_context():
        db.session.scalar(text("SELECT 1"))
        db.session.remove()
        monkeypatch.setattr(db.engine.dialect, "do_ping", asked.append)
        db.session.scalar(text("SELECT 1"))
        assert asked == []


@POSTGRESQL
def test_whoever_asks_for_a_way_of_their_own_has_it(app: Flask) -> None:
    with app.app_context():
        alone = db.engine.execution_options(isolation_level="AUTOCOMMIT")
        with alone.connect() as connection:
            connection.execute(text("VACUUM organisations"))
        with db.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
            driver: Any = connection.connection.driver_connection
            assert not driver.autocommit
