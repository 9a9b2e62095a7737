"""A firm's branches and agents."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import User
from marketplace.accounts.permissions import Permission, Role
from marketplace.foundation import clock, files
from marketplace.foundation.actor import Actor
from marketplace.foundation.forms import options
from marketplace.foundation.web import access as allow
from marketplace.foundation.web import require_actor, writes

from ... import access as rights
from ...blueprint import bp
from ...models import Firm
from .. import access, actions, queries
from ..forms import AgentForm, BranchForm, EndForm
from ..models import FirmAgent
from .keeping import kept_list, kept_row


@bp.route("/firm/branches", methods=["GET", "POST"])
@allow(Permission.FIRM_FILE)
@writes
def branches() -> Any:
    """The branches on file, and one more."""
    form = BranchForm()
    return kept_list(
        form,
        lambda firm, actor: actions.add_branch(
            firm,
            name=form.name.data or "",
            credit_code=form.credit_code.data or "",
            address=form.address.data or "",
            head_name=form.head_name.data or "",
            head_phone=form.head_phone.data,
            actor=actor,
            now=clock.now(),
        ),
        "intermediaries/file/branches.html",
        lambda own: {"branches": queries.branches_of(own.id)},
        _("分支机构已登记"),
        "intermediaries.branches",
    )


@bp.route("/firm/agents", methods=["GET", "POST"])
@allow(Permission.FIRM_FILE)
@writes
def agents() -> Any:
    """Who acts for the firm, who did, and the hand-over to the next."""
    actor = require_actor()
    access.must_keep_agents(actor)
    people = _staff(rights.own_file(actor))
    form = AgentForm()
    form.account.choices = options(
        [("", _("不关联账号")), *((key, each.name) for key, each in people.items())]
    )
    return kept_list(
        form,
        lambda firm, actor: _appoint(firm, form, people.get(form.account.data or ""), actor),
        "intermediaries/file/agents.html",
        lambda own: {"agents": queries.agents_of(own.id), "today": clock.today()},
        _("授权已登记，原授权同时终止"),
        "intermediaries.agents",
    )


def _appoint(firm: Firm, form: AgentForm, user: User | None, actor: Actor) -> FirmAgent:
    now = clock.now()
    upload = form.document.data
    chosen = set(form.scope.data or ())
    authority = actions.Authority(
        document_number=form.document_number.data or "",
        document=files.store(upload.stream, upload.filename or "", actor, now, "document"),
        file="file" in chosen,
        enter="enter" in chosen,
        contract="contract" in chosen,
        starts_on=form.starts_on.data,
        ends_on=form.ends_on.data,
    )
    return actions.appoint_agent(
        firm, form.name.data or "", form.phone.data or "", authority, user, actor, now
    )


def _staff(firm: Firm) -> dict[str, User]:
    """The firm's staff accounts that an agent may have, by the id in addresses."""
    return {
        each.user.public_id: each.user
        for each in accounts.people_in([firm.organisation_id])
        if each.role is Role.FIRM_STAFF
    }


@bp.route("/firm/agents/<public_id>/end", methods=["GET", "POST"])
@allow(Permission.FIRM_FILE)
@writes
def end_agent(public_id: str) -> Any:
    """End an authority before its time."""
    access.must_keep_agents(require_actor())
    form = EndForm()
    return kept_row(
        form,
        FirmAgent,
        public_id,
        lambda row, actor: actions.end_agent(row, form.reason.data or "", actor, clock.now()),
        "intermediaries/file/end_agent.html",
        _("授权已终止"),
        "intermediaries.agents",
    )
