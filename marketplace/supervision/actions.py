"""Decisions that touch several packages at once."""

from __future__ import annotations

from datetime import datetime

from marketplace.contracts.actions import flag_for_decision
from marketplace.foundation import audit
from marketplace.foundation.actor import Actor
from marketplace.foundation.languages import stored
from marketplace.sanctions.actions.cases import decide_case
from marketplace.sanctions.models import Blacklisting, Case
from marketplace.selection.actions import withdraw_all_entries


def blacklist_and_withdraw(case: Case, reason: str, actor: Actor, now: datetime) -> Blacklisting:
    """Decide a case and carry out what follows, all or nothing.

    The firm is off every list from this instant (lists ask ``barred_organisation_ids``) until
    the blacklisting ends by the clock. Where it covers every item its live entries are withdrawn
    and its running contracts put before their owners; one limited to some items leaves both to
    the gates, which ask again with the item. (RULES section 11)
    """
    row = decide_case(case, reason, actor, now)
    if row.all_items:
        why = f"列入黑名单：{stored(case.cause.title)}"
        entries = withdraw_all_entries(row.organisation_id, why, actor, now)
        flag_for_decision(row.organisation_id, why, actor, now)
        audit.record("blacklistings.carried_out", actor, row, now, entries=entries)
    return row
