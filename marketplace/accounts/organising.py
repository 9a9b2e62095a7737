"""Organisations, accounts of people, and the roles that join them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import or_, select, update

from marketplace.foundation import audit
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid

from . import credit_code as codes
from .models import (
    Authorisation,
    FactorReset,
    FormerPassword,
    Invitation,
    Jurisdiction,
    Membership,
    Organisation,
    OrganisationFunction,
    OrganisationKind,
    PasswordReset,
    User,
    WebSession,
)
from .passwords import HashedPassword, hashed
from .permissions import HOME_OF_ROLE, Role, conflicting
from .queries import live_roles, user_by_login
from .rules import login_is_well_formed, password_problem
from .sessions import end_sessions

TWO_PEOPLE_KINDS = (OrganisationKind.AGENCY, OrganisationKind.PUBLIC_INSTITUTION)


# ---- the tree of areas, the offices -------------------------------------------------------


def load_jurisdictions(path: Path, actor: Actor, now: datetime) -> int:
    """Load the tree of areas from a TOML file; returns how many were new. Idempotent."""
    new = 0
    for entry in tomllib.loads(path.read_text(encoding="utf-8"))["jurisdiction"]:
        if unknown := set(entry) - {"code", "name", "parent", "is_register"}:
            raise ValueError(f"{path.name}: {min(unknown)}: unknown key")
        if db.session.get(Jurisdiction, entry["code"]) is not None:
            continue
        node = Jurisdiction(
            code=entry["code"],
            name=entry["name"],
            parent_code=entry.get("parent"),
            is_register=entry.get("is_register", False),
        )
        db.session.add(node)
        db.session.flush()
        audit.record("jurisdiction.loaded", actor, ("jurisdictions", node.code), now)
        new += 1
    return new


def load_offices(path: Path, actor: Actor, now: datetime) -> int:
    """Make the bureau, departments and supervision of a file; returns how many were new.

    Offices that exist already (by credit code) are left as they are.
    """
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    known = {"code", "name", "function", "kind", "credit_code", "phone", "jurisdiction"}
    new = 0
    for entry in data["office"]:
        if unknown := set(entry) - known:
            raise ValueError(f"{path.name}: {min(unknown)}: unknown key")
        exists = select(Organisation.id).where(Organisation.credit_code == entry["credit_code"])
        if db.session.scalar(exists) is not None:
            continue
        create_organisation(
            name=entry["name"],
            kind=OrganisationKind(entry["kind"]),
            function=OrganisationFunction(entry["function"]),
            credit_code=entry["credit_code"],
            jurisdiction_code=entry.get("jurisdiction", data["jurisdiction"]),
            office_code=entry["code"],
            phone=entry.get("phone"),
            is_demo=data.get("is_demo", False),
            actor=actor,
            now=now,
        )
        new += 1
    return new


def create_organisation(
    *,
    name: str,
    kind: OrganisationKind,
    credit_code: str | None,
    jurisdiction_code: str,
    actor: Actor,
    now: datetime,
    function: OrganisationFunction = OrganisationFunction.PARTY,
    office_code: str | None = None,
    legal_representative: str | None = None,
    address: str | None = None,
    phone: str | None = None,
    email: str | None = None,
    identity_digest: str | None = None,
    is_demo: bool = False,
) -> Organisation:
    """Register a body or person; the credit code's check digit is verified (GB 32100).

    Raises Invalid for a wrong or missing code and an unknown area, Conflict when the code is
    registered already.
    """
    if kind is OrganisationKind.NATURAL_PERSON:
        credit_code = None
    elif not credit_code:
        raise Invalid(_("请填写统一社会信用代码"), field="credit_code", rule="credit_code")
    else:
        credit_code = codes.checked(credit_code)
    if db.session.get(Jurisdiction, jurisdiction_code) is None:
        raise Invalid(_("请选择所在辖区"), field="jurisdiction_code", rule="jurisdiction")
    _refuse_twin(credit_code, identity_digest)
    organisation = Organisation(
        name=name,
        kind=kind,
        function=function,
        credit_code=credit_code,
        office_code=office_code,
        jurisdiction_code=jurisdiction_code,
        legal_representative=legal_representative,
        address=address,
        phone=phone,
        email=email,
        identity_digest=identity_digest,
        is_demo=is_demo,
        created_at=now,
    )
    db.session.add(organisation)
    db.session.flush()
    audit.record(
        "organisation.created", actor, organisation, now, credit_code=credit_code, kind=kind.value
    )
    return organisation


def _refuse_twin(credit_code: str | None, identity_digest: str | None) -> None:
    for column, value, field in (
        (Organisation.credit_code, credit_code, "credit_code"),
        (Organisation.identity_digest, identity_digest, "identity_number"),
    ):
        twin = db.session.scalar(select(Organisation.id).where(column == value)) if value else None
        if twin is None:
            continue
        if (
            db.session.scalar(select(Membership.id).where(Membership.organisation_id == twin))
            is None
        ):
            # taken over from an older register: nobody has an account for it yet
            raise Conflict(
                _("该主体已由原名录承接，尚无账号；请向管理机构申请认领"),
                field=field,
                rule="registered.unclaimed",
            )
        raise Conflict(
            _("该主体已经注册，请由本单位已有账号登录办理"), field=field, rule="registered"
        )


# ---- people and roles ---------------------------------------------------------------------


def create_user(
    login: str,
    name: str,
    password: str | HashedPassword,
    organisation: Organisation,
    roles: Iterable[Role],
    actor: Actor,
    now: datetime,
    email: str | None = None,
    authorisation: Authorisation | None = None,
) -> User:
    """Open the account of one person and give its first roles.

    A plain ``password`` is checked and hashed here; pages pass one hashed before their
    transaction. Raises Invalid naming ``login`` or ``password``, Conflict for roles that must
    not be in one hand.
    """
    login = login.strip().lower()
    if not login_is_well_formed(login):
        raise Invalid(
            _("登录名为 3 至 40 位小写字母、数字或 . _ -，以字母开头"), field="login", rule="login"
        )
    if user_by_login(login) is not None:
        raise Invalid(_("该登录名已被使用，请换一个"), field="login", rule="login.taken")
    if isinstance(password, str):
        check_password(password, organisation.function, (login, name, organisation.name))
        password = hashed(password)
    user = User(
        login=login,
        name=name,
        password_hash=password.value,
        password_changed_at=now,
        created_at=now,
        email=email or None,
    )
    db.session.add(user)
    db.session.flush()
    db.session.add(FormerPassword(user_id=user.id, password_hash=password.value, since=now))
    audit.record("user.created", actor, user, now, organisation=organisation.id)
    for role in roles:
        grant_role(user, organisation, role, actor, now, authorisation)
    return user


def check_password(
    password: str,
    function: OrganisationFunction,
    context: Iterable[str] = (),
    field: str = "password",
) -> None:
    """Raise Invalid when a password breaks a rule; officials need 15 characters, others 12."""
    official = function is not OrganisationFunction.PARTY
    problem = password_problem(password, official, context)
    if problem is None:
        return
    words = {
        "long": _("密码不能超过 128 位"),
        "short": _("密码至少 %(n)d 位", n=15 if official else 12),
        "control": _("密码含有不能使用的控制字符"),
        "common": _("密码过于常见，请换一个"),
        "context": _("密码不能包含登录名、姓名或单位名称"),
        "simple": _("密码须含大写字母、小写字母、数字、符号中的三类，或不少于 20 位"),
    }
    raise Invalid(words[problem], field=field, rule=f"password.{problem}")


def grant_role(
    user: User,
    organisation: Organisation,
    role: Role,
    actor: Actor,
    now: datetime,
    authorisation: Authorisation | None = None,
) -> Membership:
    """Give a person a role; Conflict when it must not be in one hand with another (I22b)."""
    lock(user)
    refuse_conflict(user, organisation, role)
    membership = Membership(
        user_id=user.id,
        organisation_id=organisation.id,
        role=role,
        since=now,
        granted_by=actor.user_id,
        authorisation_id=authorisation.id if authorisation else None,
        scope=_scope_before(user, organisation, role),
    )
    db.session.add(membership)
    db.session.flush()
    audit.record("role.granted", actor, user, now, organisation=organisation.id, role=role.value)
    return membership


def _scope_before(user: User, organisation: Organisation, role: Role) -> str | None:
    """A role taken and given again stays within the authority its account is linked to."""
    return db.session.scalar(
        select(Membership.scope)
        .where(
            Membership.user_id == user.id,
            Membership.organisation_id == organisation.id,
            Membership.role == role,
        )
        .order_by(Membership.id.desc())
        .limit(1)
    )


def set_scope(
    user_id: int, organisation_id: int, scope: str | None, actor: Actor, now: datetime
) -> None:
    """Have the staff's role of a person go no further than a written authority (its codes by
    commas); None: the authority is over. It holds from the next request on."""
    for row in db.session.scalars(
        select(Membership).where(
            Membership.user_id == user_id,
            Membership.organisation_id == organisation_id,
            Membership.role == Role.FIRM_STAFF,
        )
    ):
        if row.scope != scope:
            row.scope = scope
            audit.record("role.scoped", actor, row, now, user=user_id, scope=scope)
    db.session.flush()


def refuse_conflict(user: User, organisation: Organisation, role: Role) -> None:
    """Raise Conflict when a person cannot have a role there: wrong place, held, or forbidden."""
    if user.disabled_at is not None:
        raise Conflict(_("该账号已经停用"), field="login", rule="user.disabled")
    if HOME_OF_ROLE[role] != organisation.function.value:
        raise Conflict(
            _("“%(role)s”不能设在该类单位", role=role.title), field="role", rule="role.home"
        )
    held = set(
        db.session.scalars(
            select(Membership.role).where(Membership.user_id == user.id, Membership.until.is_(None))
        )
    )
    if role in live_roles(user.id, organisation.id):
        raise Conflict(
            _("此人在该单位已有“%(role)s”角色", role=role.title), field="role", rule="role.held"
        )
    other = conflicting(held, role)
    if other is None:
        other = _conflict_in_unit(user, organisation, role)
    if other is not None:
        raise Conflict(
            _(
                "“%(role)s”与已有的“%(other)s”不能由同一人担任",
                role=role.title,
                other=other.title,
            ),
            field="role",
            rule="role.conflict",
        )


def _conflict_in_unit(user: User, organisation: Organisation, role: Role) -> Role | None:
    """Agencies and public institutions keep editor and approver apart (RULES section 6)."""
    pair = {Role.OWNER_EDITOR, Role.OWNER_APPROVER}
    if organisation.kind not in TWO_PEOPLE_KINDS or role not in pair:
        return None
    held = set(live_roles(user.id, organisation.id)) & (pair - {role})
    return held.pop() if held else None


def end_membership(membership: Membership, actor: Actor, now: datetime) -> None:
    """End a role. With the last one in the organisation its sessions end too, at once (I29).

    What the role proposed and nobody has used yet (invitations) ends with it.
    """
    lock(membership)
    if membership.until is not None:
        raise Conflict(_("该角色已经结束"), rule="role.ended")
    membership.until = now
    db.session.flush()
    audit.record(
        "role.ended",
        actor,
        membership.user,
        now,
        organisation=membership.organisation_id,
        role=membership.role.value,
    )
    db.session.execute(
        update(Invitation)
        .where(
            Invitation.organisation_id == membership.organisation_id,
            or_(
                Invitation.proposed_by == membership.user_id,
                Invitation.approved_by == membership.user_id,
                Invitation.user_id == membership.user_id,
            ),
            Invitation.used_at.is_(None),
            Invitation.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=now)
        .execution_options(synchronize_session=False)
    )
    if not live_roles(membership.user_id, membership.organisation_id):
        end_sessions(
            WebSession.user_id == membership.user_id,
            WebSession.organisation_id == membership.organisation_id,
        )


def disable_user(user: User, actor: Actor, now: datetime) -> None:
    """Close an account: every role and session ends in the same transaction."""
    lock(user)
    if user.disabled_at is not None:
        raise Conflict(_("该账号已经停用"), rule="user.disabled")
    for membership in user.memberships:
        if membership.until is None:
            end_membership(membership, actor, now)
    user.disabled_at = now
    for column in (PasswordReset.used_at, FactorReset.withdrawn_at):
        model: Any = column.class_
        db.session.execute(
            update(model)
            .where(model.user_id == user.id, column.is_(None))
            .values({column.key: now})
            .execution_options(synchronize_session=False)
        )
    end_sessions(WebSession.user_id == user.id)
    audit.record("user.disabled", actor, user, now)
