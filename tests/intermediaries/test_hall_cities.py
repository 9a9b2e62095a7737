"""The cities' halls run as data: each seats one firm it should and refuses one, saying why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import Organisation
from marketplace.accounts.permissions import Role
from marketplace.foundation import clock, policy
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Invalid
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries.hall import actions, queries
from marketplace.intermediaries.hall.models import ApplicationStatus, HallCall
from marketplace.intermediaries.hall.rules import HallPolicy
from marketplace.intermediaries.models import Firm
from marketplace.intermediaries.queries import admission_policy
from tests.factories import accounts as people
from tests.factories import hall as halls
from tests.factories import intermediaries, ratings, sanctions
from tests.places import SHOUGUANG, ZOUCHENG, open_marketplace

Advance = Callable[[timedelta], None]
DEZHOU, WENDENG = "371400", "371003"


def _opened(app: Flask, city: str, tmp_path: Path, patch: pytest.MonkeyPatch) -> None:
    open_marketplace(app, city, tmp_path, patch)


def _hall(city: str) -> tuple[str, int, str]:
    """Whose edition is in force, how many windows, in which mode firms are admitted."""
    day = clock.local_day(clock.now())
    edition = policy.in_force(HallPolicy, accounts.lineage(city), day)
    return edition.jurisdiction, edition.values.windows, admission_policy(city, day).values.mode


def _seated(app: Flask, call_id: int) -> int:
    with app.app_context(), transaction():
        call = db.session.get_one(HallCall, call_id)
        operator = people.officer(Role.BUREAU_OPERATOR).actor
        seat = actions.fill_window(halls.window(), call, operator, clock.now())
        assert halls.sitting() == {seat.firm_id: 1}
        return seat.firm_id


def test_wendeng_fills_its_forty_windows_by_public_call_and_judges(
    app: Flask, advance: Advance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _opened(app, WENDENG, tmp_path, monkeypatch)
    with app.app_context(), transaction():
        assert _hall(WENDENG) == (WENDENG, 40, "tendered")
        with pytest.raises(Invalid, match="1 至 40"):
            halls.published(seats=41)
        call = halls.published()
        better, worse = (intermediaries.listed(("hpwj",)) for _each in range(2))
        judges = halls.bench(call)
        for firm in (worse, better):
            halls.applied(call, firm)
        keys = {"call": call.id, "better": better.firm.id, "worse": worse.firm.id}
    advance(timedelta(days=8, hours=8))
    with app.app_context(), transaction():
        call = db.session.get_one(HallCall, keys["call"])
        for bench in judges:
            for each in queries.to_mark(call):
                mark = "50" if each.firm_id == keys["better"] else "20"
                halls.marked(bench, each, mark, "30")
        refused = queries.application_of(call, keys["worse"])
        assert refused is not None
        assert refused.status is ApplicationStatus.NOT_CHOSEN
        assert refused.reason == "平均分低于 60 分"
    advance(timedelta(days=8))
    assert _seated(app, keys["call"]) == keys["better"]


def test_shouguang_has_forty_two_windows_and_none_for_a_firm_with_a_red_card(
    app: Flask, advance: Advance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _opened(app, SHOUGUANG, tmp_path, monkeypatch)
    with app.app_context(), transaction():
        assert _hall(SHOUGUANG) == (SHOUGUANG, 42, "review")
        call = halls.published()
        firm, barred = (intermediaries.listed(("hpwj",)) for _each in range(2))
        halls.applied(call, firm)
        _red(barred.organisation, SHOUGUANG)
        with pytest.raises(Conflict, match="红牌暂停承接") as refusal:
            halls.applied(call, barred)
        assert refusal.value.rule == "hall.barred"
        keys = call.id, firm.firm.id
    advance(timedelta(days=17))
    assert _seated(app, keys[0]) == keys[1]


def _red(organisation: Organisation, city: str) -> None:
    """Cards until one is red."""
    for _each in range(3):
        if sanctions.card(organisation, city).colour.value == "red":
            return
    raise AssertionError("no red card")


def test_zoucheng_seats_the_higher_grade_and_keeps_the_lower_in_reserve(
    app: Flask, advance: Advance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _opened(app, ZOUCHENG, tmp_path, monkeypatch)
    with app.app_context(), transaction():
        assert _hall(ZOUCHENG) == (ZOUCHENG, 13, "review")
        lower, higher = (intermediaries.listed(("hpwj",)) for _each in range(2))
        for firm, result in ((lower, 66), (higher, 82)):
            firm.organisation.jurisdiction_code = ZOUCHENG
            ratings.inspected(firm.organisation, result)
        keys = {"lower": lower.firm.id, "higher": higher.firm.id}
    advance(timedelta(days=2))
    with app.app_context(), transaction():
        with pytest.raises(Invalid, match="不设评分项"):
            halls.published(until=date(2026, 3, 12), criteria=halls.CRITERIA)
        call = halls.published(until=date(2026, 3, 12))
        for key in ("lower", "higher"):
            firm = db.session.get_one(Firm, keys[key])
            actions.apply_to_call(
                call, firm, {}, people.officer(Role.BUREAU_OPERATOR).actor, clock.now()
            )
        keys["call"] = call.id
    advance(timedelta(days=14))
    with app.app_context():
        call = db.session.get_one(HallCall, keys["call"])
        first, second = queries.applications(call)
        assert (first.firm_id, str(first.grade)) == (keys["higher"], "B")
        assert (second.firm_id, str(second.grade)) == (keys["lower"], "C")
        assert second.status is ApplicationStatus.RESERVE
    advance(timedelta(days=2))
    assert _seated(app, keys["call"]) == keys["higher"]


def test_dezhou_seats_in_its_hall_only_who_is_on_its_open_register(
    app: Flask, advance: Advance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _opened(app, DEZHOU, tmp_path, monkeypatch)
    with app.app_context(), transaction():
        assert _hall(DEZHOU) == (DEZHOU, 50, "open")
        call = halls.published()
        firm = intermediaries.submitted(("hpwj",))
        halls.applied(call, firm)
        outside = intermediaries.drafted(("hpwj",))
        with pytest.raises(Conflict, match="不在册") as refusal:
            halls.applied(call, outside)
        assert refusal.value.rule == "hall.listed"
        keys = call.id, firm.firm.id
    advance(timedelta(days=17))
    assert _seated(app, keys[0]) == keys[1]


def test_a_place_without_a_hall_calls_for_no_windows(app: Flask) -> None:
    with app.app_context():
        assert _hall("379800") == ("000000", 0, "open")
        with pytest.raises(Conflict, match="没有设大厅窗口"), transaction():
            actions.draft_call(
                "379800",
                title="大厅窗口公开征集",
                seats=1,
                item_codes=[],
                term_months=12,
                apply_until=halls.UNTIL,
                criteria=(),
                actor=people.officer(Role.BUREAU_OPERATOR, city="379800").actor,
                now=clock.now(),
            )
