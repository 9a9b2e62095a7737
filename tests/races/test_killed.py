"""A process killed between computing and recording: the next one comes to the same."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import func, select

from marketplace import schedule
from marketplace.foundation import clock
from marketplace.foundation.actor import CLOCK
from marketplace.foundation.audit import AuditRow
from marketplace.foundation.db import db, lock
from marketplace.foundation.transactions import transaction
from marketplace.projects.models import Need, SelectionMethod
from marketplace.selection import actions
from marketplace.selection.models import Award, SelectionRound
from tests.factories import selection
from tests.selection.scenes import TO_CLOSING, TO_LOTTERY, Advance, the_need

pytestmark = pytest.mark.long

KILLS = 20
PRICES = ("36000", "34000", "34000", "38000")


def a_draw(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        selection.entered_need(4)
    advance(TO_CLOSING)
    advance(TO_LOTTERY)
    with app.app_context(), transaction():
        selection.read_lottery("2026062")


def an_opening(app: Flask, advance: Advance) -> None:
    """Sealed quotes at their hour, none of them equal to another."""
    with app.app_context(), transaction():
        need = selection.open_need(method=SelectionMethod.PRICE_COMPETITION, draw_source=None)
        for number, firm in enumerate(selection.firms(4)):
            selection.enter(need, firm, Decimal(33000 + number * 700))
    advance(TO_CLOSING)
    with app.app_context(), transaction():
        choice_at = the_need().choice_at
        assert choice_at is not None
        clock.set_to(choice_at)


def equals(app: Flask, advance: Advance) -> None:
    """Opened quotes whose equals wait for the lottery's value, which is there."""
    with app.app_context(), transaction():
        need = selection.open_need(method=SelectionMethod.PRICE_COMPETITION, draw_source=None)
        for firm, price in zip(selection.firms(4), PRICES, strict=True):
            selection.enter(need, firm, Decimal(price))
    advance(TO_CLOSING + timedelta(minutes=30))
    advance(TO_LOTTERY)
    with app.app_context(), transaction():
        selection.read_lottery("2026062")


def outcome() -> str:
    """What was chosen, and all that says why."""
    running = db.session.scalars(select(SelectionRound)).one()
    awards = db.session.scalars(select(Award).order_by(Award.id)).all()
    chosen = [f"{each.organisation_id}:{each.place}:{each.price}" for each in awards]
    # the instant of the draw stands in its proof and differs; seed and order must not
    proof = json.loads(running.proof or "{}")
    drawn = f"{proof.get('seed')}:{proof.get('order')}"
    return "|".join([*chosen, drawn, str(running.ranking), str(running.unsealed_at is not None)])


def killed_before_commit(app: Flask) -> str:
    """Let another process compute the choice, say it, and be killed before it commits."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    reads, says = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with app.app_context():
                db.engine.dispose(close=False)
                with transaction():
                    need = lock(db.session.scalars(select(Need)).one())
                    actions.advance_need(need, CLOCK, clock.now())
                    db.session.flush()
                    os.write(says, outcome().encode())
                    os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(3)
    os.close(says)
    with os.fdopen(reads, "rb") as answers:
        said = answers.read().decode()
    _child, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), f"it ended by itself: {os.waitstatus_to_exitcode(status)}"
    assert os.WTERMSIG(status) == signal.SIGKILL
    return said


@pytest.mark.parametrize("scene", [a_draw, an_opening, equals])
def test_killed_twenty_times_before_its_commit_it_comes_out_the_same(
    app: Flask, advance: Advance, scene: Callable[[Flask, Advance], None]
) -> None:
    scene(app, advance)
    with app.app_context(), transaction():
        before = outcome()
    said = {killed_before_commit(app) for _time in range(KILLS)}
    assert len(said) == 1
    assert said != {before}
    with app.app_context():
        # nothing of the twenty is left
        assert outcome() == before
        assert db.session.scalars(select(Award)).all() == []
        done = AuditRow.action.in_(("draw.made", "quotes.ranked", "draw.tie"))
        assert db.session.scalar(select(func.count()).where(done)) == 0
        with transaction():
            clock.set_to(clock.now() + timedelta(seconds=2))
        schedule.run_once(schedule.jobs_for(["needs"]))
        assert {outcome()} == said
