"""What waits for the people of an owner."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from flask_babel import gettext as _

from marketplace.accounts.permissions import Permission
from marketplace.foundation.actor import Actor
from marketplace.projects import queries as projects

from .line import Line

NEEDS = "projects.index"


def needs_to_approve(actor: Actor, now: datetime) -> Iterator[Line]:
    """Needs and corrections whose publication waits for an approver."""
    if not actor.may(Permission.NEED_APPROVE) or actor.organisation_id is None:
        return
    for need in projects.needs_to_approve(actor.organisation_id):
        yield Line(
            what=_("审批采购需求"),
            about=need.title,
            page="projects.need",
            key=need.public_id,
            where=NEEDS,
            since=need.submitted_at or need.created_at,
        )
    for correction in projects.corrections_to_approve(actor.organisation_id):
        need = projects.need_by_id(correction.need_id)
        yield Line(
            what=_("审批更正公告"),
            about=need.title,
            page="projects.need",
            key=need.public_id,
            where=NEEDS,
            since=correction.status_since,
            due=correction.deadline_before,
        )
