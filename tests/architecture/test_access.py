"""Who may call what: the checked-in table, every cell of it requested, other people's objects.

The duties of the table are RELIABILITY section 13.3, line by line as far as the site goes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.accounts import agency, inviting
from marketplace.accounts.models import User
from marketplace.accounts.permissions import (
    GRANTS,
    HOME_OF_ROLE,
    Permission,
    Role,
    conflicting,
)
from marketplace.accounts.queries import actor_for
from marketplace.contracts import amending
from marketplace.contracts.models import Contract, ContractStatus, Side
from marketplace.foundation import clock, files
from marketplace.foundation.db import Base, PublicIdMixin, db
from marketplace.foundation.transactions import transaction
from marketplace.foundation.web import PUBLIC
from marketplace.notices import actions as objecting
from marketplace.projects import correcting, drafting
from marketplace.supervision import sampling
from marketplace.supervision.models import SampleKind
from tests.access_matrix import DUTIES, PAGE, Line, holders, lines, page
from tests.conftest import sign_in
from tests.factories import accounts, intermediaries, notices, orders, projects
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


# What a stranger may call with somebody else's id, and why: everything else answers 404
OPEN_TO_STRANGERS = {
    ("selection.enter", "Need"): "any qualified firm may enter an open need",
    ("notices.object_to", "PublicNotice"): "an objection may come from any organisation",
}

# kinds that pages of other packages name in their addresses
EVERYWHERE = {"Need", "Contract", "Award", "StoredFile"}


def _named() -> list[Any]:
    """Every kind of thing that appears in addresses by a name of its own."""
    kinds = [mapper.class_ for mapper in Base.registry.mappers]
    return [kind for kind in kinds if issubclass(kind, PublicIdMixin)]


def _objects() -> dict[tuple[str, str], str]:
    """The latest id of every kind of thing in the database, by package and kind."""
    found: dict[tuple[str, str], str] = {}
    for kind in _named():
        newest = select(kind.public_id).order_by(kind.id.desc()).limit(1)
        if public_id := db.session.scalar(newest):
            found[kind.__module__.split(".")[1], kind.__name__] = public_id
    db.session.rollback()
    return found


def _deal_further(app: Flask) -> None:
    """What the small demo does not hold: an order, a file, a correction, a change, a sample …"""
    with app.app_context(), transaction():
        now = clock.now()
        owner, firm = accounts.owner(), intermediaries.listed(("dazl",))
        orders.asked(owner, firm)
        draft = projects.draft(owner)
        drafting.attach_file(draft, io.BytesIO(PDF), "附件.pdf", owner.actor, now)
        need = projects.published(owner)
        longer = correcting.Correction(need.scope, need.place, need.budget, need.days_wanted - 1)
        correcting.propose_correction(need, longer, "办理时限有误", owner.actor, now)
        running = select(Contract).where(Contract.status == ContractStatus.ACTIVE)
        contract = db.session.scalars(running.order_by(Contract.id)).first()
        assert contract is not None
        agent = accounts.user(contract.firm, Role.FIRM_ADMIN)
        amending.propose_amendment(
            contract,
            contract.price,
            contract.ends_on - timedelta(days=1),
            "提前完成",
            Side.FIRM,
            actor_for(agent, contract.firm),
            now,
        )
        inviting.invite_staff(
            owner.organisation, "新来的", Role.OWNER_EDITOR, owner.approving_actor, now, None
        )
        _agent(owner)
        sampling.take_sample(SampleKind.GRADES, 1, accounts.officer(Role.AUDITOR).actor, now)
        objecting.file_objection(notices.notice(), "该机构证书已过期。", firm.actor, now)
        user = owner.user
    sign_in(app, user)


def _theirs(app: Flask, role: Role) -> Iterator[tuple[str, str, str, str]]:
    """Every call with an object id that a role's rights let through: method, address, what."""
    with app.app_context():
        objects = _objects()
    # nobody loses a factor here, and letters have no pages
    unseen = {"Letter", "FactorReset"}
    named = {kind.__name__ for kind in _named()}
    assert named - {kind for _package, kind in objects} <= unseen
    for line in lines(app):
        if "<public_id>" not in line.rule or line.need == PUBLIC or not line.lets_in(role):
            continue
        own_package = line.endpoint.partition(".")[0]
        for (package, kind), public_id in objects.items():
            if package != own_package and kind not in EVERYWHERE:
                continue
            address = re.sub(r"<int:[^>]*>", "0", line.rule.replace("<public_id>", public_id))
            address = re.sub(r"<[^>]*>", NOBODY, address)
            for method in line.methods:
                yield method, address, line.endpoint, kind


@on_sqlite
@pytest.mark.parametrize("role", [Role.FIRM_ADMIN, Role.OWNER_EDITOR, Role.OWNER_APPROVER])
def test_another_organisations_objects_are_not_there(demo_app: Flask, role: Role) -> None:
    """Whoever has dealt with nobody finds nobody's objects, in reading as in writing."""
    _deal_further(demo_app)
    calls = list(_theirs(demo_app, role))
    with demo_app.app_context(), transaction():
        user = _person(role)
    browser = sign_in(demo_app, user)
    reached = set()
    for method, address, endpoint, kind in calls:
        status = browser.open(address, method=method).status_code
        if status != 404 and (endpoint, kind) not in OPEN_TO_STRANGERS:
            reached.add((method, endpoint, kind, status))
    assert sorted(reached) == []
    assert len(calls) > 100
