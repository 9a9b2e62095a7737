"""The list of bodies not decoupled: uploaded, checked by cell, confirmed, what is on it."""

from __future__ import annotations

from typing import Any

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.overseeing import area_of
from marketplace.accounts.permissions import Permission
from marketplace.accounts.queries import lineage
from marketplace.accounts.stepping import step_up
from marketplace.foundation import clock, files
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import paginate
from marketplace.foundation.forms import ButtonForm
from marketplace.foundation.spreadsheets import Problem
from marketplace.foundation.web import access as allow
from marketplace.foundation.web import require_actor, run_form, writes

from ..blueprint import bp
from . import access, actions, columns, queries
from .forms import UploadForm
from .models import DecouplingUpload, UploadStatus


def _place(actor: Actor) -> str:
    """The place of the officer's own office."""
    return area_of(actor)[0]


@bp.get("/supervision/decoupling")
@allow(Permission.SUPERVISION_VIEW)
def decoupling_list() -> str:
    """What is on the list now, which of them are on the register or ask to be, the latest
    uploads."""
    actor = require_actor()
    page = paginate(queries.entries(lineage(_place(actor))), request.args.get("page", 1, type=int))
    uploads = queries.uploads(_place(actor))
    return render_template(
        "intermediaries/decoupling/list.html",
        page=page,
        ties=columns.TIES,
        firms=_firms(actor, page.items),
        uploads=uploads,
        outdated={
            each.id
            for each in uploads
            if each.status is UploadStatus.READY and queries.is_outdated(each)
        },
    )


def _firms(actor: Actor, rows: Any) -> dict[str, Any]:
    return queries.firms_named(
        (row.credit_code for row in rows), (row.name for row in rows), area_of(actor)
    )


@bp.get("/supervision/decoupling/template.xlsx")
@allow(Permission.ADMISSION_CHECK)
def decoupling_template() -> Response:
    """An empty file to fill in."""
    return files.attachment(columns.template(), "未脱钩中介机构名单模板.xlsx")


@bp.route("/supervision/decoupling/import", methods=["GET", "POST"])
@allow(Permission.ADMISSION_CHECK)
@writes
def upload_decoupling() -> ResponseReturnValue:
    """Upload the list."""
    actor = require_actor()
    form = UploadForm()

    def act() -> DecouplingUpload:
        now = clock.now()
        file = files.store_given(form.file, actor, now, actions.KINDS)
        return actions.upload_list(file, form.document.data or "", _place(actor), actor, now)

    return run_form(
        form,
        act,
        lambda: render_template("intermediaries/decoupling/upload.html", form=form),
        None,
        lambda made: url_for("intermediaries.decoupling_import", public_id=made.public_id),
    )


@bp.get("/supervision/decoupling/imports/<public_id>")
@allow(Permission.SUPERVISION_VIEW)
def decoupling_import(public_id: str) -> str:
    """An upload: every bad cell, or what it would change."""
    return _page(access.upload_for(require_actor(), public_id), ButtonForm(formdata=None))


@bp.post("/supervision/decoupling/imports/<public_id>/confirm")
@allow(Permission.ADMISSION_DECIDE)
@step_up
@writes
def confirm_decoupling(public_id: str) -> ResponseReturnValue:
    """Put an upload in the place of the list in force."""
    return _step(public_id, actions.confirm_upload)


@bp.post("/supervision/decoupling/imports/<public_id>/discard")
@allow(Permission.ADMISSION_CHECK)
@writes
def discard_decoupling(public_id: str) -> ResponseReturnValue:
    """Let an upload go."""
    return _step(public_id, actions.discard_upload)


def _step(public_id: str, act: Any) -> ResponseReturnValue:
    actor = require_actor()
    found = access.own_upload(actor, public_id)
    form = ButtonForm()
    return run_form(
        form,
        lambda: act(found, actor, clock.now()),
        lambda: _page(access.own_upload(actor, public_id), form),
        None,
        lambda _done: url_for("intermediaries.decoupling_import", public_id=public_id),
    )


def _page(found: DecouplingUpload, form: ButtonForm) -> str:
    actor = require_actor()
    own = actor.jurisdiction == found.jurisdiction_code
    shown: dict[str, Any] = {}
    if found.status is UploadStatus.READY:
        changes = queries.changes(found)
        shown = {
            "changes": changes,
            "firms": _firms(actor, [*changes.added, *changes.ended]),
            "outdated": queries.is_outdated(found),
        }
    return render_template(
        "intermediaries/decoupling/import.html",
        upload=found,
        problems=[Problem.from_record(record) for record in found.problems],
        form=form,
        ties=columns.TIES,
        may_confirm=own
        and actor.may(Permission.ADMISSION_DECIDE)
        and actor.user_id != found.uploaded_by,
        may_discard=own and actor.may(Permission.ADMISSION_CHECK),
        **shown,
    )
