"""One function per thing a person or the clock does in the choosing of a firm."""

from __future__ import annotations

from .choosing import (
    accept_award,
    approve_pick,
    commit_number,
    decline_award,
    enter_lottery,
    pick_entry,
    return_pick,
    reveal_number,
)
from .entering import (
    enter_need,
    hold_needs,
    tell_corrected,
    withdraw_all_entries,
    withdraw_entry,
)
from .rounds import (
    SOON,
    advance_need,
    approve_annulment,
    end_withdrawn,
    propose_annulment,
    publish_need,
    refuse_annulment,
)

__all__ = [
    "SOON",
    "accept_award",
    "advance_need",
    "approve_annulment",
    "approve_pick",
    "commit_number",
    "decline_award",
    "end_withdrawn",
    "enter_lottery",
    "enter_need",
    "hold_needs",
    "pick_entry",
    "propose_annulment",
    "publish_need",
    "refuse_annulment",
    "return_pick",
    "reveal_number",
    "tell_corrected",
    "withdraw_all_entries",
    "withdraw_entry",
]
