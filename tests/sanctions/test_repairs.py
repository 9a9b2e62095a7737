"""Credit repair from evidence to the auditors' drawer."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.permissions import Role
from marketplace.foundation import clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Refused
from marketplace.foundation.transactions import transaction
from marketplace.ratings.models import EntryKind, RatingEntry
from marketplace.sanctions import queries
from marketplace.sanctions.appeals import actions as appeals
from marketplace.sanctions.appeals.models import Appeal
from marketplace.sanctions.models import (
    Blacklisting,
    BlacklistingStatus,
    Cause,
)
from marketplace.sanctions.repairs import actions as repairs
from marketplace.sanctions.repairs.models import CreditRepair, RepairStatus
from tests.factories import accounts, sanctions
from tests.factories.notices import Somebody

Advance = Callable[[timedelta], None]
SignIn = Callable[..., FlaskClient]
GROUNDS = "期间的延误由业主未提供基础资料造成，有往来函件为证。"
PDF = b"%PDF-1.7\nevidence"


def test_credit_repair_after_the_shortest_publicity(
    app: Flask, client: FlaskClient, sign_in_as: SignIn, advance: Advance
) -> None:
    with app.app_context():
        with transaction():
            firm = accounts.firm()
            row = sanctions.blacklisted(firm, Cause.FALSE_MATERIALS)
            case, name, code = row.case.public_id, firm.organisation.name, firm.organisation.id
            decided_by = row.case.decided_by
            roles = (Role.BUREAU_OPERATOR, Role.BUREAU_APPROVER, Role.AUDITOR)
            people = [Somebody.of(each) for each in (firm, *map(accounts.officer, roles))]
            people.append(Somebody.of(accounts.officer(Role.BUREAU_OPERATOR)))
            with pytest.raises(Conflict) as early:
                repairs.file_repair(row.case, GROUNDS, None, firm.actor, clock.now())
            assert early.value.rule == "repair.early"
            assert "2026-06" in early.value.message
        users = [each.user for each in people]
    advance(timedelta(days=93))
    one, operator, approver, auditor, second = (sign_in_as(user) for user in users)
    filing = f"/cases/{case}/repair"
    done = {"correction": "已退回费用并更换项目负责人，附业主证明。"}
    assert "申请信用修复" in one.get(f"/cases/{case}").text
    assert one.post(filing, data=done).status_code == 422
    sent = one.post(filing, data={**done, "evidence": (io.BytesIO(PDF), "整改.pdf")})
    assert sent.status_code == 303
    page = sent.headers["Location"]
    assert (
        one.post(filing, data={**done, "evidence": (io.BytesIO(PDF), "x.pdf")}).status_code == 409
    )
    decision = {"conclusion": "grant", "reason": "整改属实，准予修复。"}
    assert approver.post(f"{page}/decision", data=decision).status_code == 409
    verified = {"conclusion": "yes", "verification": "已电话核实业主，费用退回属实。"}
    assert one.post(f"{page}/verification", data=verified).status_code == 403
    assert "核实信用修复" in operator.get("/workspace").text
    assert operator.get(f"{page}/verification").status_code == 200
    assert operator.post(f"{page}/verification", data=verified).status_code == 303
    with app.app_context():
        repair = db.session.query(CreditRepair).one()
        actor = replace(people[2].actor, user_id=decided_by)
        with pytest.raises(Refused), transaction():
            repairs.decide_repair(repair, True, GROUNDS, actor, clock.now())
    assert name in client.get("/sanctions").text
    assert "决定信用修复" in approver.get("/workspace").text
    assert approver.post(f"{page}/decision", data=decision).status_code == 303
    # off the public pages the same second; of the officers only the auditor still reads the case
    assert name not in client.get("/sanctions").text
    assert "准予修复" in one.get(page).text
    statuses = [each.get(f"/cases/{case}").status_code for each in (one, auditor, operator)]
    assert statuses == [200, 200, 404]
    assert name not in operator.get("/supervision/cases").text
    assert name in auditor.get("/supervision/cases").text
    assert [each.get("/supervision/repairs").text.count(name) for each in (operator, auditor)] == [
        0,
        1,
    ]
    seen = [each.get(page).status_code for each in (operator, approver, auditor, second)]
    assert seen == [200, 200, 200, 404]
    with app.app_context():
        assert db.session.query(CreditRepair).one().status is RepairStatus.GRANTED
        assert db.session.query(Blacklisting).one().status is BlacklistingStatus.REPAIRED
        assert queries.bars(code, accounts.CITY, None, clock.now()) == []
        reversal = db.session.query(RatingEntry).filter_by(kind=EntryKind.REVERSAL).one()
        assert reversal.takes_effect_on == clock.today() + timedelta(days=1)


def _waiting_repair(row: Blacklisting, firm: Actor) -> CreditRepair:
    """An application on evidence, verified by an officer."""
    with transaction():
        made = sanctions.asked_repair(row.case, firm)
        operator = accounts.officer(Role.BUREAU_OPERATOR).actor
        repairs.verify_repair(made, True, "已核实，整改属实。", operator, clock.now())
    return made


def test_an_open_application_ends_with_the_sanction_it_is_about(
    app: Flask, sign_in_as: SignIn, advance: Advance
) -> None:
    with app.app_context(), transaction():
        firm, other = accounts.firm(), accounts.firm()
        revoked = sanctions.blacklisted(firm, Cause.FALSE_MATERIALS)
        over = sanctions.blacklisted(other, Cause.FALSE_MATERIALS, months=4)
        appeal = appeals.file_appeal(revoked.case, GROUNDS, firm.actor, clock.now())
        superior = accounts.officer(Role.SUPERVISOR).actor
        parties = [Somebody.of(each) for each in (firm, other)]
        keys = [appeal.id, revoked.id, over.id]
    advance(timedelta(days=93))
    with app.app_context():
        rows = [db.session.get_one(Blacklisting, key) for key in keys[1:]]
        left = rows[1].until_at - clock.now()
        asked = [_waiting_repair(row, who.actor).id for row, who in zip(rows, parties, strict=True)]
        with transaction():
            found = db.session.get_one(Appeal, keys[0])
            appeals.revoke(found, "原决定依据的材料经鉴定属实。", superior, clock.now())
        first, second = (db.session.get_one(CreditRepair, key) for key in asked)
        assert (first.status, second.status) == (RepairStatus.CLOSED, RepairStatus.VERIFIED)
        assert first.next_check_at is None
        page, user = first.public_id, parties[0].user
    own = sign_in_as(user)
    assert "本申请不再办理" in own.get(f"/repairs/{page}").text
    assert "信用修复申请已终止" in own.get("/workspace/messages").text
    advance(left)
    with app.app_context():
        assert db.session.get_one(CreditRepair, asked[1]).status is RepairStatus.CLOSED
        assert db.session.get_one(Blacklisting, keys[2]).status is BlacklistingStatus.ENDED
