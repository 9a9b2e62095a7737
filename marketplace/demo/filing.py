"""Firms' files in the demo: a professional asked for, changes to check, the yearly self-check."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import select

from marketplace.foundation import clock, files
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries import queries
from marketplace.intermediaries.file import actions
from marketplace.intermediaries.file.models import ChangeKind, SelfCheck, SelfCheckStatus
from marketplace.intermediaries.file.queries import file_policy
from marketplace.intermediaries.file.rules import opens_on
from marketplace.intermediaries.models import Firm

from .agenda import Days, Story
from .firms import identity
from .papers import pdf
from .people import CITY, Cast

# working days before the last
APPOINTED, ASKED, CHANGED = 40, 2, 1
FIRST_WEEK = 4
ASKING, ASKED_FOR = "zhishui", "langgai"
MOVED, MARRIED = "guanlan", "pingye"
LEFT = "boyan"


def changes(cast: Cast, days: Days) -> Story:
    """An agent handed over, a professional asked for, an address to check afterwards, a legal
    representative to check before."""
    yield days.at(APPOINTED)
    for name, document in (("卫芳", "1"), ("蒋敏", "2")):
        _appoint(cast, MOVED, name, document)
    yield days.at(ASKED)
    with transaction():
        person = queries.practitioners(_firm(cast, ASKED_FOR).id)[0]
        asking, actor, now = _firm(cast, ASKING), cast.firms[ASKING].actor, clock.now()
        actions.ask_transfer(
            asking,
            name=person.name,
            number=person.number,
            valid_until=None,
            statement=files.store(pdf("statement"), "本人声明.pdf", actor, now, "statement"),
            actor=actor,
            now=now,
        )
    yield days.at(CHANGED)
    _state(cast, MOVED, ChangeKind.ADDRESS, "青河市西城区创新路 18 号")
    _state(cast, MARRIED, ChangeKind.LEGAL_REPRESENTATIVE, "韩继业", identity(903))


def self_checks(cast: Cast, days: Days) -> Story:
    """The firms listed before the year began check themselves in its first week."""
    with transaction():
        first = _opening(days)
    yield days.after(first, FIRST_WEEK)
    people = {person.organisation_id: person.actor for person in cast.firms.values()}
    with transaction():
        waiting = db.session.scalars(
            select(SelfCheck.id).where(SelfCheck.status == SelfCheckStatus.OPEN)
        ).all()
    for key in waiting:
        with transaction():
            row = db.session.get_one(SelfCheck, key)
            changed = row.firm.organisation_id == cast.firms[LEFT].organisation_id
            answers = {code: actions.Answer(True) for code in actions.POINTS}
            if changed:
                answers["practitioners"] = actions.Answer(False, "一名咨询工程师离职，已办理撤下")
            actions.confirm_self_check(row, answers, people[row.firm.organisation_id], clock.now())


def _opening(days: Days) -> date:
    """The first day of the last self-check that began before the demo's present."""
    today = clock.local_day(days.end)
    values = file_policy(CITY, today).values
    opened = opens_on(values, today.year)
    return opened if opened + timedelta(days=10) < today else opens_on(values, today.year - 1)


def _firm(cast: Cast, login: str) -> Firm:
    found = queries.firm_of(cast.firms[login].organisation_id, CITY)
    assert found is not None
    return found


def _appoint(cast: Cast, login: str, name: str, number: str) -> None:
    with transaction():
        firm, actor, now = _firm(cast, login), cast.firms[login].actor, clock.now()
        today = clock.local_day(now)
        authority = actions.Authority(
            document_number=f"授权〔{today.year}〕{number} 号",
            document=files.store(pdf("authority"), "授权书.pdf", actor, now, "document"),
            file=True,
            enter=True,
            contract=number == "2",
            starts_on=today,
            ends_on=today + timedelta(days=365),
        )
        actions.appoint_agent(firm, name, f"1390000{number}888", authority, None, actor, now)


def _state(
    cast: Cast, login: str, kind: ChangeKind, value: str, identity: str | None = None
) -> None:
    with transaction():
        firm, actor, now = _firm(cast, login), cast.firms[login].actor, clock.now()
        evidence = files.store(pdf("licence"), "变更后的登记证照.pdf", actor, now, "evidence")
        actions.state_change(firm, actions.Statement(kind, value, identity, evidence), actor, now)
