"""在线洽谈: the owner asks entrants before a direct pick, firms answer and may quote anew."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select

from marketplace.accounts.models import OrganisationKind
from marketplace.fees.models import PriceCheck
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Invalid
from marketplace.foundation.transactions import transaction
from marketplace.projects.models import SelectionMethod
from marketplace.selection import actions, queries
from marketplace.selection.models import Award, AwardStatus, Entry
from marketplace.selection.talks import actions as talks
from marketplace.selection.talks import queries as waiting
from marketplace.selection.talks.models import Talk, TalkStatus
from tests.factories import accounts, selection
from tests.selection.scenes import GOVERNMENT, Advance, SignIn, again, the_need

PICK = {"method": SelectionMethod.DIRECT_PICK, "draw_source": None}
TO_CHOICE = timedelta(days=1, hours=8, minutes=31)
QUESTION = "请说明现场勘查安排几次，评审费用是否包含在报价内"
REASON = "答复清楚，报价最低，时限承诺最短，人员齐备"


class Scene:
    """An agency's need whose list is public, three firms on it, and their browsers."""

    def __init__(self, app: Flask, advance: Advance, sign_in_as: SignIn) -> None:
        with app.app_context(), transaction():
            self.party = accounts.owner(kind=OrganisationKind.AGENCY)
            firms = selection.firms(3)
            need = selection.open_need(self.party, **{**PICK, **GOVERNMENT})
            entries = [
                selection.enter(need, firm, Decimal(price))
                for firm, price in zip(firms, ("36000", "37000", "38000"), strict=True)
            ]
            self.need_id = need.public_id
            self.entries = [each.public_id for each in entries]
            self.people = [each.user for each in firms]
            stranger = accounts.owner().user
        self.before = sign_in_as(self.party.user)
        advance(TO_CHOICE)
        self.owner = sign_in_as(self.party.user)
        self.firms = [sign_in_as(each) for each in self.people]
        self.stranger = sign_in_as(stranger)

    def ask(self, which: int = 0, question: str = QUESTION) -> int:
        """The owner asks through the page; the status of its answer."""
        address = f"/owner/entries/{self.entries[which]}/talks"
        return self.owner.post(address, data={"question": question}).status_code

    def talk(self, app: Flask) -> str:
        """The newest question's public id."""
        with app.app_context():
            return str(db.session.scalars(select(Talk.public_id).order_by(Talk.id.desc())).first())


@pytest.fixture
def scene(app: Flask, advance: Advance, sign_in_as: SignIn) -> Scene:
    return Scene(app, advance, sign_in_as)


def test_a_question_an_answer_and_a_better_price_before_the_pick(app: Flask, scene: Scene) -> None:
    page = scene.owner.get(f"/owner/needs/{scene.need_id}/selection").get_data(as_text=True)
    assert page.count("在线洽谈") >= 2
    assert scene.ask() == 303
    talk = scene.talk(app)
    assert "答复业主洽谈" in scene.firms[0].get("/workspace").get_data(as_text=True)
    fields = {"answer": "勘查两次，评审费用已包含", "price": "33000"}
    answer = scene.firms[0].post(f"/talks/{talk}", data=fields)
    if answer.status_code == 422:  # far from the standard: the reason is asked for
        fields["deviation_reason"] = "已有相邻项目的资料，工作量较小"
        answer = scene.firms[0].post(f"/talks/{talk}", data=fields)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    told = scene.owner.get(f"/owner/entries/{scene.entries[0]}/talks").get_data(as_text=True)
    assert "报价由 36,000.00 元更新为 33,000.00 元" in told
    # nobody else reads it before the result
    public = app.test_client().get(f"/results/{scene.need_id}").get_data(as_text=True)
    assert QUESTION not in public
    assert QUESTION not in scene.firms[1].get(f"/entries/{scene.entries[1]}").get_data(as_text=True)
    with app.app_context(), transaction():
        party, entry = again(scene.party), queries.entry(scene.entries[0])
        actions.pick_entry(the_need(), entry, REASON, party.actor)
        award = db.session.scalars(select(Award)).one()
        assert award.price == Decimal(33000)
        check = db.session.get_one(PriceCheck, award.entry.price_check_id)
        assert check.price == Decimal(33000)
        actions.approve_pick(award, party.approving_actor)
    public = app.test_client().get(f"/results/{scene.need_id}").get_data(as_text=True)
    assert QUESTION in public
    assert "勘查两次" in public


def test_three_rounds_with_each_and_one_at_a_time(app: Flask, scene: Scene) -> None:
    for number in range(3):
        assert scene.ask() == 303
        assert scene.ask() == 409  # the last one is unanswered
        with app.app_context(), transaction():
            talk = db.session.scalars(select(Talk).order_by(Talk.id.desc())).first()
            assert talk is not None
            assert talk.number == number + 1
            person = again_firm(talk)
            talks.answer(talk, "同意", None, person)
    assert scene.ask() == 409
    assert scene.ask(1) == 303  # the other firm has rounds of its own
    with app.app_context():
        # without a new price the quote stays
        assert queries.entry(scene.entries[0]).price == Decimal(36000)


def again_firm(talk: Talk) -> object:
    from marketplace.accounts import queries as people
    from marketplace.accounts.models import Membership, User

    query = (
        select(User)
        .join(Membership)
        .where(Membership.organisation_id == talk.entry.organisation_id)
    )
    user = db.session.scalars(query).first()
    assert user is not None
    return people.actor_for(user, talk.entry.organisation)


def test_silence_keeps_the_quote_and_too_late_is_refused(
    app: Flask, scene: Scene, advance: Advance, sign_in_as: SignIn
) -> None:
    assert scene.ask() == 303
    talk = scene.talk(app)
    advance(timedelta(days=1, hours=1))
    with app.app_context():
        found = db.session.scalars(select(Talk)).one()
        assert found.status is TalkStatus.LAPSED
        assert queries.entry(scene.entries[0]).price == Decimal(36000)
    late = sign_in_as(scene.people[0]).post(f"/talks/{talk}", data={"answer": "补充答复"})
    assert late.status_code == 409
    assert "error-summary" in late.get_data(as_text=True)


def test_a_new_price_is_never_above_the_old_one(app: Flask, scene: Scene) -> None:
    assert scene.ask() == 303
    talk = scene.talk(app)
    for price, status in (("36000.01", 422), ("0", 422), ("abc", 422)):
        answer = scene.firms[0].post(f"/talks/{talk}", data={"answer": "涨价", "price": price})
        assert answer.status_code == status
    with app.app_context():
        assert db.session.scalars(select(Entry.price).order_by(Entry.id)).all()[0] == 36000
        assert db.session.scalars(select(Talk)).one().status is TalkStatus.ASKED


def test_a_pick_ends_it(app: Flask, scene: Scene) -> None:
    assert scene.ask() == 303
    talk = scene.talk(app)
    with app.app_context(), transaction():
        entry = queries.entry(scene.entries[1])
        actions.pick_entry(the_need(), entry, REASON, again(scene.party).actor)
    assert scene.firms[0].post(f"/talks/{talk}", data={"answer": "已安排"}).status_code == 409
    assert scene.ask(1) == 409
    assert "答复业主洽谈" not in scene.firms[0].get("/workspace").get_data(as_text=True)


def test_who_may_ask_and_answer(app: Flask, scene: Scene) -> None:
    address = f"/owner/entries/{scene.entries[0]}/talks"
    assert scene.stranger.get(address).status_code == 404
    assert scene.stranger.post(address, data={"question": QUESTION}).status_code == 404
    assert scene.ask() == 303
    talk = scene.talk(app)
    assert scene.firms[1].get(f"/talks/{talk}").status_code == 404
    assert scene.firms[1].post(f"/talks/{talk}", data={"answer": "冒名"}).status_code == 404


def test_nobody_asks_before_the_list_is_public_nor_in_another_method(app: Flask) -> None:
    with app.app_context(), transaction():
        owner = accounts.owner()
        need = selection.entered_need(2, owner=owner, method=SelectionMethod.DIRECT_PICK)
        entry = queries.standing(queries.live_round(need))[0]
        with pytest.raises(Conflict):
            talks.ask(entry, QUESTION, owner.actor)
        with pytest.raises(Invalid):
            actions.entering.check_new_price(
                need, entry, need.budget + 1, "", owner.actor, need.created_at
            )


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_what_waits_for_a_firm_is_one_statement_and_ends_with_the_choice(
    app: Flask, scene: Scene
) -> None:
    assert scene.ask() == 303
    with app.app_context(), transaction():
        asked = db.session.scalars(select(Talk)).one()
        firm, now = asked.entry.organisation_id, asked.status_since
        db.session.rollback()
        said: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
            said.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        titles = [each.entry.need.title for each in waiting.to_answer(firm, now)]
        event.remove(db.engine, "before_cursor_execute", note)
        assert titles == [the_need().title]
        assert len([each for each in said if each.startswith("SELECT")]) == 1
        party = again(scene.party)
        entry = db.session.scalars(select(Entry).order_by(Entry.id.desc())).first()
        assert entry is not None
        award = actions.pick_entry(the_need(), entry, REASON, party.actor)
        assert award.status is AwardStatus.PROPOSED
        assert waiting.to_answer(firm, now) == []
