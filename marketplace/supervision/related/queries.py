"""What a firm has in common with other bodies, as far as the register and the sign-ins know."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

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
from marketplace.intermediaries.likeness import queries as likeness
from marketplace.intermediaries.likeness.features import compared
from marketplace.intermediaries.likeness.rules import TieKind
from marketplace.intermediaries.models import Firm
from marketplace.sanctions.queries import Bar, bars

MOST = 50
# an address that more bodies sign in from is a hall's or an office building's, no trace of anybody
SHARED_BY_MOST = 5
_SIGN_INS = timedelta(days=365)


@dataclass(frozen=True)
class Related:
    """Another body, what it has in common with the firm and how many bodies have that (0: not
    counted), and what bars it now."""

    organisation: Organisation
    ties: dict[TieKind, int]
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
    """Bodies that have something in common with a firm, those with most in common first.

    The register's comparison (``likeness``) and the sign-ins together.
    """
    ties: dict[int, dict[TieKind, int]] = defaultdict(dict)
    for (kind, key), shared in likeness.shared_with(organisation.id).items():
        if kind == "organisation":
            ties[key] = {each.kind: each.bodies for each in shared}
    for key in db.session.scalars(_same_devices(organisation, now)):
        if key is not None and key != organisation.id:
            ties[key][TieKind.DEVICE] = 0
    bodies = db.session.scalars(select(Organisation).where(Organisation.id.in_(ties), compared()))
    nearest = sorted(bodies, key=lambda each: (-len(ties[each.id]), each.id))[:MOST]
    return [
        Related(
            each,
            {tie: ties[each.id][tie] for tie in TieKind if tie in ties[each.id]},
            tuple(bars(each.id, accounts.register_for(each.jurisdiction_code), None, now)),
        )
        for each in nearest
    ]


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
