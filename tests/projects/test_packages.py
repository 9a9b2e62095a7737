"""Several items in one need: one price told apart exactly, every item asked for and checked."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from marketplace.contracts.models import Contract
from marketplace.fees.models import ConcludedPrice, PriceCheck
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.errors import Invalid, Refused
from marketplace.foundation.transactions import transaction
from marketplace.projects import drafting
from marketplace.projects.models import InvestmentKind, Need
from marketplace.projects.packages.actions import PartContent
from marketplace.projects.packages.rules import split
from marketplace.selection import queries
from tests.factories import accounts, contracts, intermediaries, projects, selection

SignIn = Callable[..., FlaskClient]

FEN = st.integers(min_value=1, max_value=10**10).map(lambda fen: Decimal(fen) / 100)
BUDGETS = st.lists(FEN, min_size=1, max_size=20)


@given(st.integers(min_value=0, max_value=10**11), BUDGETS)
def test_the_shares_of_a_price_are_exact_and_sum_to_it(fen: int, budgets: list[Decimal]) -> None:
    price = Decimal(fen) / 100
    shares = split(price, budgets)
    total = sum(budgets)
    assert sum(shares) == price
    for share, budget in zip(shares, budgets, strict=True):
        assert share == share.quantize(Decimal("0.01"))
        # never a whole fen away from the exact proportion
        assert abs(share * total - price * budget) * 100 < total
        if price <= total:
            assert share <= budget


@given(BUDGETS)
def test_the_whole_budget_is_told_apart_as_it_was_put_together(budgets: list[Decimal]) -> None:
    assert split(sum(budgets, Decimal(0)), budgets) == budgets


@pytest.mark.parametrize(
    ("price", "budgets", "shares"),
    [
        # 10 / 3: the fen that is left goes to the item named first
        ("10.00", ("1", "1", "1"), ("3.34", "3.33", "3.33")),
        ("0.01", ("1", "2", "3"), ("0.00", "0.00", "0.01")),
        ("30000.00", ("20000", "15000", "5000"), ("15000.00", "11250.00", "3750.00")),
    ],
)
def test_a_price_is_told_apart_by_the_largest_remainder(
    price: str, budgets: tuple[str, ...], shares: tuple[str, ...]
) -> None:
    found = split(Decimal(price), [Decimal(each) for each in budgets])
    assert found == [Decimal(each) for each in shares]


@pytest.mark.parametrize(
    ("price", "budgets"), [("0.001", ("1",)), ("1.00", ("0",)), ("-1.00", ("1", "1"))]
)
def test_what_cannot_be_told_apart_is_refused(price: str, budgets: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"yuan|fen|budgets"):
        split(Decimal(price), [Decimal(each) for each in budgets])


MAIN, BOUND, SURVEY = "stbc", "jsjl", "chhy"
THREE = (MAIN, BOUND, SURVEY)
# a works of 5 million yuan: supervision is a fee the list binds
WORKS = {
    "construction": "500",
    "unit": "万元",
    "specialty": "building_municipal",
    "complexity": "II",
}
BUDGET = Decimal("210000")


def parts(bound: str = "160000", **inputs: str) -> list[PartContent]:
    return [
        PartContent(BOUND, Decimal(bound), inputs or WORKS),
        PartContent(SURVEY, Decimal("10000"), {}, "参照上年同类项目的成交价"),
    ]


def test_a_package_is_written_down_with_a_check_of_every_share(app: Flask) -> None:
    with app.app_context(), transaction():
        owner = accounts.owner()
        need = projects.draft(owner, budget=BUDGET, parts=parts())
        assert need.item_codes == list(THREE)
        assert need.item_budgets == [Decimal(each) for each in ("40000", "160000", "10000")]
        checks = [
            db.session.get_one(PriceCheck, each.price_check_id or 0) for each in need.each_item
        ]
        assert [(one.item_code, one.price) for one in checks] == list(
            zip(THREE, need.item_budgets, strict=True)
        )
        # one less, another share: the same rows, the rest goes to the main item
        kept = need.parts[0].id
        content = projects.content(budget=BUDGET, parts=parts("150000")[:1])
        drafting.edit_need(need, content, (), owner.actor, clock.now())
        assert [each.id for each in need.parts] == [kept]
        assert (need.items_count, need.item_budgets[0]) == (2, Decimal("60000"))


@pytest.mark.parametrize(
    ("changes", "field", "rule"),
    [
        ({"parts": [PartContent(MAIN, Decimal(1), {})]}, "further_item", "package.twice"),
        ({"parts": parts() + parts()[1:]}, "further_item", "package.twice"),
        ({"budget": Decimal("170000")}, "budget", "package.shares"),
        ({"parts": parts("0")}, "budget", "package.shares"),
        # above the ceiling of its own standard, whatever the whole has room for
        (
            {"budget": Decimal("900000"), "parts": parts("800000")},
            f"part:{BOUND}:budget",
            "fees.above_ceiling",
        ),
        ({"parts": parts(unit="万元")}, f"part:{BOUND}:budget", "fees.needs_input"),
        (
            {
                "parts": [
                    PartContent(code, Decimal(1), {})
                    for code in ("xmsq", "jnps", "shwd", "hpps", "hjya")
                ]
            },
            "further_item",
            "package.most",
        ),
        ({"parts": [PartContent("nothing", Decimal(1), {})]}, "further_item", "item"),
    ],
)
def test_what_does_not_make_a_package_is_refused_at_its_field(
    app: Flask, changes: dict[str, Any], field: str, rule: str
) -> None:
    with app.app_context(), transaction():
        with pytest.raises(Invalid) as refusal:
            projects.draft(**{"budget": BUDGET, "parts": parts(), **changes})
        assert (refusal.value.field, refusal.value.rule) == (field, rule)
        db.session.rollback()


def test_what_must_be_tendered_is_not_to_be_had_as_a_part(app: Flask) -> None:
    with app.app_context(), transaction():
        with pytest.raises(Invalid) as refusal:
            projects.draft(
                budget=Decimal("1000000"),
                parts=parts(),
                investment=InvestmentKind.STATE_FIRM,
            )
        assert refusal.value.rule == "gate.tender"
        db.session.rollback()


def test_only_a_firm_that_has_every_item_may_enter_and_is_told_which_it_lacks(app: Flask) -> None:
    with app.app_context(), transaction():
        whole = intermediaries.listed(THREE)
        lacking = intermediaries.listed((MAIN, BOUND))
        need = selection.open_need(budget=BUDGET, parts=parts())
        assert queries.eligible_firm_ids(need, clock.now()) == [whole.organisation.id]
        answers = queries.eligibility_preview(need, lacking.organisation.id)
        assert {one.rule for one in answers.refusals} == {"offering", "qualification"}
        told = [queries.said(one.fact) + queries.said(one.mend) for one in answers.refusals]
        assert all("工程建设项目测绘" in one for one in told)
        with pytest.raises(Refused, match="工程建设项目测绘"):
            selection.enter(need, lacking)
        entry = selection.enter(need, whole, Decimal("189000"))
        # each share is held to its own standard
        with pytest.raises(Invalid, match="建设工程监理") as refusal:
            selection.enter(need, whole, Decimal("60000"))
        assert refusal.value.rule == "fees.below_floor"
        db.session.expire_all()
        assert entry.price == Decimal("189000")
        db.session.rollback()


def test_one_contract_names_every_item_with_its_share(
    app: Flask, advance: contracts.Advance, sign_in_as: SignIn
) -> None:
    deal = contracts.completed(
        app,
        advance,
        firm_of=lambda: intermediaries.listed(THREE),
        price=Decimal("189000.01"),
        budget=BUDGET,
        parts=parts(),
    )
    with app.app_context():
        contract = db.session.scalars(select(Contract)).one()
        body = contract.body
        checked = db.session.scalars(
            select(PriceCheck.price)
            .where(PriceCheck.subject_type == "contracts", PriceCheck.subject_id == contract.id)
            .order_by(PriceCheck.id)
        ).all()[:3]
        # what follows from the owner's budgets says nothing of what an item costs
        assert db.session.scalars(select(ConcludedPrice)).all() == []
        addresses = [f"/results/{contract.need.public_id}", f"/contracts/{contract.public_id}"]
        firm = contract.firm.public_id
    assert list(checked) == [Decimal(each) for each in ("36000.00", "144000.01", "9000.00")]
    for text in ("水土保持方案编制、建设工程监理、工程建设项目测绘（多测合一）", "¥144,000.01"):
        assert text in body
    with app.app_context():
        user = deal.party().user
    reader = sign_in_as(user)
    for address in addresses:
        page = reader.get(address).text
        assert all(share in page for share in ("36,000.00", "144,000.01", "9,000.00")), address
    works = reader.get(f"/firms/{firm}").text.split("业绩", 1)[1]
    assert "建设工程监理" in works
    for query in ("?item=chhy", "?q=测绘"):
        assert "水土保持方案编制等 3 项" in reader.get(f"/needs{query}").text, query


ANSWERS = {
    "project": "",
    "project_name": "青河产业园二期",
    "title": "产业园二期水土保持、监理和测绘",
    "scope": "编制水土保持方案，承担施工监理，完成竣工测绘",
    "place": "青河市东城区产业大道",
    "budget": "210000",
    "investment": "enterprise",
    "days_wanted": "20",
    "method": "random_draw",
    "draw_source": "lottery",
    "contact_name": "陈联络",
    "contact_phone": "0399-7770001",
    "declared": "y",
    "deviation_reason": "参照上年同类项目的成交价",
}
BOUND_FILLED = {f"part_jsjl-fee-{key}": value for key, value in WORKS.items()}
SURVEYED = {"part_chhy-budget": "10000", "part_chhy-deviation_reason": "参照上年的成交价"}


def test_a_package_is_written_on_the_page_without_a_script(app: Flask, sign_in_as: SignIn) -> None:
    with app.app_context(), transaction():
        intermediaries.listed(THREE)
        buyer = accounts.owner()
    owner = sign_in_as(buyer.user)
    new, shape = "/owner/needs/new?item=stbc", "/owner/needs/items/stbc"
    first = owner.post(shape, data={**ANSWERS, "further_item": "jsjl"})
    assert first.status_code == 200
    assert "field--wrong" not in first.text
    for kept in (
        "产业园二期水土保持、监理和测绘",
        'name="part_jsjl-budget"',
        "一并采购：建设工程监理",
    ):
        assert kept in first.text
    one = {**ANSWERS, **BOUND_FILLED, "part_jsjl-budget": "160000"}
    second = owner.post(shape, data={**one, "further_item": "chhy"})
    assert 'value="160000' in second.text
    assert 'name="part_chhy-budget"' in second.text
    # taken out again: what was said of the other stays
    less = owner.post(f"{shape}?without=chhy", data={**one, **SURVEYED})
    assert 'value="160000' in less.text
    assert 'name="part_chhy-budget"' not in less.text
    looked = owner.post("/owner/needs/check/stbc", data={**one, **SURVEYED})
    assert looked.status_code == 200, looked.text
    assert "承接本事项的在册机构共 1 家" in looked.text
    assert "40,000.00" in looked.text
    # a choice that was not yet added is added, not lost
    refused = owner.post(new, data={**one, "further_item": "chhy"})
    assert refused.status_code == 422
    assert "请填写该事项的预算金额" in refused.text
    above = owner.post(
        new, data={**one, **SURVEYED, "budget": "900000", "part_jsjl-budget": "800000"}
    )
    assert above.status_code == 422
    assert 'id="part_jsjl-budget-error"' in above.text
    with app.app_context():
        assert db.session.scalars(select(Need)).all() == []
    saved = owner.post(new, data={**one, **SURVEYED})
    assert saved.status_code == 303, saved.text
    page = owner.get(saved.location).text
    assert "水土保持方案编制等 3 项" in page
    assert "160,000.00" in page
    with app.app_context():
        need = db.session.scalars(select(Need)).one()
        assert need.item_codes == list(THREE)
        address = f"/owner/needs/{need.public_id}/edit"
        copied = f"/owner/needs/new?copy={need.public_id}"
    for each in (address, copied):
        form = owner.get(each).text
        assert 'value="160000"' in form, each
        assert 'value="10000"' in form, each
