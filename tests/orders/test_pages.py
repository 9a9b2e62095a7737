"""Pages of orders: the five acts, the order of a listing, wrong things tried, other people."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from io import BytesIO

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.accounts.models import OrganisationKind
from marketplace.accounts.permissions import Role
from marketplace.contracts.models import Contract, ContractStatus, Deliverable
from marketplace.evaluations.models import Evaluation
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries.models import Offering
from marketplace.orders.models import Order, OrderAsk
from tests.factories import accounts, intermediaries, orders
from tests.pages import faults

Advance = Callable[[timedelta], None]
SignIn = Callable[..., FlaskClient]
MARKS = {"quality": "5", "timeliness": "4", "attitude": "5", "charging": "5", "conduct": "5"}


def _one(app: Flask, model: type, column: str = "public_id") -> str:
    with app.app_context():
        found = db.session.scalars(select(model).order_by(model.id.desc())).first()  # type: ignore[attr-defined]
        assert found is not None
        return str(getattr(found, column))


def _content(app: Flask, **more: str) -> dict[str, str]:
    with app.app_context():
        wanted = clock.today() + timedelta(days=7)
    return {
        "place": "青河市东城区示范路 8 号",
        "scope": "整理并数字化 2025 年度文书档案",
        "quantity": "1200 件",
        "budget": "8000",
        "wanted_by": wanted.isoformat(),
        "declared": "y",
        **more,
    }


def test_five_acts_on_the_pages(app: Flask, sign_in_as: SignIn, client: FlaskClient) -> None:
    with app.app_context(), transaction():
        owner = accounts.owner(kind=OrganisationKind.PUBLIC_INSTITUTION)
        firm, other = intermediaries.listed(("dazl",)), intermediaries.listed(("dazl",))
        stranger = accounts.owner()
        first, second = firm.firm.public_id, other.firm.public_id
    editor, approver = sign_in_as(owner.user), sign_in_as(owner.approver)
    seller, rival, outsider = (sign_in_as(each.user) for each in (firm, other, stranger))
    assert faults(editor.get("/owner/orders/quick").text) == []
    by_words = editor.get("/owner/orders/quick?q=档案").text
    assert "item=dazl" in by_words
    assert "item=hpwj" not in by_words
    assert "没有符合条件的服务事项" in editor.get("/owner/orders/quick?q=没有这一项").text
    assert "item=dazl" not in editor.get("/owner/orders/quick?category=环境保护").text
    address = "/owner/orders/quick?item=dazl"
    assert faults(editor.get(address).text) == []
    wrong = editor.post(address, data=_content(app, first=first, second=first, budget="20000.01"))
    assert wrong.status_code == 422
    assert "不超过 20,000.00 元" in wrong.text
    assert faults(wrong.text) == []
    sent = editor.post(address, data=_content(app, first=first, second=second))
    assert sent.status_code == 303, sent.text
    order = f"/owner/orders/{_one(app, Order)}"
    with app.app_context():
        asks = db.session.scalars(select(OrderAsk).order_by(OrderAsk.position)).all()
        mine, theirs = (f"/firm/orders/{each.public_id}" for each in asks)
    # nobody else, and not the firm whose turn has not come
    assert outsider.get(order).status_code == 404
    assert rival.get(theirs).status_code == 404
    assert rival.get(mine).status_code == 404
    assert client.get(order).status_code == 302
    assert "答复小额快选询价" in seller.get("/workspace").text
    assert faults(seller.get(mine).text) == []
    high = seller.post(f"{mine}/quote", data={"price": "8000.01", "agree": "y"})
    assert high.status_code == 422
    assert "不高于预算" in high.text
    assert seller.post(f"{mine}/quote", data={"price": "7600", "agree": "y"}).status_code == 303
    assert seller.post(f"{mine}/quote", data={"price": "7000", "agree": "y"}).status_code == 409
    assert editor.post(f"{order}/confirm").status_code == 403
    assert "确认小额快选报价" in approver.get("/workspace").text
    assert approver.post(f"{order}/confirm").status_code == 303
    assert approver.post(f"{order}/confirm").status_code == 409
    page = editor.get(order)
    assert "已成交" in page.text
    assert faults(page.text) == []
    contract = f"/contracts/{_one(app, Contract)}"
    handed = seller.post(
        f"{contract}/deliveries",
        data={"upload": (BytesIO(b"%PDF-1.7 result"), "成果.pdf"), "note": ""},
        content_type="multipart/form-data",
    )
    assert handed.status_code == 303
    version = _one(app, Deliverable)
    assert f"/deliveries/{version}/acceptance" in editor.get(contract).text
    accept = f"/deliveries/{version}/acceptance"
    assert outsider.get(accept).status_code == 404
    assert faults(editor.get(accept).text) == []
    assert editor.post(accept, data={**MARKS, "quality": "1"}).status_code == 422
    with app.app_context():  # a mark without its reason accepts nothing
        assert db.session.scalars(select(Contract)).one().status is ContractStatus.DELIVERED
    assert editor.post(accept, data=MARKS).status_code == 303
    with app.app_context():
        assert db.session.scalars(select(Contract)).one().status is ContractStatus.COMPLETED
        assert db.session.scalars(select(Evaluation)).one().latest.marks["timeliness"] == 4
        need = db.session.scalars(select(Order)).one().need.public_id
    for path in (f"/needs/{need}", f"/results/{need}", f"/needs/{need}/asked"):
        shown = client.get(path)
        assert shown.status_code == 200, path
        assert faults(shown.text) == [], path
    assert "小额快选" in client.get(f"/results/{need}").text
    assert "未询到" in client.get(f"/needs/{need}/asked").text


def test_ordering_a_listing_on_the_pages(
    app: Flask, sign_in_as: SignIn, client: FlaskClient, advance: Advance
) -> None:
    with app.app_context(), transaction():
        agency = accounts.owner(kind=OrganisationKind.AGENCY)
        firm = intermediaries.listed(("dazl",))
        dear = orders.priced(firm, amount="100000")
        listing, page = dear.public_id, firm.organisation.public_id
    editor, approver, seller = (
        sign_in_as(agency.user),
        sign_in_as(agency.approver),
        sign_in_as(firm.user),
    )
    assert f"/owner/orders/listing/{listing}" in client.get(f"/firms/{page}").text
    assert client.get(f"/owner/orders/listing/{listing}").status_code == 302
    assert seller.get(f"/owner/orders/listing/{listing}").status_code == 403
    closed = editor.get("/owner/orders/quick?item=dazl")
    assert closed.status_code == 200  # fiscal money: the page says why
    assert "未对财政性资金开放小额快选" in closed.text
    assert editor.post("/owner/orders/quick?item=dazl", data=_content(app)).status_code == 409
    form = {
        "place": "青河市东城区示范路 8 号",
        "scope": "整理 2025 年度文书档案",
        "quantity": "1200 件",
        "units": "1200",
        "investment": "government",
        "declared": "y",
    }
    address = f"/owner/orders/listing/{listing}"
    assert faults(editor.get(address).text) == []
    over = editor.post(address, data=form)
    assert over.status_code == 422
    assert "不能直接选取" in over.text
    assert faults(over.text) == []
    seller.get("/firm/offerings/dazl/listing")
    cheaper = {
        "amount": "36000",
        "base_unit": "件",
        "base_from": "1",
        "base_to": "2000",
        "promised_days": "5",
    }
    refused = seller.post("/firm/offerings/dazl/listing", data={**cheaper, "promised_days": "99"})
    assert refused.status_code == 422
    assert faults(refused.text) == []
    assert seller.post("/firm/offerings/dazl/listing", data=cheaper).status_code == 303
    assert editor.post(address, data=form).status_code == 404  # that promise is over
    with app.app_context():
        listing = (
            db.session.scalars(select(Offering).where(Offering.ended_at.is_(None))).one().public_id
        )
    address = f"/owner/orders/listing/{listing}"
    assert editor.post(address, data={**form, "units": "2001"}).status_code == 422
    assert editor.post(address, data=form).status_code == 303
    order = f"/owner/orders/{_one(app, Order)}"
    assert "/firm/orders/" not in seller.get("/firm/orders").text  # not sent yet
    assert editor.post(f"{order}/approve").status_code == 403
    assert faults(approver.get(order).text) == []
    assert approver.post(f"{order}/approve").status_code == 303
    ask = f"/firm/orders/{_one(app, OrderAsk)}"
    assert "36,000.00" in seller.get(ask).text
    assert seller.post(f"{ask}/quote", data={"price": "1", "agree": "y"}).status_code == 409
    advance(timedelta(days=3))
    seller, editor = sign_in_as(firm.user), sign_in_as(agency.user)
    late = seller.post(f"{ask}/take")
    assert late.status_code == 409
    assert "逾期未答复" in seller.get(ask).text
    ended = editor.get(order)
    assert "未成交" in ended.text
    assert faults(ended.text) == []


def test_order_terms_and_the_flag_for_the_bureau(app: Flask, sign_in_as: SignIn) -> None:
    with app.app_context(), transaction():
        owner, firm = accounts.owner(), intermediaries.listed(("dazl",))
        listing = orders.priced(firm)
        for _each in range(2):
            orders.asked(owner, firm, budget=Decimal("12000"))
        officer = accounts.officer(Role.BUREAU_OPERATOR)
        number = db.session.scalars(select(Order).order_by(Order.id)).first().need.number  # type: ignore[union-attr]
        other = intermediaries.listed(("dazl",))
        listing_id, listing_page = listing.id, listing.public_id
    seller, rival, bureau = (sign_in_as(each.user) for each in (firm, other, officer))
    address = f"/firm/offerings/{listing_page}/orders"
    assert faults(seller.get(address).text) == []
    assert rival.get(address).status_code == 404
    assert seller.post(address, data={"capacity": "0"}).status_code == 422
    assert seller.post(address, data={"paused": "y", "areas": "379900"}).status_code == 303
    with app.app_context():
        row = db.session.get_one(Offering, listing_id)
        assert row.paused
        assert row.areas == ["379900"]
    shown = bureau.get("/supervision/splits")
    assert faults(shown.text) == []
    assert number in shown.text
    assert "24000" in shown.text
    assert seller.get("/supervision/splits").status_code == 403


def test_a_role_is_refused_alike_whatever_the_address_names(app: Flask, sign_in_as: SignIn) -> None:
    """403 depends on the role alone, so it tells nothing; another owner's order is not there."""
    with app.app_context(), transaction():
        firm, stranger = intermediaries.listed(("dazl",)), accounts.owner()
        order = orders.asked(accounts.owner(), firm).public_id
    there, invented = f"/owner/orders/{order}", "/owner/orders/0000000000000"
    seller, other = sign_in_as(firm.user), sign_in_as(stranger.user)
    assert [seller.get(each).status_code for each in (there, invented)] == [403, 403]
    assert [other.get(each).status_code for each in (there, invented)] == [404, 404]
    refused = {seller.get(each).text.replace(each, "") for each in (there, invented)}
    # a form's token names its second, and the second may have changed between the two
    own = r"[0-9a-f]{16,}|nonce-\S+|name=\"csrf_token\" value=\"[^\"]*\""
    assert len({re.sub(own, "", page) for page in refused}) == 1
