"""A decision with everything that follows: off every list, entries out, contracts to the owner."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.accounts.permissions import Role
from marketplace.catalogue import queries as catalogue
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.errors import DomainError
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries import queries as register
from marketplace.sanctions.actions.cases import state_case
from marketplace.sanctions.models import Blacklisting, Case, CaseItem, CaseStatus
from marketplace.selection.models import Entry, EntryStatus
from marketplace.supervision import actions
from tests.factories import accounts, contracts, intermediaries, sanctions, selection
from tests.factories.notices import Somebody
from tests.pages import faults

Advance = Callable[[timedelta], None]
SignIn = Callable[..., FlaskClient]


def _is_listed(organisation_id: int) -> bool:
    firms = register.listed(accounts.CITY, clock.now())
    return any(firm.organisation_id == organisation_id for firm in db.session.scalars(firms))


def _approver() -> Somebody:
    with transaction():
        return Somebody.of(accounts.officer(Role.BUREAU_APPROVER))


def test_everything_follows_in_one_transaction_and_ends_by_the_clock(
    app: Flask, advance: Advance, client: FlaskClient
) -> None:
    deal = contracts.signed(app, advance)
    with app.app_context():
        with transaction():
            firm = deal.party()
            name = firm.organisation.name
            address = f"/firms/{firm.organisation.public_id}"
            need = selection.open_need()
            selection.enter(need, firm)
            case_id = sanctions.proposed_case(firm, months=1).id
            need_id = need.id
        approver = _approver()
        assert _is_listed(deal.firm_id)
        assert not deal.contract.flagged_at
    assert name in client.get("/firms").text
    assert client.get(address).status_code == 200
    with app.app_context():
        with transaction():
            row = actions.blacklist_and_withdraw(
                db.session.get_one(Case, case_id), sanctions.REASON, approver.actor, clock.now()
            )
            until = row.until_at
        assert not _is_listed(deal.firm_id)
        entry = db.session.query(Entry).filter_by(need_id=need_id).one()
        assert entry.status is EntryStatus.WITHDRAWN
        assert deal.contract.flagged_at is not None
        assert "黑名单" in (deal.contract.flag_reason or "")
        with transaction():
            again = selection.open_need()
            with pytest.raises(DomainError) as barred:
                selection.enter(again, deal.party())
        assert "黑名单" in barred.value.message
    assert name not in client.get("/firms").text
    assert name in client.get("/sanctions").text
    with app.app_context():
        left = until - clock.now()
    advance(left + timedelta(minutes=1))
    with app.app_context():
        assert _is_listed(deal.firm_id)
        with transaction():
            selection.enter(selection.open_need(), deal.party())
    assert name in client.get("/firms").text
    assert name not in client.get("/sanctions").text


def test_one_limited_to_items_leaves_other_work_alone(app: Flask) -> None:
    with app.app_context(), transaction():
        (firm,) = selection.firms(1)
        need = selection.open_need()
        entry = selection.enter(need, firm, Decimal("36000"))
        case = sanctions.proposed_case(firm, items=["jsjl"])
        approver = accounts.officer(Role.BUREAU_APPROVER)
        actions.blacklist_and_withdraw(case, sanctions.REASON, approver.actor, clock.now())
        assert entry.status is EntryStatus.STANDING
        assert _is_listed(firm.organisation.id)


def test_the_page_decides_once_and_by_another_officer(
    app: Flask, client: FlaskClient, sign_in_as: SignIn
) -> None:
    with app.app_context():
        with transaction():
            case = sanctions.proposed_case(accounts.firm())
            page = f"/supervision/cases/{case.public_id}/decision"
            proposer_id = case.proposed_by
        approver = _approver()
        with transaction():
            department = Somebody.of(accounts.officer(Role.DEPARTMENT_OFFICER))
        people = approver.user, department.user
    browser, other = sign_in_as(people[0]), sign_in_as(people[1])
    assert client.get(page).status_code == 302
    assert other.post(page, data={"reason": sanctions.REASON}).status_code == 403
    assert browser.get(page).status_code == 200
    assert page in browser.get(page.replace("/supervision", "").removesuffix("/decision")).text
    refused = browser.post(page, data={"reason": "同意"})
    assert refused.status_code == 422
    assert 'id="reason-error"' in refused.text
    sent = {"reason": sanctions.REASON, "idempotency_key": "once"}
    assert browser.post(page, data=sent).status_code == 303
    assert browser.post(page, data=sent).status_code == 303
    assert browser.post(page, data={"reason": sanctions.REASON}).status_code == 409
    with app.app_context():
        row = db.session.query(Blacklisting).one()
        assert row.case.status is CaseStatus.DECIDED
        assert row.case.decided_by == approver.user_id != proposer_id


def test_approvers_at_the_same_time_have_one_effect(app: Flask) -> None:
    with app.app_context():
        with transaction():
            case_id = sanctions.proposed_case(accounts.firm()).id
        approvers = [_approver() for _ in range(6)]

    def decide(somebody: Somebody) -> int:
        with app.app_context():
            try:
                with transaction():
                    actions.blacklist_and_withdraw(
                        db.session.get_one(Case, case_id),
                        sanctions.REASON,
                        somebody.actor,
                        clock.now(),
                    )
            except DomainError as error:
                return error.status
            finally:
                db.session.remove()
        return 0

    with ThreadPoolExecutor(len(approvers)) as pool:
        answers = sorted(pool.map(decide, approvers))
    assert answers == [0, 409, 409, 409, 409, 409]
    with app.app_context():
        assert db.session.query(Blacklisting).count() == 1


def test_a_proposal_names_what_the_firm_offers_first_and_finds_the_rest(
    app: Flask, sign_in_as: SignIn
) -> None:
    with app.app_context(), transaction():
        firm = intermediaries.listed(("stbc", "hpwj"))
        case = sanctions.reported_case(firm)
        state_case(case, "情况属实，愿意整改。", firm.actor, clock.now())
        address = f"/cases/{case.public_id}/proposal"
        operator = accounts.officer(Role.BUREAU_OPERATOR).user
        names = catalogue.names(clock.today(), ("379900",))

    officer = sign_in_as(operator)

    def offered(page: str) -> set[str]:
        return set(re.findall(r'name="items"[^>]*value="(\w+)"', page))

    page = officer.get(address).text
    first, rest = page.split("<summary>清单中的其他事项")
    assert faults(page) == []
    assert offered(first) == {"stbc", "hpwj"}
    assert offered(rest) == set(names) - {"stbc", "hpwj"}
    found = officer.get(address, query_string={"q": names["jsjl"]}).text
    assert offered(found) == {"stbc", "hpwj", "jsjl"}
    assert "没有名称相符的事项" in officer.get(address, query_string={"q": "没有这一项"}).text
    data = {"severity": "ordinary", "months": "12", "reason": sanctions.REASON}
    sent = officer.post(address, data={**data, "items": ["stbc", "zzzz"]})
    assert sent.status_code == 422
    assert officer.post(address, data={**data, "items": ["stbc", "jsjl"]}).status_code == 303
    with app.app_context():
        kept = db.session.scalars(select(CaseItem.item_code)).all()
        assert set(kept) == {"stbc", "jsjl"}
