"""Findings of an audit: who sees them in his list, who reads one, who alone answers for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.accounts import queries as accounts_queries
from marketplace.accounts.models import Organisation, OrganisationFunction
from marketplace.accounts.permissions import Role
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.errors import Refused
from marketplace.foundation.transactions import transaction
from marketplace.supervision import sampling
from marketplace.supervision.findings import actions
from marketplace.supervision.findings.models import (
    AuditFinding,
    FindingKind,
    FindingSeverity,
    FindingStatus,
)
from marketplace.supervision.models import SampleKind
from tests.factories import accounts, ratings

SignIn = Callable[..., FlaskClient]
TEXT = "年度检查结果的签字页未随文书归档"


def _office_below() -> Organisation:
    """A bureau of a place under the demo's city."""
    return db.session.scalars(
        select(Organisation).where(
            Organisation.function == OrganisationFunction.BUREAU,
            Organisation.jurisdiction_code.in_(accounts_queries.below(accounts.CITY)[1:]),
        )
    ).first()  # type: ignore[return-value]


@pytest.fixture
def finding(app: Flask, advance: Callable[[timedelta], None]) -> str:
    """A finding of the superior's auditors that asks a bureau below the city's."""
    with app.app_context(), transaction():
        ratings.evaluated(accounts.firm().organisation, 1)
    advance(timedelta(days=2))
    with app.app_context(), transaction():
        superior = accounts.officer(Role.SUPERVISOR)
        sample = sampling.take_sample(SampleKind.GRADES, 1, superior.actor, clock.now())
        made = actions.raise_finding(
            sample,
            1,
            FindingKind.EVIDENCE,
            FindingSeverity.SLIGHT,
            TEXT,
            "归档目录第 4 页",
            None,
            superior.actor,
            clock.now(),
        )
        made.jurisdiction_code = _office_below().jurisdiction_code
        return made.public_id


def test_nobody_is_shown_a_row_that_does_not_open(
    app: Flask, finding: str, sign_in_as: SignIn
) -> None:
    with app.app_context(), transaction():
        below = _office_below()
        readers = {
            "superior": accounts.officer(Role.SUPERVISOR).user,
            "auditor of the city": accounts.officer(Role.AUDITOR).user,
            "officer of the city": accounts.officer(Role.BUREAU_OPERATOR).user,
            "officer asked": accounts.user(below, Role.BUREAU_OPERATOR),
        }
    page = f"/supervision/findings/{finding}"
    seen = {}
    for who, user in readers.items():
        client = sign_in_as(user)
        listed = page in client.get("/supervision/findings").text
        opens = client.get(page).status_code == 200
        assert listed == opens, who
        seen[who] = opens
    assert seen == {
        "superior": True,
        "auditor of the city": False,
        "officer of the city": True,
        "officer asked": True,
    }


def test_only_the_bureau_that_is_asked_answers(
    app: Flask, finding: str, sign_in_as: SignIn
) -> None:
    with app.app_context(), transaction():
        above = accounts.officer(Role.BUREAU_OPERATOR)
        officer, acting = above.user, above.actor
        asked = accounts.user(_office_below(), Role.BUREAU_OPERATOR)
    page = f"/supervision/findings/{finding}"
    sent = {"answer": "签字页已于当日补入归档文书", "idempotency_key": "a"}
    city = sign_in_as(officer)
    assert f"{page}/answer" not in city.get(page).text
    assert "答复审计发现的问题" not in city.get("/workspace").text
    assert city.post(f"{page}/answer", data=sent).status_code == 403
    with app.app_context():
        found = db.session.scalars(select(AuditFinding)).one()
        assert found.status is FindingStatus.OPEN
        with pytest.raises(Refused), transaction():
            actions.answer_finding(found, "代为答复，已经整改", acting, clock.now())
    own = sign_in_as(asked)
    assert f"{page}/answer" in own.get(page).text
    assert own.post(f"{page}/answer", data=sent).status_code == 303
