"""What the tests of a firm's file share: people on the file, pages read, papers sent."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from tests.factories import intermediaries as firms

SignIn = Callable[..., FlaskClient]


def made(app: Flask, build: Callable[[], Any]) -> Any:
    """What ``build`` makes; its rows can still be read when the transaction is over."""
    with app.app_context(), transaction():
        found = build()
        db.session.flush()
        db.session.expunge_all()
        return found


def one(app: Flask, column: Any, **by: Any) -> Any:
    """The newest value of a column."""
    with app.app_context():
        model = column.class_
        query = select(column).filter_by(**by) if by else select(column)
        return db.session.scalars(query.order_by(model.id.desc()).limit(1)).one()


def read(browser: FlaskClient, address: str, status: int = 200) -> str:
    """A page; the reading client checks that it is well formed."""
    answer = browser.get(address)
    assert answer.status_code == status, (address, answer.status_code)
    assert answer.text.count("<h1") == 1, address
    return answer.text


def send(browser: FlaskClient, address: str, status: int = 303, /, **data: Any) -> str:
    """Send a form; ``paper=<field>`` adds a small PDF under that field."""
    field = data.pop("paper", None)
    if field:
        data[field] = (io.BytesIO(firms.PDF), "材料.pdf")
    answer = browser.post(address, data=data)
    assert answer.status_code == status, (address, answer.status_code, answer.text[:3000])
    return answer.text
