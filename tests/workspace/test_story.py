"""The story of a need: whole for its owner, public parts for a firm that entered, 404 else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.models import User
from marketplace.accounts.permissions import Role
from marketplace.contracts import queries
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.orders import actions as order_actions
from marketplace.orders import queries as order_queries
from tests.factories import accounts, contracts, intermediaries, orders, selection

SIDES = ("editor", "firm")
SignIn = Callable[..., FlaskClient]
Advance = Callable[[timedelta], None]


def test_before_closing_the_story_names_no_entrant(
    app: Flask, sign_in_as: SignIn, client: FlaskClient
) -> None:
    with app.app_context(), transaction():
        owner = accounts.owner()
        entrants = selection.firms(3)
        need = selection.entered_need(owner=owner, entrants=entrants)
        address = f"/workspace/needs/{need.public_id}/story"
        names = [firm.organisation.name for firm in entrants]
        officer = accounts.officer(Role.SUPERVISOR)
        stranger = accounts.firm()
    for person in (owner.user, officer.user):
        text = sign_in_as(person).get(address).get_data(as_text=True)
        assert "需求：报名中" in text
        assert "下一步：报名截止（符合条件的机构）" in text
        assert not [name for name in names if name in text]
    own = sign_in_as(entrants[0].user).get(address).get_data(as_text=True)
    assert "本机构报名" in own
    assert not [name for name in names[1:] if name in own]
    assert "需求：待审批" not in own
    assert sign_in_as(stranger.user).get(address).status_code == 404
    assert client.get(address).status_code == 302


def test_a_draft_has_a_story_for_its_owner_only(app: Flask, sign_in_as: SignIn) -> None:
    from tests.factories import projects

    with app.app_context(), transaction():
        owner = accounts.owner()
        need = projects.submitted(owner)
        address = f"/workspace/needs/{need.public_id}/story"
        officer = accounts.officer(Role.SUPERVISOR)
    assert "需求：待审批" in sign_in_as(owner.user).get(address).get_data(as_text=True)
    assert sign_in_as(officer.user).get(address).status_code == 404


def test_the_whole_story_runs_from_need_to_acceptance(
    app: Flask, sign_in_as: SignIn, advance: Advance
) -> None:
    deal = contracts.completed(app, advance)
    with app.app_context():
        address = f"/workspace/needs/{deal.need.public_id}/story"
        digest = queries.deliverables(deal.contract.id)[0].file.sha256
        contract_text = deal.contract.body_sha256
        people = {side: db.session.get_one(User, deal.actor(side).user_id) for side in SIDES}
    for side in SIDES:
        text = sign_in_as(people[side]).get(address).get_data(as_text=True)
        places = [
            text.index(part)
            for part in ("需求：报名中", "名单公布", "中选：已确认中选", "合同：已完成")
        ]
        assert places == sorted(places)
        assert text.count(digest) == 2  # in the line of time and among the papers
        assert contract_text in text
        assert "进入名单的机构" in text
    with app.app_context(), transaction():
        trade = accounts.officer(Role.DEPARTMENT_OFFICER, "zjj")
        other = accounts.officer(Role.DEPARTMENT_OFFICER, "slj")
    statuses = {sign_in_as(each.user).get(address).status_code for each in (trade, other)}
    assert statuses == {200, 404}


def test_a_firm_that_was_not_chosen_reads_the_public_parts(
    app: Flask, sign_in_as: SignIn, advance: Advance
) -> None:
    with app.app_context(), transaction():
        entrants = selection.firms(3)
        need = selection.entered_need(entrants=entrants)
        address = f"/workspace/needs/{need.public_id}/story"
    advance(timedelta(days=2))
    with app.app_context(), transaction():
        selection.read_lottery()
    advance(timedelta(minutes=5))
    texts = [sign_in_as(firm.user).get(address).get_data(as_text=True) for firm in entrants]
    for text in texts:
        assert "抽取完成，次序公布" in text
        assert "仅显示公开环节" in text


def test_an_order_tells_whom_it_asked_and_the_winner_no_other_firms_price(
    app: Flask, sign_in_as: SignIn
) -> None:
    with app.app_context(), transaction():
        owner = accounts.owner()
        first, second, third = (intermediaries.listed(("dazl",)) for _each in range(3))
        order = orders.asked(owner, first, second, third)
        names = [firm.organisation.name for firm in (first, second, third)]
        address = f"/workspace/needs/{order.need.public_id}/story"
        asks = order_queries.asks_of(order)
        order_actions.quote(asks[0], Decimal("7777"), "", first.actor)
        order_actions.turn_down(order, "报价高于同类", owner.actor)
        order_actions.quote(asks[1], Decimal("6500"), "", second.actor)
        order_actions.confirm_quote(order, owner.actor)
        people = {"owner": owner.user, "winner": second.user}
        officer = accounts.officer(Role.SUPERVISOR).user
    seen = {who: sign_in_as(one).get(address).text for who, one in people.items()}
    for text in (*seen.values(), sign_in_as(officer).get(address).text):
        places = [text.index(f"询价：{step}") for step in ("待答复", "业主未采纳", "已成交")]
        assert places == sorted(places)
        assert names[0] in text
        assert names[1] in text
        assert "6,500.00 元" in text
        assert names[2] not in text
        assert text.count("中选：") == 1
        assert "名单公布" not in text
    assert "7,777.00 元" in seen["owner"]
    assert "报价高于同类" in seen["owner"]
    assert "7,777.00" not in seen["winner"]
    assert "报价高于同类" not in seen["winner"]
