"""Small purchases in a real browser: 小额快选 in five acts, and the order of a listing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from marketplace.accounts.models import Organisation, OrganisationKind
from marketplace.contracts.models import Contract, ContractStatus
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.orders.models import AskStatus, OrderAsk
from marketplace.projects.models import Need
from tests.browser.people import PDF, press
from tests.browsing import NARROW, Visitor
from tests.factories import accounts, intermediaries, orders
from tests.factories import sanctions as measures
from tests.factories.accounts import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
Open = Callable[..., Visitor]


def _wanted(app: Flask) -> date:
    with app.app_context():
        return clock.today() + timedelta(days=7)


def _login(window: Visitor, party: str) -> Visitor:
    window.sign_in(party, PASSWORD)
    return window


def _fits(window: Visitor) -> None:
    assert not window.is_wider_than_its_window(), window.page.url


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_five_acts_on_a_telephone_without_scripts(
    app: Flask, visitor: Open, tmp_path: Path
) -> None:
    with app.app_context(), transaction():
        owner = accounts.owner("青河市第二中学食堂", OrganisationKind.PUBLIC_INSTITUTION)
        firms = [intermediaries.listed(("ggws",)) for _each in range(2)]
        editor, approver = owner.user.login, owner.approver.login
        seller = firms[0].user.login
        keys = [each.firm.public_id for each in firms]
        name = firms[0].organisation.name
    paper = tmp_path / "检测报告.pdf"
    paper.write_bytes(PDF)
    # 1 the owner fills in six fields and names two firms
    one = _login(visitor(NARROW, False), editor)
    one.open("/owner/orders/quick")
    _fits(one)
    one.follow(one.page.get_by_role("link", name="公共场所卫生检测", exact=True))
    _fits(one)
    one.send(
        "向首选机构询价",
        place="青河市东城区学府路 2 号",
        scope="检测食堂用餐区空气、水质和用品用具",
        quantity="1 处",
        budget="5800",
        wanted_by=_wanted(app).isoformat(),
        first=keys[0],
        second=keys[1],
        declared=True,
    )
    assert f"{name} 应于" in one.text
    _fits(one)
    # 2 the firm names its price
    two = _login(visitor(NARROW, False), seller)
    two.open("/workspace")
    two.follow(two.page.get_by_role("link", name="答复小额快选询价").first)
    _fits(two)
    two.send("提交报价", price="5200", note="含采样和复检", agree=True)
    assert "等待业主确认" in two.text
    # 3 the owner's second person says yes
    three = _login(visitor(NARROW, False), approver)
    three.open("/workspace")
    three.follow(three.page.get_by_role("link", name="确认小额快选报价").first)
    _fits(three)
    three.send("确认成交")
    assert "已成交" in three.text
    # 4 the firm delivers
    two.open("/contracts")
    two.follow(two.page.locator("main table a").first)
    two.send("提交成果", upload=paper)
    # 5 the owner accepts with its marks
    one.open("/contracts")
    one.follow(one.page.locator("main table a").first)
    one.follow(one.page.get_by_role("link", name="验收并评价"))
    _fits(one)
    marks = dict.fromkeys(("quality", "timeliness", "attitude", "charging", "conduct"), "5")
    one.send("验收通过并提交评价", **marks)
    with app.app_context():
        contract = db.session.scalars(select(Contract)).one()
        need = db.session.scalars(select(Need)).one()
        assert contract.status is ContractStatus.COMPLETED
        assert need.published_at is not None
        assert clock.local_day(need.published_at) == clock.local_day(need.created_at)
        page = need.public_id
    # anybody reads it the same day
    reader = visitor(NARROW, False)
    for path in (f"/needs/{page}", f"/results/{page}", f"/needs/{page}/asked"):
        assert reader.open(path) == 200
        _fits(reader)
    assert "5,200.00" in reader.text or name in reader.text


@pytest.mark.long
@pytest.mark.parametrize("engine_name", ["postgresql"])
def test_ordering_a_listing_and_what_goes_wrong(
    app: Flask, visitor: Open, advance: Callable[[timedelta], None]
) -> None:
    with app.app_context(), transaction():
        owner = accounts.owner("青河百味食品有限公司")
        firm, barred = intermediaries.listed(("dazl",)), intermediaries.listed(("dazl",))
        orders.priced(barred)
        buyer, seller, rival = owner.user.login, firm.user.login, barred.user.login
        seller_page = firm.organisation.public_id
        barred_id, barred_page = barred.organisation.id, barred.organisation.public_id
    # the firm puts a fixed price on its page
    shop = _login(visitor(), seller)
    shop.open("/firm/offerings")
    shop.follow(shop.page.get_by_role("link", name="固定价格"))
    shop.send(
        "保存承诺",
        amount="9600",
        base_unit="件",
        base_from="1",
        base_to="2000",
        promised_days="10",
    )
    assert "9,600.00" in shop.text
    # the owner orders it from there; too much is refused, then it goes through
    desk = _login(visitor(), buyer)
    desk.open(f"/firms/{seller_page}")
    desk.follow(desk.page.get_by_role("link", name="下单", exact=True))
    order_form = desk.page.url
    _order(desk, "2001", 422)
    assert "适用于 1–2000 件" in desk.text
    _order(desk, "1500", 200)
    assert "待机构答复" in desk.text
    order = desk.page.url
    # the answer is the firm's own; another firm sees nothing of it
    with app.app_context():
        ask = db.session.scalars(select(OrderAsk)).one().public_id
    other = _login(visitor(), rival)
    assert other.open(f"/firm/orders/{ask}") == 404
    assert other.open(order) in (403, 404)
    shop.open("/workspace")
    shop.follow(shop.page.get_by_role("link", name="答复订单").first)
    again = _login(visitor(), seller)  # the same firm at a second window
    again.open(f"/firm/orders/{ask}")
    shop.send("接单")
    assert "已成交" in shop.text
    press(again, "接单", 409)
    # late: the second order passes its time
    desk.open(order_form)
    _order(desk, "10", 200)
    with app.app_context():
        late = db.session.scalars(select(OrderAsk).order_by(OrderAsk.id.desc())).first()
        assert late is not None
        late_page = late.public_id
    again.open(f"/firm/orders/{late_page}")
    advance(timedelta(days=2))
    again = _login(visitor(), seller)
    again.open(f"/firm/orders/{late_page}")
    assert "逾期未答复" in again.text
    assert again.page.get_by_role("button", name="接单").count() == 0
    with app.app_context():
        found = db.session.scalars(select(OrderAsk).order_by(OrderAsk.id.desc())).first()
        assert found is not None
        assert found.status is AskStatus.SILENT
    # a firm that was suspended meanwhile cannot be ordered from a page left open
    desk = _login(visitor(), buyer)
    desk.open(f"/firms/{barred_page}")
    desk.follow(desk.page.get_by_role("link", name="下单", exact=True))
    with app.app_context(), transaction():
        for _card in range(2):
            measures.card(db.session.get_one(Organisation, barred_id))
    _order(desk, "10", 403)
    assert "不能承接" in desk.text


_CONTENT = {
    "place": "青河市东城区示范路 8 号",
    "scope": "整理 2025 年度文书档案并数字化",
    "quantity": "一批",
}


def _order(window: Visitor, units: str, expected: int) -> None:
    form = window.page.locator("main form").last
    for field, value in {**_CONTENT, "units": units}.items():
        form.locator(f"[name='{field}']").fill(value)
    form.locator("[name=investment]").select_option("enterprise")
    form.locator("[name=declared]").check()
    press(window, "提交订单", expected)
