"""What waits about the item list: proposals to answer, new editions to approve or to mend."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from flask_babel import gettext as _

from marketplace.accounts.permissions import Permission
from marketplace.catalogue.revising import queries
from marketplace.catalogue.revising.models import DraftStatus, ProposalStatus
from marketplace.foundation.actor import Actor

from .line import Line

DESK = "catalogue.desk"


def item_proposals(actor: Actor, now: datetime) -> Iterator[Line]:
    """Departments' proposals the bureau is to answer."""
    if not actor.may(Permission.POLICY_PROPOSE) or actor.jurisdiction is None:
        return
    for each in queries.proposals([actor.jurisdiction], [ProposalStatus.PROPOSED]):
        yield Line(
            what=_("答复清单修改建议"),
            about=each.item_name,
            page="catalogue.proposal",
            key=each.public_id,
            where=DESK,
            since=each.proposed_at,
            due=each.due_at,
        )


def list_drafts(actor: Actor, now: datetime) -> Iterator[Line]:
    """New editions another officer laid before an approver, and those that came back."""
    steps = (
        (DraftStatus.SUBMITTED, Permission.POLICY_APPROVE, _("审批新版服务事项清单")),
        (DraftStatus.RETURNED, Permission.POLICY_PROPOSE, _("修改退回的服务事项清单")),
    )
    for status, permission, words in steps:
        if not actor.may(permission) or actor.jurisdiction is None:
            continue
        for each in queries.drafts_with(status, actor.jurisdiction):
            if status is DraftStatus.SUBMITTED and actor.user_id in each.hands:
                continue
            yield Line(
                what=words,
                about=each.title,
                page="catalogue.draft",
                key=each.public_id,
                where=DESK,
                since=each.status_since,
            )
