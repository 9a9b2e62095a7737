"""The demo's trial of rating rules: tried on the ledger, proposed, waiting for the approver."""

from __future__ import annotations

from datetime import timedelta

from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.ratings import queries as ratings
from marketplace.supervision.trials import actions, queries
from marketplace.supervision.trials.models import RatingTrial

from .agenda import Days, Story
from .people import CITY, Cast

# what the bureau would change: some firms change their grade
CHANGED = {"b_from": "77"}
DAYS_AHEAD = 30


def trial(cast: Cast, days: Days, before: int) -> Story:
    """The operator tries a higher limit for B; computed by the clock; laid before the approver."""
    operator = cast.desk(CITY, "operator").actor
    yield days.at(before)
    with transaction():
        now = clock.now()
        today = clock.local_day(now)
        present = queries.numbers_of(ratings.edition_on(CITY, today).values)
        found = actions.draft_trial(
            "青河市信用等级评定规则（征求意见稿）", {**present, **CHANGED}, today, operator, now
        )
        trial_id = found.id
    yield days.at(before - 1)
    with transaction():
        now = clock.now()
        today = clock.local_day(now)
        actions.propose_adoption(
            db.session.get_one(RatingTrial, trial_id),
            today + timedelta(days=DAYS_AHEAD),
            "演示用：市信用分级分类监管办法（征求意见稿）",
            {
                "document": "演示用：公平竞争审查表",
                "conclusion": "不设本地业绩、注册地条件，未发现排除、限制竞争的内容",
                "date": today.isoformat(),
            },
            operator,
            now,
        )
