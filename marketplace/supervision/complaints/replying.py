"""What those complained of say of it in writing, before the office decides."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _

from marketplace.foundation import audit, clock, policy
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import working_calendar
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid
from marketplace.foundation.files import StoredFile
from marketplace.notices.rules import NoticesPolicy
from marketplace.notifications.actions import send
from marketplace.selection import queries as selection

from . import queries
from .models import ComplaintReply, ComplaintStatus, SelectionComplaint
from .rules import About, may_decide_from

SHORTEST, LONGEST = 10, 4000


def ask_for_replies(found: SelectionComplaint, now: datetime) -> None:
    """Ask those complained of for a reply: the owner, and about a result the firm chosen; nobody
    but the office itself where the office is complained of."""
    values = policy.by_id(NoticesPolicy, found.edition_id).values
    until = working_calendar().deadline(now, values.complaint_reply_working_days)
    for organisation_id in _complained_of(found):
        db.session.add(
            ComplaintReply(
                complaint_id=found.id,
                organisation_id=organisation_id,
                asked_at=now,
                reply_by=min(until, found.due_at),
            )
        )
        send(
            organisation_id,
            f"请对投诉作书面答复：{found.need.title}"[:200],
            f"管理机构已受理对本次选取的投诉。请在 {clock.written(min(until, found.due_at))} "
            "前书面答复；逾期不答复的，依据已有材料作出决定。",
            f"/complaints/{found.public_id}/reply",
            f"complaint:{found.id}:reply:{organisation_id}",
            now,
        )
    db.session.flush()
    db.session.expire(found, ["replies"])


def _complained_of(found: SelectionComplaint) -> list[int]:
    if found.about is About.BUREAU:
        return []
    asked = [found.need.owner_id]
    award = selection.award_of(found.need)
    if found.about is About.RESULT and award is not None:
        asked.append(award.organisation_id)
    return [each for each in asked if each != found.organisation_id]


def reply(
    row: ComplaintReply, text: str, file: StoredFile | None, actor: Actor, now: datetime
) -> None:
    """Reply to a complaint in writing, once. Raises Conflict when the time is over, a reply is in
    or the complaint is not being dealt with any more, Invalid for too short a text."""
    lock(row.complaint)
    now = max(now, clock.now())
    db.session.refresh(row)
    if row.text is not None:
        raise Conflict(_("贵单位已提交书面答复，不能更改"), rule="complaint.replied")
    if row.complaint.status is not ComplaintStatus.ACCEPTED:
        raise Conflict(_("该投诉已办结，请刷新页面查看"), rule="lifecycle")
    if now >= row.reply_by:
        raise Conflict(_("书面答复期限已过"), rule="complaint.reply_period")
    cleaned = text.strip()
    if not SHORTEST <= len(cleaned) <= LONGEST:
        raise Invalid(
            _("请填写 %(min)d 到 %(max)d 个字", min=SHORTEST, max=LONGEST),
            field="text",
            rule="complaint.text",
        )
    row.text, row.replied_by, row.replied_at = cleaned, actor.user_id, now
    row.file_id = file.id if file is not None else None
    audit.record("selection_complaints.replied", actor, row.complaint, now, reply=row.id)
    if all(each.text is not None for each in row.complaint.replies):
        _tell_offices(row.complaint, now)


def require_heard(found: SelectionComplaint, now: datetime) -> None:
    """Refuse to decide while one of those complained of may still reply."""
    opens = may_decide_from([(each.reply_by, each.replied_at) for each in found.replies])
    if opens is not None and now < opens:
        raise Conflict(
            _(
                "被投诉人的书面答复期限为 %(at)s，答复齐或者期满后方可作出决定",
                at=clock.written(opens),
            ),
            rule="complaint.heard",
        )


def _tell_offices(found: SelectionComplaint, now: datetime) -> None:
    for office in queries.offices_for(found):
        send(
            office.id,
            f"被投诉人已书面答复，请作出决定：{found.need.title}"[:200],
            f"办理期限 {clock.written(found.due_at)}",
            f"/complaints/{found.public_id}",
            f"complaint:{found.id}:heard:{office.id}",
            now,
        )
