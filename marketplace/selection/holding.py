"""What stands still while an annulment of a draw waits for the superior bureau's decision."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _

from marketplace.foundation import audit, clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import working_calendar
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict
from marketplace.notices.holding import held_first
from marketplace.notices.telling import concerns
from marketplace.notifications.actions import send
from marketplace.projects.models import Need

from . import queries
from .models import Award, AwardStatus


def _hold_need(award_id: int) -> None:
    # the sweep looks for awards whose notice is settled by itself: nothing is to be woken
    lock(db.session.get_one(Award, award_id).need)


def _both_sides(award_id: int) -> list[int]:
    award = db.session.get_one(Award, award_id)
    return [award.organisation_id, award.need.owner_id]


held_first(Award.__tablename__, _hold_need)
concerns(Award.__tablename__, _both_sides)


def require_draw_stands(award: Award) -> None:
    """Refuse to bind anybody to a draw whose annulment waits for the superior bureau's decision."""
    if queries.waits_for_annulment(award.round):
        raise Conflict(
            _(
                "本次选取的撤销建议正在等待上级管理机构决定，"
                "决定作出前不办理中选确认、放弃和合同签订"
            ),
            rule="award.annulment",
        )


def tell_held(need: Need, award: Award, now: datetime) -> None:
    """Tell both sides that nothing is asked of them until the annulment is decided."""
    for told in (award.organisation_id, need.owner_id):
        send(
            told,
            f"中选事宜暂缓办理：{need.title}",
            "管理机构已建议撤销本次选取，上级管理机构决定前不办理中选确认、放弃和合同签订。"
            "不予撤销的，中选确认期限和合同确认期限自决定之日起重新计算。",
            f"/results/{need.public_id}",
            f"award:{award.id}:held:{now.isoformat()}",
            now,
        )


def go_on(need: Need, award: Award, actor: Actor, now: datetime) -> None:
    """The draw stands after all: who was asked to accept has the whole time again."""
    if award.status is AwardStatus.OFFERED:
        _edition_id, values = queries.edition_of(need, clock.local_day(now))
        assert award.accept_by is not None
        later = working_calendar().deadline(now, values.accept_working_days)
        award.accept_by = max(award.accept_by, later)
        need.next_check_at = award.accept_by
        audit.record("awards.postponed", actor, award, now, accept_by=award.accept_by)
    for told in (award.organisation_id, need.owner_id):
        send(
            told,
            f"选取结果继续有效：{need.title}",
            "上级管理机构未同意撤销本次选取，中选事宜继续办理。",
            f"/results/{need.public_id}",
            f"award:{award.id}:stands:{now.isoformat()}",
            now,
        )
