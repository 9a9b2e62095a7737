"""People and whom they act for: accounts, authorities, roles, invitations."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    String,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.foundation.db import EnumText, Model, PublicIdMixin
from marketplace.foundation.files import StoredFile

from ..permissions import Role
from .organisations import Organisation


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

    An agent's role rests on an authorisation and holds no longer than that does. ``scope``: what
    a firm's staff may do is what the written authority its account is linked to covers.
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
        CheckConstraint("scope IS NULL OR role = 'firm_staff'", name="scope"),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    role: Mapped[Role] = mapped_column(EnumText(Role))
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    granted_by: Mapped[int | None]
    authorisation_id: Mapped[int | None] = mapped_column(ForeignKey("authorisations.id"))
    scope: Mapped[str | None] = mapped_column(String(40))

    user: Mapped[User] = relationship(back_populates="memberships")
    organisation: Mapped[Organisation] = relationship()
    authorisation: Mapped[Authorisation | None] = relationship()


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
