"""What is found follows what is so: the same second, by whoever it was changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from marketplace.finding import indexing
from marketplace.finding.models import SearchEntry, SearchPending
from marketplace.foundation import clock, epoch
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries.models import Firm, Offering
from marketplace.ratings.models import Capacity, RatingSubject
from marketplace.ratings.rules.entries import Grade
from tests.factories import accounts, intermediaries, projects

NAME = "青河净源环境咨询有限公司"


def is_found(client: FlaskClient, query: str) -> bool:
    return NAME in client.get(f"/firms?{query}").get_data(as_text=True)


def listed(app: Flask) -> tuple[int, int]:
    """A firm with one offer: keys of organisation and registration."""
    with app.app_context(), transaction():
        firm = intermediaries.listed(name=NAME).firm
        return firm.organisation_id, firm.id


def do(app: Flask, statement: str, **values: object) -> None:
    """A statement past every model, in a transaction that says it changed what is listed."""
    with app.app_context(), transaction():
        db.session.execute(text(statement), values)
        epoch.raise_public()


def test_a_search_follows_names_grades_pauses_and_offers(app: Flask, client: FlaskClient) -> None:
    organisation, firm = listed(app)
    assert is_found(client, "q=净源&item=hpwj&open=1&days=10&price=10")
    with app.app_context(), transaction():
        db.session.get_one(Firm, firm).paused = True
    assert not is_found(client, "open=1")
    assert is_found(client, "q=净源")
    with app.app_context(), transaction():
        db.session.get_one(Firm, firm).paused = False
        subject = RatingSubject(
            organisation_id=organisation,
            register=accounts.CITY,
            capacity=Capacity.INTERMEDIARY,
            grade=Grade.A,
        )
        db.session.add(subject)
    assert is_found(client, "open=1&grade=A")
    do(app, "UPDATE rating_subjects SET grade = 'D' WHERE organisation_id = :o", o=organisation)
    assert not is_found(client, "q=净源")
    do(app, "UPDATE rating_subjects SET grade = 'B' WHERE organisation_id = :o", o=organisation)
    assert is_found(client, "grade=B")
    do(app, "UPDATE organisations SET name = '东城碧水有限公司' WHERE id = :o", o=organisation)
    assert "东城碧水" in client.get("/firms?q=bishui").get_data(as_text=True)
    assert "东城碧水" not in client.get("/firms?q=净源").get_data(as_text=True)
    do(app, "UPDATE organisations SET name = :n WHERE id = :o", n=NAME, o=organisation)
    with app.app_context(), transaction():
        offer = db.session.scalars(select(Offering).where(Offering.firm_id == firm)).one()
        offer.ended_at = clock.now()
    assert not is_found(client, "item=hpwj")
    assert is_found(client, "")
    do(app, "DELETE FROM rating_subjects")
    assert is_found(client, "grade=ungraded")
    do(app, "UPDATE firms SET status = 'questioned' WHERE id = :f", f=firm)
    assert not is_found(client, "")
    with app.app_context():
        assert list(indexing.differences()) == []
        assert db.session.scalars(select(SearchPending.id)).all() == []


def test_an_offer_takes_orders_until_midnight_of_its_certificates_last_day(
    app: Flask, client: FlaskClient, advance: Callable[[timedelta], None]
) -> None:
    with app.app_context(), transaction():
        firm = intermediaries.listed(("jsjl",), name=NAME).firm.id
        last = clock.today() + timedelta(days=3)
    do(app, "UPDATE qualifications SET valid_until = :d WHERE firm_id = :f", d=last, f=firm)
    assert is_found(client, "open=1&item=jsjl")
    advance(timedelta(days=3))
    assert is_found(client, "open=1&item=jsjl")
    advance(timedelta(hours=15, minutes=1))
    assert not is_found(client, "open=1&item=jsjl")
    assert is_found(client, "item=jsjl")


def _list_and_fail() -> None:
    with transaction():
        intermediaries.listed(name="东城碧水有限公司")
        raise ZeroDivisionError


def test_what_is_rolled_back_is_never_found(app: Flask, client: FlaskClient) -> None:
    listed(app)
    with app.app_context():
        with pytest.raises(ZeroDivisionError):
            _list_and_fail()
        assert list(indexing.differences()) == []
    assert "东城碧水" not in client.get("/firms?q=碧水").get_data(as_text=True)


def test_only_what_is_public_stands_in_an_entry(app: Flask) -> None:
    with app.app_context(), transaction():
        need = projects.published(title="城北泵站方案编制")
        public, owner = need.id, need.owner.name
        draft = projects.draft(title="保密的草案").id
    with app.app_context():
        rows = db.session.scalars(select(SearchEntry).where(SearchEntry.kind == "need")).all()
        assert [row.object_id for row in rows] == [public]
        assert draft not in [row.object_id for row in rows]
        told = " ".join(f"{row.names} {row.code} {row.facts}" for row in rows)
        assert owner not in told


def test_the_commands_find_what_was_spoiled_and_mend_it(app: Flask, client: FlaskClient) -> None:
    _organisation, firm = listed(app)
    with app.app_context():
        db.session.execute(text("UPDATE search_entries SET names = 'x' WHERE kind = 'firm'"))
        db.session.execute(text("DELETE FROM search_entries WHERE kind = 'item'"))
        db.session.commit()
    runner = app.test_cli_runner()
    told = runner.invoke(args=["search", "verify"])
    assert told.exit_code == 1
    assert f"firms {firm}: found by what it is no more" in told.output
    assert "service_items" in told.output
    assert runner.invoke(args=["search", "rebuild"]).exit_code == 0
    assert runner.invoke(args=["search", "verify"]).output.endswith("search: 0 differences\n")
    assert is_found(client, "q=净源")
    assert 'href="/items/hpwj"' in client.get("/search?q=环评").get_data(as_text=True)
