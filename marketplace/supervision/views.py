"""Pages: the overview, the audit ledger."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from marketplace.accounts import queries as accounts
from marketplace.accounts.permissions import Permission
from marketplace.foundation import audit, clock
from marketplace.foundation.db import paginate
from marketplace.foundation.errors import Missing
from marketplace.foundation.web import access, require_actor

from . import queries

bp = Blueprint("supervision", __name__)


@bp.get("/supervision")
@access(Permission.SUPERVISION_VIEW)
def home() -> ResponseReturnValue:
    """What waits for an officer, nearest deadline first."""
    actor = require_actor()
    if actor.jurisdiction is None:
        raise Missing("no jurisdiction")
    register = accounts.site().jurisdiction_code
    waiting = queries.waiting(accounts.below(actor.jurisdiction), register)
    counts: dict[str, int] = {}
    for item in waiting:
        counts[str(item.kind)] = counts.get(str(item.kind), 0) + 1
    now = clock.now()
    return render_template(
        "supervision/home.html",
        waiting=waiting,
        counts=counts,
        overdue=sum(item.is_overdue(now) for item in waiting),
    )


@bp.get("/supervision/ledger")
@access(Permission.AUDIT_READ)
def ledger() -> ResponseReturnValue:
    """The audit ledger: its head, its events, and a stretch recomputed on demand."""
    seq, head = audit.head()
    last = request.args.get("last", seq, type=int)
    first = request.args.get("first", last - 499, type=int)
    return render_template(
        "supervision/ledger.html",
        seq=seq,
        head=head,
        first=max(1, first),
        last=last,
        longest=queries.LONGEST_RANGE,
        verification=queries.verify_range(first, last) if "first" in request.args else None,
        page=paginate(queries.events(), request.args.get("page", 1, type=int), per_page=50),
    )
