"""What bars a firm: one condition, asked in three ways, and shown where it counts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import bindparam, select

from marketplace.accounts.models import Organisation
from marketplace.accounts.queries import lineage
from marketplace.foundation import clock
from marketplace.foundation.db import db, fetch
from marketplace.foundation.transactions import transaction
from marketplace.sanctions import queries
from tests.factories import accounts, sanctions

HERE, COUNTY, ELSEWHERE = "379900", "379921", "379800"
_BY_COLUMN = select(Organisation.id).where(
    queries.barring(Organisation.id, bindparam("now"), bindparam("codes", expanding=True))
)


def asked_every_way(place: str) -> list[set[int]]:
    """Who is barred from everything in a place, by each way of asking."""
    now, codes = clock.now(), list(lineage(place))
    everybody = list(db.session.scalars(select(Organisation.id)))
    one_by_one = queries.bars_of(everybody, place, None, now)
    selected = db.session.scalars(queries.barred_organisation_ids(now, jurisdiction_code=place))
    ways = [
        set(one_by_one),
        set(selected),
        {row.id for row in fetch(_BY_COLUMN, now=now, codes=codes)},
    ]
    if place == HERE:
        ways.append(set(queries.barred_now(now)))
    return ways


def test_every_way_of_asking_who_is_barred_has_one_answer(
    app: Flask, advance: Callable[[timedelta], None]
) -> None:
    with app.app_context():
        with transaction():
            whole, item, county, other = (accounts.firm() for _each in range(4))
            sanctions.blacklisted(whole, months=1)
            sanctions.blacklisted(item, items=["jsjl"])
            sanctions.blacklisted(county, jurisdiction_code=COUNTY)
            sanctions.blacklisted(other, jurisdiction_code=ELSEWHERE)
            keys = [each.organisation.id for each in (whole, item, county, other)]
        expected = {
            HERE: {keys[0]},
            COUNTY: {keys[0], keys[2]},
            ELSEWHERE: {keys[3]},
        }
        for place, barred in expected.items():
            assert asked_every_way(place) == [barred] * (4 if place == HERE else 3), place
        by_item = queries.bars_of(keys, HERE, "jsjl", clock.now())
        assert set(by_item) == {keys[0], keys[1]}
        db.session.rollback()
        # over, and not yet marked so: nothing bars to the instant
        with transaction():
            clock.advance(timedelta(days=40))
        assert asked_every_way(HERE) == [set()] * 4


def test_the_public_list_is_that_of_the_area_that_was_chosen(
    app: Flask, client: FlaskClient
) -> None:
    with app.app_context(), transaction():
        here, county, other = (accounts.firm() for _each in range(3))
        sanctions.blacklisted(here)
        sanctions.card(county.organisation, COUNTY)
        sanctions.blacklisted(other, items=["jsjl"], jurisdiction_code=ELSEWHERE)
        names = [each.organisation.name for each in (here, county, other)]

    def seen(area: str) -> list[bool]:
        page = client.get(f"/sanctions?area={area}").text
        return [name in page for name in names]

    assert seen(HERE) == [True, True, False]
    assert seen(COUNTY) == [True, True, False], "what the city decides bars in its county too"
    assert seen("379902") == [True, False, False], "another county's card is not this one's"
    assert seen(ELSEWHERE) == [False, False, True]
    assert "安平县" in client.get(f"/sanctions?area={COUNTY}").text
