"""代办: the right of an agent begins and ends with a recorded authority."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date, timedelta

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import inspect, select, text

from marketplace.accounts import queries
from marketplace.accounts.models import Authorisation, User
from marketplace.accounts.permissions import Role
from marketplace.foundation import audit
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.notifications.models import Message
from tests.factories import accounts as people
from tests.factories import projects

SignIn = Callable[..., FlaskClient]
Advance = Callable[[timedelta], None]
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
TODAY = date(2026, 3, 2)


def authority(**changes: object) -> dict[str, object]:
    return {
        "agent_name": "郝代办",
        "document_number": "青授〔2026〕7号",
        "document": (io.BytesIO(PDF), "授权书.pdf"),
        "scope": ["prepare"],
        "starts_on": str(TODAY),
        "ends_on": str(TODAY + timedelta(days=30)),
        **changes,
    }


def give(keeper: FlaskClient, **changes: object) -> tuple[int, str | None]:
    answer = keeper.post("/owner/agents", data=authority(**changes))
    found = re.search(r"http://localhost(/invitations/[\w-]+)", answer.text)
    return answer.status_code, found.group(1) if found else None


def take_up(app: Flask, link: str, login: str = "agent") -> FlaskClient:
    data = {"login": login, "password": "Harbour-9-stone-mill"}
    guest = app.test_client()
    page = guest.get(link).text
    assert "代办员" in page
    assert "编写需求" in page
    answer = guest.post(link, data={**data, "password_again": data["password"]})
    assert answer.status_code == 303, answer.text
    guest.post("/sign-in", data=data)
    return guest


def authorisation(app: Flask) -> str:
    with app.app_context():
        return (
            db.session.scalars(
                select(Authorisation.public_id).order_by(Authorisation.id.desc())
            ).first()
            or ""
        )


def test_an_agent_acts_within_the_scope_and_the_acts_name_both(
    app: Flask, sign_in_as: SignIn
) -> None:
    with app.app_context(), transaction():
        owner = people.owner()
        need = projects.draft(owner).public_id
        rival = people.owner()
    keeper = sign_in_as(owner.user)
    status, link = give(keeper)
    assert (status, link is not None) == (200, True)
    agent = take_up(app, link or "")
    assert agent.get(f"/owner/needs/{need}").status_code == 200
    for page in ("/owner/agents", "/staff"):
        assert agent.get(page).status_code == 403
    assert agent.post(f"/owner/needs/{need}/publication").status_code in (403, 404)
    with app.app_context():
        user = db.session.scalars(select(User).where(User.login == "agent")).one()
        actor = queries.actor_for(
            user, db.session.get_one(type(owner.organisation), _id(owner.organisation))
        )
        assert actor.may("need.edit")
        assert not actor.may("evaluation.give")
        assert not actor.may("objection.file")
        assert not actor.may("need.approve")
    assert agent.post("/sign-out").status_code == 303
    with app.app_context(), transaction():
        audit.record("trial.done", actor, ("trial", 1), people.clock.now())
    with app.app_context():
        row = db.session.scalars(
            select(audit.AuditRow).where(audit.AuditRow.action == "trial.done")
        ).one()
        assert row.actor_id == actor.user_id
        assert row.organisation_id == _id(owner.organisation)
        assert row.facts["authorisation"] == actor.authorisation_id
        assert row.roles == "owner_agent"
    document = f"/agents/{authorisation(app)}/document"
    assert keeper.get(document).data == PDF
    assert sign_in_as(rival.user).get(document).status_code == 404
    assert (
        sign_in_as(rival.user)
        .post(f"/agents/{authorisation(app)}/revocation", data={"reason": "试图撤销"})
        .status_code
        == 404
    )


def _id(row: object) -> int:
    return int(inspect(row).identity[0])


def test_revoking_ends_the_right_and_the_session_at_once(app: Flask, sign_in_as: SignIn) -> None:
    with app.app_context(), transaction():
        owner = people.owner()
    keeper = sign_in_as(owner.user)
    _status, link = give(keeper)
    agent = take_up(app, link or "")
    assert agent.get("/workspace").status_code == 200
    address = f"/agents/{authorisation(app)}/revocation"
    assert keeper.post(address, data={"reason": ""}).status_code == 422
    assert keeper.post(address, data={"reason": "业务已办结"}).status_code == 303
    assert agent.get("/workspace").status_code == 302
    assert keeper.post(address, data={"reason": "业务已办结"}).status_code == 409
    with app.app_context():
        ended = text(
            "SELECT count(*) FROM web_sessions s JOIN users u ON u.id = s.user_id "
            "WHERE u.login = 'agent' AND s.ended_at IS NULL"
        )
        assert db.session.execute(ended).scalar_one() == 0
    # revoked before it was taken up, the link opens nothing
    _status, second = give(keeper, agent_name="另一人")
    address = f"/agents/{authorisation(app)}/revocation"
    assert keeper.post(address, data={"reason": "不再需要"}).status_code == 303
    assert app.test_client().get(second or "").status_code == 404


def test_the_last_day_counts_and_the_day_after_does_not(
    app: Flask, sign_in_as: SignIn, advance: Advance
) -> None:
    with app.app_context(), transaction():
        owner = people.owner()
    keeper = sign_in_as(owner.user)
    _status, link = give(keeper, ends_on=str(TODAY + timedelta(days=1)))
    agent = take_up(app, link or "")
    advance(timedelta(hours=38))  # 23:00 of the last day
    assert agent.get("/workspace").status_code == 200
    with app.app_context(), transaction():
        # asked of the days themselves: the clock's work of ending it has not been done yet
        people.clock.advance(timedelta(hours=2))
    assert agent.get("/workspace").status_code == 302
    advance(timedelta(minutes=1))
    with app.app_context():
        live = text("SELECT count(*) FROM memberships WHERE role = 'owner_agent' AND until IS NULL")
        assert db.session.execute(live).scalar_one() == 0
    assert "已到期" in keeper.get("/owner/agents").text


def test_the_owner_is_reminded_before_an_authority_ends(
    app: Flask, sign_in_as: SignIn, advance: Advance
) -> None:
    with app.app_context(), transaction():
        owner = people.owner()
    keeper = sign_in_as(owner.user)
    _status, link = give(keeper, ends_on=str(TODAY + timedelta(days=9)))
    take_up(app, link or "")
    assert "续期或终止代办授权" in keeper.get("/workspace").text
    advance(timedelta(days=2, minutes=1))
    advance(timedelta(days=9))
    with app.app_context():
        told = list(db.session.scalars(select(Message.subject).order_by(Message.id)))
        body = db.session.scalars(select(Message.body)).all()
    assert [each for each in told if "代办授权" in each] == [
        "代办授权将于 7 天后到期",
        "代办授权已到期",
    ]
    assert not any("郝代办" in each for each in body)


def test_a_right_that_has_not_begun_is_none(app: Flask, sign_in_as: SignIn) -> None:
    with app.app_context(), transaction():
        owner = people.owner()
    _status, link = give(sign_in_as(owner.user), starts_on=str(TODAY + timedelta(days=2)))
    data = {"login": "agent", "password": "Harbour-9-stone-mill"}
    guest = app.test_client()
    assert (
        guest.post(link or "", data={**data, "password_again": data["password"]}).status_code == 303
    )
    assert guest.post("/sign-in", data=data).status_code == 422


def test_what_no_authority_can_say(app: Flask, sign_in_as: SignIn) -> None:
    with app.app_context(), transaction():
        owner, firm = people.owner(), people.firm()
        name = firm.user.name
        officer = people.officer(Role.BUREAU_OPERATOR)
        official = officer.user.name
    keeper = sign_in_as(owner.user)
    for change in (
        {"ends_on": str(TODAY - timedelta(days=1)), "starts_on": str(TODAY - timedelta(days=2))},
        {"ends_on": str(TODAY + timedelta(days=400))},
        {"starts_on": "2026-02-30"},
        {"scope": []},
        {"scope": ["approve"]},
        {"document": (io.BytesIO(b"MZ"), "授权书.pdf")},
        {"document_number": ""},
    ):
        assert give(keeper, **change)[0] == 422, change
    with app.app_context():
        assert db.session.scalars(select(Authorisation.id)).all() == []
    assert sign_in_as(firm.user).get("/owner/agents").status_code == 403
    # who belongs to a firm, or to an office, is nobody's agent
    for person, called in ((firm.user, name), (officer.user, official)):
        _status, link = give(keeper, agent_name=called)
        assert sign_in_as(person).post(f"{link}/account").status_code == 409
