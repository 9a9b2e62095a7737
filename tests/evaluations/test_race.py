"""Many at once on one window, and on the first entry of one firm: one effect each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

from flask import Flask
from sqlalchemy import func, select

from marketplace.accounts.models import Organisation
from marketplace.evaluations.models import Evaluation, EvaluationVersion, EvaluationWindow
from marketplace.foundation import audit
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict
from marketplace.foundation.transactions import transaction
from marketplace.ratings.actions import replay
from marketplace.ratings.models import RatingEntry, RatingSubject
from tests.factories import accounts, contracts, evaluations, ratings

Advance = Callable[[timedelta], None]
CLICKS = 12


def at_once(app: Flask, act: Callable[[int], None]) -> Counter[str]:
    """Run ``act`` twelve times at the same moment, each in a transaction of its own."""
    gate = Barrier(CLICKS)

    def one(number: int) -> str:
        with app.app_context():
            gate.wait()
            try:
                with transaction():
                    act(number)
            except Conflict:
                return "refused"
            finally:
                db.session.remove()
            return "done"

    with ThreadPoolExecutor(CLICKS) as pool:
        return Counter(pool.map(one, range(CLICKS)))


def _count(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_both_sides_marking_again_and_again_at_once_are_revealed_once(
    app: Flask, advance: Advance
) -> None:
    deal = contracts.completed(app, advance)
    answers = at_once(
        app, lambda number: evaluations.give(deal, ("editor", "firm")[number % 2], 4) and None
    )
    with app.app_context():
        # each side once, at most revised once before the other side's first mark revealed both
        assert 2 <= answers["done"] <= 3
        assert answers["done"] + answers["refused"] == CLICKS
        assert _count(EvaluationWindow) == 1
        assert _count(Evaluation) == 2
        assert _count(EvaluationVersion) == answers["done"]
        assert _count(RatingEntry) == 2
        assert list(audit.verify()) == []
    advance(timedelta(days=2))
    with app.app_context():
        assert list(replay()) == []


def test_first_entries_of_one_firm_at_once_make_one_subject(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        firm = accounts.firm().organisation.id
        owners = [accounts.owner().organisation.id for _each in range(CLICKS)]

    def mark(number: int) -> None:
        about = db.session.get_one(Organisation, firm)
        ratings.marked(about, db.session.get_one(Organisation, owners[number]), 5)

    assert at_once(app, mark) == {"done": CLICKS}
    with app.app_context():
        assert _count(RatingSubject) == 1
        assert _count(RatingEntry) == CLICKS
    advance(timedelta(days=3))
    with app.app_context():
        assert list(replay()) == []
