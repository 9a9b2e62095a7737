"""Needs whose demands hardly any firm meets: noted at publication, told to the bureau."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from marketplace.accounts import queries as accounts
from marketplace.foundation import audit
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.notifications.actions import send
from marketplace.projects.models import Need
from marketplace.projects.rules import SelectionPolicy

from ..models import SelectionRound
from .models import NarrowCall

DESK = "/supervision/narrow-needs"


def note_narrow(
    running: SelectionRound, eligible: int, policy: SelectionPolicy, actor: Actor, now: datetime
) -> None:
    """Note a publication that fewer firms than the edition's number could enter."""
    if eligible >= policy.few_firms:
        return
    need = running.need
    db.session.add(
        NarrowCall(round_id=running.id, eligible=eligible, least=policy.few_firms, at=now)
    )
    db.session.flush()
    audit.record(
        "needs.narrow_flagged", actor, need, now, eligible=eligible, least=policy.few_firms
    )
    send(
        accounts.bureau(need.jurisdiction_code).id,
        f"可报名机构不足：{need.title}"[:200],
        f"{need.number} 发布时现可报名的机构 {eligible} 家，不足 {policy.few_firms} 家，"
        "请核查报名条件是否必要。",
        DESK,
        f"round:{running.id}:narrow",
        now,
    )


def narrow_calls(jurisdiction_codes: Sequence[str]) -> Select[NarrowCall]:
    """The publications of these places that too few firms could enter, newest first."""
    return (
        select(NarrowCall)
        .join(SelectionRound, SelectionRound.id == NarrowCall.round_id)
        .join(Need, Need.id == SelectionRound.need_id)
        .where(Need.jurisdiction_code.in_(list(jurisdiction_codes)))
        .options(joinedload(NarrowCall.round).joinedload(SelectionRound.need))
        .order_by(NarrowCall.id.desc())
    )


def narrow_call(round_id: int) -> NarrowCall | None:
    """Whether too few firms could enter at a publication, and how many."""
    return db.session.scalar(select(NarrowCall).where(NarrowCall.round_id == round_id))
