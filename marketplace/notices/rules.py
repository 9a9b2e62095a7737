"""When a public notice is over, and what an objection does to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar

from annotated_types import Ge, Le


@dataclass(frozen=True)
class NoticesPolicy:
    """Numbers about public notices; days are working days. ``complaint_reply_working_days``: those
    complained of reply in writing so long after a complaint is taken on."""

    SECTION: ClassVar[str] = "notices"
    __pydantic_config__ = {"extra": "forbid"}

    objection_answer_days: Annotated[int, Ge(1), Le(30)]
    complaint_working_days: Annotated[int, Ge(1), Le(60)] = 10
    complaint_accept_working_days: Annotated[int, Ge(1), Le(30)] = 3
    complaint_reply_working_days: Annotated[int, Ge(1), Le(30)] = 5
    complaint_decision_working_days: Annotated[int, Ge(1), Le(90)] = 15
    complaint_notice_working_days: Annotated[int, Ge(1), Le(60)] = 5


class NoticeState(StrEnum):
    """What a notice means for whoever waits for it."""

    RUNNING = "running"
    OBJECTED = "objected"
    UPHELD = "upheld"
    WITHDRAWN = "withdrawn"
    CLEAR = "clear"


def state_of(
    *, upheld: bool, withdrawn: bool, pending: int, ends_at: datetime, now: datetime
) -> NoticeState:
    """The state of a notice: an unanswered objection holds it beyond its end. (RULES section 7)"""
    if withdrawn:
        return NoticeState.WITHDRAWN
    if upheld:
        return NoticeState.UPHELD
    if pending:
        return NoticeState.OBJECTED
    return NoticeState.RUNNING if now < ends_at else NoticeState.CLEAR
