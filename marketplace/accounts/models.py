"""Jurisdictions, organisations, people, memberships, sessions."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.foundation.db import Base, EnumText, Model, PublicIdMixin
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
    VILLAGE_COMMITTEE = "village_committee", _l("村(居)民委员会")
    NATURAL_PERSON = "natural_person", _l("自然人")


class OrganisationFunction(StrEnum):
    """What an organisation is to the marketplace."""

    PARTY = "party"  # firm or owner, or both
    DEPARTMENT = "department"
    BUREAU = "bureau"
    SUPERIOR = "superior"  # the superior bureau, or discipline inspection


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
        """How the organisation is named in public: natural persons as 自然人."""
        if self.kind is OrganisationKind.NATURAL_PERSON:
            return str(OrganisationKind.NATURAL_PERSON.title)
        return self.name


class User(PublicIdMixin, Model):
    """One person, one account."""

    __tablename__ = "users"

    login: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    password_hash: Mapped[str] = mapped_column(String(200))
    password_changed_at: Mapped[datetime]
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]

    memberships: Mapped[list[Membership]] = relationship(back_populates="user")


class Membership(PublicIdMixin, Model):
    """A role of a person in an organisation, while ``until`` is empty."""

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
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    role: Mapped[Role] = mapped_column(EnumText(Role))
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    granted_by: Mapped[int | None]

    user: Mapped[User] = relationship(back_populates="memberships")
    organisation: Mapped[Organisation] = relationship()


class WebSession(Model):
    """A signed-in browser. Only the digest of its token is stored."""

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

    organisation: Mapped[Organisation] = relationship()


class SignInThrottle(Base):
    """Failed sign-ins per account or address; counted atomically in SQL."""

    __tablename__ = "sign_in_throttles"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime]
    blocked_until: Mapped[datetime | None]
