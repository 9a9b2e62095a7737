"""People and organisations for tests, made through the actions. Call inside a transaction."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from flask import current_app

from marketplace.accounts import actions, credit_code, queries
from marketplace.accounts.models import (
    Organisation,
    OrganisationKind,
    User,
)
from marketplace.accounts.permissions import Role
from marketplace.foundation import clock
from marketplace.foundation.actor import CLOCK, Actor

# where the register is kept, and where firms have their seat; a journey in another city changes both
CITY = "379900"
SEAT = "379902"
PASSWORD = "Lantern-7-quay-drift"
_serial = itertools.count(1)
# by database and role, the sign-in name of an officer made for scenes
_standing: dict[tuple[str, Role], str] = {}


@dataclass(frozen=True)
class Party:
    """A person in an organisation. ``approver`` is the second person where two are needed."""

    user: User
    organisation: Organisation
    approver: User

    @property
    def actor(self) -> Actor:
        """The person acting, with the roles held now."""
        return queries.actor_for(self.user, self.organisation)

    @property
    def approving_actor(self) -> Actor:
        """Who approves: the same person where one may act alone."""
        return queries.actor_for(self.approver, self.organisation)


def new_credit_code(kind: OrganisationKind = OrganisationKind.COMPANY) -> str:
    """An invented code with a valid check digit, never the same twice in a run."""
    leading = {
        OrganisationKind.AGENCY: "11",
        OrganisationKind.PUBLIC_INSTITUTION: "12",
        OrganisationKind.VILLAGE_COMMITTEE: "54",
        OrganisationKind.LAW_FIRM: "31",
        OrganisationKind.INDIVIDUAL_BUSINESS: "92",
    }.get(kind, "91")
    return credit_code.complete(f"{leading}379902MA{next(_serial):07d}")


def user(organisation: Organisation, *roles: Role, name: str | None = None) -> User:
    """A person with roles in an organisation; the password is ``PASSWORD``."""
    n = next(_serial)
    return actions.create_user(
        f"person{n}", name or f"王测{n}", PASSWORD, organisation, roles, CLOCK, clock.now()
    )


def firm(
    name: str | None = None,
    kind: OrganisationKind = OrganisationKind.COMPANY,
    legal_representative: str | None = None,
    email: str | None = None,
) -> Party:
    """A firm with its administrator; not listed yet (see ``factories.intermediaries``)."""
    n = next(_serial)
    organisation = actions.create_organisation(
        name=name or f"青河第{n}咨询有限公司",
        kind=kind,
        credit_code=new_credit_code(kind),
        jurisdiction_code=SEAT,
        legal_representative=legal_representative or f"李法{n}",
        address=f"东城区示范路 {n} 号",
        phone=f"0399-666{n:04d}",
        email=email,
        actor=CLOCK,
        now=clock.now(),
    )
    person = user(organisation, Role.FIRM_ADMIN)
    return Party(person, organisation, person)


def owner(
    name: str | None = None,
    kind: OrganisationKind = OrganisationKind.COMPANY,
    area: str | None = None,
) -> Party:
    """An owner; agencies and public institutions get an editor and another approver."""
    n = next(_serial)
    organisation = actions.create_organisation(
        name=name or f"青河第{n}业主单位",
        kind=kind,
        credit_code=new_credit_code(kind),
        jurisdiction_code=area or CITY,
        phone=f"0399-777{n:04d}",
        actor=CLOCK,
        now=clock.now(),
    )
    if kind in actions.TWO_PEOPLE_KINDS:
        return Party(
            user(organisation, Role.OWNER_EDITOR),
            organisation,
            user(organisation, Role.OWNER_APPROVER),
        )
    person = user(organisation, Role.OWNER_EDITOR, Role.OWNER_APPROVER)
    return Party(person, organisation, person)


def standing_officer(role: Role) -> Party:
    """An officer of the bureau who has served other calls on this database: for scenes in which
    nobody asks who it was."""
    place = (str(current_app.config["SQLALCHEMY_DATABASE_URI"]), role)
    login = _standing.get(place)
    person = None if login is None else queries.user_by_login(login)
    if person is None:
        made = officer(role)
        _standing[place] = made.user.login
        return made
    return Party(person, queries.bureau(CITY), person)


def officer(role: Role, office_code: str | None = None, city: str | None = None) -> Party:
    """A new officer in the bureau, the superior bureau or a department (default 住建).

    A supervisor of another city than the demo's belongs to that city's own superior office.
    """
    city = city or CITY
    if role is Role.DEPARTMENT_OFFICER:
        office = queries.department(city, office_code or "zjj")
    elif role in (Role.SUPERVISOR, Role.AUDITOR):
        province = role is Role.SUPERVISOR and city == "379900"
        office = queries.department(city, "sjdz" if province else "jwjg")
    else:
        office = queries.bureau(city)
    person = user(office, role)
    return Party(person, office, person)
