"""Every address of the site: who may call it, and that looking changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.routing import IntegerConverter, Rule

from marketplace.accounts.permissions import GRANTS, Permission
from marketplace.foundation.db import Base, db
from marketplace.foundation.web import PUBLIC, SAFE_METHODS, SIGNED_IN, declared_access

# Written after the answer, on purpose: who looked, who was refused, when somebody was last seen
NOTES = {"audit_ledger", "web_sessions"}


def _rules(app: Flask) -> Iterator[Rule]:
    for rule in app.url_map.iter_rules():
        if rule.endpoint != "static":
            yield rule


def _address(app: Flask, rule: Rule) -> str:
    values: dict[str, object] = {
        name: 1 if isinstance(converter, IntegerConverter) else "nobody0000000"
        for name, converter in rule._converters.items()
    }
    with app.test_request_context():
        built = app.url_map.bind("localhost").build(rule.endpoint, values)
    return str(built)


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_every_endpoint_declares_its_access(app: Flask) -> None:
    known = {PUBLIC, SIGNED_IN, *map(str, Permission)}
    with app.app_context():
        wrong = {
            rule.endpoint: declared_access(rule.endpoint)
            for rule in _rules(app)
            if declared_access(rule.endpoint) not in known
        }
    assert wrong == {}
    assert len(list(_rules(app))) > 10


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_every_endpoint_that_changes_something_is_one_transaction(app: Flask) -> None:
    wrong = [
        rule.endpoint
        for rule in _rules(app)
        if (rule.methods or set()) - SAFE_METHODS
        and not getattr(app.view_functions[rule.endpoint], "writes", False)
    ]
    assert wrong == []


def test_every_permission_is_held_by_somebody() -> None:
    granted = frozenset[Permission]().union(*GRANTS.values())
    assert set(Permission) - granted <= {Permission.OWNER_REGISTER}


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_visitor_is_let_in_only_where_it_is_declared(app: Flask, client: FlaskClient) -> None:
    wrong = []
    for rule in _rules(app):
        with app.app_context():
            public = declared_access(rule.endpoint) == PUBLIC
        address = _address(app, rule)
        methods = rule.methods or set()
        if "GET" in methods and not public:
            answer = client.get(address)
            if answer.status_code != 302 or "/sign-in" not in answer.headers["Location"]:
                wrong.append(("GET", address, answer.status_code))
        if "POST" in methods and not public and client.post(address).status_code != 401:
            wrong.append(("POST", address, client.post(address).status_code))
    assert wrong == []


def _counts() -> dict[str, int]:
    counts = {
        name: db.session.scalar(select(func.count()).select_from(table)) or 0
        for name, table in Base.metadata.tables.items()
        if name not in NOTES
    }
    db.session.rollback()
    return counts


def test_looking_changes_nothing_and_never_fails(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        before = _counts()
    failed = []
    for rule in _rules(app):
        if "GET" in (rule.methods or set()):
            address = _address(app, rule)
            for query in ("", "?lang=en", "?page=-1&q=%00&day=x"):
                answer = client.get(address + query)
                if answer.status_code >= 500:
                    failed.append((address + query, answer.status_code))
    assert failed == []
    with app.app_context():
        assert _counts() == before
