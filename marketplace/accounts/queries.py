"""Reads about people, organisations and the tree of jurisdictions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from marketplace.foundation import clock, epoch
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Missing
from marketplace.foundation.finding import by_public_id
from marketplace.foundation.languages import joined

from .areas import Area, areas
from .models import (
    Authorisation,
    Invitation,
    Jurisdiction,
    Membership,
    Organisation,
    OrganisationCertificate,
    OrganisationFunction,
    User,
    WebSession,
)
from .permissions import (
    SCOPES,
    Role,
    agent_permissions,
    permissions_of,
    scoped_permissions,
    withheld_by,
)


def jurisdiction(code: str) -> Jurisdiction:
    """A node of the tree; raises Missing when the code is unknown."""
    found = db.session.get(Jurisdiction, code)
    if found is None:
        raise Missing(f"jurisdiction {code}")
    return found


@epoch.remembered
def lineage(code: str) -> tuple[str, ...]:
    """The code itself, its parent, … up to the root: the order in which editions are looked up."""
    tree = areas()
    if code not in tree:
        raise Missing(f"jurisdiction {code}")
    codes: list[str] = []
    node: Area | None = tree[code]
    while node is not None and node.code not in codes:
        codes.append(node.code)
        node = tree.get(node.parent_code) if node.parent_code else None
    return tuple(codes)


def registrable_areas() -> list[Jurisdiction]:
    """The areas an owner may belong to here: the installation's register and what lies below."""
    register = register_of(current_app.config["JURISDICTION"])
    nodes = db.session.scalars(select(Jurisdiction).order_by(Jurisdiction.code)).all()
    return [node for node in nodes if register in lineage(node.code)]


def register_of(code: str) -> str:
    """The register a jurisdiction belongs to: itself or its nearest ancestor that keeps one."""
    tree = areas()
    for candidate in lineage(code):
        if tree[candidate].is_register:
            return candidate
    raise Missing(f"no register above {code}")


def register_for(code: str | None) -> str:
    """The register somebody of an area works with: the area's own, else this installation's."""
    try:
        return register_of(code or "")
    except Missing:
        return register_of(current_app.config["JURISDICTION"])


def organisation(organisation_id: int) -> Organisation:
    """By key; raises Missing."""
    found = db.session.get(Organisation, organisation_id)
    if found is None:
        raise Missing(f"organisation {organisation_id}")
    return found


def organisation_by_credit_code(credit_code: str) -> Organisation | None:
    """By unified social credit code."""
    return db.session.scalar(select(Organisation).where(Organisation.credit_code == credit_code))


def organisation_by_public_id(public_id: str) -> Organisation | None:
    """By the random id used in addresses."""
    return db.session.scalar(select(Organisation).where(Organisation.public_id == public_id))


def certificate_of(public_id: str) -> OrganisationCertificate | None:
    """The certificate an organisation registered with, by the organisation's public id."""
    return db.session.scalar(
        select(OrganisationCertificate)
        .join(Organisation, Organisation.id == OrganisationCertificate.organisation_id)
        .where(Organisation.public_id == public_id)
    )


def certified(organisation_ids: Sequence[int]) -> set[int]:
    """Which of these organisations registered with a certificate."""
    return set(
        db.session.scalars(
            select(OrganisationCertificate.organisation_id).where(
                OrganisationCertificate.organisation_id.in_(organisation_ids)
            )
        )
    )


def departments(jurisdiction_code: str) -> list[Organisation]:
    """The departments of a jurisdiction, by name."""
    return list(
        db.session.scalars(
            select(Organisation)
            .where(
                Organisation.function == OrganisationFunction.DEPARTMENT,
                Organisation.jurisdiction_code == jurisdiction_code,
            )
            .order_by(Organisation.name, Organisation.id)
        )
    )


def departments_of(codes: Sequence[str]) -> list[Organisation]:
    """The departments of several jurisdictions, in the order of these, then by name."""
    order = {code: place for place, code in enumerate(codes)}
    found = db.session.scalars(
        select(Organisation).where(
            Organisation.function == OrganisationFunction.DEPARTMENT,
            Organisation.jurisdiction_code.in_(order),
        )
    )
    return sorted(found, key=lambda each: (order[each.jurisdiction_code], each.name, each.id))


def department(jurisdiction_code: str, office_code: str) -> Organisation:
    """The office a catalogue calls by ``office_code``, here or nearest above; raises Missing."""
    for code in lineage(jurisdiction_code):
        found = db.session.scalar(
            select(Organisation).where(
                Organisation.office_code == office_code, Organisation.jurisdiction_code == code
            )
        )
        if found is not None:
            return found
    raise Missing(f"no office {office_code} for {jurisdiction_code}")


def bureau(jurisdiction_code: str) -> Organisation:
    """The bureau that runs the marketplace of a jurisdiction or its nearest ancestor."""
    for code in lineage(jurisdiction_code):
        found = db.session.scalar(
            select(Organisation)
            .where(
                Organisation.function == OrganisationFunction.BUREAU,
                Organisation.jurisdiction_code == code,
            )
            .order_by(Organisation.id)
        )
        if found is not None:
            return found
    raise Missing(f"no bureau for {jurisdiction_code}")


@epoch.remembered
def bureau_id(jurisdiction_code: str) -> int:
    """The key of that bureau."""
    return bureau(jurisdiction_code).id


def has_accounts() -> bool:
    """Whether anybody has an account yet."""
    return db.session.scalar(select(User.id).limit(1)) is not None


def user_by_login(login: str) -> User | None:
    """By sign-in name, which is kept in lower case."""
    return db.session.scalar(select(User).where(User.login == login.strip().lower()))


def home_of(user: User) -> Organisation | None:
    """The organisation a person signs in to: where the oldest live role is held."""
    held = live_memberships(user.id)
    return held[0].organisation if held else None


def offices_of(jurisdiction_code: str) -> list[Organisation]:
    """The bureau and the departments of a jurisdiction, by name: never the superior bureau."""
    return list(
        db.session.scalars(
            select(Organisation)
            .where(
                Organisation.jurisdiction_code == jurisdiction_code,
                Organisation.function.in_(
                    (OrganisationFunction.BUREAU, OrganisationFunction.DEPARTMENT)
                ),
            )
            .order_by(Organisation.name, Organisation.id)
        )
    )


def open_invitations(organisation_ids: Sequence[int]) -> list[Invitation]:
    """Invitations to these organisations that nobody has used, newest first."""
    return list(
        db.session.scalars(
            select(Invitation)
            .where(
                Invitation.organisation_id.in_(list(organisation_ids)),
                Invitation.used_at.is_(None),
                Invitation.withdrawn_at.is_(None),
            )
            .order_by(Invitation.id.desc())
            .limit(100)
        )
    )


def invitation_by_public_id(public_id: str) -> Invitation:
    """An unused invitation by the random id used in addresses; raises Missing."""
    found = db.session.scalar(
        select(Invitation).where(
            Invitation.public_id == public_id,
            Invitation.used_at.is_(None),
            Invitation.withdrawn_at.is_(None),
        )
    )
    if found is None:
        raise Missing(f"invitation {public_id}")
    return found


def user_by_public_id(public_id: str) -> User:
    """A person by the random id used in addresses; raises Missing."""
    return by_public_id(User, public_id)


def sessions_of(user_id: int) -> list[WebSession]:
    """The live sessions of a person, the one used last first."""
    return list(
        db.session.scalars(
            select(WebSession)
            .where(
                WebSession.user_id == user_id,
                WebSession.ended_at.is_(None),
                WebSession.expires_at > real_now(),
            )
            .order_by(WebSession.last_seen_at.desc(), WebSession.id.desc())
        )
    )


def authorisations_of(organisation_id: int) -> list[Authorisation]:
    """The agents' authorisations an owner has given, newest first."""
    return list(
        db.session.scalars(
            select(Authorisation)
            .where(Authorisation.owner_id == organisation_id)
            .order_by(Authorisation.id.desc())
            .limit(100)
        )
    )


def authorisations_held(user_id: int) -> list[Authorisation]:
    """The authorisations a person has accepted, newest first."""
    return list(
        db.session.scalars(
            select(Authorisation)
            .where(Authorisation.agent_id == user_id)
            .order_by(Authorisation.id.desc())
            .limit(100)
        )
    )


def membership_by_public_id(public_id: str) -> Membership:
    """A live membership by the random id used in addresses; raises Missing."""
    found = db.session.scalar(
        select(Membership).where(Membership.public_id == public_id, Membership.until.is_(None))
    )
    if found is None:
        raise Missing(f"membership {public_id}")
    return found


def people_in(organisation_ids: Sequence[int]) -> list[Membership]:
    """Who holds which role in these organisations now, by organisation and name."""
    return list(
        db.session.scalars(
            select(Membership)
            .join(User)
            .join(Organisation, Organisation.id == Membership.organisation_id)
            .where(
                Membership.organisation_id.in_(list(organisation_ids)),
                Membership.until.is_(None),
            )
            .order_by(Organisation.name, User.name, Membership.id)
        )
    )


def real_now() -> datetime:
    """The database's clock without the demo's offset.

    The life of a session is a matter of safety, not of business: moving demo time by days must
    not sign everybody out, nor keep anybody signed in.
    """
    return clock.real_now()


def demo_accounts() -> list[tuple[str, str, str]]:
    """(role titles, login, organisation) of the demo's accounts, one of each kind of role."""
    rows = db.session.scalars(
        select(Membership)
        .join(Organisation)
        .where(Organisation.is_demo, Membership.until.is_(None))
        .order_by(Membership.id)
    ).all()
    roles: dict[int, list[Membership]] = {}
    for row in rows:
        roles.setdefault(row.user_id, []).append(row)
    shown: dict[str, list[tuple[str, str, str]]] = {}
    for held in roles.values():
        titles = joined(row.role.title for row in held)
        entry = (titles, held[0].user.login, held[0].organisation.name)
        shown.setdefault(titles, []).append(entry)
    return [entry for entries in shown.values() for entry in entries[:3]]


def live_memberships(user_id: int, organisation_id: int | None = None) -> list[Membership]:
    """The roles a person holds now (in one organisation), oldest first.

    An agent's role counts only while the authorisation behind it holds on the present day.
    """
    query = (
        select(Membership)
        .where(Membership.user_id == user_id, Membership.until.is_(None))
        .options(joinedload(Membership.authorisation))
        .order_by(Membership.id)
    )
    if organisation_id is not None:
        query = query.where(Membership.organisation_id == organisation_id)
    return _holding(db.session.scalars(query).all())


def _holding(rows: Sequence[Membership]) -> list[Membership]:
    if not any(row.authorisation for row in rows):
        return list(rows)
    today = clock.today()
    return [row for row in rows if row.authorisation is None or row.authorisation.holds(today)]


def live_roles(user_id: int, organisation_id: int) -> list[Role]:
    """The roles a person holds now in an organisation."""
    return sorted({row.role for row in live_memberships(user_id, organisation_id)})


def places_of(user_id: int) -> list[tuple[Organisation, list[Role]]]:
    """Every organisation a person acts in, with the roles there, by name."""
    places: dict[int, tuple[Organisation, list[Role]]] = {}
    for row in live_memberships(user_id):
        places.setdefault(row.organisation_id, (row.organisation, []))[1].append(row.role)
    return sorted(places.values(), key=lambda place: (place[0].name, place[0].id))


def actor_for(user: User, in_organisation: Organisation, session_id: int | None = None) -> Actor:
    """The actor a person is in one organisation, with the roles held there now."""
    everywhere = live_memberships(user.id)
    here = [row for row in everywhere if row.organisation_id == in_organisation.id]
    return actor_of(
        (user.id, user.name),
        in_organisation,
        (row.role for row in here),
        authority=next((row.authorisation for row in here if row.authorisation), None),
        scope=scope_among(here),
        session_id=session_id,
        elsewhere=len(here) < len(everywhere),
    )


def scope_among(rows: Iterable[Any]) -> str | None:
    """The scope of the written authority behind the staff's role among these, if there is one."""
    return next((row.scope for row in rows if row.scope is not None), None)


def actor_of(
    person: tuple[int, str],
    place: Any,
    roles: Iterable[Role],
    *,
    authority: Authorisation | None = None,
    scope: str | None = None,
    session_id: int | None = None,
    elsewhere: bool = False,
) -> Actor:
    """An actor of what is known of it: ``person`` is key and name, ``place`` the organisation, or
    a row with its columns ``id``, ``name``, ``kind``, ``function``, ``jurisdiction_code``; ``scope`` what the
    written authority behind the staff's role covers."""
    held = sorted(set(roles))
    narrowed = {Role.OWNER_AGENT} if scope is None else {Role.OWNER_AGENT, Role.FIRM_STAFF}
    granted = permissions_of(role for role in held if role not in narrowed)
    if scope is not None:
        granted |= scoped_permissions(scope)
    if authority is not None:
        granted |= agent_permissions(
            authority.may_prepare, authority.may_evaluate, authority.may_object
        )
    return Actor(
        user_id=person[0],
        name=person[1],
        organisation_id=place.id,
        organisation_name=place.name,
        organisation_kind=place.kind.value,
        jurisdiction=place.jurisdiction_code,
        roles=frozenset(role.value for role in held),
        permissions=granted,
        role_titles=tuple(str(role.title) for role in held),
        session_id=session_id,
        authorisation_id=authority.id if authority is not None else None,
        elsewhere=elsewhere,
        withheld=withheld_by(scope) - granted if scope is not None else frozenset(),
        withheld_because=_scope_words(scope) if scope is not None else "",
        metered=place.function is OrganisationFunction.PARTY,
    )


def _scope_words(scope: str) -> str:
    covered = joined(str(SCOPES[code][0]) for code in scope.split(","))
    return str(
        _(
            "授权书上的授权事项为“%(scope)s”，不含此事项；需要办理的，由机构管理员在“经办人授权”"
            "中用新的授权书变更授权事项，变更后立即生效",
            scope=covered,
        )
    )


@dataclass(frozen=True)
class Site:
    """What every page says about the marketplace it belongs to."""

    name: str
    jurisdiction_code: str
    jurisdiction_name: str
    bureau_name: str
    complaint_line: str
    is_demo: bool


def site(code: str | None = None) -> Site:
    """The marketplace of an area, by default of this installation's (a setting)."""
    code = code or str(current_app.config["JURISDICTION"])
    node = areas().get(code)
    office_name, office_phone = _office_of(code) if node else ("", "")
    return Site(
        name=str(_("中介超市")),
        jurisdiction_code=code,
        jurisdiction_name=node.name if node else code,
        bureau_name=office_name,
        complaint_line=office_phone,
        is_demo=bool(current_app.config["IS_DEMO"]),
    )


@epoch.remembered
def _office_of(code: str) -> tuple[str, str]:
    """Name and telephone of the bureau of a jurisdiction, empty where there is none."""
    # columns: an object of this transaction may be older than the number it is remembered under
    columns = select(Organisation.name, Organisation.phone).order_by(Organisation.id).limit(1)
    for each in lineage(code):
        office = db.session.execute(
            columns.where(
                Organisation.function == OrganisationFunction.BUREAU,
                Organisation.jurisdiction_code == each,
            )
        ).first()
        if office is not None:
            return office.name, office.phone or ""
    return "", ""


def below(code: str) -> list[str]:
    """The code itself and every jurisdiction under it: what an office of ``code`` oversees."""
    found, level, tree = [code], [code], areas()
    while level:
        level = [
            node.code
            for node in tree.values()
            if node.parent_code in level and node.code not in found
        ]
        found += level
    return found
