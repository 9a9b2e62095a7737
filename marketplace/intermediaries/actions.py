"""One function per thing a firm, an officer or the clock does on the register."""

from __future__ import annotations

from .applying import (
    list_at_once,
    open_file,
    reopen_file,
    save_file,
    set_availability,
    submit_application,
)
from .file.actions import (
    add_practitioner,
    add_qualification,
    advance_qualification,
    end_record,
    set_controller,
)
from .file.actions import verify_added as verify_qualification
from .promising import FixedPrice, save_offering, set_order_terms
from .reviewing import (
    POINTS,
    Finding,
    advance_check,
    advance_firm,
    close_publicity,
    department_opinion,
    list_firm,
    one_time_notice,
    pass_check,
    refuse_application,
    resolve_question,
    return_application,
    usual_reason,
)

__all__ = [
    "POINTS",
    "Finding",
    "FixedPrice",
    "add_practitioner",
    "add_qualification",
    "advance_check",
    "advance_firm",
    "advance_qualification",
    "close_publicity",
    "department_opinion",
    "end_record",
    "list_at_once",
    "list_firm",
    "one_time_notice",
    "open_file",
    "pass_check",
    "refuse_application",
    "reopen_file",
    "resolve_question",
    "return_application",
    "save_file",
    "save_offering",
    "set_availability",
    "set_controller",
    "set_order_terms",
    "submit_application",
    "usual_reason",
    "verify_qualification",
]
