"""Reads: grades on a day, the ledger as the rules see it, proposals."""

from __future__ import annotations

from .entries import (
    Ledger,
    as_entry,
    breadth_of,
    edition_on,
    first_edition_day,
    fold,
    hundredths,
    ledger_of,
    policies_of,
    rows_of,
    score_on,
    start_of,
)
from .grades import (
    GradeOn,
    d_in_force,
    grade_on,
    grades_then_and_now,
    record_on,
    records_of,
    state_of,
)
from .proposals import (
    OPEN_PROPOSALS,
    decided_proposals,
    inspection_of,
    open_proposal,
    proposal_of_entry,
    proposals,
    recorders,
)
from .subjects import (
    graded,
    registers_of,
    subject_of,
)

__all__ = [
    "OPEN_PROPOSALS",
    "GradeOn",
    "Ledger",
    "as_entry",
    "breadth_of",
    "d_in_force",
    "decided_proposals",
    "edition_on",
    "first_edition_day",
    "fold",
    "grade_on",
    "graded",
    "grades_then_and_now",
    "hundredths",
    "inspection_of",
    "ledger_of",
    "open_proposal",
    "policies_of",
    "proposal_of_entry",
    "proposals",
    "record_on",
    "recorders",
    "records_of",
    "registers_of",
    "rows_of",
    "score_on",
    "start_of",
    "state_of",
    "subject_of",
]
