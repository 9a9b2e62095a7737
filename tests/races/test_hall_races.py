"""Two officers at one window, two windows and one firm: one is first, the other is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from marketplace.accounts.permissions import Role
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries.hall import actions
from marketplace.intermediaries.hall.models import HallCall, HallSeat, HallWindow
from tests.factories import accounts, intermediaries
from tests.factories import hall as halls
from tests.places import ZOUCHENG, open_marketplace
from tests.races.overlapping import overlapping

Advance = Callable[[timedelta], None]


@pytest.mark.parametrize("windows", [(1, 1), (1, 2)], ids=["one window", "two windows"])
def test_two_officers_seat_at_once(
    app: Flask,
    advance: Advance,
    tmp_path: object,
    monkeypatch: pytest.MonkeyPatch,
    windows: tuple[int, int],
) -> None:
    """At one window the second officer is told it is taken; at two, the next in order sits."""
    open_marketplace(app, ZOUCHENG, tmp_path, monkeypatch)  # type: ignore[arg-type]
    with app.app_context(), transaction():
        call = halls.published(seats=2)
        for _each in range(2):
            halls.applied(call, intermediaries.listed(("hpwj",)))
        places = {n: halls.window(n).id for n in (1, 2)}
        call_id = call.id
        officers = [accounts.officer(Role.BUREAU_OPERATOR).actor for _each in range(2)]
    advance(timedelta(days=17))

    def seat(officer: int) -> None:
        actions.fill_window(
            db.session.get_one(HallWindow, places[windows[officer]]),
            db.session.get_one(HallCall, call_id),
            officers[officer],
            clock.now(),
        )

    came = overlapping(app, lambda: seat(0), lambda: seat(1))
    with app.app_context():
        rows = db.session.scalars(select(HallSeat).order_by(HallSeat.id)).all()
        if windows[0] == windows[1]:
            assert came == ["done", "hall.taken"]
            assert len(rows) == 1
        else:
            assert came == ["done", "done"]
            assert len({row.firm_id for row in rows}) == 2
            assert len({row.window_id for row in rows}) == 2
