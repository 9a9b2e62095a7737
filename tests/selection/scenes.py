"""What the tests of choosing do again and again: one need, its firms, its clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import inspect, select

from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.projects.models import DrawSource, InvestmentKind, Need
from tests.factories import accounts, selection

Advance = Callable[[timedelta], None]

SignIn = Callable[..., FlaskClient]

DAY = timedelta(days=1)

TO_CLOSING = timedelta(days=1, hours=8, minutes=1)

TO_LOTTERY = timedelta(hours=5)

CEREMONY = {"draw_source": DrawSource.CEREMONY}

GOVERNMENT = {"investment": InvestmentKind.GOVERNMENT}


def the_need() -> Need:
    return db.session.scalars(select(Need).order_by(Need.id)).one()


def key(party: accounts.Party) -> int:
    """The organisation of a party, also when the session it came from has ended."""
    return int(inspect(party.organisation).identity[0])


def again(party: accounts.Party) -> accounts.Party:
    """The same party in the present session."""
    user, organisation, approver = (
        db.session.get_one(type(row), inspect(row).identity[0])
        for row in (party.user, party.organisation, party.approver)
    )
    return accounts.Party(user, organisation, approver)


def drawn(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        selection.entered_need(3)
    advance(TO_CLOSING)
    advance(TO_LOTTERY)
    with app.app_context(), transaction():
        selection.read_lottery("2026062")
    advance(timedelta(seconds=1))


def asleep_until(app: Flask, hours: float) -> None:
    """Time passes while nobody looks at what becomes due."""
    with app.app_context(), transaction():
        clock.set_to(clock.now() + timedelta(hours=hours))
