"""The area a reader chose: what the public pages show for it, and what a choice never does."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts import areas
from marketplace.accounts.models import Jurisdiction
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.portal.queries import area_counts
from tests.factories import accounts, intermediaries, projects


def test_a_choice_is_remembered_and_narrows_the_public_pages(
    app: Flask, client: FlaskClient
) -> None:
    with app.app_context(), transaction():
        county = projects.published(accounts.owner(area="379921"), title="安平灌渠方案编制")
        city = projects.published(accounts.owner(area="379900"), title="青河大桥方案编制")
        addresses = [f"/needs/{need.public_id}" for need in (county, city)]
    for page in ("/", "/needs", "/search?q=方案编制"):
        text = client.get(page).get_data(as_text=True)
        assert all(address in text for address in addresses), page
    assert "青河市（演示）" in client.get("/").get_data(as_text=True)
    client.get("/?area=379921")
    for page in ("/", "/needs", "/search?q=方案编制"):
        text = client.get(page).get_data(as_text=True)
        assert addresses[0] in text, page
        assert addresses[1] not in text, page
        assert "安平县（演示）" in text
    # the link to a need holds whatever is chosen
    assert client.get(addresses[1]).status_code == 200
    client.get("/?area=379900")
    assert addresses[1] in client.get("/needs").get_data(as_text=True)


def test_an_area_without_a_register_or_a_name_is_no_choice(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), transaction():
        address = f"/needs/{projects.published().public_id}"
    for code in ("370000", "000000", "999999", "379900'--", "<b>"):
        answer = client.get("/needs", query_string={"area": code})
        assert answer.status_code == 200
        assert address in answer.get_data(as_text=True), code


def test_firms_are_those_of_the_chosen_areas_register(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), transaction():
        db.session.add(
            Jurisdiction(code="378800", name="白沙市", parent_code="370000", is_register=True)
        )
        db.session.flush()
        firm = intermediaries.listed(name="青河净源环境咨询有限公司")
        address = f"/firms/{firm.organisation.public_id}"
    page = client.get("/areas").get_data(as_text=True)
    assert "白沙市" in page
    assert "area=378800" in page
    assert "area=370000" not in page
    assert address in client.get("/firms?area=379902").get_data(as_text=True)
    assert address not in client.get("/firms?area=378800").get_data(as_text=True)
    shown = client.get(address)
    assert shown.status_code == 200
    assert "登记在青河市（演示）名录" in shown.get_data(as_text=True)


def test_the_tree_of_areas_reads_up_and_down(app: Flask) -> None:
    with app.app_context():
        known = areas.areas()
        assert known["379921"].lineage == ("379921", "379900", "370000", "000000")
        assert known["379921"].register == "379900"
        assert known["370000"].register is None
        assert set(known["379900"].below) == {"379900", "379902", "379921"}
        assert [area.code for area in areas.served()] == ["379800", "379900", "379902", "379921"]
        assert areas.chosen().code == "379900"


def test_a_city_counts_the_open_needs_of_its_counties_too(app: Flask) -> None:
    with app.app_context():
        with transaction():
            for code in ("379921", "379900"):
                projects.published(accounts.owner(area=code))
        city = next(line for line in area_counts.tree(clock.now()) if line.area.code == "379900")
        inner = {line.area.code: line.open_needs for line in city.inner}
        assert city.open_needs == 2
        assert inner == {"379902": 0, "379921": 1}
