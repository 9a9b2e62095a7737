"""The bureau's pages: drafting a fee list, importing it, laying it before another officer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.overseeing import area_of
from marketplace.accounts.permissions import Permission
from marketplace.fees import hourly
from marketplace.fees.blueprint import bp
from marketplace.foundation import clock, files
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import Page, paginate
from marketplace.foundation.errors import Invalid
from marketplace.foundation.forms import ButtonForm, Form, came_back
from marketplace.foundation.spreadsheets.columns import Problem
from marketplace.foundation.web import (
    access,
    beforehand,
    reads_first,
    require_actor,
    run_form,
    writes,
)

from . import access as rights
from . import actions, documents, importing, publishing, queries
from .columns import cells_of, from_record
from .editions import Prepared, list_hash, prepare
from .forms import ApproveForm, FactsForm, ReasonForm, RowForm, UploadForm
from .models import FeeList, FeeListImport, ImportStatus, ListStatus
from .rules import Change, ListRow
from .wording import CHANGES, EFFECTS, cell_words, cells_changed, price_words

PER_PAGE = 50


def _number() -> int:
    return request.args.get("page", 1, type=int)


def page_of(items: list[Any], number: int) -> Page[Any]:
    """A page of what is in memory already."""
    last = max(1, -(-len(items) // PER_PAGE))
    number = min(max(1, number), last)
    return Page(items[(number - 1) * PER_PAGE : number * PER_PAGE], number, PER_PAGE, len(items))


def _compared(jurisdiction: str, day: Any, rows: list[ListRow]) -> dict[str, Any]:
    """What a page shows of a list against the one in force, one kind of change at a time."""
    base, compared = queries.against_force(jurisdiction, day, rows)
    words = request.args.get("q", "")
    kind = request.args.get("change", "")
    change = Change(kind) if kind in list(Change) else None
    return {
        "base": base,
        "compared": compared,
        "change": change,
        "words": words,
        "page": page_of(compared.of(change, words), _number()),
        "changes": CHANGES,
        "effects": EFFECTS,
        "cells_changed": cells_changed,
        "price_words": price_words,
        "standards": queries.published_standards(clock.today()).by_id,
    }


@bp.get("/supervision/fee-lists")
@access(Permission.SUPERVISION_VIEW)
def lists_desk() -> ResponseReturnValue:
    """The lists of the officer's area, what waits, what was uploaded."""
    actor = require_actor()
    home = rights.home_code(actor)
    return render_template(
        "fees/lists/desk.html",
        imports=queries.imports([home]) if actor.may(Permission.POLICY_PROPOSE) else [],
        page=paginate(queries.lists(area_of(actor)), _number()),
        in_force=queries.edition_for(home, clock.today()),
        button=ButtonForm(formdata=None),
    )


@bp.post("/supervision/fee-lists/new")
@access(Permission.POLICY_PROPOSE)
@writes
def new_list() -> ResponseReturnValue:
    """A draft that starts from the list in force."""
    actor = require_actor()
    made = actions.draft_list(rights.home_code(actor), actor, clock.now())
    return redirect(url_for("fees.list_facts", public_id=made.public_id), 303)


@bp.get("/supervision/fee-lists/template.xlsx")
@access(Permission.POLICY_PROPOSE)
def list_template() -> Response:
    """The list in force as a spreadsheet to be changed and uploaded."""
    day = clock.today()
    base = queries.edition_for(rights.home_code(require_actor()), day)
    rows = queries.rows_of_edition(base) if base is not None else []
    content = documents.template(rows, queries.published_standards(day))
    return files.attachment(content, "收费目录清单模板.xlsx")


@bp.route("/supervision/fee-lists/import", methods=["GET", "POST"])
@access(Permission.POLICY_PROPOSE)
@writes
def upload_list() -> ResponseReturnValue:
    """Upload a list; ``?list=`` names the draft whose rows it is to replace."""
    actor = require_actor()
    draft = request.args.get("list")
    target = rights.own_list(actor, draft) if draft else None
    form = UploadForm()

    def take() -> FeeListImport:
        now = hourly.check_upload(actor, clock.now())
        file = files.store_given(form.file, actor, now)
        return importing.upload_list(file, rights.home_code(actor), target, actor, now)

    return run_form(
        form,
        take,
        lambda: render_template("fees/lists/upload.html", form=form, target=target),
        None,
        lambda made: url_for("fees.list_import", public_id=made.public_id),
    )


@bp.get("/supervision/fee-lists/imports/<public_id>")
@access(Permission.POLICY_PROPOSE)
def list_import(public_id: str) -> ResponseReturnValue:
    """How far an upload is read; then every bad cell, or what it would change."""
    found = rights.import_for(require_actor(), public_id)
    shown: dict[str, Any] = {}
    if found.status is ImportStatus.READY:
        day = found.fee_list.effective_from if found.fee_list else clock.today()
        rows = [from_record(record) for record in found.rows]
        shown = _compared(found.jurisdiction_code, day, rows)
    return render_template(
        "fees/lists/import.html",
        upload=found,
        problems=[Problem.from_record(record) for record in found.problems],
        button=ButtonForm(formdata=None),
        **shown,
    )


@bp.post("/supervision/fee-lists/imports/<public_id>/confirm")
@access(Permission.POLICY_PROPOSE)
@reads_first(lambda public_id: importing.rows_read(rights.import_for(require_actor(), public_id)))
@writes
def confirm_import(public_id: str) -> ResponseReturnValue:
    """Make a draft of an upload."""
    actor = require_actor()
    found = rights.import_for(actor, public_id)
    made = importing.confirm_import(found, beforehand(), actor, clock.now())
    return redirect(url_for("fees.list_facts", public_id=made.public_id), 303)


@bp.post("/supervision/fee-lists/imports/<public_id>/discard")
@access(Permission.POLICY_PROPOSE)
@writes
def discard_import(public_id: str) -> ResponseReturnValue:
    """Let an upload go."""
    actor = require_actor()
    importing.discard_import(rights.import_for(actor, public_id), actor, clock.now())
    return redirect(url_for("fees.lists_desk"), 303)


@bp.get("/supervision/fee-lists/<public_id>")
@access(Permission.SUPERVISION_VIEW)
def fee_list(public_id: str) -> ResponseReturnValue:
    """A list: its head, what it changes, its rows, the step that comes next."""
    actor = require_actor()
    return _list_page(actor, rights.list_for(actor, public_id))


def _list_page(actor: Actor, found: FeeList, **forms: Any) -> str:
    rows = queries.rows_of(found)
    drafting = found.is_editable or found.status is ListStatus.SUBMITTED
    shown: dict[str, Any] = {"standards": queries.published_standards(clock.today()).by_id}
    view = "rows" if request.args.get("view") == "rows" or not drafting else "changes"
    if drafting:
        shown |= _compared(found.jurisdiction_code, found.effective_from, rows)
    if view == "rows":
        words = request.args.get("q", "")
        shown |= {"page": page_of(queries.matching(rows, words), _number()), "words": words}
    own = found.jurisdiction_code == actor.jurisdiction
    untouched = actor.user_id not in (*found.hands, found.submitted_by)
    may_approve = (
        own
        and untouched
        and found.status is ListStatus.SUBMITTED
        and actor.may(Permission.POLICY_APPROVE)
    )
    return render_template(
        "fees/lists/list.html",
        fee_list=found,
        view=view,
        drafting=drafting,
        total=len(rows),
        cell=cell_words,
        may_edit=own and found.is_editable and actor.may(Permission.POLICY_PROPOSE),
        may_withdraw=own and drafting and actor.may(Permission.POLICY_PROPOSE),
        may_approve=may_approve,
        seen=list_hash(found, rows) if may_approve else "",
        **{
            "approval": ApproveForm(formdata=None),
            "button": ButtonForm(formdata=None),
            "top": ButtonForm(formdata=None),
            **forms,
        },
        **shown,
    )


@bp.route("/supervision/fee-lists/<public_id>/facts", methods=["GET", "POST"])
@access(Permission.POLICY_PROPOSE)
@writes
def list_facts(public_id: str) -> ResponseReturnValue:
    """The head of a draft."""
    actor = require_actor()
    found = rights.own_list(actor, public_id)
    form = FactsForm(obj=found)

    def state() -> None:
        actions.state_facts(
            found,
            form.title.data or "",
            form.document.data or "",
            form.legal_basis.data or "",
            form.effective_from.data,
            actor,
            clock.now(),
        )

    return run_form(
        form,
        state,
        lambda: render_template("fees/lists/facts.html", form=form, fee_list=found),
        None,
        lambda _none: url_for("fees.fee_list", public_id=public_id),
    )


@bp.route("/supervision/fee-lists/<public_id>/rows/new", methods=["GET", "POST"])
@access(Permission.POLICY_PROPOSE)
@writes
def new_row(public_id: str) -> ResponseReturnValue:
    """Add a row to a draft."""
    return _row_page(public_id, None)


@bp.route("/supervision/fee-lists/<public_id>/rows/<code>", methods=["GET", "POST"])
@access(Permission.POLICY_PROPOSE)
@writes
def edit_row(public_id: str, code: str) -> ResponseReturnValue:
    """Change a row of a draft."""
    return _row_page(public_id, code)


def _row_page(public_id: str, code: str | None) -> ResponseReturnValue:
    actor = require_actor()
    found = rights.own_list(actor, public_id)
    data: dict[str, Any] = {"price_form": "market", "binds": "reference"}
    if code is not None:
        told = queries.stored_row(found, code).told
        data = {key: "" if value is None else str(value) for key, value in cells_of(told).items()}
    form = RowForm(data=data)
    form.offer(queries.published_standards(clock.today()))
    return run_form(
        form,
        lambda: actions.put_row(found, code, form.values(), actor, clock.now()),
        lambda: render_template(
            "fees/lists/row.html",
            form=form,
            fee_list=found,
            code=code,
            button=ButtonForm(formdata=None),
        ),
        None,
        lambda _row: url_for("fees.fee_list", public_id=public_id, view="rows"),
    )


@bp.post("/supervision/fee-lists/<public_id>/rows/<code>/remove")
@access(Permission.POLICY_PROPOSE)
@writes
def remove_row(public_id: str, code: str) -> ResponseReturnValue:
    """Take a row out of a draft."""
    actor = require_actor()
    actions.remove_row(rights.own_list(actor, public_id), code, actor, clock.now())
    return redirect(url_for("fees.fee_list", public_id=public_id, view="rows"), 303)


@bp.post("/supervision/fee-lists/<public_id>/submit")
@access(Permission.POLICY_PROPOSE)
@reads_first(lambda public_id: _prepared(public_id, ListStatus.DRAFT, ListStatus.RETURNED))
@writes
def submit_list(public_id: str) -> ResponseReturnValue:
    """Lay a draft before another officer."""

    def act(found: FeeList, actor: Actor, now: datetime) -> None:
        actions.submit_list(found, beforehand(), actor, now)

    return _step(public_id, act)


@bp.post("/supervision/fee-lists/<public_id>/withdraw")
@access(Permission.POLICY_PROPOSE)
@writes
def withdraw_list(public_id: str) -> ResponseReturnValue:
    """Take a list back that is not published."""
    return _step(public_id, actions.withdraw_list)


@bp.post("/supervision/fee-lists/<public_id>/approve")
@access(Permission.POLICY_APPROVE)
@reads_first(lambda public_id: _prepared(public_id, ListStatus.SUBMITTED))
@writes
def approve_list(public_id: str) -> ResponseReturnValue:
    """Publish a list another officer drafted."""
    form = ApproveForm()

    def act(found: FeeList, actor: Actor, now: datetime) -> Any:
        return publishing.approve_list(found, beforehand(), form.seen.data or "", actor, now)

    return _step(public_id, act, form)


def _prepared(public_id: str, *at: ListStatus) -> Prepared | Invalid | None:
    """What a list becomes, made before anybody has to wait for it; None where it is at no such
    step, which the action tells."""
    found = rights.own_list(require_actor(), public_id)
    if found.status not in at:
        return None
    return prepare(found, standards=found.status is ListStatus.SUBMITTED)


def _step(public_id: str, act: Any, form: Form | None = None) -> ResponseReturnValue:
    actor = require_actor()
    found = rights.own_list(actor, public_id)
    sent = ButtonForm() if form is None else form
    return run_form(
        sent,
        lambda: act(found, actor, clock.now()),
        lambda: _list_page(
            actor,
            rights.own_list(actor, public_id),
            **came_back("button" if form is None else "approval", sent),
        ),
        None,
        lambda _made: url_for("fees.fee_list", public_id=public_id),
    )


@bp.route("/supervision/fee-lists/<public_id>/return", methods=["GET", "POST"])
@access(Permission.POLICY_APPROVE)
@writes
def return_list(public_id: str) -> ResponseReturnValue:
    """Give a list back with reasons."""
    actor = require_actor()
    found = rights.own_list(actor, public_id)
    form = ReasonForm()
    return run_form(
        form,
        lambda: actions.return_list(found, form.reason.data or "", actor, clock.now()),
        lambda: render_template("fees/lists/return.html", form=form, fee_list=found),
        None,
        lambda _none: url_for("fees.fee_list", public_id=public_id),
    )
