"""Replaying the grades of any firm, item, place and day, stored against replayed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from marketplace.accounts.permissions import Role
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.ratings import actions as rating_actions
from tests.factories import accounts, ratings
from tests.tampering import alter

SignIn = Callable[..., FlaskClient]
Advance = Callable[[timedelta], None]
DAY = timedelta(days=1)
PAGE = "/supervision/replay"


def test_stored_and_replayed_stand_side_by_side(
    app: Flask, sign_in_as: SignIn, advance: Advance
) -> None:
    with app.app_context(), transaction():
        good, forged = accounts.firm().organisation, accounts.firm().organisation
        ratings.inspected(good, 83)
        kept = ratings.inspected(forged, 70)
        names, codes = (good.name, forged.name), (good.credit_code, forged.credit_code)
        auditor, operator = (
            accounts.officer(role) for role in (Role.AUDITOR, Role.BUREAU_OPERATOR)
        )
        doer = operator.actor
        assert kept.id
    advance(3 * DAY)
    with app.app_context():
        early = clock.today() - DAY
        with transaction():
            entry = db.session.scalar(text("SELECT MAX(id) FROM rating_ledger"))
            # a mistake, reversed from the day it took effect: past records stay as they were
            rating_actions.reverse_entry(
                entry, db.session.get_one(type(kept), 1), doer, clock.now(), early
            )
    advance(2 * DAY)
    desk = sign_in_as(auditor.user)
    assert sign_in_as(operator.user).get(PAGE).status_code == 403
    assert "复算均一致" not in desk.get(PAGE).text
    for day in (early, early + DAY, early + 3 * DAY):
        shown = desk.get(f"{PAGE}?day={day}").text
        assert "复算均一致" in shown, day
        assert all(name in shown for name in names)
    one = desk.get(f"{PAGE}?firm={codes[0]}").text
    assert names[0] in one
    assert names[1] not in one
    assert "B 级 83.00" in one
    assert "没有符合条件的机构" in desk.get(f"{PAGE}?item=nothing").text
    assert desk.get(f"{PAGE}?day=2999-01-01").status_code == 422
    assert desk.get(f"{PAGE}?place=110000").status_code == 422
    with app.app_context(), transaction():
        db.session.execute(
            text(
                "UPDATE rating_subjects SET hundredths = 9999 WHERE organisation_id = "
                "(SELECT id FROM organisations WHERE credit_code = :code)"
            ),
            {"code": codes[0]},
        )
    after = desk.get(f"{PAGE}?day={early + DAY}").text
    assert "1 家不一致" in after
    assert "99.99" in after
    assert "现行等级与最近一次评定不符" in after
    newest = "(SELECT MAX(id) FROM grade_records)"
    alter(app, "grade_records", f"UPDATE grade_records SET grade = 'Z' WHERE id = {newest}")
    unreadable = desk.get(f"{PAGE}?firm=&day=")
    assert unreadable.status_code == 200
    assert "无法复算" in unreadable.text
