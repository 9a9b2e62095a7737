"""A blacklisting seen by everybody it touches: an open need, a draw, an award, a contract."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from marketplace.accounts.models import Organisation
from marketplace.accounts.permissions import Role
from marketplace.contracts.models import Contract
from marketplace.foundation.db import db
from marketplace.selection.models import Award, Entry
from marketplace.supervision import invariants
from tests.browser.people import Cast, press, press_in, text
from tests.browsing import Visitor
from tests.factories import accounts, contracts, sanctions, selection
from tests.selection.scenes import DAY, TO_CLOSING, TO_LOTTERY

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(600)]
WHY = "列入黑名单：其他严重违反入驻承诺的行为"


class Office:
    """A bureau whose approver decides prepared cases at a window."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.approver = cast.login_of(lambda: accounts.officer(Role.BUREAU_APPROVER))

    def blacklist(self, organisation_id: int) -> None:
        """Decide a proposed case on a firm, on the page."""

        def proposed() -> str:
            organisation = db.session.get_one(Organisation, organisation_id)
            person = accounts.user(organisation, Role.FIRM_ADMIN)
            party = accounts.Party(person, organisation, person)
            return sanctions.proposed_case(party, months=6).public_id

        case = self.cast.make(proposed)
        desk = self.cast.at(self.approver)
        desk.open(f"/supervision/cases/{case}/decision")
        press_in(desk, "作出决定", 200, reason="同意，自决定之日起执行")
        assert "列入本平台黑名单" in text(desk)


def _entry_of(app: Flask, need_id: int, organisation_id: int) -> str:
    with app.app_context():
        entry = db.session.scalars(
            select(Entry).where(Entry.need_id == need_id, Entry.organisation_id == organisation_id)
        ).one()
        return entry.public_id


def _winner(app: Flask, need_id: int) -> int:
    with app.app_context():
        newest = select(Award).where(Award.need_id == need_id).order_by(Award.id.desc()).limit(1)
        return db.session.scalars(newest).one().organisation_id


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_during_an_open_need_and_with_a_contract_running(
    app: Flask, visitor: Callable[..., Visitor], advance: Callable[[timedelta], None]
) -> None:
    deal = contracts.signed(app, advance)
    cast = Cast(app, visitor, advance)
    office = Office(cast)

    def prepare() -> tuple[str, int, str, str, str, str, str, str]:
        owner = accounts.owner()
        firm = deal.party()
        need = selection.open_need(owner, entry_working_days=10)
        later = selection.open_need(owner, entry_working_days=10)
        selection.enter(need, firm)
        selection.enter(need, selection.firms(1)[0])
        keeper = db.session.get_one(accounts.User, deal.approver_id)
        return (
            need.public_id,
            need.id,
            later.public_id,
            firm.organisation.name,
            firm.user.login,
            owner.user.login,
            keeper.login,
            deal.contract.public_id,
        )

    need, need_id, later, name, login, owner, keeper, contract = cast.make(prepare)
    firm, anybody = cast.at(login), cast.stranger()
    entry = _entry_of(app, need_id, deal.firm_id)
    firm.open(f"/entries/{entry}")
    assert "撤回报名" in text(firm)
    anybody.open(f"/firms?q={name}")
    assert name in text(anybody)

    office.blacklist(deal.firm_id)

    # the firm: its entry is out with the reason, it can enter nothing more and reads why
    firm.open(f"/entries/{entry}")
    assert "报名已被撤下" in text(firm)
    assert WHY in text(firm)
    assert "撤回报名" not in text(firm)
    firm.open(f"/needs/{later}/enter")
    assert "列入本平台黑名单" in text(firm)
    assert firm.page.get_by_role("button", name="提交报名", exact=True).count() == 0
    firm.open("/workspace/sanctions")
    assert "列入本平台黑名单" in text(firm)
    assert "申诉截止" in text(firm)
    # the public: off the lists, on the list of warnings; who entered stays sealed
    anybody.open(f"/firms?q={name}")
    assert name not in text(anybody)
    anybody.open("/sanctions")
    assert name in text(anybody)
    anybody.open(f"/results/{need}")
    assert name not in text(anybody)
    assert "已有 1 家报名" in text(anybody)
    # the owner of the need learns nothing before the entries close
    cast.at(owner).open(f"/owner/needs/{need}/selection")
    assert name not in text(cast.at(owner))
    # the owner with a running contract decides, with a reason, within a period; the firm waits
    desk = cast.at(keeper)
    desk.open("/workspace")
    assert "决定" in text(desk)
    desk.open(f"/contracts/{contract}")
    assert WHY in text(desk)
    assert "剩" in text(desk)
    firm.open(f"/contracts/{contract}")
    assert "由项目业主在" in text(firm)
    press_in(desk, "继续履行", 422, continue_reason="好")
    press_in(desk, "继续履行", 200, continue_reason="成果已经提交初稿，换人将延误开工")
    assert "受托机构被采取措施" not in text(desk)
    firm.open(f"/contracts/{contract}")
    assert "成果已经提交初稿，换人将延误开工" in text(firm)
    with app.app_context():
        kept = db.session.scalars(select(Contract)).one()
        assert kept.is_running
        assert list(map(str, invariants.broken())) == []
    for window in (firm, desk, anybody):
        assert window.complaints == []


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_before_the_draw_and_between_award_and_contract(
    app: Flask, visitor: Callable[..., Visitor], advance: Callable[[timedelta], None]
) -> None:
    cast = Cast(app, visitor, advance)
    office = Office(cast)

    def prepare() -> tuple[str, int, dict[int, tuple[str, str]], str]:
        owner, firms = accounts.owner(), selection.firms(3)
        need = selection.entered_need(owner=owner, entrants=firms)
        people = {firm.organisation.id: (firm.organisation.name, firm.user.login) for firm in firms}
        return need.public_id, need.id, people, owner.approver.login

    need, need_id, people, owner = cast.make(prepare)
    cast.wait(TO_CLOSING)
    early, *rest = people
    # the list is frozen and public: it stays as it is, but the award passes the firm by
    office.blacklist(early)
    anybody = cast.stranger()
    anybody.open(f"/results/{need}")
    assert all(name in text(anybody) for name, _login in people.values())
    cast.wait(TO_LOTTERY)
    cast.make(lambda: selection.read_lottery("2026062"))
    cast.wait(timedelta(seconds=1))
    first = _winner(app, need_id)
    assert first in rest
    firm = cast.at(people[early][1])
    firm.open(f"/entries/{_entry_of(app, need_id, early)}")
    assert "接受中选" not in text(firm)
    # the notice of the result runs out; the winner accepts and is blacklisted before the contract
    cast.wait(DAY)
    winner = cast.at(people[first][1])
    winner.open(f"/entries/{_entry_of(app, need_id, first)}")
    press(winner, "接受中选")
    office.blacklist(first)
    second = _winner(app, need_id)
    assert {early, first, second} == set(people)
    winner.open(f"/entries/{_entry_of(app, need_id, first)}")
    assert "已不符合条件" in text(winner)
    assert "接受中选" not in text(winner)
    assert winner.open(f"/contracts/new/{need}") in (403, 404, 409)
    # the owner is told why and who is next; the reserve has a time of its own to accept
    desk = cast.at(owner)
    desk.open("/workspace/messages")
    assert "中选结果变化" in text(desk)
    desk.open(f"/owner/needs/{need}/selection")
    assert people[second][0] in text(desk)
    reserve = cast.at(people[second][1])
    reserve.open(f"/entries/{_entry_of(app, need_id, second)}")
    press(reserve, "接受中选")
    # everybody reads what happened; the cause stands on the list of warnings, not here
    anybody.open(f"/results/{need}")
    page = text(anybody)
    assert "中选变化" in page
    assert "黑名单" not in page
    assert page.index(people[second][0]) < page.index(people[first][0])
    with app.app_context():
        assert list(map(str, invariants.broken())) == []
    for window in (firm, winner, desk, reserve, anybody):
        assert window.complaints == []
