"""Complaints that an organisation is asked to reply to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from flask_babel import gettext as _

from marketplace.accounts.permissions import Permission
from marketplace.foundation.actor import Actor
from marketplace.supervision.complaints import queries as complaints

from .line import Line


def replies(actor: Actor, now: datetime) -> Iterator[Line]:
    """Replies in writing that an office waits for before it decides."""
    if not actor.may(Permission.OBJECT) or actor.organisation_id is None:
        return
    for row in complaints.to_reply(actor.organisation_id, now):
        yield Line(
            what=_("书面答复投诉"),
            about=row.complaint.need.title,
            page="supervision.reply_complaint",
            key=row.complaint.public_id,
            where="supervision.own_complaints",
            since=row.asked_at,
            due=row.reply_by,
        )
