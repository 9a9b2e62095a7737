"""The national list of serious dishonesty: uploaded, checked by cell, taken over, what is listed."""

from __future__ import annotations

from typing import Any

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.permissions import Permission
from marketplace.accounts.queries import lineage
from marketplace.accounts.stepping import step_up
from marketplace.foundation import clock, files
from marketplace.foundation.db import paginate
from marketplace.foundation.forms import ButtonForm
from marketplace.foundation.spreadsheets import Problem
from marketplace.foundation.web import access, require_actor, run_form, writes
from marketplace.sanctions.national import actions as national
from marketplace.sanctions.national import columns, queries
from marketplace.sanctions.national.access import own_upload, upload_for
from marketplace.sanctions.national.forms import UploadForm
from marketplace.sanctions.national.models import NationalImport, NationalImportStatus
from marketplace.sanctions.steps import home_code

from .actions import take_national_list_over
from .blueprint import bp


@bp.get("/supervision/national-list")
@access(Permission.SUPERVISION_VIEW)
def national_list() -> str:
    """What is listed now, and the latest uploads."""
    home = home_code(require_actor())
    page = paginate(
        queries.records(clock.now(), lineage(home)), request.args.get("page", 1, type=int)
    )
    return render_template(
        "supervision/national/list.html",
        page=page,
        parties=queries.parties(record.credit_code for record in page.items),
        uploads=queries.uploads(home),
    )


@bp.get("/supervision/national-list/template.xlsx")
@access(Permission.SANCTION_PROPOSE)
def national_template() -> Response:
    """An empty file to fill in."""
    return files.attachment(columns.template(), "国家严重失信主体名单模板.xlsx")


@bp.route("/supervision/national-list/import", methods=["GET", "POST"])
@access(Permission.SANCTION_PROPOSE)
@writes
def upload_national() -> ResponseReturnValue:
    """Upload the list."""
    actor = require_actor()
    form = UploadForm()

    def act() -> NationalImport:
        now = clock.now()
        file = files.store_given(form.file, actor, now, national.KINDS)
        return national.upload_list(file, home_code(actor), actor, now)

    return run_form(
        form,
        act,
        lambda: render_template("supervision/national/upload.html", form=form),
        None,
        lambda made: url_for("supervision.national_import", public_id=made.public_id),
    )


@bp.get("/supervision/national-list/imports/<public_id>")
@access(Permission.SUPERVISION_VIEW)
def national_import(public_id: str) -> str:
    """An upload: every bad cell, or what it would change."""
    return _page(upload_for(require_actor(), public_id), ButtonForm(formdata=None))


@bp.post("/supervision/national-list/imports/<public_id>/confirm")
@access(Permission.SANCTION_DECIDE)
@step_up
@writes
def confirm_national(public_id: str) -> ResponseReturnValue:
    """Take an upload over, with everything that follows from it."""
    return _step(public_id, take_national_list_over)


@bp.post("/supervision/national-list/imports/<public_id>/discard")
@access(Permission.SANCTION_PROPOSE)
@writes
def discard_national(public_id: str) -> ResponseReturnValue:
    """Let an upload go."""
    return _step(public_id, national.discard_upload)


def _step(public_id: str, act: Any) -> ResponseReturnValue:
    actor = require_actor()
    found = own_upload(actor, public_id)
    form = ButtonForm()
    return run_form(
        form,
        lambda: act(found, actor, clock.now()),
        lambda: _page(own_upload(actor, public_id), form),
        None,
        lambda _done: url_for("supervision.national_import", public_id=public_id),
    )


def _page(found: NationalImport, form: ButtonForm) -> str:
    actor = require_actor()
    own = actor.jurisdiction == found.jurisdiction_code
    shown: dict[str, Any] = {}
    if found.status is NationalImportStatus.READY:
        changes = queries.changes(found)
        shown = {
            "changes": changes,
            "parties": queries.parties(changes.credit_codes()),
        }
    return render_template(
        "supervision/national/import.html",
        upload=found,
        problems=[Problem.from_record(record) for record in found.problems],
        form=form,
        may_confirm=own
        and actor.may(Permission.SANCTION_DECIDE)
        and actor.user_id != found.uploaded_by,
        may_discard=own and actor.may(Permission.SANCTION_PROPOSE),
        **shown,
    )
