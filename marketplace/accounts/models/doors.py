"""Sessions, passwords, second factors, guesses at them; looks at masked personal values."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.foundation.db import Base, Model, PublicIdMixin
from marketplace.foundation.ledger import append_only

from .organisations import Organisation
from .people import User


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
