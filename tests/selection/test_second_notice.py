"""A failed need posted again, and the edition that wants a second notice where too few entered."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from marketplace.foundation import clock, policy
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict
from marketplace.foundation.transactions import transaction
from marketplace.projects import drafting
from marketplace.projects.models import Need, NeedStatus
from marketplace.projects.rules import SelectionPolicy
from marketplace.selection import queries
from marketplace.selection.models import Entry, EntryStatus, RoundStatus
from tests.factories import accounts, selection
from tests.factories import projects as factory
from tests.projects.test_pages import ANSWERS
from tests.selection.scenes import DAY, TO_CLOSING, Advance, SignIn, again, the_need

SHIPPED = Path("marketplace/editions/policies/000000/selection-2024-01-01.toml")


def demand_a_second_notice() -> None:
    """The city's edition: too few entrants are not extended, they fail the first notice."""
    text = SHIPPED.read_text("utf-8")
    for old, new in (
        ('jurisdiction = "000000"', f'jurisdiction = "{accounts.CITY}"'),
        ("effective_from = 2024-01-01", f"effective_from = {clock.today()}"),
        ("second_notice = false", "second_notice = true"),
        ("extensions = 1", "extensions = 0"),
    ):
        assert old in text
        text = text.replace(old, new, 1)
    made = policy.parse("selection.toml", text, [SelectionPolicy])
    policy.publish(
        made, selection.accounts.officer(selection.Role.BUREAU_OPERATOR).actor, clock.now()
    )


def test_a_failed_need_is_posted_again_and_both_notices_say_so(
    app: Flask, sign_in_as: SignIn, advance: Advance
) -> None:
    with app.app_context(), transaction():
        owner, stranger = accounts.owner(), accounts.owner()
        need = selection.open_need(owner, minimum_grade="A", days_wanted=5)
        selection.firms(2)
        first, number = need.public_id, need.number
    editor = sign_in_as(owner.user)
    assert editor.get(f"/owner/needs/{first}/again").status_code == 404
    advance(TO_CLOSING)
    with app.app_context():
        assert the_need().status is NeedStatus.FAILED
    page = editor.get(f"/owner/needs/{first}").get_data(as_text=True)
    assert f"/owner/needs/{first}/again" in page
    hints = editor.get(f"/owner/needs/{first}/again").get_data(as_text=True)
    assert "仅因等级不能报名的机构 2 家" in hints
    assert "办理时限 5" in hints
    assert sign_in_as(stranger.user).get(f"/owner/needs/{first}/again").status_code == 404

    begun = editor.get(f"/owner/needs/new?again={first}").get_data(as_text=True)
    assert 'value="示范工程水土保持方案编制"' in begun
    assert f'action="/owner/needs/new?again={first}"' in begun
    fields = {
        **ANSWERS,
        "project_code": "",
        "deviation_reason": "参照上年同类项目的成交价",
    }
    assert (
        sign_in_as(stranger.user).post(f"/owner/needs/new?again={first}", data=fields).status_code
        == 404
    )
    assert editor.post(f"/owner/needs/new?again={first}", data=fields).status_code == 303
    twice = editor.post(f"/owner/needs/new?again={first}", data=fields)
    assert twice.status_code == 409
    assert "已经起草或者发布再次公告" in twice.get_data(as_text=True)
    with app.app_context(), transaction():
        second = db.session.scalars(select(Need).where(Need.call_number == 2)).one()
        drafting.submit_need(second, again(owner).actor, clock.now())
        selection.actions.publish_need(second, again(owner).approving_actor, clock.now())
        public_id = second.public_id
    shown = app.test_client().get(f"/needs/{public_id}").get_data(as_text=True)
    assert "第 2 次公告" in shown
    assert number in shown
    assert "报名截止时没有符合条件的机构" in shown
    assert f"/needs/{public_id}" in app.test_client().get(f"/needs/{first}").get_data(as_text=True)
    with app.app_context(), transaction():
        copy = factory.draft(again(owner))
        copy.earlier_id = db.session.scalars(select(Need.id).where(Need.public_id == first)).one()
        with pytest.raises(IntegrityError):
            db.session.flush()
        db.session.rollback()


def test_an_edition_may_demand_a_second_notice_where_too_few_entered(
    app: Flask, advance: Advance
) -> None:
    with app.app_context(), transaction():
        demand_a_second_notice()
        owner = accounts.owner()
        firms = selection.firms(2)
        selection.entered_need(owner=owner, entrants=firms)
    advance(TO_CLOSING)
    with app.app_context(), transaction():
        need = the_need()
        assert need.status is NeedStatus.FAILED
        assert "不足 3 家，须发布第二次公告" in (need.outcome_reason or "")
        running = queries.round_of(need)
        assert running is not None
        assert running.status is RoundStatus.FAILED
        assert {one.status for one in db.session.scalars(select(Entry))} == {EntryStatus.VOID}
        second = drafting.draft_need(
            factory.project(again(owner)),
            "stbc",
            factory.content(),
            (),
            again(owner).actor,
            clock.now(),
            earlier=need,
        )
        with pytest.raises(Conflict):
            drafting.draft_need(
                factory.project(again(owner)),
                "stbc",
                factory.content(),
                (),
                again(owner).actor,
                clock.now(),
                earlier=need,
            )
        drafting.submit_need(second, again(owner).actor, clock.now())
        selection.actions.publish_need(second, again(owner).approving_actor, clock.now())
        for firm in firms:
            selection.enter(second, again(firm))
    advance(DAY + TO_CLOSING)
    with app.app_context():
        # from the second notice on those there are decide
        second = db.session.scalars(select(Need).where(Need.call_number == 2)).one()
        assert second.status is NeedStatus.SELECTING
        assert len(queries.listed(queries.live_round(second))) == 2
