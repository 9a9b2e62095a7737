"""Whose message is it."""

from __future__ import annotations

from sqlalchemy import select

from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Missing
from marketplace.notifications.models import Message


def message_for(actor: Actor, public_id: str) -> Message:
    """A message of the actor's organisation; raises Missing for anybody else's."""
    found = db.session.scalar(select(Message).where(Message.public_id == public_id))
    if found is None or found.organisation_id != actor.organisation_id:
        raise Missing(f"message {public_id}")
    return found
