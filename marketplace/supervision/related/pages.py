"""The page on which an officer checks who may stand behind a firm; every look is noted."""

from __future__ import annotations

from flask import render_template

from marketplace.accounts.permissions import Permission
from marketplace.foundation import audit, clock
from marketplace.foundation.web import access, require_actor

from ..blueprint import bp
from . import queries

SEEN = "related_firms.seen"


@bp.get("/supervision/related/<public_id>")
@access(Permission.SUPERVISION_VIEW)
def related_firms(public_id: str) -> str:
    """Bodies that have something in common with a firm."""
    actor = require_actor()
    found = queries.firm_to_check(actor, public_id)
    related = queries.related_to(found, clock.now())
    audit.note(SEEN, actor, (found.__tablename__, found.id), found=len(related))
    return render_template("supervision/related.html", firm=found, related=related)
