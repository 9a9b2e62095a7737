"""What a firm, an officer or the clock does with the papers and people on a file."""

from __future__ import annotations

from .adding import add_practitioner, add_qualification
from .authorising import Authority, advance_agent, appoint_agent, end_agent
from .branching import add_branch
from .certificates import advance_qualification, verify_qualification
from .histories import FIELDS, PERSONAL_FIELDS, keep_history
from .people import (
    advance_practitioner,
    extend_practitioner,
    set_controller,
)
from .rechecking import (
    NO,
    YES,
    Statement,
    accept_change,
    added_row,
    check_added,
    reject_change,
    says_now,
    state_change,
    verify_added,
    withdraw_change,
)
from .records import end_record
from .self_checking import (
    POINTS,
    Answer,
    advance_self_check,
    confirm_self_check,
    open_self_check,
)
from .standing import must_be
from .transferring import (
    advance_transfer,
    answer_transfer,
    ask_transfer,
    decide_transfer,
    dispute_transfer,
    withdraw_transfer,
)

__all__ = [
    "FIELDS",
    "NO",
    "PERSONAL_FIELDS",
    "POINTS",
    "YES",
    "Answer",
    "Authority",
    "Statement",
    "accept_change",
    "add_branch",
    "add_practitioner",
    "add_qualification",
    "added_row",
    "advance_agent",
    "advance_practitioner",
    "advance_qualification",
    "advance_self_check",
    "advance_transfer",
    "answer_transfer",
    "appoint_agent",
    "ask_transfer",
    "check_added",
    "confirm_self_check",
    "decide_transfer",
    "dispute_transfer",
    "end_agent",
    "end_record",
    "extend_practitioner",
    "keep_history",
    "must_be",
    "open_self_check",
    "reject_change",
    "says_now",
    "set_controller",
    "state_change",
    "verify_added",
    "verify_qualification",
    "withdraw_change",
    "withdraw_transfer",
]
