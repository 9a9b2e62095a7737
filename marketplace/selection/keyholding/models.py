"""Who can hold a share of a round's key, and the shares."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import Organisation
from marketplace.foundation.db import EnumText, Model, PublicIdMixin
from marketplace.foundation.lifecycle import LifecycleMixin, Status
from marketplace.foundation.titles import Titled

from ..models import SelectionRound


class Capacity(Titled):
    """For whom a person holds a share. Declared as ``value, title``."""

    OWNER = "owner", _l("项目业主")
    BUREAU = "bureau", _l("管理机构")
    PLATFORM = "platform", _l("平台运行方")


class HolderKey(PublicIdMixin, Model):
    """The public half of a key made of a person's passphrase; the other half is kept nowhere.

    ``salt`` and ``cost`` belong to the passphrase (Argon2id). A new passphrase makes a new row;
    an ended one still opens the shares that were given to it.
    """

    __tablename__ = "holder_keys"
    __table_args__ = (
        Index(
            "uq_holder_keys_current",
            "user_id",
            "organisation_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_holder_keys_organisation", "organisation_id", "capacity"),
        CheckConstraint("capacity IN ('owner', 'bureau', 'platform')", name="capacity"),
        CheckConstraint("length(public_key) = 64", name="public_key"),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    capacity: Mapped[Capacity] = mapped_column(EnumText(Capacity))
    salt: Mapped[str] = mapped_column(String(64))
    cost: Mapped[str] = mapped_column(String(40))
    public_key: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    organisation: Mapped[Organisation] = relationship()


class ShareStatus(Status):
    """Where a share stands."""

    HELD = "held", _l("保管中"), "info"
    HANDED_IN = "handed_in", _l("已交出"), "good"
    LOST = "lost", _l("已报遗失"), "bad"


class KeyShare(PublicIdMixin, LifecycleMixin, Model):
    """One of the three parts of a round's private key, enciphered to its holder's key.

    ``handed`` is what the holder deciphered at the hour, protected by the site's key until the
    quotes are opened, and erased then.
    """

    __tablename__ = "key_shares"
    __table_args__ = (
        UniqueConstraint("round_id", "capacity"),
        CheckConstraint("status <> 'handed_in' OR handed_at IS NOT NULL", name="handed_in"),
        CheckConstraint("handed IS NULL OR status = 'handed_in'", name="handed"),
        CheckConstraint("status <> 'lost' OR lost_reason IS NOT NULL", name="lost"),
    )
    MOVES: ClassVar[Mapping[Any, frozenset[Any]]] = {
        ShareStatus.HELD: frozenset({ShareStatus.HANDED_IN, ShareStatus.LOST}),
    }

    round_id: Mapped[int] = mapped_column(ForeignKey("selection_rounds.id"), index=True)
    capacity: Mapped[Capacity] = mapped_column(EnumText(Capacity))
    holder_key_id: Mapped[int] = mapped_column(ForeignKey("holder_keys.id"), index=True)
    status: Mapped[ShareStatus] = mapped_column(EnumText(ShareStatus))
    sealed: Mapped[str] = mapped_column(Text)
    handed: Mapped[str | None] = mapped_column(Text)
    handed_at: Mapped[datetime | None]
    lost_reason: Mapped[str | None] = mapped_column(String(500))

    round: Mapped[SelectionRound] = relationship()
    holder_key: Mapped[HolderKey] = relationship()
