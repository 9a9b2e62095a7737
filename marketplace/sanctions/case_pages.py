"""A case and its steps: reported, the firm's statement, the proposal's return or end."""

from __future__ import annotations

from collections.abc import Callable

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.permissions import Permission
from marketplace.accounts.stepping import step_up
from marketplace.catalogue import queries as catalogue
from marketplace.foundation import clock, files, lifecycle
from marketplace.foundation.errors import Missing
from marketplace.foundation.web import SIGNED_IN, access, require_actor, writes

from . import access as rights
from . import queries
from .actions import cases
from .appeals.actions import appealable
from .appeals.queries import appeal_against
from .blueprint import bp
from .forms import (
    CaseForm,
    ReasonForm,
    StatementForm,
)
from .models import Case, CaseStatus, Cause
from .repairs.queries import follows_source, open_repair, repairable, repairable_from
from .steps import home_code, looks_late, on_own_page


@bp.route("/supervision/cases/new", methods=["GET", "POST"])
@access(Permission.SANCTION_PROPOSE)
@writes
def new_case() -> ResponseReturnValue:
    """Open a case."""
    actor = require_actor()
    form = CaseForm()

    def act() -> Case:
        return cases.report_case(
            rights.concerned(actor, form.organisation()),
            home_code(actor),
            Cause(form.cause.data),
            form.facts.data or "",
            actor,
            clock.now(),
            evidence_file=files.store_given(form.evidence, actor, clock.now()),
        )

    return on_own_page(
        form,
        act,
        "sanctions/case_form.html",
        lambda made: url_for("sanctions.case", public_id=made.public_id),
    )


@bp.get("/cases/<public_id>")
@access(SIGNED_IN)
def case(public_id: str) -> ResponseReturnValue:
    """A case with its step, for officers and the firm concerned."""
    actor = require_actor()
    found = rights.case_for(actor, public_id)
    untouched = actor.user_id not in (found.reported_by, found.proposed_by)
    mendable = repairable(found) and not follows_source(found, clock.now())
    return render_template(
        "sanctions/case.html",
        case=found,
        officer=rights.is_officer(actor, found.jurisdiction_code),
        own=found.organisation_id == actor.organisation_id,
        may_propose=actor.may(Permission.SANCTION_PROPOSE),
        may_decide=actor.may(Permission.SANCTION_DECIDE) and untouched,
        may_answer=actor.may(Permission.OBJECT),
        appeal=appeal_against(found),
        may_appeal=appealable(found) and clock.now() < queries.appeal_end(found),
        appeal_until=queries.appeal_end(found) if appealable(found) else None,
        repair_from=repairable_from(found) if mendable else None,
        repair=open_repair(found),
        may_repair=mendable and clock.today() >= repairable_from(found),
        names=catalogue.names(clock.today()),
    )


@bp.route("/cases/<public_id>/statement", methods=["GET", "POST"])
@access(Permission.OBJECT)
@writes
def statement(public_id: str) -> ResponseReturnValue:
    """The firm's statement."""
    actor = require_actor()
    found = rights.case_for(actor, public_id)
    if looks_late(found.status is CaseStatus.REPORTED):
        return redirect(_case_url(found))
    form = StatementForm()

    def act() -> None:
        cases.state_case(
            found,
            form.statement.data or "",
            actor,
            clock.now(),
            file=files.store_given(form.evidence, actor, clock.now()),
        )

    return on_own_page(
        form, act, "sanctions/statement.html", lambda _done: _case_url(found), case=found
    )


@bp.route("/cases/<public_id>/return", methods=["GET", "POST"])
@access(Permission.SANCTION_DECIDE)
@step_up
@writes
def return_case(public_id: str) -> ResponseReturnValue:
    """Send a proposal back."""
    return _with_reason(public_id, cases.return_case, "return")


@bp.route("/cases/<public_id>/dismissal", methods=["GET", "POST"])
@access(Permission.SANCTION_DECIDE)
@step_up
@writes
def dismiss(public_id: str) -> ResponseReturnValue:
    """End a case without a sanction."""
    return _with_reason(public_id, cases.dismiss_case, "dismiss")


@bp.get("/cases/<public_id>/files/<which>")
@access(SIGNED_IN)
def case_file(public_id: str, which: str) -> ResponseReturnValue:
    """The officer's evidence or the firm's own, for whoever may see the case."""
    found = rights.case_for(require_actor(), public_id)
    stored = {"evidence": found.evidence_file, "statement": found.statement_file}.get(which)
    if stored is None:
        raise Missing(f"case {public_id}")
    return files.send(stored)


def _case_url(found: Case) -> str:
    return url_for("sanctions.case", public_id=found.public_id)


def _with_reason(public_id: str, action: Callable[..., None], step: str) -> ResponseReturnValue:
    actor = require_actor()
    found = rights.case_for_officer(actor, public_id)
    target = CaseStatus.HEARD if step == "return" else CaseStatus.DISMISSED
    if looks_late(lifecycle.can_move(found, target)):
        return redirect(_case_url(found))
    form = ReasonForm()

    def act() -> None:
        action(found, form.reason.data or "", actor, clock.now())

    return on_own_page(
        form, act, "sanctions/reason.html", lambda _done: _case_url(found), case=found, step=step
    )
