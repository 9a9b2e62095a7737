"""Taking a certificate, a professional or a promise off the file."""

from __future__ import annotations

from typing import Any

from flask import redirect, url_for

from marketplace.accounts.permissions import Permission
from marketplace.foundation import clock
from marketplace.foundation.errors import Missing
from marketplace.foundation.web import access as allow
from marketplace.foundation.web import require_actor, writes

from ... import access
from ...blueprint import bp
from ...models import Offering, Practitioner, Qualification
from .. import actions
from ..models import Branch

PAGES = {
    "qualification": "intermediaries.qualifications",
    "practitioner": "intermediaries.practitioners",
    "offering": "intermediaries.offerings",
    "branch": "intermediaries.branches",
}
RECORDS = {
    "qualification": Qualification,
    "practitioner": Practitioner,
    "offering": Offering,
    "branch": Branch,
}


@bp.post("/firm/records/<kind>/<public_id>/end")
@allow(Permission.FIRM_FILE)
@writes
def end_record(kind: str, public_id: str) -> Any:
    """Take a certificate, a professional or a promise off the file."""
    if kind not in RECORDS:
        raise Missing(kind)
    actor = require_actor()
    row: Any = access.own_record(actor, RECORDS[kind], public_id)  # type: ignore[type-var]
    actions.end_record(row, actor, clock.now())
    return redirect(url_for(PAGES[kind]), 303)
