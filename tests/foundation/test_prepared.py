"""A prepared statement answers what the engine itself answers, and fails as it fails."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import Executable, Integer, bindparam, event, func, insert, select, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError, OperationalError

from marketplace.accounts.models import Organisation, OrganisationKind
from marketplace.foundation import clock, prepared
from marketplace.foundation.connections import set_write_mode
from marketplace.foundation.db import as_written, db, fetch, put
from marketplace.foundation.lifecycle import StatusChange
from marketplace.foundation.transactions import transaction
from tests.factories import accounts

_SOME = (
    select(
        Organisation.id,
        Organisation.name,
        Organisation.kind,
        Organisation.created_at,
        func.count().over().label("count"),
    )
    .where(
        Organisation.id.in_(bindparam("keys", expanding=True)),
        Organisation.kind == bindparam("kind"),
        Organisation.created_at <= bindparam("until"),
    )
    .order_by(Organisation.id)
    .limit(as_written(2))
)


@pytest.fixture
def keys(app: Flask) -> list[int]:
    """Three organisations; the application's context stays open."""
    with app.app_context(), transaction():
        return [accounts.firm().organisation.id for _ in range(3)]


def _prepared(statement: Executable, **values: Any) -> list[Any]:
    connection = db.session.connection()
    prepared.rows_of(connection, statement, values)
    found = prepared.rows_of(connection, statement, values)
    assert found is not None
    return list(found)


def test_it_answers_what_the_engine_answers(app: Flask, keys: list[int]) -> None:
    with app.app_context():
        kind = db.session.get_one(Organisation, keys[0]).kind
        until = clock.now() + timedelta(days=1)
        for asked in (keys, keys[:1], [], keys[1:]):
            values = {"keys": asked, "kind": kind, "until": until}
            usual = db.session.connection().execute(_SOME, values).all()
            found = _prepared(_SOME, **values)
            assert [tuple(row) for row in found] == [tuple(row) for row in usual]
            assert all(row.count == row[4] and row.name == row[1] for row in found)
            assert all(isinstance(row.kind, OrganisationKind) for row in found)
        assert fetch(_SOME, keys=keys, kind=kind, until=until - timedelta(days=9)) == []


def test_a_number_that_stands_in_the_statement_is_that_of_each_use(
    app: Flask, keys: list[int]
) -> None:
    most = bindparam("most", type_=Integer, literal_execute=True)
    statement = select(Organisation.id).order_by(Organisation.id).limit(most)
    with app.app_context():
        for number in (1, 2, 3, 2, 1):
            assert len(_prepared(statement, most=number)) == number


def test_a_value_left_out_once_counts_when_it_is_given(app: Flask, keys: list[int]) -> None:
    least = bindparam("least", 0, type_=Integer)
    statement = select(Organisation.id).where(Organisation.id >= least)
    with app.app_context():
        everybody = _prepared(statement)
        assert len(everybody) > 1
        assert _prepared(statement, least=max(keys)) == [(max(keys),)]
        assert _prepared(statement) == everybody


def test_what_the_transaction_changed_is_seen(app: Flask, keys: list[int]) -> None:
    statement = select(Organisation.name).where(Organisation.id == bindparam("key"))
    with app.app_context():
        for name in ("青河先改测绘有限公司", "青河再改测绘有限公司", "青河终改测绘有限公司"):
            db.session.get_one(Organisation, keys[0]).name = name
            assert fetch(statement, key=keys[0])[0].name == name
        db.session.rollback()


@pytest.mark.parametrize(
    "statement",
    [
        select(Organisation.id, Organisation.id.label("_private")),
        select(text("name")).select_from(Organisation),
    ],
)
def test_what_cannot_be_prepared_goes_the_usual_way(
    app: Flask, keys: list[int], statement: Any
) -> None:
    with app.app_context():
        usual = db.session.connection().execute(statement).all()
        for _ in range(3):
            assert fetch(statement) == usual


def test_a_failure_is_told_as_the_engine_tells_it(app: Flask) -> None:
    statement = select(Organisation.id).where(Organisation.id == bindparam("key"))
    with app.app_context():
        _prepared(statement, key=1)
        db.session.rollback()
        set_aside = "ALTER TABLE organisations RENAME TO set_aside"
        with db.engine.begin() as other:
            other.execute(text(set_aside))
        try:
            with pytest.raises(Exception, match="organisations") as told:
                fetch(statement, key=1)
            usual = pytest.raises(type(told.value), match="organisations")
            db.session.rollback()
            with usual:
                db.session.connection().execute(statement, {"key": 1})
            db.session.rollback()
        finally:
            with db.engine.begin() as other:
                other.execute(text("ALTER TABLE set_aside RENAME TO organisations"))


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_a_lost_connection_is_told_and_replaced_with_all_of_its_age(app: Flask) -> None:
    statement = select(Organisation.id).where(Organisation.id == bindparam("key"))
    own = text("SELECT pg_backend_pid()")
    with app.app_context():
        with db.engine.connect() as first, db.engine.connect() as second:
            pids = {each.scalar(own) for each in (first, second)}
        _prepared(statement, key=1)
        address = db.engine.url.set(drivername="postgresql").render_as_string()
        with psycopg.connect(address) as other:
            for pid in pids:
                other.execute("SELECT pg_terminate_backend(%s)", (pid,))
        with pytest.raises(OperationalError) as told:
            fetch(statement, key=1)
        assert told.value.connection_invalidated
        db.session.rollback()
        for _ in range(3):
            assert fetch(statement, key=0) == []
            assert db.session.scalar(own) not in pids
            db.session.remove()


def test_listeners_hear_of_it(app: Flask) -> None:
    statement = select(Organisation.id).where(Organisation.id == bindparam("key"))
    heard: list[str] = []

    def hear(_c: Any, _cursor: Any, asked: str, *_rest: Any) -> None:
        heard.append(asked)

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", hear)
        for _ in range(3):
            fetch(statement, key=1)
    assert len([asked for asked in heard if "organisations" in asked]) == 3


def test_pages_read_the_same_rows_either_way(
    demo_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared, client = 0, demo_app.test_client()
    ask = prepared.rows_of

    def both(connection: Connection, statement: Executable, values: Mapping[str, Any]) -> Any:
        nonlocal compared
        found = ask(connection, statement, values)
        if found is not None:
            usual = connection.execute(statement, values).all()
            assert [tuple(row) for row in found] == [tuple(row) for row in usual]
            if usual:
                assert list(found[0]._fields) == list(usual[0]._fields)
            compared += 1
        return found

    monkeypatch.setattr(prepared, "rows_of", both)
    for _ in range(3):
        for path in ("/", "/firms", "/needs", "/results"):
            assert client.get(path).status_code == 200
        listed = client.get("/firms").text
        firm = listed.split('href="/firms/')[1].split('"')[0]
        assert client.get(f"/firms/{firm}").status_code == 200
    assert compared > 10


def test_a_value_is_made_ready_by_its_column(app: Flask) -> None:
    whole_second = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)
    statement = select(Organisation.id).where(
        Organisation.id == bindparam("key"), Organisation.created_at == bindparam("at")
    )
    with app.app_context():
        with transaction():
            organisation = accounts.firm().organisation
            organisation.created_at = whole_second
        key = organisation.id
        assert _prepared(statement, key=key, at=whole_second) == [(key,)]
        assert _prepared(statement, key=key, at=whole_second + timedelta(seconds=1)) == []


_ROW = insert(StatusChange.__table__)  # type: ignore[arg-type]
_CHANGE: dict[str, Any] = {
    "subject_type": "needs",
    "subject_id": 1,
    "from_status": None,
    "at": datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC),
    "actor_id": None,
    "organisation_id": None,
    "reason": None,
}


def test_rows_written_by_it_are_those_the_engine_writes(app: Flask) -> None:
    with app.app_context(), transaction():
        for turn in ("a", "b", "c"):
            put(_ROW, {**_CHANGE, "to_status": turn})
            put(_ROW, *[{**_CHANGE, "to_status": f"{turn}{each}"} for each in range(3)])
        written = db.session.scalars(select(StatusChange).order_by(StatusChange.id)).all()
        assert [row.to_status for row in written] == [
            f"{turn}{each}" for turn in "abc" for each in ("", 0, 1, 2)
        ]
        assert {row.at for row in written} == {_CHANGE["at"]}
        connection = db.session.connection()
        assert prepared.sent(connection, _ROW, [{**_CHANGE, "to_status": "d"}]) == []


def test_what_a_written_row_returns_is_read_by_its_column(app: Flask) -> None:
    statement = _ROW.returning(StatusChange.id, StatusChange.at)
    with app.app_context(), transaction():
        answers = [put(statement, {**_CHANGE, "to_status": "a"}) for _ in range(3)]
        assert [len(answer) for answer in answers] == [1, 1, 1]
        assert [row.at for (row,) in answers] == [_CHANGE["at"]] * 3
        assert [row.id for (row,) in answers] == list(
            db.session.scalars(select(StatusChange.id).order_by(StatusChange.id))
        )


def test_a_request_that_only_reads_writes_nothing_by_it(app: Flask) -> None:
    with app.app_context():
        with transaction():
            for _ in range(2):
                put(_ROW, {**_CHANGE, "to_status": "a"})
        set_write_mode(False)
        try:
            with pytest.raises(RuntimeError, match="only reads"):
                put(_ROW, {**_CHANGE, "to_status": "b"})
        finally:
            set_write_mode(None)
            db.session.rollback()
        assert db.session.scalar(select(func.count()).select_from(StatusChange)) == 2


def test_what_a_savepoint_held_goes_with_it(app: Flask) -> None:
    asked = select(StatusChange.to_status).order_by(StatusChange.id)
    with app.app_context(), transaction():
        for turn in "abc":
            put(_ROW, {**_CHANGE, "to_status": turn})
            inner = db.session.begin_nested()
            put(_ROW, {**_CHANGE, "to_status": "gone"})
            inner.rollback()
            with pytest.raises(IntegrityError), db.session.begin_nested():
                put(_ROW, {**_CHANGE, "to_status": None})
        assert [row.to_status for row in fetch(asked)] == list("abc")
