"""A likeness decided, with everything that follows in other packages."""

from __future__ import annotations

from datetime import datetime

from marketplace.accounts.queries import below
from marketplace.foundation.actor import Actor
from marketplace.intermediaries import actions as intermediaries
from marketplace.intermediaries.likeness import actions as likeness
from marketplace.intermediaries.likeness.models import Match
from marketplace.selection.actions import hold_needs

from ..actions import carry_out


def decide_match(match: Match, reason: str, actor: Actor, now: datetime) -> None:
    """Decide a matter and carry out what follows, all or nothing.

    What a former name was barred by bars the firm from this instant, as any blacklisting does:
    entries out, running contracts before their owners. An application that is listed at once and
    waited for nothing else is listed.
    """
    firm = match.firm
    if match.outcome == "same":
        hold_needs([firm.organisation_id], below(firm.register_code))
    for row in likeness.decide(match, reason, actor, now):
        carry_out(row, actor, row.from_at)
    intermediaries.list_at_once(firm, actor, max(now, match.decided_at or now))
