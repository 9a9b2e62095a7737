"""The demo year: built once through the actions, it holds everything and everything adds up."""

from __future__ import annotations

import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select
from sqlalchemy.engine import Engine

import config
from marketplace.accounts import credit_code
from marketplace.accounts.access import cookie_name
from marketplace.accounts.models import Organisation, OrganisationKind
from marketplace.app import create_app
from marketplace.commands import setting_up
from marketplace.contracts.models import Contract, ContractStatus
from marketplace.demo import showing
from marketplace.demo.neighbours import MORE_FIRMS, MORE_OWNERS, SECOND_CITY
from marketplace.demo.people import CITY, COUNTY, FIRMS, OWNERS
from marketplace.foundation import clock, tasks
from marketplace.foundation.db import db
from marketplace.intermediaries.models import Firm, FirmStatus, Offering
from marketplace.notices.models import Objection, ObjectionStatus
from marketplace.orders.models import Order, OrderStatus
from marketplace.projects.models import Need, NeedStatus
from marketplace.ratings.models import Capacity, RatingSubject
from marketplace.ratings.rules.entries import Grade
from marketplace.sanctions.models import (
    Blacklisting,
    BlacklistingStatus,
    Card,
    CardStatus,
    Case,
    CaseStatus,
)
from marketplace.supervision.trials.models import RatingTrial, TrialChange, TrialStatus
from tests.pages import faults

# the build is some two minutes of work; on a busy machine that takes longer
pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]
# what it costs, in a figure that does not depend on who else uses the machine
STATEMENTS = 252_000


@pytest.fixture(scope="module")
def year() -> Any:
    """A site in demo mode, filled with the year, and the statements it took."""
    with tempfile.TemporaryDirectory(prefix="marketplace-year-") as folder:
        settings = config.from_environment(
            {"MARKETPLACE_MODE": "demo", "MARKETPLACE_DATA_DIR": folder}
        )
        app = create_app(settings, TESTING=True, WTF_CSRF_ENABLED=False)
        asked: list[None] = []

        def count(*_statement: Any) -> None:
            asked.append(None)

        with app.app_context():
            setting_up.migrate_database()
            event.listen(Engine, "before_cursor_execute", count)
            setting_up.fill_with_demo()
            event.remove(Engine, "before_cursor_execute", count)
        yield app, len(asked)
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def site(year: Any) -> Flask:
    """The filled site; the tests only look."""
    app: Flask = year[0]
    return app


def _by_status(model: Any) -> Counter[Any]:
    rows = db.session.execute(select(model.status, func.count()).group_by(model.status)).all()
    return Counter(dict(rows))


def test_it_holds_what_a_year_holds(site: Flask) -> None:
    with site.app_context():
        for model, statuses in (
            (Need, NeedStatus),
            (Contract, ContractStatus),
            (Card, CardStatus),
            (Case, CaseStatus),
            (Firm, FirmStatus),
            (Objection, ObjectionStatus),
        ):
            missing = set(statuses) - set(_by_status(model))
            assert not missing, f"{model.__name__}: {sorted(missing)}"
        orders = _by_status(Order)
        assert {OrderStatus.ASKING, OrderStatus.QUOTED, OrderStatus.CONCLUDED} <= set(orders)
        assert _by_status(Blacklisting) == {
            BlacklistingStatus.ENDED: 1,
            BlacklistingStatus.IN_FORCE: 1,
        }
        # rules tried on the ledger, with firms that would change their grade, wait for the approver
        assert _by_status(RatingTrial) == {TrialStatus.PROPOSED: 1}
        assert db.session.scalar(select(func.count(TrialChange.id)))
        needs = _by_status(Need)
        assert 140 <= sum(needs.values()) <= 190
        assert needs[NeedStatus.COMPLETED] >= 60
        assert needs[NeedStatus.FAILED] <= sum(needs.values()) // 6
        areas = set(db.session.scalars(select(Need.jurisdiction_code).distinct()))
        assert {CITY, COUNTY, SECOND_CITY} <= areas
        published = db.session.scalars(select(Need.published_at)).all()
        months = {f"{each:%Y-%m}" for each in published if each is not None}
        assert len(months) >= 11
        items = db.session.scalar(
            select(func.count(func.distinct(Offering.item_code))).where(Offering.ended_at.is_(None))
        )
        assert items is not None
        assert items >= 25


def test_every_grade_is_there(site: Flask) -> None:
    with site.app_context():
        rows = db.session.execute(
            select(RatingSubject.grade, func.count())
            .where(RatingSubject.capacity == Capacity.INTERMEDIARY)
            .group_by(RatingSubject.grade)
        ).all()
        assert {grade for grade, _count in rows} == set(Grade)
        cities = set(
            db.session.scalars(select(RatingSubject.register).where(RatingSubject.grade == Grade.A))
        )
        assert cities == {CITY, SECOND_CITY}


def test_a_firm_on_both_registers_has_a_grade_of_its_own_on_each(site: Flask) -> None:
    with site.app_context():
        files = select(Firm.organisation_id).where(Firm.status == FirmStatus.LISTED)
        both = db.session.scalars(
            files.group_by(Firm.organisation_id).having(func.count() == 2)
        ).one()
        grades = {
            row.register: row.grade
            for row in db.session.scalars(
                select(RatingSubject).where(
                    RatingSubject.organisation_id == both,
                    RatingSubject.capacity == Capacity.INTERMEDIARY,
                )
            )
        }
    assert set(grades) == {CITY, SECOND_CITY}
    assert len(set(grades.values())) == 2, grades
    assert Grade.UNGRADED not in grades.values(), grades


def test_names_are_the_demos_and_codes_are_valid(site: Flask) -> None:
    assert len(FIRMS) + len(MORE_FIRMS) >= 60
    assert len(OWNERS) + len(MORE_OWNERS) == 25
    with site.app_context():
        for organisation in db.session.scalars(select(Organisation)):
            assert organisation.is_demo, organisation.name
            if organisation.kind is not OrganisationKind.NATURAL_PERSON:
                assert credit_code.checked(organisation.credit_code or "")


def test_time_stands_in_the_present_and_nothing_failed(site: Flask, year: Any) -> None:
    with site.app_context():
        assert clock.offset() == timedelta(), "however long the last jobs took"
        assert tasks.failures(clock.now()) == []
        waiting = db.session.scalars(
            select(Need.entry_deadline).where(Need.status == NeedStatus.PUBLISHED)
        ).all()
        assert all(each is not None and each > clock.now() for each in waiting)
    assert year[1] <= STATEMENTS


def test_the_ledgers_verify_and_the_ratings_replay(site: Flask) -> None:
    runner = site.test_cli_runner()
    commands = ["ledger verify", "ratings replay --all", "policy check", "invariants"]
    for command in map(str.split, commands):
        result = runner.invoke(args=command)
        assert result.exit_code == 0, result.output


def test_whoever_is_offered_gets_in_with_one_click_and_has_something_to_see(site: Flask) -> None:
    page = site.test_client().get("/sign-in").get_data(as_text=True)
    assert not faults(page)
    logins = [part.login for group in showing.GROUPS for part in group.parts]
    for login in logins:
        assert f'value="{login}"' in page, login
        browser = site.test_client()
        answer = browser.post("/demo/sign-in", data={"login": login})
        assert answer.status_code == 303, login
        home = browser.get(answer.headers["Location"], follow_redirects=True)
        assert home.status_code == 200, login
        assert not faults(home.get_data(as_text=True)), login
    stranger = site.test_client()
    for wrong in ("", "taihe", "nobody", "shenpi2"):
        answer = stranger.post("/demo/sign-in", data={"login": wrong})
        assert answer.status_code == 404, wrong
        with site.app_context():
            assert stranger.get_cookie(cookie_name()) is None


def test_outside_the_demo_there_is_no_such_door(tmp_path: Path) -> None:
    for mode in ("production", "test"):
        settings = config.from_environment(
            {
                "MARKETPLACE_MODE": mode,
                "MARKETPLACE_DATA_DIR": str(tmp_path / mode),
            }
        )
        assert "demo.sign_in" not in create_app(settings).view_functions
