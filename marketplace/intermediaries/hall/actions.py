"""One function per thing an officer, a firm, a judge or the clock does in the hall."""

from __future__ import annotations

from .calling import draft_call, publish_call, redraft_call, return_call, submit_call, withdraw_call
from .deciding import advance_call, rank_again
from .entering import apply_to_call, withdraw_application
from .judging import (
    confirm_judge,
    explain,
    give_sheet,
    propose_judge,
    recuse_judge,
    refuse_judge,
)
from .seating import advance_seat, close_window, fill_window, give_up, lose_seat, open_window

__all__ = [
    "advance_call",
    "advance_seat",
    "apply_to_call",
    "close_window",
    "confirm_judge",
    "draft_call",
    "explain",
    "fill_window",
    "give_sheet",
    "give_up",
    "lose_seat",
    "open_window",
    "propose_judge",
    "publish_call",
    "rank_again",
    "recuse_judge",
    "redraft_call",
    "refuse_judge",
    "return_call",
    "submit_call",
    "withdraw_application",
    "withdraw_call",
]
