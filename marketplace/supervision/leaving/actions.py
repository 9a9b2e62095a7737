"""What a departure does in other packages, in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from marketplace.accounts.queries import below
from marketplace.contracts.actions import flag_for_decision
from marketplace.foundation import audit
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict
from marketplace.intermediaries.leaving import actions as leaving
from marketplace.intermediaries.leaving.models import Departure, DepartureStatus, Ground, Part
from marketplace.intermediaries.leaving.papers import lay_beside
from marketplace.intermediaries.leaving.rules import Contracts
from marketplace.intermediaries.likeness.actions import look_at_those_like
from marketplace.intermediaries.models import Firm
from marketplace.selection.actions import hold_needs, withdraw_all_entries

from . import queries


def declare_leaving(
    firm: Firm, contracts: Contracts, reason: str, actor: Actor, now: datetime
) -> Departure:
    """A firm declares that it leaves: entries are withdrawn at once, running contracts finish or
    go to their owners; without any it has left at once.

    Raises Conflict while it was chosen for a need and has not signed or declined.
    """
    codes = below(firm.register_code)
    hold_needs([firm.organisation_id], codes)
    if needs := queries.unsigned(firm):
        raise Conflict(
            _("“%(need)s”已选取贵机构，签订合同或者放弃中选后方可退出", need=needs[0].title),
            rule="leaving.award",
        )
    departure = leaving.declare(firm, contracts, reason, actor, now)
    why = "机构声明退出名录"
    entries = withdraw_all_entries(
        firm.organisation_id, why, actor, departure.begun_at, codes, held=True
    )
    if contracts is Contracts.OWNERS:
        flag_for_decision(firm.organisation_id, why, actor, departure.begun_at, codes)
    audit.record("departures.carried_out", actor, departure, departure.begun_at, entries=entries)
    complete(departure.id, actor, departure.begun_at)
    return departure


def notice_removal(
    firm: Firm, ground: Ground, facts: str, papers: Sequence[Any], actor: Actor, now: datetime
) -> Departure:
    """Tell a firm that it is to be removed, with the papers that is based on."""
    departure = leaving.notice_removal(firm, ground, facts, actor, now)
    lay_beside(departure, Part.NOTICE, papers, actor, departure.begun_at)
    return departure


def complete(departure_id: int, actor: Actor, now: datetime) -> int:
    """The firm has left once nothing of it runs; returns 1 when that is so."""
    departure = db.session.get_one(Departure, departure_id)
    if departure.status is not DepartureStatus.DECLARED or queries.running(departure.firm):
        return 0
    leaving.complete(departure, actor, now)
    look_at_those_like(departure.firm.organisation_id, actor, now)
    return 1


def remove(departure: Departure, reason: str, actor: Actor, now: datetime) -> None:
    """Decide a removal: off every list, entries withdrawn, running contracts to their owners."""
    firm = departure.firm
    codes = below(firm.register_code)
    hold_needs([firm.organisation_id], codes)
    leaving.decide_removal(departure, reason, actor, now)
    at = departure.decided_at or now
    why = "已移出中介服务机构名录"
    entries = withdraw_all_entries(firm.organisation_id, why, actor, at, codes, held=True)
    flag_for_decision(firm.organisation_id, why, actor, at, codes)
    audit.record("departures.carried_out", actor, departure, at, entries=entries)
    look_at_those_like(firm.organisation_id, actor, at)
