"""Many trials of one office drafted at the same moment: one runs, the others are told so."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from flask import Flask
from sqlalchemy import func, select

from marketplace.accounts.permissions import Role
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict
from marketplace.foundation.transactions import transaction
from marketplace.ratings.rules.policy import RatingPolicy
from marketplace.supervision.trials import actions, queries
from marketplace.supervision.trials.models import RatingTrial
from tests.factories import accounts

AT_ONCE = 8


def test_one_office_drafts_one_trial_however_many_click(app: Flask) -> None:
    with app.app_context(), transaction():
        actors = [accounts.officer(Role.BUREAU_OPERATOR).actor for _each in range(AT_ONCE)]
    numbers = queries.numbers_of(RatingPolicy())
    gate = Barrier(AT_ONCE)

    def draft(number: int) -> str:
        with app.app_context():
            gate.wait()
            try:
                with transaction():
                    now = clock.now()
                    day = clock.local_day(now)
                    actions.draft_trial("青禾市评定规则试行", numbers, day, actors[number], now)
            except Conflict as refusal:
                return str(refusal.rule)
            finally:
                db.session.remove()
            return "drafted"

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = Counter(pool.map(draft, range(AT_ONCE)))
    assert answers == {"drafted": 1, "trial.busy": AT_ONCE - 1}
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(RatingTrial)) == 1
