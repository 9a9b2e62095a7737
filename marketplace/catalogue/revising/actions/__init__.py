"""Propose, answer, compose, lay before another officer, show to the public, publish."""

from .drafts import (
    accept_proposal,
    advance_draft,
    approve_draft,
    leave_out,
    publish,
    return_draft,
    state_facts,
    submit_draft,
    withdraw_draft,
)
from .proposals import (
    propose_change,
    propose_drop,
    propose_new,
    refuse_proposal,
    withdraw_proposal,
)
from .saying import policy_of

__all__ = [
    "accept_proposal",
    "advance_draft",
    "approve_draft",
    "leave_out",
    "policy_of",
    "propose_change",
    "propose_drop",
    "propose_new",
    "publish",
    "refuse_proposal",
    "return_draft",
    "state_facts",
    "submit_draft",
    "withdraw_draft",
    "withdraw_proposal",
]
