"""Changes of a file: stated by the firm, checked by the officer, kept as history."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _

from marketplace.accounts.overseeing import area_of
from marketplace.accounts.permissions import Permission
from marketplace.foundation import clock, files
from marketplace.foundation.db import paginate
from marketplace.foundation.errors import Missing
from marketplace.foundation.web import access as allow
from marketplace.foundation.web import require_actor, run_form, writes

from ... import access as rights
from ... import queries as register
from ...blueprint import bp
from ...models import Firm, Practitioner, Qualification
from .. import access, actions, queries
from ..forms import RecheckForm, change_form
from ..models import OPEN, PERSONAL, STATED, ChangeKind, Recheck


@bp.get("/firm/changes")
@allow(Permission.FIRM_FILE)
def changes() -> str:
    """What the firm changed and what became of it; what can be changed and how it is checked."""
    firm = rights.own_file(require_actor())
    policy = queries.file_policy(firm.register_code, clock.today()).values
    page = paginate(queries.changes_of(firm.id), request.args.get("page", 1, type=int))
    return render_template(
        "intermediaries/file/changes.html",
        firm=firm,
        page=page,
        policy=policy,
        stated=STATED,
        kinds=ChangeKind,
    )


@bp.route("/firm/changes/<kind>", methods=["GET", "POST"])
@allow(Permission.FIRM_FILE)
@writes
def change(kind: str) -> Any:
    """State one change."""
    actor = require_actor()
    firm = rights.own_file(actor)
    what = next((each for each in STATED if each.value == kind), None)
    if what is None:
        raise Missing(kind)
    form: Any = change_form(what)

    def state() -> Recheck | None:
        now = clock.now()
        evidence = files.store_given(form.evidence, actor, now) if "evidence" in form else None
        identity = form.identity.data if "identity" in form else None
        said = actions.Statement(what, form.value.data or "", identity or None, evidence)
        return actions.state_change(firm, said, actor, now)

    def page() -> str:
        own = rights.own_file(actor)
        policy = queries.file_policy(own.register_code, clock.today()).values
        return render_template(
            "intermediaries/file/change.html",
            firm=own,
            kind=what,
            form=form,
            now_says=actions.says_now(own, what),
            mode=getattr(policy.recheck, what.value),
            days=policy.recheck_working_days,
            under_way=queries.open_change(own.id, what),
        )

    return run_form(
        form,
        state,
        page,
        lambda made: _("变更已提交") if made else _("变更已生效"),
        lambda _made: url_for("intermediaries.changes"),
    )


@bp.post("/firm/changes/<public_id>/withdraw")
@allow(Permission.FIRM_FILE)
@writes
def withdraw_change(public_id: str) -> Any:
    """Take back what waits."""
    actor = require_actor()
    row = access.own(rights.own_file(actor), Recheck, public_id)
    actions.withdraw_change(row, actor, clock.now())
    return redirect(url_for("intermediaries.changes"), 303)


@bp.get("/firm/history")
@allow(Permission.FIRM_FILE)
def history() -> str:
    """What every field was: who changed it, when, from what to what."""
    return _history(rights.own_file(require_actor()))


@bp.get("/supervision/applications/<public_id>/history")
@allow(Permission.SUPERVISION_VIEW)
def firm_history(public_id: str) -> str:
    """The same for the officers of the firm's register, personal values masked."""
    return _history(rights.application_for(require_actor(), public_id), officer=True)


def _history(firm: Firm, officer: bool = False) -> str:
    page = paginate(queries.history_of(firm.id), request.args.get("page", 1, type=int))
    return render_template(
        "intermediaries/file/history.html",
        firm=firm,
        page=page,
        values=queries.values_of(page.items),
        titles=actions.FIELDS,
        personal_fields=actions.PERSONAL_FIELDS,
        officer=officer,
        agents=queries.agents_of(firm.id) if officer else (),
        branches=queries.branches_of(firm.id) if officer else (),
        today=clock.today(),
    )


@bp.get("/supervision/rechecks")
@allow(Permission.SUPERVISION_VIEW)
def recheck_desk() -> str:
    """The changes of the officer's area, the undecided first."""
    page = paginate(
        queries.rechecks(area_of(require_actor())), request.args.get("page", 1, type=int)
    )
    return render_template("intermediaries/file/recheck_desk.html", page=page, open=OPEN)


@bp.route("/supervision/rechecks/<public_id>", methods=["GET", "POST"])
@allow(Permission.SUPERVISION_VIEW)
@writes
def recheck(public_id: str) -> Any:
    """One change beside what the officer has to say to it."""
    actor = require_actor()
    row = access.recheck_for(actor, public_id)
    if request.method == "POST":
        access.must_check(actor)
    form = RecheckForm()

    def act() -> None:
        if form.outcome.data == "accept":
            actions.accept_change(row, actor, clock.now(), form.reason.data or "")
        else:
            actions.reject_change(row, form.reason.data or "", actor, clock.now())

    def page() -> str:
        found = access.recheck_for(actor, public_id)
        may = found.status in OPEN and actor.may(Permission.ADMISSION_CHECK)
        return render_template(
            "intermediaries/file/recheck.html",
            row=found,
            form=form if may else None,
            tried=form,
            personal_kind=found.kind in PERSONAL,
            paper=_row(Qualification, ChangeKind.QUALIFICATION, found),
            person=_row(Practitioner, ChangeKind.PRACTITIONER, found),
            related=register.controller(found.firm_id),
        )

    return run_form(
        form,
        act,
        page,
        _("核查结论已告知机构"),
        lambda _none: url_for("intermediaries.recheck", public_id=public_id),
    )


def _row(model: Any, kind: ChangeKind, row: Recheck) -> Any:
    return actions.added_row(model, row.subject_id) if row.kind is kind else None
