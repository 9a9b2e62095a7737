"""Narrowing by where a firm serves; the item list's and the results' own boxes; warm shelves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.accounts.models import Organisation
from marketplace.finding import indexing, queries
from marketplace.finding.models import Kind
from marketplace.finding.warming import keep_warm, warm
from marketplace.foundation import clock, epoch
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries import actions
from marketplace.intermediaries import queries as register
from marketplace.selection.models import LIVE_AWARDS, Award
from tests.factories import intermediaries, selection
from tests.portal.test_search import counts

COUNTY, DISTRICT = "379921", "379902"


def test_firms_are_narrowed_by_where_they_serve_and_not_only_by_where_they_are(
    app: Flask, client: FlaskClient
) -> None:
    with app.app_context(), transaction():
        intermediaries.listed(name="青河净源环境咨询有限公司")
        limited = intermediaries.listed(name="青河碧水环境咨询有限公司")
        firm, actor = limited.firm.id, limited.actor
        (offered,) = register.offerings(firm)
        actions.set_order_terms(offered, False, None, [COUNTY], actor, clock.now())
    with app.app_context():
        assert list(indexing.differences()) == []
    text = client.get("/firms").text
    served = counts(text, "serves")
    assert served[COUNTY] == 2
    assert served[DISTRICT] == 1
    county, district = (client.get(f"/firms?serves={each}").text for each in (COUNTY, DISTRICT))
    assert "青河碧水" in county
    assert "青河净源" in county
    assert "青河碧水" not in district
    # asked of one and the same offer, together with the others
    assert "青河碧水" in client.get(f"/firms?serves={COUNTY}&item=hpwj&days=10&open=1").text
    assert "青河碧水" not in client.get(f"/firms?serves={DISTRICT}&item=hpwj").text
    # an area that is none of this register's narrows nothing
    assert "青河碧水" in client.get("/firms?serves=110000").text
    # the choice is taken back, and found at once
    with app.app_context(), transaction():
        (offered,) = register.offerings(firm)
        actions.set_order_terms(offered, False, None, [], actor, clock.now())
    assert "青河碧水" in client.get(f"/firms?serves={DISTRICT}").text
    assert counts(client.get("/firms").text, "serves") == {}


@pytest.mark.parametrize("words", ["环评", "環評", "hp", "huanping", "环境影响", "hpwj"])
def test_the_item_lists_own_box_reads_words_as_the_search_does(
    client: FlaskClient, words: str
) -> None:
    text = client.get("/items", query_string={"q": words}).text
    assert 'href="/items/hpwj"' in text
    assert 'href="/items/jsjl"' not in text
    assert "没有符合条件的服务事项" in client.get("/items?q=没有这个").text
    assert 'href="/items/jsjl"' in client.get("/items?q=").text


def test_results_are_found_by_the_same_words(
    app: Flask, client: FlaskClient, advance: Callable[[timedelta], None]
) -> None:
    with app.app_context(), transaction():
        firms = [
            intermediaries.listed(("stbc",), name=name)
            for name in (
                "青河净源环境咨询有限公司",
                "青河碧水环境咨询有限公司",
                "青河青杉环境咨询有限公司",
            )
        ]
        need = selection.entered_need(entrants=firms, title="城北泵站水土保持方案编制")
        address = f"/results/{need.public_id}"
        named = [(each.organisation.id, each.firm.register_code, each.actor) for each in firms]
    advance(timedelta(days=2))
    with app.app_context(), transaction():
        selection.read_lottery()
    advance(timedelta(minutes=5))
    with app.app_context():
        award = db.session.scalars(select(Award).where(Award.status.in_(LIVE_AWARDS))).one()
        name = db.session.get_one(Organisation, award.organisation_id).name
    winner = name[2:4]
    letters = {"净源": "qhjy", "碧水": "qhbs", "青杉": "qhqs"}[winner]
    for words in ("城北", "cbbz", "chengbei", "城北 水土", "水土保持", winner, letters):
        assert address in client.get("/results", query_string={"q": words}).text, words
    for words in ("南城", "（）", "%", "_"):
        assert address not in client.get("/results", query_string={"q": words}).text, words
    # a firm that is on no list any more is still found by its name
    with app.app_context(), transaction():
        for organisation, code, actor in named:
            row = register.firm_of(organisation, code)
            assert row is not None
            intermediaries.left(row, actor)
    assert address in client.get("/results", query_string={"q": winner}).text


def test_a_server_keeps_its_shelves_up_to_the_present_without_being_asked(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = (app.config["SQLALCHEMY_DATABASE_URI"], Kind.FIRM)
    with app.app_context(), transaction():
        intermediaries.listed(name="青河净源环境咨询有限公司")
    warm(app)
    assert queries._shelves[key].everybody.bit_count() == 1
    monkeypatch.setattr("marketplace.finding.warming.EVERY_SECONDS", 0.05)
    over = keep_warm(app)
    try:
        with app.app_context(), transaction():
            intermediaries.listed(name="青河碧水环境咨询有限公司")
            epoch.raise_public()
        with app.app_context():
            version = epoch.read().public
            db.session.remove()
        for _patience in range(200):
            if queries._shelves[key].version >= version:
                break
            over.wait(0.05)
        assert queries._shelves[key].everybody.bit_count() == 2
    finally:
        over.set()
