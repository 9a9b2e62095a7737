"""The rating ledger row by row: against its digests and against the audit ledger."""

from __future__ import annotations

from collections.abc import Iterator

from marketplace.foundation.audit import Finding
from marketplace.foundation.db import db

from . import streaming
from .models import content_digest

CHANGED = "the content does not match its digest"
UNAUDITED = "the audit ledger does not know it"
OTHERWISE = "the audit ledger holds another digest"
TWICE = "it was audited twice"
GONE = "it is missing"
UNREADABLE = "it cannot be read"


def findings() -> Iterator[Finding]:
    """Every row of the rating ledger that was changed, inserted or deleted by hand, by number."""
    db.session.flush()
    connection = db.session.connection()
    held = set()
    for number, row in streaming.rows(connection):
        if number in held:
            yield Finding(number, TWICE)
            continue
        held.add(number)
        if row is None:
            yield Finding(number, UNREADABLE)
            continue
        if content_digest(row) != row.digest:
            yield Finding(row.id, CHANGED)
        if row.audited is None:
            yield Finding(row.id, UNAUDITED)
        elif row.audited != row.digest:
            yield Finding(row.id, OTHERWISE)
    for number in streaming.posted_numbers(connection):
        if number not in held:
            held.add(number)
            yield Finding(number, GONE)
