"""What the first page of a firm's file says: what is next, who acts, what is being checked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import current_app

from marketplace.foundation import clock, files

from ... import queries as register
from ...models import Firm
from .. import queries


def file_summary(firm: Firm, now: datetime) -> dict[str, Any]:
    """The values of the page beside the register's own."""
    checks = queries.checks_of(firm.id)
    count, size = files.used(firm.organisation_id)
    return {
        "steps": queries.next_steps(firm, now),
        "agent": queries.agent_now(firm.id),
        "branches": queries.branches_of(firm.id),
        "open_changes": queries.count_open(firm.id),
        "lapsed": register.lapsed_items(
            firm.register_code, clock.local_day(now), register.qualifications(firm.id)
        ),
        "last_check": checks[0] if checks else None,
        "uploads": {
            "count": count,
            "size": size,
            "most": current_app.config["SETTINGS"].firm_upload_mb * files.MEGABYTE,
        },
    }
