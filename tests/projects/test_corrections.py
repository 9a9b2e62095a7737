"""Corrections of quantities, of the least grade and of a package's shares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.fees.models import PriceCheck
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Invalid, Refused
from marketplace.foundation.transactions import transaction
from marketplace.projects import correcting
from marketplace.projects.correcting import Correction
from marketplace.projects.models import Need, NeedCorrection
from marketplace.projects.packages.actions import PartContent
from marketplace.selection import queries as selections
from tests.factories import accounts, intermediaries, selection

SignIn = Callable[..., FlaskClient]
WORKS = {
    "construction": "500",
    "unit": "万元",
    "specialty": "building_municipal",
    "complexity": "II",
}
LARGER = {**WORKS, "construction": "1000"}


def supervised(owner: accounts.Party, **changes: Any) -> Need:
    """A published need whose fee the list binds: 165,000 yuan for a works of 5 million."""
    return selection.open_need(
        owner, item_code="jsjl", budget=Decimal("160000"), fee_inputs=WORKS, **changes
    )


def as_it_is(need: Need, **changes: Any) -> Correction:
    return replace(Correction(need.scope, need.place, need.budget, need.days_wanted), **changes)


def corrected(need: Need, owner: accounts.Party, **changes: Any) -> NeedCorrection:
    row = correcting.propose_correction(
        need, as_it_is(need, **changes), "工程规模核定后调整", owner.actor, clock.now()
    )
    correcting.publish_correction(row, owner.approving_actor, clock.now())
    return row


def test_a_larger_budget_alone_stays_above_the_ceiling(app: Flask) -> None:
    with app.app_context(), transaction():
        owner = accounts.owner()
        need = supervised(owner)
        with pytest.raises(Invalid) as refusal:
            corrected(need, owner, budget=Decimal("260000"))
        assert refusal.value.rule == "fees.above_ceiling"
        db.session.rollback()
        assert db.session.scalars(select(NeedCorrection)).all() == []


def test_quantities_and_least_grade_are_shown_beside_the_old_and_asked_again(app: Flask) -> None:
    with app.app_context(), transaction():
        owner = accounts.owner()
        firm = intermediaries.listed(("jsjl",))
        need = supervised(owner)
        entry = selection.enter(need, firm, Decimal("140000"))
        before = need.entry_deadline
        row = corrected(need, owner, minimum_grade="A", fee_inputs=LARGER, budget=Decimal("260000"))
        assert [(one["before"], one["after"]) for one in row.changes] == [
            ("160,000.00", "260,000.00"),
            ("不另设", "A"),
            ("500", "1000"),
        ]
        assert (need.minimum_grade, need.fee_inputs) == ("A", LARGER)
        assert need.entry_deadline is not None
        assert before is not None
        assert need.entry_deadline >= before
        check = db.session.get_one(PriceCheck, need.price_check_id or 0)
        assert (check.price, check.inputs["construction"]) == (Decimal("260000"), "1000")
        # what stands must be confirmed, and the confirmation is asked with the new grade
        assert [one.id for one in selections.entries_to_confirm()] == [entry.id]
        with pytest.raises(Refused) as refusal:
            selection.enter(need, firm, Decimal("230000"))
        assert refusal.value.rule == "eligible.grade"


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"fee_inputs": {**WORKS, "complexity": "I"}, "budget": Decimal(190000)}, "fees.above"),
        ({"fee_inputs": {"unit": "万元"}}, "fees.needs_input"),
        ({"minimum_grade": "D"}, "minimum_grade"),
        ({"fee_inputs": WORKS, "minimum_grade": ""}, "correction.none"),
        ({"parts": [PartContent("stbc", Decimal(1000), {})]}, "correction.items"),
    ],
)
def test_what_a_correction_may_not_say_is_refused(
    app: Flask, changes: dict[str, Any], rule: str
) -> None:
    with app.app_context(), transaction():
        owner = accounts.owner()
        need = supervised(owner)
        with pytest.raises((Invalid, Conflict)) as refusal:
            corrected(need, owner, **changes)
        assert (refusal.value.rule or "").startswith(rule)
        db.session.rollback()


def test_a_package_is_corrected_share_by_share_on_the_page(app: Flask, sign_in_as: SignIn) -> None:
    with app.app_context(), transaction():
        owner = accounts.owner()
        need = selection.open_need(
            owner,
            budget=Decimal("200000"),
            parts=[PartContent("jsjl", Decimal("160000"), WORKS)],
        )
        at, public = f"/owner/needs/{need.public_id}", f"/needs/{need.public_id}"
        values = {"scope": need.scope, "place": need.place, "days_wanted": "10"}
    editor = sign_in_as(owner.user)
    form = editor.get(f"{at}/corrections/new").text
    assert 'value="160000"' in form
    answers = {
        **values,
        "budget": "300000",
        "deviation_reason": "参照上年同类项目的成交价",
        "minimum_grade": "B",
        "part_jsjl-budget": "250000",
        **{f"part_jsjl-fee-{key}": value for key, value in WORKS.items()},
        "reason": "工程规模核定后调整",
    }
    above = editor.post(f"{at}/corrections/new", data=answers)
    assert above.status_code == 422
    assert 'id="part_jsjl-budget-error"' in above.text
    sent = editor.post(
        f"{at}/corrections/new", data={**answers, "part_jsjl-fee-construction": "1000"}
    )
    assert sent.status_code == 303, sent.text
    with app.app_context():
        row = db.session.scalars(select(NeedCorrection)).one().public_id
    assert editor.post(f"/owner/corrections/{row}/publish").status_code == 303
    with app.app_context():
        need = db.session.scalars(select(Need)).one()
        assert need.item_budgets == [Decimal("50000"), Decimal("250000")]
        assert need.minimum_grade == "B"
    page = editor.get(public).text
    for told in (
        "建设工程监理：预算金额（元）",
        "160,000.00",
        "250,000.00",
        "建设工程监理：建筑安装工程费",
    ):
        assert told in page
