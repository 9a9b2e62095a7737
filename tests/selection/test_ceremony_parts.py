"""Who takes part in a ceremony, and that silence gains nobody anything."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from marketplace.accounts.permissions import Role
from marketplace.foundation import clock
from marketplace.foundation.actor import CLOCK, Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Missing
from marketplace.foundation.transactions import transaction
from marketplace.selection import actions, ceremony, drawing, queries
from tests.factories import accounts, selection
from tests.selection.scenes import CEREMONY, TO_CLOSING, Advance, the_need


def _ceremony(app: Flask, advance: Advance) -> dict[str, Actor]:
    with app.app_context(), transaction():
        owner, firms = accounts.owner(), selection.firms(3)
        selection.entered_need(owner=owner, entrants=firms, **CEREMONY)
        parties = {
            "owner": owner.actor,
            "firm": firms[0].actor,
            "bureau": accounts.officer(Role.BUREAU_OPERATOR).actor,
            "auditor": accounts.officer(Role.AUDITOR).actor,
            "administrator": accounts.officer(Role.SYSTEM_ADMIN).actor,
            "witness": accounts.officer(Role.SUPERVISOR).actor,
        }
    advance(TO_CLOSING)
    return parties


def test_whoever_only_reads_takes_no_part_in_a_ceremony(app: Flask, advance: Advance) -> None:
    parties = _ceremony(app, advance)
    with app.app_context(), transaction():
        for name in ("auditor", "administrator"):
            with pytest.raises(Missing):
                actions.commit_number(the_need(), "7" * 30, parties[name])
        row = actions.commit_number(the_need(), "7" * 30, parties["witness"])
        assert row.participant.startswith("witness-")


def test_silence_cannot_change_what_a_ceremony_gives(app: Flask, advance: Advance) -> None:
    parties = _ceremony(app, advance)
    numbers = {"owner": "1" * 30, "firm": "2" * 30, "bureau": "3" * 30}
    with app.app_context():
        with transaction():
            for name, number in numbers.items():
                actions.commit_number(the_need(), number, parties[name])
        advance(timedelta(minutes=30))
        orders = []
        for silent in (None, *numbers):
            need = the_need()
            running = queries.live_round(need)
            for name, number in numbers.items():
                if name != silent:
                    actions.reveal_number(need, number, parties[name])
            ceremony.open_missing(running, CLOCK, clock.now())
            orders.append(tuple(drawing.make_draw(need, running, CLOCK, clock.now())))
            db.session.rollback()
        assert len(set(orders)) == 1
        advance(timedelta(minutes=61))
        assert tuple(drawing.ranking(queries.live_round(the_need()))) == orders[0]
