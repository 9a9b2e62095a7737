"""No page of a firm's file shows anybody else its people: masked, opened on a reason, noted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select

from marketplace.accounts.permissions import Role
from marketplace.foundation import clock
from marketplace.foundation.audit import AuditRow
from marketplace.foundation.db import db
from marketplace.intermediaries import actions
from marketplace.intermediaries.file import actions as filing
from marketplace.intermediaries.file.models import ChangeKind
from marketplace.intermediaries.models import Firm
from tests.architecture.objects import BESIDE, SUBJECTS, things
from tests.factories import accounts as people
from tests.factories import intermediaries as firms
from tests.factories.filing import SignIn, made, send

RAW = {
    "agents": ("欧阳经办", "13912341234"),
    "branches": ("令狐负责", "13812345678"),
    "controller": ("百里持股",),
    "practitioners": ("诸葛执业", "HP-778899"),
    "history": ("司徒离任",),
}


def scene() -> list[Any]:
    party = firms.listed(controller=("百里持股", firms.resident_id(501)))
    asking = firms.listed()
    firm, actor, now = party.firm, party.actor, clock.now()
    for name, phone in (("司徒离任", "13700001111"), RAW["agents"]):
        document = firm.licence
        assert document is not None
        authority = filing.Authority(
            "1 号", document, True, True, True, date(2026, 3, 1), date(2026, 12, 31)
        )
        filing.appoint_agent(firm, name, phone, authority, None, actor, now)
    filing.add_branch(
        firm,
        name="东城分公司",
        credit_code=people.new_credit_code(people.OrganisationKind.COMPANY),
        address="东城区",
        head_name=RAW["branches"][0],
        head_phone=RAW["branches"][1],
        actor=actor,
        now=now,
    )
    name, number = RAW["practitioners"]
    actions.add_practitioner(
        firm, name=name, profession="环评工程师", number=number, actor=actor, now=now
    )
    filing.ask_transfer(
        asking.firm,
        name=name,
        number=number,
        valid_until=None,
        statement=None,
        actor=asking.actor,
        now=now,
    )
    said = filing.Statement(ChangeKind.CONTROLLER, "", None, None)
    filing.state_change(firm, said, actor, now)
    return [
        party,
        asking,
        people.officer(Role.BUREAU_OPERATOR),
        people.officer(Role.BUREAU_APPROVER),
        people.officer(Role.DEPARTMENT_OFFICER, "sthj"),
    ]


def addresses(app: Flask) -> Iterator[str]:
    """Every page of the register, of everything it is about."""
    with app.app_context():
        found = things(4)
        with app.test_request_context():
            for rule in app.url_map.iter_rules():
                package = rule.endpoint.partition(".")[0]
                if package not in ("intermediaries", "portal", "supervision", "workspace"):
                    continue
                if "GET" not in (rule.methods or ()):
                    continue
                if not rule.arguments:
                    yield rule.rule
                if rule.arguments != {"public_id"} or rule.endpoint not in SUBJECTS:
                    continue
                if rule.endpoint in BESIDE:
                    continue
                for kind in SUBJECTS[rule.endpoint]:
                    for thing in found[kind]:
                        yield rule.rule.replace("<public_id>", str(thing.public_id))


def test_everybody_else_sees_masks(
    app: Flask, sign_in_as: SignIn, advance: Callable[[timedelta], None]
) -> None:
    party, asking, operator, approver, department = made(app, scene)
    raw = [value for values in RAW.values() for value in values]
    pages = list(addresses(app))
    assert any(page.startswith("/supervision/rechecks/") for page in pages)
    own = sign_in_as(party.user)
    seen = "".join(own.get(page).text for page in pages if page.startswith("/firm"))
    assert [value for value in raw if value not in seen] == [], "the firm itself sees them"
    for reader in (asking, operator, approver, department):
        browser = sign_in_as(reader.user)
        shown = 0
        for page in pages:
            answer = browser.get(page)
            shown += answer.status_code == 200
            words = answer.text if answer.mimetype == "text/html" else ""
            leaked = [value for value in raw if value in words]
            assert not leaked, (page, reader.user.id, leaked)
        assert shown > 10

    with app.app_context():
        public_id = db.session.get_one(Firm, party.firm.id).public_id
        ledger = "".join(str(facts) for facts in db.session.scalars(select(AuditRow.facts)))
    assert not [value for value in raw if value in ledger]
    file, history = (
        f"/supervision/applications/{public_id}",
        f"/supervision/applications/{public_id}/history",
    )
    browser = sign_in_as(operator.user)
    for field, page in (
        ("controller", file),
        ("practitioners", file),
        ("history", history),
        ("agents", history),
        ("branches", history),
    ):
        opening = f"/personal/firm/{public_id}/{field}"
        assert f"{opening}?" in browser.get(page).text, (field, page)
        send(browser, opening, 422, reason="")
        send(browser, opening, reason="核对变更材料")
        assert RAW[field][0] in browser.get(page).text
    assert RAW["history"][0] not in sign_in_as(approver.user).get(history).text
    assert "核对变更材料" in own.get("/personal/log").text
    advance(timedelta(seconds=61))
    assert RAW["history"][0] not in browser.get(history).text
    outside = sign_in_as(asking.user)
    assert outside.get(f"/personal/firm/{public_id}/history").status_code == 404
    with app.app_context():
        looks = select(AuditRow.facts).where(AuditRow.action == "personal.revealed")
        assert len(db.session.scalars(looks).all()) == 5
