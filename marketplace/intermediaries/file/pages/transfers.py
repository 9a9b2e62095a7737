"""Professionals on their way from one firm to another: the firms' pages and the officer's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _

from marketplace.accounts.overseeing import area_of
from marketplace.accounts.permissions import Permission
from marketplace.foundation import clock, files
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import paginate
from marketplace.foundation.forms import ButtonForm, Form, came_back
from marketplace.foundation.web import access as allow
from marketplace.foundation.web import require_actor, run_form, writes

from ... import access as rights
from ...blueprint import bp
from .. import access, actions, queries
from ..forms import DecisionForm, DisputeForm, ReleaseForm, TransferForm
from ..models import TO_DECIDE, Transfer, TransferStatus


@bp.route("/firm/transfers", methods=["GET", "POST"])
@allow(Permission.FIRM_FILE)
@writes
def transfers() -> Any:
    """Whom the firm asked for, whom it is asked to release; one more request."""
    actor = require_actor()
    firm = rights.own_file(actor)
    form = TransferForm()

    def ask() -> Transfer:
        now = clock.now()
        return actions.ask_transfer(
            firm,
            name=form.name.data or "",
            number=form.number.data or "",
            valid_until=form.valid_until.data,
            statement=files.store_given(form.statement, actor, now),
            actor=actor,
            now=now,
        )

    def page() -> str:
        own = rights.own_file(actor)
        return render_template(
            "intermediaries/file/transfers.html",
            firm=own,
            form=form,
            transfers=queries.transfers(own.id),
        )

    return run_form(
        form,
        ask,
        page,
        _("转入请求已发出"),
        lambda made: url_for("intermediaries.transfer", public_id=made.public_id),
    )


def _page(actor: Actor, public_id: str, **forms: Any) -> str:
    firm = rights.own_file(actor)
    row = access.own_transfer(firm, public_id)
    return render_template(
        "intermediaries/file/transfer.html",
        row=row,
        firm=firm,
        asked=row.from_firm_id == firm.id,
        now=clock.now(),
        **{
            "release": ReleaseForm(formdata=None),
            "dispute": DisputeForm(formdata=None),
            "top": ButtonForm(formdata=None),
            **forms,
        },
    )


@bp.get("/firm/transfers/<public_id>")
@allow(Permission.FIRM_FILE)
def transfer(public_id: str) -> str:
    """One request, as either firm sees it."""
    return _page(require_actor(), public_id)


@bp.post("/firm/transfers/<public_id>/answer")
@allow(Permission.FIRM_FILE)
@writes
def answer_transfer(public_id: str) -> Any:
    """The present firm releases or refuses."""
    actor = require_actor()
    firm = rights.own_file(actor)
    row = access.own_transfer(firm, public_id)
    access.must_be_asked(firm, row)
    form = ReleaseForm()
    return _run(
        public_id,
        "release",
        form,
        lambda: actions.answer_transfer(
            row, form.outcome.data == "release", form.reason.data or "", actor, clock.now()
        ),
    )


@bp.post("/firm/transfers/<public_id>/dispute")
@allow(Permission.FIRM_FILE)
@writes
def dispute_transfer(public_id: str) -> Any:
    """The firm that asked brings a refusal before the officer."""
    actor = require_actor()
    firm = rights.own_file(actor)
    row = access.own_transfer(firm, public_id)
    access.must_have_asked(firm, row)
    form = DisputeForm()

    def act() -> None:
        now = clock.now()
        evidence = files.store_given(form.evidence, actor, now)
        actions.dispute_transfer(row, form.dispute.data or "", evidence, actor, now)

    return _run(public_id, "dispute", form, act)


def _run(public_id: str, name: str, form: Form, act: Callable[[], Any]) -> Any:
    return run_form(
        form,
        act,
        lambda: _page(require_actor(), public_id, **came_back(name, form)),
        None,
        lambda _none: url_for("intermediaries.transfer", public_id=public_id),
    )


@bp.post("/firm/transfers/<public_id>/withdraw")
@allow(Permission.FIRM_FILE)
@writes
def withdraw_transfer(public_id: str) -> Any:
    """The firm that asked gives up."""
    actor = require_actor()
    firm = rights.own_file(actor)
    row = access.own_transfer(firm, public_id)
    access.must_have_asked(firm, row)
    actions.withdraw_transfer(row, actor, clock.now())
    return redirect(url_for("intermediaries.transfer", public_id=public_id), 303)


@bp.get("/supervision/transfers")
@allow(Permission.SUPERVISION_VIEW)
def transfer_desk() -> str:
    """The requests of the officer's area, those to be decided first."""
    page = paginate(
        queries.transfers_for(area_of(require_actor())), request.args.get("page", 1, type=int)
    )
    return render_template("intermediaries/file/transfer_desk.html", page=page)


@bp.route("/supervision/transfers/<public_id>", methods=["GET", "POST"])
@allow(Permission.SUPERVISION_VIEW)
@writes
def decide_transfer(public_id: str) -> Any:
    """One request before the officer, with the decision where it is the reader's."""
    actor = require_actor()
    row = access.transfer_for(actor, public_id)
    if request.method == "POST":
        access.must_decide_transfer(actor, row)
    form = DecisionForm()

    def page() -> str:
        found = access.transfer_for(actor, public_id)
        open_now = found.status in TO_DECIDE and access.may_decide_transfer(actor, found)
        return render_template(
            "intermediaries/file/transfer_case.html",
            row=found,
            form=form if open_now else None,
            tried=form,
            silent=TransferStatus.SILENT,
            now=clock.now(),
        )

    return run_form(
        form,
        lambda: actions.decide_transfer(
            row, form.outcome.data == "grant", form.reason.data or "", actor, clock.now()
        ),
        page,
        _("裁定已作出并告知双方"),
        lambda _none: url_for("intermediaries.decide_transfer", public_id=public_id),
    )
