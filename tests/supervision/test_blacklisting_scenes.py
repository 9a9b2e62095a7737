"""One blacklisting, read by everybody it touches: an open need, a draw, an award, a contract."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.accounts.models import Organisation, User
from marketplace.accounts.permissions import Role
from marketplace.contracts.models import Contract
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.notices.models import PublicNotice
from marketplace.notifications.models import Message
from marketplace.sanctions.models import Blacklisting, Case, CaseStatus
from marketplace.schedule import run_due
from marketplace.selection.models import Award, AwardStatus, Entry, EntryStatus
from marketplace.supervision import actions, invariants
from marketplace.supervision.models import ClockKind, RunningClock
from tests.factories import accounts, contracts, sanctions, selection
from tests.factories.notices import Somebody
from tests.selection.scenes import DAY, TO_CLOSING, TO_LOTTERY

Advance = Callable[[timedelta], None]
SignIn = Callable[..., FlaskClient]
WHY = "列入黑名单：其他严重违反入驻承诺的行为"


def _proposed(organisation_id: int) -> str:
    """The decision page of a case on a firm that another officer only has to decide."""
    organisation = db.session.get_one(Organisation, organisation_id)
    person = accounts.user(organisation, Role.FIRM_ADMIN)
    party = accounts.Party(person, organisation, person)
    return f"/supervision/cases/{sanctions.proposed_case(party, months=6).public_id}/decision"


def _blacklist(app: Flask, sign_in_as: SignIn, organisation_id: int) -> None:
    with app.app_context(), transaction():
        page = _proposed(organisation_id)
        approver = accounts.officer(Role.BUREAU_APPROVER).user
    assert sign_in_as(approver).post(page, data={"reason": sanctions.REASON}).status_code == 303


def _entry(app: Flask, need_id: int, organisation_id: int) -> str:
    with app.app_context():
        found = db.session.scalars(
            select(Entry).where(Entry.need_id == need_id, Entry.organisation_id == organisation_id)
        ).one()
        return f"/entries/{found.public_id}"


def _sound(app: Flask) -> None:
    with app.app_context():
        assert list(map(str, invariants.broken())) == []


def test_with_a_need_open_and_a_contract_running(
    app: Flask, client: FlaskClient, sign_in_as: SignIn, advance: Advance
) -> None:
    deal = contracts.signed(app, advance)
    with app.app_context(), transaction():
        firm, (other,) = deal.party(), selection.firms(1)
        owner = accounts.owner()
        need = selection.open_need(owner, entry_working_days=10)
        later = f"/needs/{selection.open_need(owner, entry_working_days=10).public_id}/enter"
        selection.enter(need, firm)
        selection.enter(need, other)
        need_id, result = need.id, f"/results/{need.public_id}"
        choosing = f"/owner/needs/{need.public_id}/selection"
        name = firm.organisation.name
        contract = f"/contracts/{deal.contract.public_id}"
        keeper = db.session.get_one(User, deal.approver_id)
        people = [firm.user, other.user, owner.user, keeper]
        other_id = other.organisation.id
    own, rival, asker, keeping = map(sign_in_as, people)
    mine, theirs = _entry(app, need_id, deal.firm_id), _entry(app, need_id, other_id)
    assert name in client.get("/firms").text
    _blacklist(app, sign_in_as, deal.firm_id)
    # the firm: out with the reason, may enter nothing more, knows until when it may appeal
    assert "报名已被撤下" in own.get(mine).text
    assert WHY in own.get(mine).text
    assert "列入本平台黑名单" in own.get(later).text
    assert "申诉截止" in own.get("/workspace/sanctions").text
    assert "由项目业主在" in own.get(contract).text
    # another firm: its entry stands, and it learns of nobody
    assert "撤回报名" in rival.get(theirs).text
    assert name not in rival.get(theirs).text
    # the need's owner: nobody is known before the entries close
    assert name not in asker.get(choosing).text
    # the public: off the lists, on the list of warnings, the count of entries is right
    assert name not in client.get("/firms").text
    assert name in client.get("/sanctions").text
    assert "已有 1 家报名" in client.get(result).text
    # the contract's owner decides by a day, and the clock says so
    page = keeping.get(contract).text
    assert WHY in page
    assert contract in keeping.get("/workspace").text
    with app.app_context():
        run_due()
        found = db.session.scalars(select(Contract)).one()
        assert found.flag_decide_by is not None
        running = db.session.scalars(
            select(RunningClock).where(
                RunningClock.kind == ClockKind.DECISION, RunningClock.ended_at.is_(None)
            )
        ).one()
        assert (running.organisation_id, running.due_at) == (deal.owner_id, found.flag_decide_by)
    assert keeping.post(f"{contract}/continue", data={"continue_reason": "好"}).status_code == 422
    kept = {"continue_reason": "成果已经提交初稿，换人将延误开工"}
    assert keeping.post(f"{contract}/continue", data=kept).status_code == 303
    assert kept["continue_reason"] in own.get(contract).text
    with app.app_context():
        assert db.session.scalars(select(Contract)).one().is_running
    _sound(app)


def test_between_closing_and_the_draw_and_between_award_and_contract(
    app: Flask, client: FlaskClient, sign_in_as: SignIn, advance: Advance
) -> None:
    with app.app_context(), transaction():
        owner, firms = accounts.owner(), selection.firms(3)
        need = selection.entered_need(owner=owner, entrants=firms)
        need_id, result = need.id, f"/results/{need.public_id}"
        drafting = f"/contracts/new/{need.public_id}"
        choosing = f"/owner/needs/{need.public_id}/selection"
        names = {each.organisation.id: each.organisation.name for each in firms}
        people = {each.organisation.id: Somebody.of(each) for each in firms}
        owner_id, asker = owner.organisation.id, owner.approver.id

    def at(user_id: int) -> FlaskClient:
        # days go by in between, and a session ends with them
        with app.app_context():
            user = db.session.get_one(User, user_id)
        return sign_in_as(user)

    def read(key: int, address: str) -> str:
        answer = at(people[key].user_id).get(address)
        assert answer.status_code == 200
        return answer.text

    def winner() -> int:
        with app.app_context():
            newest = select(Award).where(Award.need_id == need_id).order_by(Award.id.desc())
            return db.session.scalars(newest.limit(1)).one().organisation_id

    advance(TO_CLOSING)
    early, *rest = names
    _blacklist(app, sign_in_as, early)
    # the list was frozen and published: it stays, but the award passes the firm by
    assert all(name in client.get(result).text for name in names.values())
    advance(TO_LOTTERY)
    with app.app_context(), transaction():
        selection.read_lottery("2026062")
    advance(timedelta(seconds=1))
    first = winner()
    assert first in rest
    assert "接受中选" not in read(early, _entry(app, need_id, early))
    advance(DAY)
    with app.app_context():
        award = db.session.scalars(select(Award).where(Award.organisation_id == first)).one()
        accepting = f"/awards/{award.public_id}/accept"
    assert at(people[first].user_id).post(accepting).status_code == 303
    _blacklist(app, sign_in_as, first)
    second = winner()
    assert {early, first, second} == set(names)
    # the firm may not sign, the owner is told who is next, the reserve may accept
    assert "已不符合条件" in read(first, _entry(app, need_id, first))
    assert at(people[first].user_id).get(drafting).status_code in (403, 404, 409)
    assert names[second] in at(asker).get(choosing).text
    assert "接受中选" in read(second, _entry(app, need_id, second))
    page = client.get(result).text
    assert "中选变化" in page
    assert "黑名单" not in page
    with app.app_context():
        told = db.session.scalars(
            select(Message.subject).where(Message.organisation_id == owner_id)
        ).all()
        assert any("中选结果变化" in subject for subject in told)
        fallen = db.session.scalars(
            select(Award).where(Award.need_id == need_id, Award.organisation_id == first)
        ).one()
        assert fallen.status is AwardStatus.BARRED
    _sound(app)


def test_all_of_it_or_nothing(
    app: Flask, advance: Advance, monkeypatch: pytest.MonkeyPatch
) -> None:
    deal = contracts.signed(app, advance)
    with app.app_context(), transaction():
        firm = deal.party()
        selection.enter(selection.open_need(), firm)
        case_id = sanctions.proposed_case(firm).id
        approver = Somebody.of(accounts.officer(Role.BUREAU_APPROVER))
        notices = db.session.query(PublicNotice).count()

    def fails(*_given: object, **_more: object) -> None:
        raise RuntimeError("the last step breaks")

    monkeypatch.setattr(actions, "flag_for_decision", fails)
    with app.app_context():
        with pytest.raises(RuntimeError), transaction():
            actions.blacklist_and_withdraw(
                db.session.get_one(Case, case_id), sanctions.REASON, approver.actor, clock.now()
            )
        db.session.expire_all()
        assert db.session.get_one(Case, case_id).status is CaseStatus.PROPOSED
        assert db.session.query(Blacklisting).count() == 0
        assert db.session.query(PublicNotice).count() == notices
        standing = select(Entry).where(Entry.status == EntryStatus.STANDING)
        assert len(db.session.scalars(standing).all()) == 1
        assert deal.contract.flagged_at is None
