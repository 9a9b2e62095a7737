"""What each firm is told of a result: its place and price, the rule, what it can do until when."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from flask import Flask
from sqlalchemy import select

from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.notifications.models import Delivery, Message
from marketplace.projects import actions as projects
from marketplace.projects.models import SelectionMethod
from marketplace.selection import actions, queries
from marketplace.selection.models import AwardStatus
from tests.factories import accounts, selection
from tests.factories.intermediaries import resident_id
from tests.selection.scenes import Advance, SignIn, again, drawn, key, the_need

COMPETITION: dict[str, Any] = {"method": SelectionMethod.PRICE_COMPETITION, "draw_source": None}
TO_OPENING = timedelta(days=1, hours=8, minutes=31)
REASON = "同类报告经验最多，时限承诺最短，报价合理"


def accounts_told() -> dict[int, Message]:
    """What was told of results, by whom."""
    found = db.session.scalars(select(Message).where(Message.key.like("award:%:announced:%")))
    return {each.organisation_id: each for each in found}


def test_every_loser_of_a_price_competition_hears_its_place_its_price_and_why(
    app: Flask, advance: Advance, sign_in_as: SignIn
) -> None:
    with app.app_context(), transaction():
        firms = selection.firms(4)
        need = selection.open_need(**COMPETITION)
        for firm, price in zip(firms, ("24000", "36000", "37000", "37000.5"), strict=True):
            selection.enter(need, firm, Decimal(price))
        firms[2].organisation.email = "lin@example.test"
        low_one, winner, third, fourth = (key(firm) for firm in firms)
    advance(TO_OPENING)
    with app.app_context():
        assert accounts_told() == {}
    # the lowest quote is far below the others and its firm says nothing
    advance(timedelta(days=1, hours=1))
    with app.app_context():
        told = accounts_told()
        award = queries.award_of(the_need())
        assert award is not None
        assert award.notice_ends_at is not None
        until = clock.written(award.notice_ends_at)
        assert set(told) == {low_one, winner, third, fourth}
        assert "贵机构中选" in told[winner].subject
        words = told[third].body
        for said in (
            "贵机构报价：37,000.00 元，比中选价高 1,000.00 元。",
            "贵机构次序：共 4 家，列第 3 位。",
            f"中选机构：{award.organisation.name}，中选价 36,000.00 元。",
            "报价低者在前，中选机构列第 2 位。",
            "由贵机构递补",
            f"在 {until} 前",
            "3 个工作日内答复",
        ):
            assert said in words
        assert "在前 2 家均放弃" in told[fourth].body
        assert "列第 1 位" in told[low_one].body
        assert "逾期未说明理由" in told[low_one].body
        assert "比中选价低 12,000.00 元" in told[low_one].body
        assert "递补" not in told[low_one].body
        # why another was passed by is told to nobody else
        assert all("逾期未说明" not in told[each].body for each in (winner, third, fourth))
        mailed = db.session.scalars(
            select(Delivery).where(Delivery.message_id == told[third].id)
        ).one()
        assert mailed.address == "lin@example.test"
        entry_id = told[third].link
    page = sign_in_as(firms[2].user).get(entry_id).get_data(as_text=True)
    assert "选取结果告知" in page
    assert "比中选价高 1,000.00 元" in page


def test_losers_of_a_draw_hear_their_rank_and_where_the_proof_is_and_of_the_reserve(
    app: Flask, advance: Advance
) -> None:
    drawn(app, advance)
    with app.app_context():
        award = queries.award_of(the_need())
        assert award is not None
        told = accounts_told()
        assert len(told) == 3
        order = [each.organisation_id for each in queries.in_place_order(award.round)]
        for place, organisation in enumerate(order[1:], 2):
            assert f"共 3 家，列第 {place} 位" in told[organisation].body
            assert f"/results/{the_need().public_id}" in told[organisation].body
    advance(timedelta(days=1))
    with app.app_context(), transaction():
        award = queries.award_of(the_need())
        assert award is not None
        assert award.status is AwardStatus.OFFERED
        person = accounts.user(award.organisation, accounts.Role.FIRM_ADMIN)
        actor = accounts.queries.actor_for(person, award.organisation)
        actions.decline_award(award, "人员安排有变，不能按期完成", actor)
    with app.app_context():
        changed = db.session.scalars(
            select(Message).where(Message.subject.like("中选机构变更%"))
        ).all()
        assert [each.organisation_id for each in changed] == [order[2]]
        assert "由第 2 位" in changed[0].body
        assert "由贵机构递补" in changed[0].body


def test_those_not_picked_read_the_owners_reason_and_a_void_entry_its_rule(
    app: Flask, advance: Advance
) -> None:
    with app.app_context(), transaction():
        owner = accounts.owner()
        firms = selection.firms(2)
        twins = selection.firms(2, legal_identity=resident_id(778))
        need = selection.open_need(owner, method=SelectionMethod.DIRECT_PICK, draw_source=None)
        for firm, price in zip([*firms, *twins], (36000, 36000, 37000, 37000), strict=True):
            selection.enter(need, firm, Decimal(price))
        picked, other, first, second = (key(each) for each in (*firms, *twins))
    advance(TO_OPENING)
    with app.app_context(), transaction():
        running = queries.live_round(the_need())
        entry = next(each for each in queries.listed(running) if each.organisation_id == picked)
        award = actions.pick_entry(the_need(), entry, REASON, again(owner).actor)
        if award.status is AwardStatus.PROPOSED:
            actions.approve_pick(award, again(owner).approving_actor)
    with app.app_context():
        told = accounts_told()
        assert set(told) == {picked, other, first, second}
        assert f"选取理由：{REASON}" in told[other].body
        assert "与中选价相同" in told[other].body
        assert "次序" not in told[other].body
        void = queries.void(queries.live_round(the_need()))
        assert [each.organisation_id for each in void] == [second]
        assert f"贵机构未进入名单。原因：{void[0].void_reason}" in told[second].body
        assert "提出异议" in told[second].body


def test_every_entrant_of_a_withdrawn_need_is_told_why_once(app: Flask, advance: Advance) -> None:
    why = "项目用地范围调整，原定服务内容不再需要"
    with app.app_context(), transaction():
        owner = accounts.owner()
        firms = selection.firms(3)
        need = selection.open_need(owner)
        entries = [selection.enter(need, firm) for firm in firms]
        actions.withdraw_entry(entries[2], firms[2].actor)
        firms[0].organisation.email = "lin@example.test"
        standing = {key(firm) for firm in firms[:2]}
        projects.withdraw_need(need, why, owner.approving_actor, clock.now())
        link = f"/needs/{need.public_id}"
    for _twice in range(2):
        advance(timedelta(minutes=2))
    with app.app_context():
        told = db.session.scalars(
            select(Message).where(Message.key.like("entry:%:need_withdrawn"))
        ).all()
        assert sorted(each.organisation_id for each in told) == sorted(standing)
        for each in told:
            assert each.subject == f"需求已撤回：{the_need().title}"
            assert f"理由：{why}" in each.body
            assert each.link == link
        mailed = db.session.scalars(
            select(Delivery.address).where(Delivery.message_id.in_([each.id for each in told]))
        ).all()
        assert mailed == ["lin@example.test"]
