"""Needs in public: only what was published, told as it is, and harmless whatever was typed."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.models import OrganisationKind
from marketplace.foundation import clock
from marketplace.foundation.transactions import transaction
from marketplace.projects.models import InvestmentKind
from tests.factories import accounts, projects


def test_a_published_need_is_listed_searched_and_shown(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), transaction():
        need = projects.published(title="城北泵站水土保持方案编制")
        address, number = f"/needs/{need.public_id}", need.number
    for page in ("/", "/needs", "/needs?status=published", "/search?q=泵站", f"/search?q={number}"):
        text = client.get(page).get_data(as_text=True)
        assert "城北泵站水土保持方案编制" in text, page
        assert address in text, page
    shown = client.get(address).get_data(as_text=True)
    for part in (number, "40,000.00 元", "随机抽取", "报名中", "截止"):
        assert part in shown


def test_a_draft_is_nobodys_business(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), transaction():
        waiting = [projects.draft(title="未发布的需求"), projects.submitted(title="未发布的需求")]
        ids = [need.public_id for need in waiting]
    for public_id in ids:
        assert client.get(f"/needs/{public_id}").status_code == 404
    for page in ("/", "/needs", "/search?q=未发布"):
        assert "未发布的需求</a>" not in client.get(page).get_data(as_text=True)


def test_typed_text_is_shown_as_text(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), transaction():
        need = projects.published(
            title="<script>alert(1)</script>方案编制", scope="第一行\n<img src=x onerror=alert(1)>"
        )
        address = f"/needs/{need.public_id}"
    for page in (address, "/", "/needs"):
        text = client.get(page).get_data(as_text=True)
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;方案编制" in text


def test_a_natural_person_is_never_named(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), transaction():
        person = accounts.owner(name="赵某某", kind=OrganisationKind.NATURAL_PERSON)
        need = projects.published(
            person, investment=InvestmentKind.NATURAL_PERSON, contact_name="赵某某"
        )
        address = f"/needs/{need.public_id}"
    for page in (address, "/", "/needs"):
        text = client.get(page).get_data(as_text=True)
        assert "赵某某" not in text
        assert "自然人" in text


def test_a_need_past_its_deadline_leaves_the_list_of_open_ones(
    app: Flask, client: FlaskClient
) -> None:
    with app.app_context(), transaction():
        projects.published(title="即将截止的方案编制")
    assert "即将截止的方案编制" in client.get("/").get_data(as_text=True)
    with app.app_context(), transaction():
        clock.advance(timedelta(days=7))
    assert "即将截止的方案编制" not in client.get("/").get_data(as_text=True)
    assert "即将截止的方案编制" in client.get("/needs").get_data(as_text=True)
