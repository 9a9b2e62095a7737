"""Ask and answer, by the database's clock, on the locked need. (RULES section 6)"""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.foundation import audit, clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid, Missing, Refused
from marketplace.foundation.showing import show_datetime
from marketplace.notifications.actions import send
from marketplace.projects.models import Need, NeedStatus

from .. import queries as selection
from . import queries
from .models import LONGEST_ANSWER, LONGEST_QUESTION, NeedQuestion
from .rules import closes_at, holds_personal_data, names_somebody

SHORTEST = 5
RULE = "question"


def ask(need: Need, question: str, actor: Actor) -> NeedQuestion:
    """Ask about a published need, in public, without the firm's name.

    Raises Conflict when it is too late or enough was asked, Refused for a firm that could not
    enter, Invalid for a text that is too short, too long or tells who somebody is.
    """
    assert actor.organisation_id is not None
    lock(need)
    now = clock.now()
    _require_open(need, now)
    assert need.entry_deadline is not None
    _edition_id, policy = selection.edition_of(need, clock.local_day(now))
    until = closes_at(need.entry_deadline, policy)
    if now >= until:
        raise Conflict(
            _("提问已于 %(at)s 截止，请以公告内容为准", at=show_datetime(until)),
            rule=f"{RULE}.late",
        )
    found = selection.eligibility(need, actor.organisation_id, now)
    if not found.ok:
        first = found.refusals[0]
        raise Refused(
            f"{selection.said(first.fact)}。{selection.said(first.mend)}",
            rule=f"eligible.{first.rule}",
        )
    most = policy.questions.most_per_firm
    if queries.count_of(need.id, actor.organisation_id) >= most:
        raise Conflict(
            _("每家机构对一个需求最多提 %(most)d 个问题", most=most), rule=f"{RULE}.most"
        )
    text = _said(question, "question", LONGEST_QUESTION)
    firm = accounts.organisation(actor.organisation_id)
    if names_somebody(text, [firm.name, firm.credit_code or ""]):
        raise Invalid(
            _("问题公开且不显示提问机构，请删去本机构的名称和代码"),
            field="question",
            rule=f"{RULE}.names",
        )
    row = NeedQuestion(
        need_id=need.id,
        organisation_id=actor.organisation_id,
        user_id=actor.user_id,
        question=text,
        asked_at=now,
    )
    db.session.add(row)
    db.session.flush()
    audit.record("need_questions.posed", actor, row, now, need=need.number)
    send(
        need.owner_id,
        f"收到提问：{need.title}",
        f"{need.number} 收到一个提问，请在报名截止（{clock.written(need.entry_deadline)}）前答复。"
        "问题和答复同时公开，不显示提问机构。",
        f"/owner/questions/{row.public_id}",
        f"question:{row.id}:asked",
        now,
        need.owner.email,
    )
    return row


def answer(row: NeedQuestion, text: str, actor: Actor) -> None:
    """Answer a question of one's own need once; whoever asked and whoever entered is told.

    Raises Conflict when entries are closed or it is answered, Invalid for a bad text.
    """
    need = lock(row.need)
    now = clock.now()
    db.session.refresh(row)
    if need.owner_id != actor.organisation_id:
        raise Missing(f"question {row.public_id}")
    _require_open(need, now)
    if row.answer is not None:
        raise Conflict(_("这个问题已经答复，答复不能再改"), rule=f"{RULE}.answered")
    row.answer = _said(text, "answer", LONGEST_ANSWER)
    row.answered_by = actor.user_id
    row.answered_at = now
    db.session.flush()
    audit.record("need_questions.answered", actor, row, now, need=need.number)
    _tell(need, row, now)


def _require_open(need: Need, now: datetime) -> None:
    if (
        need.status is not NeedStatus.PUBLISHED
        or need.entry_deadline is None
        or now >= need.entry_deadline
    ):
        raise Conflict(_("报名已截止或需求已结束，不能再提问和答复"), rule=f"{RULE}.closed")


def _said(text: str, field: str, longest: int) -> str:
    text = text.strip()
    if not SHORTEST <= len(text) <= longest:
        raise Invalid(
            _("请控制在 %(min)d 到 %(max)d 个字以内", min=SHORTEST, max=longest),
            field=field,
            rule=f"{RULE}.length",
        )
    if holds_personal_data(text):
        raise Invalid(
            _("问题和答复公开，请删去手机号码、身份证件号码和电子邮箱"),
            field=field,
            rule=f"{RULE}.personal",
        )
    return text


def _tell(need: Need, row: NeedQuestion, now: datetime) -> None:
    """Tell whoever asked and whoever entered: an answer is for all of them at once."""
    running = selection.live_round(need)
    told = {row.organisation_id, *(entry.organisation_id for entry in selection.standing(running))}
    for organisation_id in sorted(told):
        send(
            organisation_id,
            f"提问已答复：{need.title}",
            "项目业主答复了一个公开提问，请查看。答复与公告不一致的，以更正公告为准。",
            f"/needs/{need.public_id}/questions",
            f"question:{row.id}:answered:{organisation_id}",
            now,
        )
