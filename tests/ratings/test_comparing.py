"""What lies between two days adds up to the digit, and each reader sees the days he may."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.accounts.models import Organisation
from marketplace.accounts.queries import register_of
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.ratings import comparing, explaining, reaching, waterfall
from marketplace.ratings.models import Capacity, Grade
from marketplace.ratings.rules.comparing import Cause, compare
from marketplace.ratings.rules.entries import (
    ConductEntry,
    ConductKind,
    Entry,
    InspectionEntry,
    MarkEntry,
    RaterSide,
    ReversingEntry,
)
from marketplace.ratings.rules.policy import RatingPolicy
from tests.factories import accounts, ratings, sanctions

SignIn = Callable[..., FlaskClient]
Advance = Callable[[timedelta], None]
START = date(2026, 1, 1)
MONTH = timedelta(days=30)
OTHER = replace(RatingPolicy(), prior_strength=Decimal(2), yellow_card_points=Decimal(3))


def _entry(number: int, kind: int, rater: int, value: int, day: int) -> Entry:
    begins = START + timedelta(days=day)
    head: dict[str, Any] = {
        "id": number,
        "takes_effect_on": begins,
        "recorded_at": datetime(begins.year, begins.month, begins.day, tzinfo=UTC)
        - timedelta(days=1),
    }
    if kind == 0:
        return InspectionEntry(**head, value=Decimal(value))
    if kind == 1:
        ends = begins + 6 * MONTH
        return ConductEntry(**head, kind=ConductKind.YELLOW_CARD, ends_on=ends)
    if kind == 2 and number > 1:
        return ReversingEntry(**head, reverses=1 + rater % (number - 1))
    side = RaterSide.DEPARTMENT if kind == 3 else RaterSide.OWNER
    return MarkEntry(
        **head, side=side, rater=rater, breadth=rater, value=Decimal(value), contract=number
    )


KINDS = st.tuples(st.integers(0, 7), st.integers(1, 4), st.integers(20, 100), st.integers(0, 700))


@settings(max_examples=150, deadline=None)
@given(st.lists(KINDS, max_size=12), st.integers(0, 900), st.integers(1, 900), st.booleans())
def test_the_lines_add_up_to_the_difference_to_the_digit(
    facts: list[tuple[int, int, int, int]], first: int, later: int, new_edition: bool
) -> None:
    entries: list[Entry] = []
    undone: set[int] = set()
    for number, fact in enumerate(facts, 1):
        made = _entry(number, *fact)
        if isinstance(made, ReversingEntry):
            if made.reverses in undone:
                continue
            undone.add(made.reverses)
        entries.append(made)
    known = datetime(2030, 1, 1, tzinfo=UTC)
    then, there = START + timedelta(days=first), START + timedelta(days=first + later)
    policy = OTHER if new_edition else RatingPolicy()
    found = compare(entries, (then, known, RatingPolicy()), (there, known, policy))
    total = sum((each.points for each in found.effects), Decimal(0))
    assert total == found.points
    editions = [each for each in found.effects if each.cause is Cause.EDITION]
    assert len(editions) == int(new_edition)
    for each in found.effects:
        if each.cause is Cause.CAME:
            assert each.before is None
            assert each.after is not None
        if each.cause is Cause.ENDED:
            assert each.after is None
            assert each.before is not None


def test_two_days_of_a_firm(app: Flask, sign_in_as: SignIn, advance: Advance) -> None:
    with app.app_context(), transaction():
        firm, owner = accounts.firm(), accounts.owner().organisation
        key, page = firm.organisation.id, f"/firms/{firm.organisation.public_id}/rating/changes"
        ratings.marked(firm.organisation, owner, 5)
        card = sanctions.card(firm.organisation)
        assert card is not None
        begun = clock.today()
    advance(timedelta(days=40))
    with app.app_context(), transaction():
        ratings.inspected(db.session.get_one(Organisation, key), 90)
    advance(timedelta(days=400))
    with app.app_context():
        organisation = db.session.get_one(Organisation, key)
        register = register_of(organisation.jurisdiction_code)
        later = begun + timedelta(days=430)
        found = comparing.between(
            organisation, register, begun + timedelta(days=5), later, clock.now()
        )
        assert found is not None
        causes = {row.title: row.effect.cause for row in found.rows if row.row is not None}
        assert causes["黄牌"] is Cause.ENDED
        assert causes["检查"] is Cause.CAME
        assert Cause.AGED in causes.values()
        assert sum((row.effect.points for row in found.rows), Decimal(0)) == found.points
        expected = explaining.explain(organisation, register, later, clock.now()).score
        assert expected is not None
        assert expected.total == found.after.total
    days = f"?from={begun + timedelta(days=5)}&to={later}"
    own = sign_in_as(firm.user)
    shown = own.get(page + days)
    assert shown.status_code == 200
    for words in ("黄牌", "不再计入", "新增记录", "权重变化", "/workspace/evidence/"):
        assert words in shown.text
    stranger = app.test_client().get(page + days)
    assert stranger.status_code == 422
    assert "只向机构本人和监管人员开放" in stranger.text
    assert "黄牌" not in stranger.text
    ahead = app.test_client().get(page)
    assert ahead.status_code == 200
    assert "/workspace/evidence/" not in ahead.text
    assert own.get(f"{page}?from={later}&to={begun}").status_code == 422
    assert own.get(f"{page}?from=x").status_code == 422


def test_what_brings_the_next_grade_does(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        firm = accounts.firm()
        key = firm.organisation.id
        ratings.evaluated(firm.organisation, 3, 3)
        sanctions.card(firm.organisation)
    advance(timedelta(days=2))
    with app.app_context():
        organisation = db.session.get_one(Organisation, key)
        register = register_of(organisation.jurisdiction_code)
        now = clock.now()
        found = explaining.explain(organisation, register, clock.today(), now)
        assert found.score is not None
        assert found.score.total is not None
        assert waterfall.letter_of(found.score.total, found.edition.values) is Grade.C
        ways = reaching.ways_up(found, now)
        assert {way.letter for way in ways} == {Grade.B}
        assert all(way.total >= found.edition.values.b_from for way in ways)
        # the marks alone first; once the cards have ended, none is needed
        assert re.fullmatch("再完成 [0-9]+ 份合同并各得满分评价", ways[0].what)
        assert "黄牌" in ways[-1].what
        assert "再完成" not in ways[-1].what


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_an_owners_score_is_open_by_the_same_machinery(
    app: Flask, client: FlaskClient, advance: Advance
) -> None:
    with app.app_context(), transaction():
        owner = accounts.owner().organisation
        ratings.late_payment(owner)
        key, address = owner.id, f"/owners/{owner.public_id}/rating"
    advance(timedelta(days=2))
    shown = client.get(address)
    assert shown.status_code == 200
    assert "逾期付款" in shown.text
    assert "新增一份满分评价（另一家机构）" in shown.text
    assert client.get(f"{address}/changes").status_code == 200
    with app.app_context():
        found = db.session.get_one(Organisation, key)
        register = register_of(found.jurisdiction_code)
        as_firm = explaining.explain(found, register, clock.today(), clock.now())
        as_owner = explaining.explain(found, register, clock.today(), clock.now(), Capacity.OWNER)
        assert as_firm.score is None
        assert as_owner.score is not None
        assert as_owner.score.conduct_total < 0
