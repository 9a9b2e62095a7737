"""What becomes due: files that say something new, matters past their time, bodies not kept yet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from marketplace.foundation import tasks
from marketplace.foundation.db import db

from . import actions, features, grading
from .models import Feature, Match


def advance_due() -> int:
    """Compare what is new, tell of what is late."""
    compared = tasks.advance_each(Feature.__tablename__, _new, actions.compare_anew)
    return compared + tasks.sweep(Match, actions.advance_match)


def _new(now: datetime) -> Sequence[int]:
    left_alone = tasks.resting(Feature.__tablename__, now)
    query = features.bodies_to_compare(now).where(Feature.organisation_id.not_in(left_alone))
    return db.session.scalars(query.limit(tasks.BATCH)).all()


def end_grades() -> int:
    """Take back what was proposed because a former name was graded D, once it no longer is."""
    return tasks.advance_each("likeness_grades", grading.to_end, grading.end_grade)


def keep_lacking() -> int:
    """Keep the features of bodies that were written before, or past the unit of work."""
    done: int = tasks.where_found(
        lambda _now: features.any_lacking(), lambda _actor, now: _keep(now)
    )
    return done


def _keep(now: datetime) -> int:
    return features.keep(features.lacking(features.BATCH), now) + features.keep_records(now)
