"""What a firm has in common with other bodies, as far as the register and the sign-ins know."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import (
    Organisation,
    OrganisationFunction,
    OrganisationKind,
    WebSession,
)
from marketplace.accounts.overseeing import area_of, oversees
from marketplace.accounts.permissions import Permission
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Missing
from marketplace.foundation.titles import Titled
from marketplace.intermediaries.models import Firm, Practitioner, Shareholder
from marketplace.intermediaries.queries import person_digest
from marketplace.sanctions.queries import Bar, bars

MOST = 50
# an address that more bodies sign in from is a hall's or an office building's, no trace of anybody
SHARED_BY_MOST = 5
_SIGN_INS = timedelta(days=365)


class Tie(Titled):
    """What two bodies have in common."""

    LEGAL_PERSON = "legal_person", _l("法定代表人为同一人（证件一致）")
    LEGAL_NAME = "legal_name", _l("法定代表人同名（证件未核对）")
    SHAREHOLDER = "shareholder", _l("同一股东持股超过 50%")
    CONTROL = "control", _l("一方持有另一方超过 50% 的股份")
    PRACTITIONER = "practitioner", _l("先后登记过同一执业人员")
    PHONE = "phone", _l("联系电话相同")
    ADDRESS = "address", _l("住所相同")
    DEVICE = "device", _l("登录设备和网络地址相同（近一年）")


@dataclass(frozen=True)
class Related:
    """Another body, what it has in common with the firm, and what bars it now."""

    organisation: Organisation
    ties: tuple[Tie, ...]
    bars: tuple[Bar, ...]


def firm_to_check(actor: Actor, public_id: str) -> Organisation:
    """The firm, for an officer of whose area it is or on whose register it stands; else Missing."""
    found = db.session.scalar(select(Organisation).where(Organisation.public_id == public_id))
    if (
        found is None
        or not actor.may(Permission.SUPERVISION_VIEW)
        or found.function is not OrganisationFunction.PARTY
        or found.kind is OrganisationKind.NATURAL_PERSON
    ):
        raise Missing(f"organisation {public_id}")
    registers = db.session.scalars(
        select(Firm.register_code).where(Firm.organisation_id == found.id)
    )
    if oversees(actor, found.jurisdiction_code) or set(registers) & set(area_of(actor)):
        return found
    raise Missing(f"organisation {public_id}")


def related_to(organisation: Organisation, now: datetime) -> list[Related]:
    """Bodies that have something in common with a firm, those with most in common first."""
    ties: dict[int, set[Tie]] = defaultdict(set)
    for tie, statement in _statements(organisation, now):
        for key in db.session.scalars(statement):
            ties[key].add(tie)
    ties.pop(organisation.id, None)
    bodies = db.session.scalars(
        select(Organisation).where(
            Organisation.id.in_(ties),
            Organisation.function == OrganisationFunction.PARTY,
            Organisation.kind != OrganisationKind.NATURAL_PERSON,
        )
    ).all()
    nearest = sorted(bodies, key=lambda each: (-len(ties[each.id]), each.id))[:MOST]
    return [
        Related(
            each,
            tuple(tie for tie in Tie if tie in ties[each.id]),
            tuple(bars(each.id, accounts.register_for(each.jurisdiction_code), None, now)),
        )
        for each in nearest
    ]


def _statements(organisation: Organisation, now: datetime) -> Iterator[tuple[Tie, Select[Any]]]:
    """The keys of organisations by what they have in common with one; its own may be among them."""
    firms = select(Firm.id).where(Firm.organisation_id == organisation.id)
    persons = select(Firm.legal_digest).where(
        Firm.organisation_id == organisation.id, Firm.legal_digest.is_not(None)
    )
    yield (
        Tie.LEGAL_PERSON,
        select(Firm.organisation_id).where(Firm.legal_digest.in_(persons)),
    )
    holders = select(Shareholder.identity_digest).where(
        Shareholder.firm_id.in_(firms), Shareholder.ended_at.is_(None)
    )
    held = select(Firm.organisation_id).join(
        Shareholder, and_(Shareholder.firm_id == Firm.id, Shareholder.ended_at.is_(None))
    )
    yield Tie.SHAREHOLDER, held.where(Shareholder.identity_digest.in_(holders))
    if organisation.credit_code:
        own = person_digest(organisation.credit_code)
        yield Tie.CONTROL, held.where(Shareholder.identity_digest == own)
    owners = [
        each.id
        for each in db.session.scalars(
            select(Organisation).where(
                Organisation.credit_code.is_not(None),
                Organisation.name.in_(
                    select(Shareholder.name).where(
                        Shareholder.firm_id.in_(firms), Shareholder.ended_at.is_(None)
                    )
                ),
            )
        )
        if person_digest(each.credit_code or "") in set(db.session.scalars(holders))
    ]
    yield Tie.CONTROL, select(Organisation.id).where(Organisation.id.in_(owners))
    numbers = select(Practitioner.number).where(Practitioner.firm_id.in_(firms))
    yield (
        Tie.PRACTITIONER,
        select(Firm.organisation_id)
        .join(Practitioner, Practitioner.firm_id == Firm.id)
        .where(Practitioner.number.in_(numbers)),
    )
    for tie, column, value in (
        (Tie.LEGAL_NAME, Organisation.legal_representative, organisation.legal_representative),
        (Tie.PHONE, Organisation.phone, organisation.phone),
        (Tie.ADDRESS, Organisation.address, organisation.address),
    ):
        if value:
            yield tie, select(Organisation.id).where(column == value)
    yield Tie.DEVICE, _same_devices(organisation, now)


def _same_devices(organisation: Organisation, now: datetime) -> Select[Any]:
    """Bodies somebody of which signed in from the same address with the same browser."""
    lately: tuple[ColumnElement[bool], ...] = (
        WebSession.address.is_not(None),
        WebSession.created_at >= now - _SIGN_INS,
    )
    own = (
        select(WebSession.address, WebSession.agent)
        .where(WebSession.organisation_id == organisation.id, *lately)
        .distinct()
        .subquery()
    )
    same = and_(
        WebSession.address == own.c.address,
        or_(
            WebSession.agent == own.c.agent,
            and_(WebSession.agent.is_(None), own.c.agent.is_(None)),
        ),
    )
    few = (
        select(own.c.address, own.c.agent)
        .join(WebSession, same)
        .where(*lately)
        .group_by(own.c.address, own.c.agent)
        .having(func.count(func.distinct(WebSession.organisation_id)) <= SHARED_BY_MOST)
        .subquery()
    )
    return (
        select(WebSession.organisation_id)
        .join(
            few,
            and_(
                WebSession.address == few.c.address,
                or_(
                    WebSession.agent == few.c.agent,
                    and_(WebSession.agent.is_(None), few.c.agent.is_(None)),
                ),
            ),
        )
        .where(*lately)
        .distinct()
    )
