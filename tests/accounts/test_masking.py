"""Personal data: masked for everybody, opened on a reason for a minute, and never unseen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import DBAPIError

from marketplace.accounts.masking import masked, masked_mobile
from marketplace.accounts.models import Reveal, User
from marketplace.accounts.permissions import Role
from marketplace.foundation import audit, clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from tests.factories import accounts as people
from tests.factories import intermediaries, selection

SignIn = Callable[..., FlaskClient]
Advance = Callable[[timedelta], None]
MOBILE = "13812345678"


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("name", "张小明", "张**"),
        ("name", "欧阳策", "欧**"),
        ("phone", MOBILE, "138****5678"),
        ("phone", "+86 138-1234-5678", "138****5678"),
        ("phone", "0399-5560001", "0399-556****"),
        ("phone", "110", "****"),
        ("contact", "0399-5560001", "0399-5560001"),
        ("contact", MOBILE, "138****5678"),
        ("identity", "370102199001011234", "3***************34"),
        ("email", "alice@x.cn", "a***@x.cn"),
        ("certificate", "JZ2020370001", "****0001"),
        ("name", None, ""),
    ],
)
def test_masks(kind: str, value: str | None, shown: str) -> None:
    assert masked(value, kind) == shown
    assert masked_mobile("0399-5560001") == "0399-5560001"


def need_of(app: Flask) -> tuple[people.Party, str]:
    with app.app_context(), transaction():
        owner = people.owner()
        need = selection.open_need(owner, contact_name="陈联络", contact_phone=MOBILE)
        return owner, need.public_id


def test_a_contact_is_masked_until_an_officer_says_why(
    app: Flask, client: FlaskClient, sign_in_as: SignIn, advance: Advance
) -> None:
    owner, need = need_of(app)
    with app.app_context(), transaction():
        officer = people.officer(Role.BUREAU_OPERATOR)
        auditor = people.officer(Role.AUDITOR)
        firm = intermediaries.listed(("stbc",))
    page = f"/needs/{need}"
    address = f"/personal/need/{need}/contact?next={page}"
    visitor = client.get(page).text
    assert "陈**" in visitor
    assert MOBILE not in visitor
    assert "陈联络" not in visitor
    stranger = sign_in_as(firm.user)
    assert MOBILE not in stranger.get(page).text
    assert stranger.get(address).status_code == 404
    assert stranger.post(address, data={"reason": "想联系业主"}).status_code == 404
    browser = sign_in_as(officer.user)
    assert address.split("?")[0] in browser.get(page).text
    assert browser.get(address).status_code == 200
    assert MOBILE not in browser.get(address).text
    assert browser.post(address, data={"reason": "看"}).status_code == 422
    answer = browser.post(address, data={"reason": "核实需求真实性"})
    assert answer.location == page
    opened = browser.get(page)
    assert MOBILE in opened.text
    assert "陈联络" in opened.text
    assert 1 <= int(opened.headers["Refresh"]) <= 61
    # opened to this session alone
    with app.app_context(), transaction():
        second = people.officer(Role.BUREAU_OPERATOR)
    assert MOBILE not in sign_in_as(second.user).get(page).text
    assert MOBILE not in client.get(page).text
    log = sign_in_as(auditor.user).get("/personal/log").text
    assert "核实需求真实性" in log
    assert "核实需求真实性" in sign_in_as(owner.user).get("/personal/log").text
    assert "核实需求真实性" not in stranger.get("/personal/log").text
    advance(timedelta(seconds=61))
    assert MOBILE not in browser.get(page).text
    with app.app_context():
        events = db.session.scalars(
            select(audit.AuditRow).where(audit.AuditRow.action == "personal.revealed")
        ).all()
        assert len(events) == 1
        assert MOBILE not in str(events[0].facts)
        with pytest.raises(DBAPIError), transaction():
            db.session.execute(text("UPDATE personal_data_reveals SET reason = 'x'"))
    # nor to the same officer's next session
    assert browser.post(address, data={"reason": "再次核实需求"}).location == page
    assert MOBILE in browser.get(page).text
    assert MOBILE not in sign_in_as(officer.user).get(page).text


def test_the_way_back_stays_on_this_site(app: Flask, sign_in_as: SignIn) -> None:
    _owner, need = need_of(app)
    with app.app_context(), transaction():
        officer = people.officer(Role.BUREAU_OPERATOR)
    answer = sign_in_as(officer.user).post(
        f"/personal/need/{need}/contact?next=https://evil.example/", data={"reason": "核实需求"}
    )
    assert answer.location == "/workspace"


def test_fifty_looks_a_day(app: Flask, sign_in_as: SignIn) -> None:
    _owner, need = need_of(app)
    with app.app_context(), transaction():
        officer = people.officer(Role.BUREAU_OPERATOR)
        key = int(inspect(officer.user).identity[0])
        place = officer.organisation.id
        for n in range(49):
            db.session.add(
                Reveal(
                    user_id=db.session.get_one(User, key).id,
                    organisation_id=place,
                    session_id=0,
                    subject="need",
                    subject_id=f"x{n}",
                    field="contact",
                    data_organisation_id=place,
                    reason="核实需求",
                    at=clock.now(),
                    until=clock.now(),
                )
            )
    browser = sign_in_as(officer.user)
    address = f"/personal/need/{need}/contact"
    assert browser.post(address, data={"reason": "核实需求"}).status_code == 303
    assert browser.post(address, data={"reason": "核实需求"}).status_code == 429


def test_the_people_of_a_file_are_masked_for_the_reviewer_and_clear_for_the_firm(
    app: Flask, sign_in_as: SignIn
) -> None:
    with app.app_context(), transaction():
        applicant = intermediaries.submitted(("hpwj",))
        firm = applicant.firm
        agent, public_id = firm.agent_name, firm.public_id
        officer = people.officer(Role.BUREAU_OPERATOR)
        other = people.firm()
    assert agent
    review = f"/supervision/applications/{public_id}"
    browser = sign_in_as(officer.user)
    page = browser.get(review)
    assert page.status_code == 200
    assert f"{agent[0]}**" in page.text
    own = sign_in_as(applicant.user).get("/firm").text
    assert agent in own
    address = f"/personal/firm/{public_id}/agent"
    assert sign_in_as(other.user).post(address, data={"reason": "想看看"}).status_code == 404
    assert browser.post(f"/personal/firm/{public_id}/legal_digest", data={}).status_code == 404
    assert (
        browser.post(f"{address}?next={review}", data={"reason": "电话核实经办人"}).status_code
        == 303
    )
    assert agent in browser.get(review).text
