"""Agents: an owner's authorisations, their documents, their revocation."""

from __future__ import annotations

from typing import Any

from flask import Response, render_template, url_for

from marketplace.foundation import clock, files
from marketplace.foundation.db import db
from marketplace.foundation.errors import DomainError
from marketplace.foundation.web import SIGNED_IN, access, require_actor, run_form, writes

from . import actions, queries
from .blueprint import bp
from .forms import AgentForm, RevokeForm
from .permissions import Permission
from .stepping import step_up


@bp.route("/owner/agents", methods=["GET", "POST"])
@access(Permission.NEED_APPROVE)
@step_up
@writes
def agents() -> Any:
    """Who acts for the owner under an authority; giving one more."""
    actor = require_actor()
    form = AgentForm()
    status, link = form.http_status, None
    if form.validate_on_submit():
        try:
            link = _authorise(form)
            status = 200
        except DomainError as error:
            db.session.rollback()
            form.refuse(error)
            status = error.status
    page = render_template(
        "accounts/agents.html",
        form=form,
        link=link,
        rows=queries.authorisations_of(actor.organisation_id or 0),
        today=clock.today(),
    )
    return page, status


def _authorise(form: AgentForm) -> str:
    actor, now = require_actor(), clock.now()
    owner = queries.organisation(actor.organisation_id or 0)
    upload = form.document.data
    document = files.store(upload.stream, upload.filename or "", actor, now, "document")
    chosen = set(form.scope.data or ())
    _row, token = actions.authorise_agent(
        owner,
        agent_name=form.agent_name.data,
        document_number=form.document_number.data,
        document=document,
        scope=actions.Scope("prepare" in chosen, "evaluate" in chosen, "objections" in chosen),
        starts_on=form.starts_on.data,
        ends_on=form.ends_on.data,
        actor=actor,
        now=now,
    )
    return url_for("accounts.invitation", token=token, _external=True)


@bp.route("/agents/<public_id>/revocation", methods=["GET", "POST"])
@access(SIGNED_IN)
@step_up
@writes
def revoke_agent(public_id: str) -> Any:
    """End an authority early; the agent's right ends with it."""
    actor = require_actor()
    row = actions.authorisation_to_revoke(actor, public_id)
    back = url_for("accounts.account" if row.agent_id == actor.user_id else "accounts.agents")
    form = RevokeForm()
    return run_form(
        form,
        lambda: actions.revoke_authorisation(row, form.reason.data, actor, clock.now()),
        lambda: render_template(
            "accounts/revoke_agent.html",
            form=form,
            row=actions.authorisation_to_revoke(actor, public_id),
        ),
        None,
        lambda _none: back,
    )


@bp.route("/agents/<public_id>/document")
@access(SIGNED_IN)
def agent_document(public_id: str) -> Response:
    """The signed authority, for the owner, the agent and whoever audits."""
    return files.send(actions.authorisation_for(require_actor(), public_id).document)
