"""A certificate, a professional, an offering or a branch is taken off the file."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _

from marketplace.foundation import audit
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict

from ...models import Firm, Offering, Practitioner, Qualification
from ..models import Branch, ChangeKind
from .histories import keep_history
from .rechecking import drop_check, named
from .standing import must_be
from .transferring import let_go

KINDS = {
    Qualification: ChangeKind.QUALIFICATION,
    Practitioner: ChangeKind.PRACTITIONER,
}


def end_record(
    row: Qualification | Practitioner | Offering | Branch, actor: Actor, now: datetime
) -> None:
    """Take a certificate, a professional, an offering or a branch off the file; the row stays.

    A professional another firm asks for goes over to it.
    """
    firm = db.session.get_one(Firm, row.firm_id)
    must_be(firm, firm.may_be_supplemented)
    lock(row)
    if row.ended_at is not None:
        raise Conflict(_("该登记已经撤下"), rule="ended")
    end_now(row, firm, actor, now)


def end_now(
    row: Qualification | Practitioner | Offering | Branch, firm: Firm, actor: Actor, now: datetime
) -> None:
    """The same of a row that stands, whoever may say so: also when its firm leaves."""
    row.ended_at = now
    if isinstance(row, Qualification | Practitioner):
        row.next_check_at = None
        drop_check(KINDS[type(row)], row.id, actor, now)
        keep_history(firm, KINDS[type(row)].value, named(row), None, actor, now)
    elif isinstance(row, Branch):
        keep_history(firm, "branch", f"{row.name} {row.credit_code}", None, actor, now)
    audit.record("firm.record_ended", actor, row, now, firm=row.firm_id)
    if isinstance(row, Practitioner):
        let_go(row, actor, now)
