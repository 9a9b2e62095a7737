"""Pages shared for a second: outdated by no decision, and never one visitor's own."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text, update

from marketplace.accounts.models import Jurisdiction, Organisation
from marketplace.accounts.permissions import Role
from marketplace.accounts.queries import lineage
from marketplace.foundation import clock, epoch, page_cache
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.sanctions.actions import cases
from marketplace.sanctions.models import Case
from tests.factories import accounts, intermediaries, ratings, sanctions

CODE = "青河净源环境咨询有限公司"


@pytest.fixture(autouse=True)
def _sharing(app: Flask) -> None:
    app.config["SHARE_PAGES_SECONDS"] = 60


def _listed_firm(app: Flask) -> tuple[int, str]:
    with app.app_context(), transaction():
        firm = intermediaries.listed(name=CODE)
        return firm.organisation.id, f"/firms/{firm.organisation.public_id}"


def _rename_behind_the_epoch(app: Flask, organisation_id: int, name: str) -> None:
    """Change a name past the models, so that the epoch does not notice: only a page made anew
    shows it."""
    with app.app_context(), transaction():
        db.session.execute(
            update(Organisation)
            .where(Organisation.id == organisation_id)
            .values(name=name)
            .execution_options(synchronize_session=False)
        )


def _text(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def _rename_and_fail(organisation_id: int) -> None:
    with transaction():
        db.session.get_one(Organisation, organisation_id).name = CODE
        db.session.flush()
        raise ValueError("undone")


def test_visitors_share_a_page_until_it_is_too_old(
    app: Flask, advance: Callable[[timedelta], None]
) -> None:
    organisation_id, address = _listed_firm(app)
    first = app.test_client().get(address)
    _rename_behind_the_epoch(app, organisation_id, "青河更名环境咨询有限公司")
    second = app.test_client().get(address)
    assert second.data == first.data
    assert second.headers["Content-Security-Policy"] == first.headers["Content-Security-Policy"]
    assert second.content_type == first.content_type
    advance(timedelta(seconds=61))
    assert "青河更名环境咨询有限公司" in _text(app.test_client(), address)


def test_a_barred_firm_is_gone_from_shared_pages_the_same_second(app: Flask) -> None:
    with app.app_context(), transaction():
        firm = intermediaries.listed(name=CODE)
        address = f"/firms/{firm.organisation.public_id}"
        case_id = sanctions.proposed_case(firm).id
    client = app.test_client()
    assert address in _text(client, "/firms")
    assert CODE in _text(client, address)
    with app.app_context(), transaction():
        cases.decide_case(
            db.session.get_one(Case, case_id),
            sanctions.REASON,
            accounts.officer(Role.BUREAU_APPROVER).actor,
            clock.now(),
        )
    assert address not in _text(client, "/firms")
    assert client.get(address).status_code == 404


def test_what_another_process_decides_counts_here_too(app: Flask) -> None:
    """Only the row in the database is common to processes."""
    organisation_id, address = _listed_firm(app)
    client = app.test_client()
    assert CODE in _text(client, address)
    _rename_behind_the_epoch(app, organisation_id, "青河更名环境咨询有限公司")
    assert CODE in _text(client, address)
    with app.app_context(), transaction():
        db.session.execute(text("UPDATE public_epoch SET value = value + 1"))
    assert "青河更名环境咨询有限公司" in _text(client, address)


def test_a_new_listing_a_grade_and_a_promise_end_what_was_shared(app: Flask) -> None:
    def number() -> int:
        with app.app_context():
            return epoch.read().public

    before = number()
    organisation_id, _address = _listed_firm(app)
    listed = number()
    assert listed > before
    with app.app_context(), transaction():
        organisation = db.session.get_one(Organisation, organisation_id)
        ratings.evaluated(organisation, 1)
    posted = number()
    with app.app_context(), transaction():
        db.session.get_one(Organisation, organisation_id).phone = "0539-1234567"
    assert number() == posted, "a telephone number is on no list"
    with app.app_context(), transaction():
        db.session.get_one(Organisation, organisation_id).name = "青河更名环境咨询有限公司"
    assert number() == posted + 1
    with app.app_context(), pytest.raises(ValueError, match="undone"):
        _rename_and_fail(organisation_id)
    assert number() == posted + 1


def test_languages_hosts_and_jurisdictions_do_not_share(app: Flask) -> None:
    organisation_id, _address = _listed_firm(app)
    client = app.test_client()
    chinese = _text(client, "/firms")
    _rename_behind_the_epoch(app, organisation_id, "青河更名环境咨询有限公司")
    assert _text(client, "/firms") == chinese
    english = app.test_client()
    english.set_cookie("lang", "en")
    assert 'lang="en"' in _text(english, "/firms")
    assert "青河更名环境咨询有限公司" in _text(english, "/firms")
    other = app.test_client().get("/firms", base_url="http://127.0.0.1")
    assert "青河更名环境咨询有限公司" in other.get_data(as_text=True)
    app.config["JURISDICTION"] = "379921"
    assert _text(client, "/firms") != chinese


def test_the_language_switch_sets_its_cookie_for_each_visitor(app: Flask) -> None:
    for _visitor in range(2):
        answer = app.test_client().get("/firms?lang=en")
        assert [each for each in answer.headers.getlist("Set-Cookie") if "lang=en" in each]
    assert app.test_client().get("/firms").headers.getlist("Set-Cookie") == []


def test_the_signed_in_are_never_served_from_the_cache_nor_put_into_it(
    app: Flask, sign_in_as: Callable[..., FlaskClient]
) -> None:
    organisation_id, address = _listed_firm(app)
    with app.app_context(), transaction():
        party = accounts.firm()
        user, organisation = party.user, party.organisation
        name = organisation.name
    member = sign_in_as(user, organisation)
    assert name in _text(member, address)
    assert name not in _text(app.test_client(), address)
    _rename_behind_the_epoch(app, organisation_id, "青河更名环境咨询有限公司")
    own = member.get(address)
    assert "青河更名环境咨询有限公司" in own.get_data(as_text=True)
    assert own.headers["Cache-Control"] == "no-store"
    assert CODE in _text(app.test_client(), address), "visitors still share theirs"


def test_no_token_and_no_cookie_passes_from_visitor_to_visitor(app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    tokens, cookies = set(), set()
    for _visitor in range(2):
        answer = app.test_client().get("/sign-in")
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', answer.get_data(as_text=True))
        assert found
        tokens.add(found.group(1))
        cookies.update(answer.headers.getlist("Set-Cookie"))
    assert len(tokens) == len(cookies) == 2


def test_a_visitor_with_a_form_cookie_gets_pages_of_his_own(app: Flask) -> None:
    organisation_id, address = _listed_firm(app)
    _text(app.test_client(), address)
    _rename_behind_the_epoch(app, organisation_id, "青河更名环境咨询有限公司")
    visitor = app.test_client()
    visitor.set_cookie("form", "anything")
    assert "青河更名环境咨询有限公司" in _text(visitor, address)


def test_the_least_used_pages_make_room() -> None:
    pages = page_cache.Pages(most_bytes=100)
    now, age = clock.datetime(2026, 3, 2, tzinfo=clock.SHANGHAI), timedelta(seconds=1)
    for name in ("a", "b"):
        pages.keep((name,), page_cache._Kept(b"x" * 40, "text/html", now))
    assert pages.find(("a",), now, age)
    pages.keep(("c",), page_cache._Kept(b"x" * 40, "text/html", now))
    assert pages.find(("b",), now, age) is None
    assert pages.find(("a",), now, age)
    assert pages.find(("a",), now + age, age) is None
    assert pages.find(("c",), now - age, age) is None, "demo time was moved back"


def test_what_was_read_of_editions_is_remembered_until_one_changes(app: Flask) -> None:
    with app.app_context():
        before = lineage(accounts.CITY)
        with transaction():
            db.session.execute(
                text("UPDATE jurisdictions SET parent_code = '000000' WHERE code = :code"),
                {"code": accounts.CITY},
            )
        assert lineage(accounts.CITY) == before
        with transaction():
            node = db.session.get_one(Jurisdiction, accounts.CITY)
            node.name = "青河"
            assert db.session.dirty
            db.session.flush()
            # the transaction that writes sees what it wrote
            assert lineage(accounts.CITY) == (accounts.CITY, "000000")
        assert lineage(accounts.CITY) == (accounts.CITY, "000000")
