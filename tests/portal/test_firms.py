"""Firms in public: the listed ones in their order, and none that is barred."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.models import Organisation, OrganisationKind
from marketplace.accounts.permissions import Role
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.sanctions.actions import cases
from tests.factories import accounts, contracts, evaluations, intermediaries, sanctions

LISTS = ("/firms", "/firms?item=hpwj", "/search?q=青河净源")


def test_a_listed_firm_is_found_and_shown_and_a_draft_is_not(
    app: Flask, client: FlaskClient
) -> None:
    with app.app_context(), transaction():
        firm = intermediaries.listed(name="青河净源环境咨询有限公司")
        draft = intermediaries.drafted(name="青河净源筹备有限公司")
        address = f"/firms/{firm.organisation.public_id}"
        hidden = f"/firms/{draft.organisation.public_id}"
        code = firm.organisation.credit_code
    for page in (*LISTS, f"/firms?q={code}", "/firms?grade=ungraded"):
        text = client.get(page).get_data(as_text=True)
        assert address in text, page
        assert hidden not in text, page
    for page in ("/firms?item=zbdl", "/firms?grade=A", "/firms?q=没有这家"):
        assert address not in client.get(page).get_data(as_text=True), page
    shown = client.get(address).get_data(as_text=True)
    for part in ("青河净源环境咨询有限公司", code, "未评级", "环境影响评价文件编制", "10%"):
        assert part in shown
    assert client.get(hidden).status_code == 404


def test_a_blacklisted_firm_is_gone_from_every_list_with_the_decision(
    app: Flask, client: FlaskClient
) -> None:
    with app.app_context(), transaction():
        firm = intermediaries.listed(name="青河净源环境咨询有限公司")
        address = f"/firms/{firm.organisation.public_id}"
        case = sanctions.proposed_case(firm)
        case_id = case.id
    assert address in client.get("/firms").get_data(as_text=True)
    with app.app_context(), transaction():
        from marketplace.foundation.db import db
        from marketplace.sanctions.models import Case

        cases.decide_case(
            db.session.get_one(Case, case_id),
            sanctions.REASON,
            accounts.officer(Role.BUREAU_APPROVER).actor,
            clock.now(),
        )
    for page in LISTS:
        assert address not in client.get(page).get_data(as_text=True), page
    assert client.get(address).status_code == 404
    home = client.get("/").get_data(as_text=True)
    assert "列入本平台黑名单" in home
    assert "不是国家严重失信主体名单" in home


def test_a_yellow_card_in_force_stands_on_the_firms_page(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), transaction():
        firm = intermediaries.listed()
        sanctions.card(firm.organisation)
        address = f"/firms/{firm.organisation.public_id}"
    assert "限期整改" in client.get(address).get_data(as_text=True)


def test_the_list_is_paged_in_the_order_of_listing(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), transaction():
        ids = [intermediaries.listed().organisation.public_id for _each in range(21)]
    found: list[str] = []
    for page in ("/firms", "/firms?page=2"):
        text = client.get(page).get_data(as_text=True)
        found += re.findall(r'<th scope="row"><a href="/firms/([^"]+)"', text)
    assert found == ids


def test_marks_stand_on_the_firms_page_once_revealed_and_not_before(
    app: Flask, client: FlaskClient, advance: Callable[[timedelta], None]
) -> None:
    deal = contracts.completed(app, advance)
    advance(timedelta(minutes=1))
    with app.app_context(), transaction():
        address = f"/firms/{deal.party().organisation.public_id}"
        evaluations.give(deal, "editor", 4)
    assert "业主评价平均分" not in client.get(address).get_data(as_text=True)
    with app.app_context(), transaction():
        evaluations.give(deal, "firm", 5)
    text = client.get(address).get_data(as_text=True)
    assert "业主评价平均分" in text
    assert "4.00" in text
    assert "已完成合同（份）</dt><dd>1</dd>" in text
    works = text.split("<h2>业绩</h2>")[1].split("</section>")[0]
    with app.app_context():
        contract = deal.contract
        owner = db.session.get_one(Organisation, contract.owner_id)
        assert owner.name in works
        assert works.count("<tr>") == 2, "its heading and the one completed contract"


def test_what_a_firm_has_done_names_no_natural_person(
    app: Flask, client: FlaskClient, advance: Callable[[timedelta], None]
) -> None:
    deal = contracts.completed(app, advance)
    with app.app_context(), transaction():
        owner = db.session.get_one(Organisation, deal.contract.owner_id)
        owner.kind, owner.name = OrganisationKind.NATURAL_PERSON, "冯自然"
        address = f"/firms/{deal.party().organisation.public_id}"
    works = client.get(address).text.split("<h2>业绩</h2>")[1].split("</section>")[0]
    assert "自然人" in works
    assert "冯自然" not in works
