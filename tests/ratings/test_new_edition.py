"""A new edition of the rules never changes a past day: its replay stays the same to the byte."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from config import ROOT
from marketplace.accounts.models import Organisation
from marketplace.foundation import clock, policy
from marketplace.foundation.actor import CLOCK
from marketplace.foundation.crypto import canonical_json
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.ratings import actions, queries
from marketplace.ratings.models import GradeRecord, RatingSubject
from marketplace.ratings.rules.entries import ConductKind
from marketplace.ratings.rules.policy import RatingPolicy
from tests.factories import accounts, ratings

Advance = Callable[[timedelta], None]
DAY = timedelta(days=1)
SHIPPED = ROOT / "marketplace/editions/policies/000000/rating-2024-01-01.toml"


def _publish(begins: date) -> None:
    """An edition under which nearly every number is another."""
    text = SHIPPED.read_text("utf-8").replace(
        "effective_from = 2024-01-01", f"effective_from = {begins}"
    )
    for old, new in (
        ("prior_strength = 5", "prior_strength = 1"),
        ("mark_half_life_months = 12", "mark_half_life_months = 30"),
        ("yellow_card_points = 5", "yellow_card_points = 20"),
        ("graded_from_contracts = 3", "graded_from_contracts = 1"),
    ):
        assert old in text
        text = text.replace(old, new)
    policy.publish(policy.parse("rating.toml", text, [RatingPolicy]), CLOCK, clock.now())


def _past(first: date, last: date) -> bytes:
    """The replay of every day from one to another, explanation and all, as bytes."""
    found = []
    for subject in db.session.scalars(select(RatingSubject).order_by(RatingSubject.id)):
        rows = queries.rows_of(subject)
        for number in range((last - first).days + 1):
            day = first + number * DAY
            known_at = queries.start_of(day + DAY)
            state = queries.fold(subject, rows, day, known_at)
            told = queries.score_on(subject, rows, day, known_at)
            found.append(f"{subject.id} {state!r} {told!r}")
    return canonical_json(found)


def _records() -> list[tuple[object, ...]]:
    columns = GradeRecord.__table__.columns
    return [tuple(row) for row in db.session.execute(select(*columns).order_by(GradeRecord.id))]


def _two_firms() -> None:
    good, late = accounts.firm().organisation, accounts.firm().organisation
    ratings.evaluated(good, 3, 5)
    ratings.evaluated(late, 2, 3)
    actions.post_conduct(late.id, accounts.CITY, ConductKind.YELLOW_CARD, late, CLOCK, clock.now())


def test_every_past_day_replays_to_the_same_bytes_under_a_new_edition(
    app: Flask, advance: Advance
) -> None:
    with app.app_context():
        first = clock.today()
        with transaction():
            _two_firms()
    advance(33 * DAY)
    with app.app_context():
        today = clock.today()
        before, records = _past(first, today), _records()
        with transaction():
            _publish(today + 2 * DAY)
        assert _past(first, today) == before
    advance(40 * DAY)
    with app.app_context():
        assert _past(first, today) == before
        assert _records()[: len(records)] == records
        # the new edition does count, from its own day on
        assert len(_records()) > len(records)
        editions = {record.edition_id for record in db.session.scalars(select(GradeRecord))}
        assert len(editions) == 2
        assert list(map(str, actions.replay())) == []


def test_an_edition_of_today_would_change_a_day_that_has_been_evaluated(
    app: Flask, advance: Advance
) -> None:
    with app.app_context(), transaction():
        _two_firms()
    advance(DAY)
    with app.app_context():
        assert db.session.scalars(select(Organisation.id)).first()
        with pytest.raises(policy.PolicyError, match="effective_from"), transaction():
            _publish(clock.today())
        assert list(map(str, actions.replay())) == []
