"""What is done in the workspace itself: a message is read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from marketplace.foundation import audit
from marketplace.foundation.actor import Actor
from marketplace.notifications.models import Message


def read_message(message: Message, actor: Actor, now: datetime) -> None:
    """Note that somebody of the organisation has read a message; the first reading counts."""
    if message.read_at is None:
        message.read_at = now
        audit.record("messages.read", actor, message, now)


def read_all(messages: Sequence[Message], actor: Actor, now: datetime) -> None:
    """Note that several messages were read, in one line of the audit ledger."""
    fresh = [message for message in messages if message.read_at is None]
    for message in fresh:
        message.read_at = now
    if fresh:
        audit.record("messages.read_all", actor, fresh[-1], now, count=len(fresh))
