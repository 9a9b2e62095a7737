"""Checks on both engines: what is stored, what stops, what an old check keeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError
from wtforms import FormField

from marketplace.fees import access, actions, queries
from marketplace.fees.checking import attempt_commitment, require_price
from marketplace.fees.forms import inputs_form
from marketplace.fees.models import FeeStandardEdition, PriceCheck
from marketplace.fees.rules.judging import Verdict
from marketplace.fees.rules.reading.sections import EditionError
from marketplace.foundation import audit, clock
from marketplace.foundation.actor import CLOCK, Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Invalid, Missing
from marketplace.foundation.forms import Form
from marketplace.foundation.transactions import transaction
from marketplace.foundation.web import take_later
from marketplace.projects.models import SelectionMethod
from tests.factories import intermediaries, selection
from tests.factories.fees import (
    AGENCY_INPUTS,
    CITY,
    SUPERVISION_INPUTS,
    price_check,
    price_question,
)

STANDARDS = Path(__file__).parents[2] / "marketplace" / "editions" / "standards"
DAY = date(2026, 3, 2)


def test_a_check_keeps_its_editions_and_steps(app: Flask) -> None:
    with app.app_context(), transaction():
        check = price_check()
        assert check.verdict is Verdict.WITHIN
        assert (check.low, check.high) == (Decimal(240_800), Decimal(361_200))
        assert (check.floor, check.ceiling) == (Decimal(240_800), Decimal(361_200))
        assert check.standard_binds
        assert check.standard_edition is not None
        assert check.standard_edition.document == "发改价格[2007]670号"
        assert check.policy_edition is not None
        assert check.policy_edition.jurisdiction == CITY
        assert check.steps[1]["values"]["x0"] == "500万元"
        assert check.inputs["construction"] == "1000"
        assert queries.check(check.public_id) is check


def test_the_city_binds_supervision_and_frees_agency(app: Flask) -> None:
    with app.app_context(), transaction():
        over = price_check(price=Decimal("361200.02"))
        assert over.stops
        assert "361,200.00" in over.message
        assert "0.02" in over.message
        assert "发改价格[2007]670号" in over.message
        agency = price_check(item_code="zbdl", price=Decimal(300_000), inputs=AGENCY_INPUTS)
        assert agency.verdict is Verdict.ABOVE_CEILING
        assert not agency.stops
        assert agency.asks_reason
        assert agency.freed_by == "发改价格〔2015〕299号"
        assert "仅供参考" in agency.message
        elsewhere = price_check(jurisdiction_code="370000", price=Decimal(400_000))
        assert not elsewhere.stops
        county = price_check(jurisdiction_code="379921", price=Decimal(400_000))
        assert county.stops


def test_require_price_refuses_with_number_and_rule(app: Flask) -> None:
    with app.app_context():
        with pytest.raises(Invalid) as refused, transaction():
            require_price(
                price_question(price=Decimal("240799.10")), CLOCK, clock.now(), field="budget"
            )
        assert refused.value.field == "budget"
        assert refused.value.rule == "fees.below_floor"
        assert "240,800.00" in refused.value.message
        assert db.session.scalar(select(func.count()).select_from(PriceCheck)) == 0
        (note,) = audit.take_notes()
        assert (note[0], note[3]["verdict"]) == ("price.refused", "below_floor")
        (keep,) = take_later()
        with transaction():
            keep(clock.now())
        # of a quote the ledger says nothing that could be read or guessed before it is closed
        facts = note[3]
        assert not {"price", "limit"} & set(facts)
        assert not any("240" in str(value) for key, value in facts.items() if key != "commitment")
        kept = db.session.scalars(select(PriceCheck)).one()
        assert facts["commitment"] == attempt_commitment(kept.public_id, kept)
        db.session.rollback()
        budget = price_question(stage="budget", price=Decimal(240_799))
        with pytest.raises(Invalid), transaction():
            require_price(budget, CLOCK, clock.now())
        (note,) = audit.take_notes()
        assert (note[3]["price"], note[3]["limit"]) == (Decimal(240_799), "240800.00")
        take_later()
        with transaction():
            checked = require_price(price_question(), CLOCK, clock.now())
            assert checked.verdict is Verdict.WITHIN


def test_commitment_and_budget_bind_where_the_standard_informs(app: Flask) -> None:
    with app.app_context(), transaction():
        question = {"item_code": "zbdl", "inputs": AGENCY_INPUTS, "price": Decimal(200_000)}
        assert not price_check(**question).stops
        promised = price_check(**question, commitment_discount=Decimal("0.2"))
        assert promised.stops
        assert "180,400.00" in promised.message
        assert price_check(**question, budget=Decimal(199_999)).stops
        higher = {**question, "price": Decimal(270_000)}
        assert not price_check(**higher, commitment_discount=Decimal(0)).stops
        assert price_check(**higher, commitment_discount=Decimal("0.01")).stops


def test_an_offering_by_discount(app: Flask) -> None:
    with app.app_context(), transaction():
        question = {"stage": "offering", "price": None, "inputs": {}}
        assert not price_check(**question, commitment_discount=Decimal("0.1")).stops
        deep = price_check(**question, commitment_discount=Decimal("0.5"))
        assert deep.verdict is Verdict.BELOW_FLOOR
        assert deep.stops
        assert "50%" in deep.message
        assert deep.floor is None
        free = price_check(**question, item_code="aqpj", commitment_discount=Decimal("0.5"))
        assert free.verdict is Verdict.NO_STANDARD
        assert not free.stops


def test_missing_inputs_stop_a_need_and_name_what_is_missing(app: Flask) -> None:
    with app.app_context(), transaction():
        check = price_check(stage="budget", inputs={"construction": "1000"})
        assert check.verdict is Verdict.NEEDS_INPUT
        assert check.stops
        assert check.missing == [["specialty", "专业调整系数"], ["complexity", "工程复杂程度"]]
        assert "专业调整系数" in check.message


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"inputs": {"construction": "1e9"}}, "construction"),
        ({"inputs": {"construction": "-5"}}, "construction"),
        ({"inputs": {"construction": "１０００"}}, "construction"),
        ({"inputs": {"construction": "1", "unit": "斤"}}, "unit"),
        ({"inputs": {"construction": "1", "variant": "practice_below_500"}}, "variant"),
        (
            {"inputs": {"construction": "1000", "specialty": "x", "complexity": "II"}},
            "specialty",
        ),
        ({"price": Decimal("1.005")}, "price"),
        ({"price": Decimal(-1)}, "price"),
        ({"price": None}, "price"),
        ({"commitment_discount": Decimal(1)}, "discount"),
    ],
)
def test_bad_input_names_its_field(app: Flask, changes: dict, field: str) -> None:
    with app.app_context():
        with pytest.raises(Invalid) as refused, transaction():
            price_check(**changes)
        assert refused.value.field == field
        assert db.session.scalar(select(func.count()).select_from(PriceCheck)) == 0


def test_checks_and_their_figures_cannot_be_changed(app: Flask) -> None:
    with app.app_context():
        with transaction():
            price_check()
        with pytest.raises(DBAPIError, match="append-only"), transaction():
            db.session.execute(update(PriceCheck).values(item_code="x"))


def test_a_standard_once_published_is_never_edited(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        with transaction():
            assert actions.load_standards(STANDARDS, CLOCK, clock.now()) == []
        for path in STANDARDS.glob("*.toml"):
            (tmp_path / path.name).write_text(
                path.read_text("utf-8").replace("通行做法为", "通行的做法为"), "utf-8"
            )
        with pytest.raises(EditionError, match="另发新版"), transaction():
            actions.load_standards(tmp_path, CLOCK, clock.now())


def test_a_later_standard_leaves_old_days_and_checks_alone(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        with transaction():
            before = price_check(item_code="zbdl", inputs=AGENCY_INPUTS)
            number, steps = before.id, before.steps
        text = (STANDARDS / "zbdl_1980.toml").read_text("utf-8")
        text = text.replace("effective_from = 2003-01-01", "effective_from = 2026-03-01")
        text = text.replace('upto = "100", rate = "0.010"', 'upto = "100", rate = "0.02"')
        text = text.replace('upto = "100", rate = "0.01"', 'upto = "100", rate = "0.02"')
        (tmp_path / "zbdl_1980.toml").write_text(text, "utf-8")
        with transaction():
            (row,) = actions.load_standards(tmp_path, CLOCK, clock.now())
            assert queries.standard_edition("zbdl_1980", DAY) is row
            after = price_check(item_code="zbdl", inputs=AGENCY_INPUTS)
            assert after.basic_low == Decimal(235_500)
            past = price_check(item_code="zbdl", inputs=AGENCY_INPUTS, day=date(2026, 2, 28))
            assert past.basic_low == Decimal(225_500)
            old = db.session.get_one(PriceCheck, number)
            assert old.basic_low == Decimal(225_500)
            assert old.steps == steps
            assert db.session.scalar(select(func.count()).select_from(FeeStandardEdition)) == 43


def test_the_shipped_policies_name_standards_that_exist(app: Flask) -> None:
    with app.app_context():
        for code in ("379900", "000000"):
            edition = queries.fees_policy(code, DAY)
            assert edition is not None
            assert edition.jurisdiction == code
            assert queries.policy_findings(edition, DAY) == []
        assert queries.fees_policy("000000", date(2020, 1, 1)) is None


def test_the_form_of_an_item_asks_what_the_check_needs(app: Flask) -> None:
    with app.test_request_context():
        form = inputs_form("jsjl", CITY, DAY)()
        assert list(form.data) == [
            "construction",
            "equipment",
            "trial_run",
            "unit",
            "specialty",
            "complexity",
            "altitude",
        ]
        assert not form.validate()
        assert {name for name, _ in form.problems} == {"construction", "specialty", "complexity"}
        assert list(inputs_form("zbdl", CITY, DAY)().data) == [
            "variant",
            "award_amount",
            "unit",
            "scope",
        ]
        assert inputs_form("aqpj", CITY, DAY)().data == {}


def test_who_may_see_a_check(app: Flask, advance: Callable[[timedelta], None]) -> None:
    sees = frozenset({"supervision.view"})
    officer = Actor(None, "丙", permissions=sees, jurisdiction="379900")
    with app.app_context(), transaction():
        listed = intermediaries.listed(("jsjl",), discount=Decimal("0.1"))
        need = selection.open_need(
            item_code="jsjl",
            budget=Decimal(300_000),
            fee_inputs=SUPERVISION_INPUTS,
            method=SelectionMethod.DIRECT_PICK,
        )
        entry, firm = selection.enter(need, listed, Decimal(270_000)), listed.actor
        named = db.session.get_one(PriceCheck, entry.price_check_id)
        # as they were kept before they were told their need
        older = price_check(actor=firm, subject=entry)
        lost = price_check(actor=firm)
        quotes = [named.public_id, older.public_id]
        budget = price_check(stage="budget")
        assert access.check_for(None, budget.public_id) is budget
        for quote in (*quotes, lost.public_id):
            assert access.check_for(firm, quote).public_id == quote
            for reader in (None, officer, Actor(None, "乙", organisation_id=7)):
                with pytest.raises(Missing):
                    access.check_for(reader, quote)
        hidden = lost.public_id
    advance(timedelta(days=4))
    with app.app_context():
        for quote in quotes:
            assert access.check_for(officer, quote).public_id == quote
            for reader in (None, replace(officer, jurisdiction="379800")):
                with pytest.raises(Missing):
                    access.check_for(reader, quote)
        for unknown in (hidden, "nothing"):
            with pytest.raises(Missing):
                access.check_for(officer, unknown)


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({}, []),
        ({"fee-construction": "1,000.50"}, []),
        ({"fee-construction": "abc"}, ["建筑安装工程费：请填写数字"]),
        ({"fee-specialty": ""}, ["请填写“专业调整系数”"]),
        ({"fee-complexity": "IX"}, ["工程复杂程度：请从列出的选项中选择"]),
    ],
)
@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_the_form_can_be_embedded(app: Flask, changes: dict, problems: list[str]) -> None:
    sent = {f"fee-{key}": value for key, value in SUPERVISION_INPUTS.items()} | changes
    with app.test_request_context(method="POST", data=sent):

        class NeedForm(Form):
            fee = FormField(inputs_form("jsjl", CITY, DAY))

        form = NeedForm()
        assert form.validate() is (problems == [])
        told = [message for _, message in form.problems]
        assert len(told) == len(problems)
        assert all(wanted in message for wanted, message in zip(problems, told, strict=True))
        if not problems:
            assert price_check(inputs=form.fee.data).verdict is Verdict.WITHIN
