"""Whom a notice is about: told when somebody objects to it, and how the objection ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from marketplace.foundation import clock
from marketplace.notifications.actions import send

from .models import Objection, PublicNotice

# table of what a notice is about → keys of the organisations concerned
_concerned: dict[str, Callable[[int], Sequence[int]]] = {}


def concerns(table: str, whom: Callable[[int], Sequence[int]]) -> None:
    """Have ``whom(key)`` name the organisations a notice about a row of ``table`` concerns; for
    the packages above, which know what that is."""
    _concerned[table] = whom


def tell_filed(objection: Objection, notice: PublicNotice, now: datetime) -> None:
    """Tell them that there is an objection, never whose it is nor its words."""
    _tell(
        objection,
        notice,
        "公示收到异议",
        f"管理机构应于 {clock.written(objection.due_at)} 前答复，答复前不作出后续处理；"
        "结论和答复内容在公示页面公开。异议人名称和异议内容不公开。",
        "told",
        now,
    )


def tell_answered(objection: Objection, notice: PublicNotice, upheld: bool, now: datetime) -> None:
    """Tell them how it ended."""
    _tell(
        objection,
        notice,
        "对公示的异议已答复",
        f"结论：{'异议成立' if upheld else '异议不成立'}。答复内容见公示页面。",
        "told:answered",
        now,
    )


def _tell(
    objection: Objection, notice: PublicNotice, what: str, body: str, occasion: str, now: datetime
) -> None:
    whom = _concerned.get(notice.subject_type)
    if whom is None:
        return
    for organisation_id in whom(notice.subject_id):
        if organisation_id == objection.organisation_id:
            continue
        send(
            organisation_id,
            f"{what}：{notice.title}"[:200],
            body,
            f"/notices/{notice.public_id}",
            f"objection:{objection.id}:{occasion}:{organisation_id}",
            now,
        )
