"""Who may call what: the checked-in table, every cell of it requested.

The duties of the table are RELIABILITY section 13.3, line by line as far as the site goes. Whose
objects they may be called with is in ``test_objects.py``.
"""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts import agency, inviting
from marketplace.accounts.models import User
from marketplace.accounts.permissions import (
    GRANTS,
    HOME_OF_ROLE,
    Permission,
    Role,
    conflicting,
)
from marketplace.foundation import clock, files
from marketplace.foundation.transactions import transaction
from tests.access_matrix import DUTIES, PAGE, Line, holders, lines, page
from tests.conftest import sign_in
from tests.factories import accounts
from tests.factories.intermediaries import PDF

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"])
NOBODY = "nobody0000000"
# looked after by every reader of his own pages, or by nobody yet
WITHOUT_DUTY = {
    Permission.OWNER_REGISTER,
    Permission.NEED_VIEW,
    Permission.NEED_APPROVE,
    Permission.CONTRACT_VIEW,
    Permission.USER_VIEW,
}


@on_sqlite
def test_the_checked_in_table_is_what_the_code_says(app: Flask) -> None:
    with app.test_request_context():
        drawn = page(app)
    assert PAGE.read_text("utf-8") == drawn, "look at `python -m tests.access_matrix`, commit it"


@pytest.mark.parametrize("duty", DUTIES, ids=lambda duty: duty.title)
def test_a_duty_is_in_the_hands_it_belongs_to(duty: Any) -> None:
    assert holders(*duty.does) == duty.doers
    assert holders(*duty.decides) == duty.deciders
    if duty.decides:
        assert not duty.doers & duty.deciders, "who does and who decides are two"


def test_every_right_belongs_to_a_duty() -> None:
    named = {each for duty in DUTIES for each in (*duty.does, *duty.decides)}
    assert set(Permission) - named - WITHOUT_DUTY == set()


def test_no_two_keys_in_one_hand() -> None:
    for one, other in [
        (Role.BUREAU_OPERATOR, Role.BUREAU_APPROVER),
        (Role.BUREAU_OPERATOR, Role.AUDITOR),
        (Role.BUREAU_APPROVER, Role.AUDITOR),
        (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN),
        (Role.BUREAU_OPERATOR, Role.SYSTEM_ADMIN),
        (Role.SECURITY_ADMIN, Role.DEPARTMENT_OFFICER),
    ]:
        assert conflicting([one], other) == one
        assert conflicting([other], one) == other
    administrators = GRANTS[Role.SYSTEM_ADMIN] | GRANTS[Role.SECURITY_ADMIN]
    assert administrators <= {
        Permission.USER_VIEW,
        Permission.USER_PROPOSE,
        Permission.USER_APPROVE,
        # one of three shares, which opens nothing by itself
        Permission.KEY_HOLD,
    }


def _person(role: Role) -> User:
    home = HOME_OF_ROLE[role]
    if home != "party":
        return accounts.officer(role).user
    party = accounts.firm() if role in (Role.FIRM_ADMIN, Role.FIRM_STAFF) else accounts.owner()
    if role is Role.OWNER_AGENT:
        return _agent(party)
    return accounts.user(party.organisation, role)


def _agent(owner: accounts.Party) -> User:
    """Somebody who acts for an owner in all that an authority can cover."""
    now = clock.now()
    authority = files.store(io.BytesIO(PDF), "authority.pdf", owner.actor, now, "document")
    _row, token = agency.authorise_agent(
        owner.organisation,
        agent_name="代小办",
        document_number="授权〔2026〕1号",
        document=authority,
        scope=agency.Scope(prepare=True, evaluate=True, objections=True),
        starts_on=clock.local_day(now),
        ends_on=clock.local_day(now) + timedelta(days=30),
        actor=owner.approving_actor,
        now=now,
    )
    return inviting.accept_invitation(
        inviting.invitation_for(token, now), "agent1", accounts.PASSWORD, now
    )


def _ask(browser: FlaskClient, line: Line, method: str) -> tuple[int, str]:
    address = re.sub(r"<int:[^>]*>", "0", line.rule)
    address = re.sub(r"<[^>]*>", NOBODY, address)
    answer = browser.open(address, method=method)
    return answer.status_code, answer.headers.get("Location", "")


def _outcome(line: Line, role: Role | None, status: int, location: str) -> str | None:
    """What is wrong with an answer, or None."""
    turned_away = status == 401 or (status == 302 and "/sign-in" in location)
    if status >= 500:
        return "failed"
    if line.lets_in(role):
        return f"turned away with {status}" if turned_away or status == 403 else None
    expected = turned_away if role is None else status == 403
    return None if expected else f"let in with {status} {location}"


@on_sqlite
@pytest.mark.parametrize("role", [None, *Role], ids=lambda role: role or "visitor")
def test_every_cell_of_the_table_holds(app: Flask, role: Role | None) -> None:
    user = None
    if role is not None:
        with app.app_context(), transaction():
            user = _person(role)
    browser = sign_in(app, user) if user else app.test_client()
    wrong = []
    for line in lines(app):
        for method in line.methods:
            status, location = _ask(browser, line, method)
            if problem := _outcome(line, role, status, location):
                wrong.append((method, line.rule, problem))
            if user is not None and method == "POST" and status == 303:
                browser = sign_in(app, user)
    assert wrong == []
