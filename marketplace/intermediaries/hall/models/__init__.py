"""Windows of the hall, calls for them, applications, judges, their marks, seats."""

from __future__ import annotations

from .calls import (
    IN_LINE,
    PUBLIC,
    REVEALED,
    ApplicationStatus,
    CallStatus,
    HallApplication,
    HallCall,
    HallCriterion,
)
from .judges import (
    HallExplanation,
    HallJudge,
    HallSheet,
    JudgeStatus,
)
from .seats import (
    HallSeat,
    HallWindow,
    SeatStatus,
)

__all__ = [
    "IN_LINE",
    "PUBLIC",
    "REVEALED",
    "ApplicationStatus",
    "CallStatus",
    "HallApplication",
    "HallCall",
    "HallCriterion",
    "HallExplanation",
    "HallJudge",
    "HallSeat",
    "HallSheet",
    "HallWindow",
    "JudgeStatus",
    "SeatStatus",
]
