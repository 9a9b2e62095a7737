"""Inbox messages and their deliveries outside."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.foundation.db import EnumText, Model, PublicIdMixin
from marketplace.foundation.lifecycle import Status


class DeliveryState(Status):
    """Where a delivery stands."""

    OWED = "owed", "待发送", "neutral"
    SENT = "sent", "已发送", "good"
    FAILED = "failed", "发送失败", "bad"


class Message(PublicIdMixin, Model):
    """A message in an organisation's inbox. ``key`` makes sending it twice one message."""

    __tablename__ = "messages"
    __table_args__ = (Index("ix_messages_inbox", "organisation_id", "read_at", "id"),)

    organisation_id: Mapped[int]
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    link: Mapped[str] = mapped_column(String(300))
    key: Mapped[str] = mapped_column(String(160), unique=True)
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]


class Delivery(Model):
    """One message by mail: written with the business, sent after it, retried by the clock."""

    __tablename__ = "deliveries"

    message_id: Mapped[int] = mapped_column(index=True)
    address: Mapped[str] = mapped_column(String(200))
    state: Mapped[DeliveryState] = mapped_column(EnumText(DeliveryState))
    attempts: Mapped[int]
    next_check_at: Mapped[datetime | None] = mapped_column(index=True)
    sent_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(300))


class Letter(PublicIdMixin, Model):
    """A mail to one person that belongs in no inbox, such as a link that opens an account.

    ``sealed`` is its text, enciphered, and is erased once sent.
    """

    __tablename__ = "letters"

    address: Mapped[str] = mapped_column(String(200))
    subject: Mapped[str] = mapped_column(String(200))
    sealed: Mapped[str | None] = mapped_column(Text)
    key: Mapped[str] = mapped_column(String(160), unique=True)
    language: Mapped[str | None] = mapped_column(String(5))
    state: Mapped[DeliveryState] = mapped_column(EnumText(DeliveryState))
    attempts: Mapped[int]
    next_check_at: Mapped[datetime | None] = mapped_column(index=True)
    sent_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(300))
    created_at: Mapped[datetime]
