"""Who comes new: a firm, an owner, and the very first people of a marketplace."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from flask_babel import gettext as _
from sqlalchemy import select, update

from marketplace.foundation import audit, clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.crypto import keyed_digest
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid
from marketplace.foundation.files import StoredFile

from .credit_code import checked
from .identity import checked_identity
from .models import (
    Organisation,
    OrganisationCertificate,
    OrganisationFunction,
    OrganisationKind,
    SetupToken,
    User,
)
from .organising import TWO_PEOPLE_KINDS, create_organisation, create_user
from .passwords import HashedPassword
from .permissions import Role
from .queries import lineage as accounts_lineage
from .queries import organisation_by_credit_code

SETUP_TOKEN_LIFE = timedelta(minutes=30)
NOT_A_FIRM = (
    OrganisationKind.AGENCY,
    OrganisationKind.NATURAL_PERSON,
    OrganisationKind.VILLAGE_COMMITTEE,
)


class Side(StrEnum):
    """As what one registers."""

    FIRM = "firm"
    OWNER = "owner"


@dataclass(frozen=True)
class NewPerson:
    """One person who opens an account."""

    login: str
    name: str
    password: str | HashedPassword
    email: str | None = None


def register_organisation(
    side: Side,
    *,
    name: str,
    kind: OrganisationKind,
    credit_code: str | None,
    jurisdiction_code: str,
    people: Sequence[NewPerson],
    actor: Actor,
    now: datetime,
    identity_number: str | None = None,
    legal_representative: str | None = None,
    address: str | None = None,
    phone: str | None = None,
    email: str | None = None,
    certificate: StoredFile | None = None,
) -> Organisation:
    """Register a firm or an owner with its first account, or two.

    A village committee shows its certificate. Agencies and public institutions that buy need an editor and another person who approves;
    other owners act alone. A natural person is known by a digest of the identity number only.
    Raises Invalid naming the field.
    """
    if side is Side.FIRM and kind in NOT_A_FIRM:
        raise Invalid(_("机关、村（居）民委员会和自然人不能注册为中介服务机构"), field="kind")
    digest = None
    if kind is OrganisationKind.NATURAL_PERSON:
        if not identity_number:
            raise Invalid(_("自然人请填写身份证件号码"), field="identity_number", rule="identity")
        number = checked_identity(identity_number, "identity_number")
        digest = keyed_digest("person", number)
    if kind is OrganisationKind.VILLAGE_COMMITTEE and certificate is None:
        raise Invalid(
            _("村（居）民委员会请上传特别法人统一社会信用代码证书"),
            field="certificate",
            rule="certificate",
        )
    two = side is Side.OWNER and kind in TWO_PEOPLE_KINDS
    if two and len(people) < 2:
        raise Invalid(
            _("机关、事业单位须有经办人和审批人两个账号，请填写审批人"),
            field="approver_login",
            rule="two_people",
        )
    organisation = create_organisation(
        name=name,
        kind=kind,
        credit_code=credit_code,
        jurisdiction_code=jurisdiction_code,
        identity_digest=digest,
        legal_representative=legal_representative,
        address=address,
        phone=phone,
        email=email,
        actor=actor,
        now=now,
    )
    if certificate is not None:
        db.session.add(
            OrganisationCertificate(
                organisation_id=organisation.id, file_id=certificate.id, stored_at=now
            )
        )
    for person, roles in zip(people, _roles(side, two), strict=False):
        create_user(
            person.login,
            person.name,
            person.password,
            organisation,
            roles,
            actor,
            now,
            email=person.email,
        )
    return organisation


def _roles(side: Side, two: bool) -> list[tuple[Role, ...]]:
    if side is Side.FIRM:
        return [(Role.FIRM_ADMIN,)]
    if two:
        return [(Role.OWNER_EDITOR,), (Role.OWNER_APPROVER,)]
    return [(Role.OWNER_EDITOR, Role.OWNER_APPROVER)]


def issue_setup_token(now: datetime | None = None) -> str | None:
    """A one-time token for a marketplace without any account, to be printed once.

    Valid for 30 minutes; an earlier unused one stops working. None when accounts exist.
    """
    if db.session.scalar(select(User.id).limit(1)) is not None:
        return None
    now = now or clock.now()
    db.session.execute(
        update(SetupToken).where(SetupToken.used_at.is_(None)).values(expires_at=now)
    )
    token = secrets.token_urlsafe(24)
    db.session.add(
        SetupToken(
            token_digest=keyed_digest("setup", token),
            created_at=now,
            expires_at=now + SETUP_TOKEN_LIFE,
        )
    )
    db.session.flush()
    return token


def use_setup_token(
    token: str,
    *,
    bureau_name: str,
    bureau_credit_code: str,
    bureau_phone: str,
    jurisdiction_code: str,
    system_admin: NewPerson,
    security_admin: NewPerson,
    now: datetime,
    superior_name: str,
    superior_credit_code: str,
    supervisor: NewPerson,
) -> Organisation:
    """The first start: the bureau with two administrators, the superior bureau with one person.

    They are three people: the administrators cannot make or end accounts of the superior.

    The token works once, within 30 minutes, and only while nobody has an account. Raises
    Invalid naming the field.
    """
    digest = keyed_digest("setup", token.strip())
    row = db.session.scalar(select(SetupToken).where(SetupToken.token_digest == digest))
    if row is not None:
        lock(row)
    if row is None or row.used_at is not None or clock.now() >= row.expires_at:
        raise Invalid(_("初始化口令无效或已过期"), field="token", rule="setup.token")
    if db.session.scalar(select(User.id).limit(1)) is not None:
        raise Conflict(_("系统已经初始化"), rule="setup.done")
    if len({system_admin.name, security_admin.name, supervisor.name}) < 3:
        raise Invalid(
            _("系统管理员、安全管理员和上级监督员须为三个人"),
            field="security_name",
            rule="two_people",
        )
    row.used_at = now
    installer = Actor(user_id=None, name="installer", roles=frozenset({"installer"}))
    here = accounts_lineage(jurisdiction_code)
    bureau = _office(
        OrganisationFunction.BUREAU,
        bureau_name,
        bureau_credit_code,
        here[0],
        bureau_phone,
        installer,
        now,
    )
    superior = _office(
        OrganisationFunction.SUPERIOR,
        superior_name,
        superior_credit_code,
        here[1] if len(here) > 1 else here[0],
        None,
        installer,
        now,
    )
    for person, office, role in (
        (system_admin, bureau, Role.SYSTEM_ADMIN),
        (security_admin, bureau, Role.SECURITY_ADMIN),
        (supervisor, superior, Role.SUPERVISOR),
    ):
        create_user(person.login, person.name, person.password, office, (role,), installer, now)
    audit.record("setup.done", installer, bureau, now)
    return bureau


def _office(
    function: OrganisationFunction,
    name: str,
    credit_code: str,
    jurisdiction_code: str,
    phone: str | None,
    actor: Actor,
    now: datetime,
) -> Organisation:
    """The office of this credit code, made when it is not known yet."""
    prefix = "superior_" if function is OrganisationFunction.SUPERIOR else ""
    code = checked(credit_code, f"{prefix}credit_code")
    found = organisation_by_credit_code(code)
    if found is None:
        return create_organisation(
            name=name,
            kind=OrganisationKind.AGENCY,
            function=function,
            credit_code=code,
            jurisdiction_code=jurisdiction_code,
            phone=phone,
            actor=actor,
            now=now,
        )
    if found.function is not function:
        raise Invalid(
            _("该统一社会信用代码属于其他单位"), field=f"{prefix}credit_code", rule="setup.office"
        )
    return found
