"""Pages: the overview, the decision of a case, the audit ledger."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts import queries as accounts
from marketplace.accounts.permissions import Permission, Role
from marketplace.catalogue import queries as catalogue
from marketplace.foundation import audit, clock
from marketplace.foundation.db import db, paginate
from marketplace.foundation.errors import DomainError, Missing
from marketplace.foundation.web import access, require_actor, writes
from marketplace.sanctions.access import case_for_officer
from marketplace.sanctions.models import CaseStatus

from . import actions, queries
from .forms import DecisionForm

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


@bp.route("/supervision/cases/<public_id>/decision", methods=["GET", "POST"])
@access(Permission.SANCTION_DECIDE)
@writes
def decide(public_id: str) -> ResponseReturnValue:
    """Decide a case with everything that follows from it."""
    actor = require_actor()
    case = case_for_officer(actor, public_id)
    if request.method == "GET" and case.status is not CaseStatus.PROPOSED:
        return redirect(url_for("sanctions.case", public_id=public_id))
    form = DecisionForm()
    if form.validate_on_submit():
        try:
            actions.blacklist_and_withdraw(case, form.reason.data or "", actor, clock.now())
            return redirect(url_for("sanctions.case", public_id=public_id), 303)
        except DomainError as error:
            db.session.rollback()
            if error.status != 422:
                raise
            form.refuse(error)
    return (
        render_template(
            "supervision/decision.html",
            form=form,
            case=case,
            names=catalogue.names(clock.today()),
        ),
        form.http_status,
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
        role_titles={role.value: role.title for role in Role},
        verification=queries.verify_range(first, last) if "first" in request.args else None,
        page=paginate(queries.events(), request.args.get("page", 1, type=int), per_page=50),
    )
