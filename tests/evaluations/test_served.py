"""The bureau's own service is rated, once a matter, by the served; bad ratings are called back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from marketplace.accounts.models import User
from marketplace.accounts.permissions import Role
from marketplace.evaluations.served import actions, matters, queries
from marketplace.evaluations.served.models import (
    FollowUpOutcome,
    FollowUpStatus,
    MatterKind,
    Satisfaction,
    ServiceFollowUp,
    ServiceRating,
)
from marketplace.foundation import clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Missing, Refused
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries.models import Firm
from marketplace.sanctions.appeals import actions as appeals
from marketplace.supervision import invariants
from tests.factories import accounts, intermediaries, sanctions

Advance = Callable[[timedelta], None]
SignIn = Callable[..., FlaskClient]
DAY = timedelta(days=1)
GROUNDS = "期间的延误由业主未提供基础资料造成，有往来函件为证。"
REASON = "同一材料先后两次要求补正，等候过久"


def _key(found: matters.Matter) -> str:
    return f"/services/{found.kind.value}/{found.public_id}"


def test_a_firm_rates_its_admission_and_another_officer_answers_the_bad_rating(
    app: Flask, sign_in_as: SignIn, client: FlaskClient
) -> None:
    with app.app_context(), transaction():
        made = intermediaries.listed()
        stranger = accounts.firm()
        (matter,) = matters.to_rate(made.organisation.id, clock.now())
        assert matter.kind is MatterKind.ADMISSION
        operator = accounts.officer(Role.BUREAU_OPERATOR)
        name = made.organisation.public_name
        keys = (made.user.id, stranger.user.id, operator.user.id)
        colleague, roles = matter.handled_by, operator.actor.roles
    with app.app_context():
        firm, other, officer = (sign_in_as(db.session.get_one(User, key)) for key in keys)
    assert "评价管理机构的办理（自愿）" in firm.get("/workspace").text
    assert _key(matter) in firm.get("/services").text
    assert other.get(_key(matter)).status_code == 404
    assert other.post(_key(matter), data={"grade": "good"}).status_code == 404
    assert firm.get(f"/services/nothing/{matter.public_id}").status_code == 404
    bare = firm.post(_key(matter), data={"grade": "very_bad"})
    assert bare.status_code == 422
    assert "不少于 5 个字" in bare.text
    assert firm.post(_key(matter), data={"grade": "very_bad", "reason": REASON}).status_code == 303
    again = firm.post(_key(matter), data={"grade": "very_good"})
    assert again.status_code == 409
    assert "一事只评一次" in again.text
    assert "评价管理机构的办理（自愿）" not in firm.get("/workspace").text

    with app.app_context():
        follow = db.session.scalars(select(ServiceFollowUp)).one()
        page = f"/supervision/services/{follow.public_id}"
        assert follow.due_at > follow.opened_at
        assert list(map(str, invariants.broken({"I20f"}))) == []
        staff = Actor(user_id=colleague, name="x", roles=roles)
        with pytest.raises(Refused), transaction():
            actions.answer(follow, FollowUpOutcome.EXPLAINED, "已说明情况", staff, clock.now())
    assert REASON in officer.get("/supervision/services").text
    assert REASON in officer.get(page).text
    data = {"outcome": "mended", "answer": "已核实，补正要求改为一次告知"}
    assert officer.post(f"{page}/answer", data={**data, "answer": ""}).status_code == 422
    assert officer.post(f"{page}/answer", data=data).status_code == 303
    assert officer.post(f"{page}/answer", data=data).status_code == 409
    assert data["answer"] in firm.get("/services").text
    # the public reads numbers, never who said what
    told = client.get("/data/services")
    assert told.status_code == 200
    assert REASON not in told.text
    assert name not in told.text
    assert "1/1" in told.text
    with app.app_context():
        (now, *_before) = queries.quarters([accounts.CITY], clock.today())
        assert (now.total, now.bad, now.answered, now.in_time, now.satisfied) == (1, 1, 1, 1, 0)


def test_a_matter_is_rated_in_time_by_the_served_alone_and_stays_as_it_was_said(
    app: Flask, advance: Advance
) -> None:
    with app.app_context(), transaction():
        made, late = intermediaries.listed(), intermediaries.listed()
        (matter,) = matters.to_rate(made.organisation.id, clock.now())
        (missed,) = matters.to_rate(late.organisation.id, clock.now())
        served, outside, too_late = made.actor, accounts.firm().actor, late.actor
        with pytest.raises(Missing):
            actions.rate(matter, Satisfaction.GOOD, None, outside, clock.now())
        staff = Actor(
            user_id=matter.decided_by,
            name="x",
            roles=served.roles,
            organisation_id=matter.organisation_id,
        )
        with pytest.raises(Refused):
            actions.rate(matter, Satisfaction.VERY_GOOD, None, staff, clock.now())
        given = actions.rate(matter, Satisfaction.FAIR, None, served, clock.now())
        assert queries.follow_up_of(given) is None
        # both were read as unrated, the second one too late
        with pytest.raises(Conflict):
            actions.rate(matter, Satisfaction.BAD, REASON, served, clock.now())
        kept = given.id
    with app.app_context(), pytest.raises(Exception, match="append-only"), transaction():
        db.session.execute(text("UPDATE service_ratings SET grade = 'very_good'"))
    advance(40 * DAY)
    with app.app_context(), transaction():
        assert db.session.get_one(ServiceRating, kept).grade is Satisfaction.FAIR
        assert matters.to_rate(missed.organisation_id, clock.now()) == []
        with pytest.raises(Conflict):
            actions.rate(missed, Satisfaction.GOOD, None, too_late, clock.now())
        # an application that was refused and sent again is another matter
        firm = db.session.scalars(select(Firm).where(Firm.public_id == matter.public_id)).one()
        assert matter.round == firm.application
        assert queries.quarters([accounts.CITY], clock.today())[0].bad == 0


def test_a_call_back_has_its_clock_and_its_lines(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        made = intermediaries.listed()
        (matter,) = matters.to_rate(made.organisation.id, clock.now())
        given = actions.rate(matter, Satisfaction.BAD, REASON, made.actor, clock.now())
        follow = queries.follow_up_of(given)
        assert follow is not None
        assert follow.status is FollowUpStatus.OPEN
        other = accounts.officer(Role.BUREAU_OPERATOR).actor
        waiting = queries.waiting([accounts.CITY])
        assert [each.id for each in waiting] == [follow.id]
        key = follow.id
    advance(30 * DAY)
    with app.app_context(), transaction():
        late = db.session.get_one(ServiceFollowUp, key)
        actions.answer(late, FollowUpOutcome.UNREACHED, "三次致电均未接通", other, clock.now())
        found = queries.quarters([accounts.CITY], clock.today())
        assert sum(each.answered for each in found) == 1
        assert sum(each.in_time for each in found) == 0


def test_an_appeal_that_was_decided_is_a_matter_of_the_firm(app: Flask) -> None:
    with app.app_context(), transaction():
        made = intermediaries.listed()
        card = sanctions.card(made.organisation)
        filed = appeals.file_appeal(card, GROUNDS, made.actor, clock.now())
        superior = accounts.officer(Role.SUPERVISOR).actor
        assert MatterKind.APPEAL not in {
            each.kind for each in matters.to_rate(made.organisation.id, clock.now())
        }
        appeals.uphold(filed, "事实清楚，予以维持。", superior, clock.now())
        (matter,) = (
            each
            for each in matters.to_rate(made.organisation.id, clock.now())
            if each.kind is MatterKind.APPEAL
        )
        assert (matter.decided_by, matter.public_id) == (superior.user_id, filed.public_id)
        assert matters.matter("appeal", filed.public_id) == matter
        given = actions.rate(matter, Satisfaction.GOOD, None, made.actor, clock.now())
        assert (given.subject_id, given.jurisdiction_code) == (filed.id, filed.jurisdiction_code)
