"""Jurisdictions, organisations, people, memberships, sessions."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    event,
    inspect,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.foundation import epoch
from marketplace.foundation.db import Base, EnumText, Model, PublicIdMixin
from marketplace.foundation.files import StoredFile
from marketplace.foundation.ledger import append_only
from marketplace.foundation.titles import Titled

from .permissions import Role


class OrganisationKind(Titled):
    """What an organisation is in law. Declared as ``value, title``."""

    COMPANY = "company", _l("公司")
    PARTNERSHIP = "partnership", _l("合伙企业")
    PUBLIC_INSTITUTION = "public_institution", _l("事业单位")
    LAW_FIRM = "law_firm", _l("律师事务所")
    NOTARY_OFFICE = "notary_office", _l("公证机构")
    INDIVIDUAL_BUSINESS = "individual_business", _l("个体工商户")
    AGENCY = "agency", _l("机关")
    VILLAGE_COMMITTEE = "village_committee", _l("村（居）民委员会")
    NATURAL_PERSON = "natural_person", _l("自然人")


class OrganisationFunction(StrEnum):
    """What an organisation is to the marketplace."""

    PARTY = "party"  # firm or owner, or both
    DEPARTMENT = "department"
    BUREAU = "bureau"
    SUPERIOR = "superior"  # the superior bureau, or discipline inspection


def _office_written(_mapper: Any, _connection: Any, row: Organisation) -> None:
    """Offices are part of what is remembered; of firms and owners only the name is listed."""
    if row.function is not OrganisationFunction.PARTY:
        epoch.raise_editions()
    elif inspect(row).attrs.name.history.has_changes():
        epoch.raise_public()


class Jurisdiction(Base):
    """A node of the tree of areas; GB/T 2260 codes down to county."""

    __tablename__ = "jurisdictions"

    code: Mapped[str] = mapped_column(String(12), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("jurisdictions.code"))
    is_register: Mapped[bool]


class Organisation(PublicIdMixin, Model):
    """Any body or person that acts here. Natural persons are never named in public."""

    __tablename__ = "organisations"
    __table_args__ = (
        CheckConstraint("kind = 'natural_person' OR credit_code IS NOT NULL", name="credit_code"),
        UniqueConstraint("jurisdiction_code", "office_code"),
    )

    name: Mapped[str] = mapped_column(String(120), index=True)
    kind: Mapped[OrganisationKind] = mapped_column(EnumText(OrganisationKind))
    function: Mapped[OrganisationFunction] = mapped_column(EnumText(OrganisationFunction))
    credit_code: Mapped[str | None] = mapped_column(String(18), unique=True)
    office_code: Mapped[str | None] = mapped_column(String(20))
    jurisdiction_code: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"), index=True)
    legal_representative: Mapped[str | None] = mapped_column(String(60))
    address: Mapped[str | None] = mapped_column(String(200))
    phone: Mapped[str | None] = mapped_column(String(40))
    email: Mapped[str | None] = mapped_column(String(200))
    identity_digest: Mapped[str | None] = mapped_column(String(64), unique=True)
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    jurisdiction: Mapped[Jurisdiction] = relationship()

    @property
    def public_name(self) -> str:
        """How the organisation is named in public."""
        return public_name(self.kind, self.name)


def public_name(kind: OrganisationKind, name: str) -> str:
    """How an organisation is named in public: natural persons as 自然人."""
    if kind is OrganisationKind.NATURAL_PERSON:
        return str(OrganisationKind.NATURAL_PERSON.title)
    return name


epoch.watch_editions(Jurisdiction)
event.listen(Organisation, "after_insert", _office_written)
event.listen(Organisation, "after_update", _office_written)


class User(PublicIdMixin, Model):
    """One person, one account. ``factor_secret`` is kept enciphered.

    ``factor_step`` is the half minute of the last code used: no code works twice.
    """

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("(factor_secret IS NULL) = (factor_since IS NULL)", name="factor"),
    )

    login: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    password_hash: Mapped[str] = mapped_column(String(200))
    password_changed_at: Mapped[datetime]
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    email: Mapped[str | None] = mapped_column(String(200))
    language: Mapped[str | None] = mapped_column(String(5))  # as chosen last; None: never
    factor_secret: Mapped[str | None] = mapped_column(String(200))
    factor_since: Mapped[datetime | None]
    factor_step: Mapped[int | None]

    memberships: Mapped[list[Membership]] = relationship(back_populates="user")


class Authorisation(PublicIdMixin, Model):
    """An owner's written authority for a person to act for it, within a scope and a period.

    It gives its right only while it is accepted, not revoked and within its days; the membership
    it carries is ended with it.
    """

    __tablename__ = "authorisations"
    __table_args__ = (
        CheckConstraint("ends_on >= starts_on", name="period"),
        CheckConstraint("may_prepare OR may_evaluate OR may_object", name="scope"),
        CheckConstraint("(revoked_at IS NULL) = (revoked_by IS NULL)", name="revoked"),
        CheckConstraint("(agent_id IS NULL) = (accepted_at IS NULL)", name="accepted"),
    )

    owner_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    agent_name: Mapped[str] = mapped_column(String(60))
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    document_number: Mapped[str] = mapped_column(String(80))
    document_id: Mapped[int] = mapped_column(ForeignKey("stored_files.id"))
    may_prepare: Mapped[bool]
    may_evaluate: Mapped[bool]
    may_object: Mapped[bool]
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)
    granted_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    granted_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    reason: Mapped[str | None] = mapped_column(String(500))
    next_check_at: Mapped[datetime | None] = mapped_column(index=True)

    owner: Mapped[Organisation] = relationship()
    agent: Mapped[User | None] = relationship(foreign_keys=[agent_id])
    document: Mapped[StoredFile] = relationship()

    def holds(self, day: date) -> bool:
        """Whether the right exists on a day."""
        accepted = self.accepted_at is not None and self.revoked_at is None
        return accepted and self.starts_on <= day <= self.ends_on


class Membership(PublicIdMixin, Model):
    """A role of a person in an organisation, while ``until`` is empty.

    An agent's role rests on an authorisation and holds no longer than that does.
    """

    __tablename__ = "memberships"
    __table_args__ = (
        Index(
            "uq_memberships_live",
            "user_id",
            "organisation_id",
            "role",
            unique=True,
            sqlite_where=text("until IS NULL"),
            postgresql_where=text("until IS NULL"),
        ),
        CheckConstraint(
            "(role = 'owner_agent') = (authorisation_id IS NOT NULL)", name="authorised"
        ),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    role: Mapped[Role] = mapped_column(EnumText(Role))
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    granted_by: Mapped[int | None]
    authorisation_id: Mapped[int | None] = mapped_column(ForeignKey("authorisations.id"))

    user: Mapped[User] = relationship(back_populates="memberships")
    organisation: Mapped[Organisation] = relationship()
    authorisation: Mapped[Authorisation | None] = relationship()


class WebSession(PublicIdMixin, Model):
    """A signed-in browser. Only the digest of its token is stored.

    ``factor_at`` is when the second factor was given, ``confirmed_at`` when the person last proved
    to be there (factor or password), ``factor_offer`` a factor being set up, enciphered.
    """

    __tablename__ = "web_sessions"

    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    address: Mapped[str | None] = mapped_column(String(60))
    agent: Mapped[str | None] = mapped_column(String(200))
    factor_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    factor_offer: Mapped[str | None] = mapped_column(String(200))

    user: Mapped[User] = relationship()
    organisation: Mapped[Organisation] = relationship()


class SetupToken(Model):
    """The one-time token printed at the first start without demo data."""

    __tablename__ = "setup_tokens"

    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Invitation(PublicIdMixin, Model):
    """A role held ready for a person, who opens the account by a link used once.

    Officials' invitations are proposed by one administrator and approved by the other; an
    organisation invites its own staff alone. Only the digest of the link's token is stored.
    With ``user_id`` the role is proposed for an existing account and given at the approval.
    """

    __tablename__ = "invitations"
    __table_args__ = (
        CheckConstraint(
            "NOT needs_approval OR approved_by IS NULL OR approved_by <> proposed_by",
            name="two_people",
        ),
        CheckConstraint(
            "token_digest IS NULL OR NOT needs_approval OR approved_by IS NOT NULL",
            name="approved_first",
        ),
    )

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    role: Mapped[Role] = mapped_column(EnumText(Role))
    needs_approval: Mapped[bool]
    proposed_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    proposed_at: Mapped[datetime]
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    approved_at: Mapped[datetime | None]
    token_digest: Mapped[str | None] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    email: Mapped[str | None] = mapped_column(String(200))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    authorisation_id: Mapped[int | None] = mapped_column(ForeignKey("authorisations.id"))

    organisation: Mapped[Organisation] = relationship()
    user: Mapped[User | None] = relationship(foreign_keys=[user_id])
    authorisation: Mapped[Authorisation | None] = relationship()


class RecoveryCode(Model):
    """One of ten codes that stand in for a lost factor, each once; only its digest is stored."""

    __tablename__ = "recovery_codes"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    code_digest: Mapped[str] = mapped_column(String(64), unique=True)
    made_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class FormerPassword(Model):
    """The hash of a password an account has or had: the last five are not taken again."""

    __tablename__ = "former_passwords"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    since: Mapped[datetime]


class PasswordReset(Model):
    """Somebody asked for a new password by a name, known here or not.

    The clock looks the name up afterwards, so that the answer takes as long either way. Only the
    digest of the mailed link's token is stored.
    """

    __tablename__ = "password_resets"

    login: Mapped[str] = mapped_column(String(60))
    asked_at: Mapped[datetime]
    next_check_at: Mapped[datetime | None] = mapped_column(index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    token_digest: Mapped[str | None] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]


class FactorReset(PublicIdMixin, Model):
    """A lost second factor taken off an account: proposed by one, approved by another."""

    __tablename__ = "factor_resets"
    __table_args__ = (
        CheckConstraint("approved_by IS NULL OR approved_by <> proposed_by", name="two_people"),
        CheckConstraint("proposed_by <> user_id", name="not_own"),
        CheckConstraint("approved_by IS NULL OR approved_by <> user_id", name="not_for_oneself"),
        Index(
            "uq_factor_resets_open",
            "user_id",
            unique=True,
            sqlite_where=text("approved_at IS NULL AND withdrawn_at IS NULL"),
            postgresql_where=text("approved_at IS NULL AND withdrawn_at IS NULL"),
        ),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    reason: Mapped[str] = mapped_column(String(500))
    proposed_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    proposed_at: Mapped[datetime]
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    approved_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(foreign_keys=[user_id])
    proposer: Mapped[User] = relationship(foreign_keys=[proposed_by])


class Reveal(Model):
    """Somebody looked at a masked personal value, why, and until when it stayed open."""

    __tablename__ = "personal_data_reveals"
    __table_args__ = (
        Index("ix_personal_data_reveals_looker", "user_id", "at"),
        Index("ix_personal_data_reveals_data", "data_organisation_id", "id"),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    session_id: Mapped[int]
    subject: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[str] = mapped_column(String(40))
    field: Mapped[str] = mapped_column(String(40))
    data_organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    reason: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
    until: Mapped[datetime]

    user: Mapped[User] = relationship()
    organisation: Mapped[Organisation] = relationship(foreign_keys=[organisation_id])
    data_organisation: Mapped[Organisation] = relationship(foreign_keys=[data_organisation_id])


append_only(Reveal.__table__)  # type: ignore[arg-type]


class SignInThrottle(Base):
    """Failed sign-ins per account or address; counted atomically in SQL."""

    __tablename__ = "sign_in_throttles"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime]
    blocked_until: Mapped[datetime | None]
