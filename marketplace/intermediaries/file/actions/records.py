"""A certificate, a professional or an offering is taken off the file."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _

from marketplace.foundation import audit
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict

from ...applying import must_be
from ...models import Firm, Offering, Practitioner, Qualification


def end_record(row: Qualification | Practitioner | Offering, actor: Actor, now: datetime) -> None:
    """Take a certificate, a professional or an offering off the file; the row stays."""
    firm = db.session.get_one(Firm, row.firm_id)
    must_be(firm, firm.may_be_supplemented)
    lock(row)
    if row.ended_at is not None:
        raise Conflict(_("该登记已经撤下"), rule="ended")
    row.ended_at = now
    if isinstance(row, Qualification):
        row.next_check_at = None
    audit.record("firm.record_ended", actor, row, now, firm=row.firm_id)
