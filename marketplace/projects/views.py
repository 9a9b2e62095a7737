"""An owner's needs: list, form, own page with its next step, files, corrections, withdrawal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import abort, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage

from marketplace.accounts import queries as accounts
from marketplace.accounts.permissions import Permission
from marketplace.foundation import clock, files
from marketplace.foundation.db import paginate
from marketplace.foundation.errors import Invalid, Missing
from marketplace.foundation.forms import ButtonForm, came_back
from marketplace.foundation.web import (
    PUBLIC,
    access,
    current_actor,
    require_actor,
    run_form,
    writes,
)

from . import access as objects
from . import actions, correcting, drafting, queries, writing_pages
from .blueprint import bp
from .correction_forms import correction_form
from .forms import (
    FileForm,
    ReasonForm,
    WithdrawForm,
)
from .models import Need
from .packages.pricing import budget_shares, price_shares
from .packages.wording import items_title

__all__ = ["bp", "writing_pages"]

bp.add_app_template_global(items_title)
bp.add_app_template_global(budget_shares)
bp.add_app_template_global(price_shares)


@bp.get("/owner/needs")
@access(Permission.NEED_VIEW)
def index() -> Any:
    """All needs of the owner, newest first."""
    actor = require_actor()
    assert actor.organisation_id is not None
    page = paginate(
        queries.owner_needs(actor.organisation_id), request.args.get("page", 1, type=int)
    )
    return render_template("projects/index.html", needs=page)


@bp.get("/owner/needs/<public_id>")
@access(Permission.NEED_VIEW)
def need(public_id: str) -> Any:
    """One need of the owner: what it says, how it stands, the next step."""
    return _need_page(public_id)


def _need_page(public_id: str, **forms: Any) -> str:
    actor = require_actor()
    found = objects.need_for(actor, public_id)
    defaults = {
        "top": ButtonForm(formdata=None),
        "button": ButtonForm(formdata=None),
        "return_form": ReasonForm(formdata=None),
        "withdraw_form": WithdrawForm(formdata=None),
        "file_form": FileForm(formdata=None),
    }
    return render_template(
        "projects/need.html",
        need=found,
        attachments=queries.attachments(found.id),
        recusals=queries.recusals(found.id),
        corrections=queries.corrections(found.id),
        waiting=queries.open_correction(found.id),
        price_check=queries.price_check(found),
        **{**defaults, **forms},
    )


def _act(public_id: str, form: Any, name: str, action: Callable[[Need], Any], done: str) -> Any:
    """Run one action on an own need; what it refuses is shown on the need's page."""
    found = objects.need_for(require_actor(), public_id)
    return run_form(
        form,
        lambda: action(found),
        lambda: _need_page(public_id, **came_back(name, form)),
        done,
        lambda _result: url_for("projects.need", public_id=public_id),
    )


@bp.post("/owner/needs/<public_id>/submit")
@access(Permission.NEED_EDIT)
@writes
def submit_need(public_id: str) -> Any:
    """Hand the draft to the approver."""
    return _act(
        public_id,
        ButtonForm(),
        "button",
        lambda need: drafting.submit_need(need, require_actor(), clock.now()),
        _("已提交审批"),
    )


@bp.post("/owner/needs/<public_id>/return")
@access(Permission.NEED_APPROVE)
@writes
def return_need(public_id: str) -> Any:
    """The approver gives it back with a reason."""
    form = ReasonForm()
    return _act(
        public_id,
        form,
        "return_form",
        lambda need: drafting.return_need(need, form.reason.data, require_actor(), clock.now()),
        _("已退回经办人"),
    )


@bp.post("/owner/needs/<public_id>/discard")
@access(Permission.NEED_EDIT)
@writes
def discard_need(public_id: str) -> Any:
    """Give up an unpublished need."""
    return _act(
        public_id,
        ButtonForm(),
        "button",
        lambda need: drafting.discard_need(need, require_actor(), clock.now()),
        _("草稿已作废"),
    )


@bp.post("/owner/needs/<public_id>/withdrawal-request")
@access(Permission.NEED_EDIT)
@writes
def request_withdrawal(public_id: str) -> Any:
    """Propose to withdraw; an approver decides."""
    form = WithdrawForm()
    return _act(
        public_id,
        form,
        "withdraw_form",
        lambda need: actions.request_withdrawal(
            need, form.withdrawal_reason.data, require_actor(), clock.now()
        ),
        _("撤回申请已提交审批"),
    )


@bp.post("/owner/needs/<public_id>/withdraw")
@access(Permission.NEED_APPROVE)
@writes
def withdraw_need(public_id: str) -> Any:
    """Withdraw a published need in public, with the reason."""
    form = WithdrawForm()
    return _act(
        public_id,
        form,
        "withdraw_form",
        lambda need: actions.withdraw_need(
            need, form.withdrawal_reason.data, require_actor(), clock.now()
        ),
        _("需求已撤回"),
    )


@bp.post("/owner/needs/<public_id>/attachments")
@access(Permission.NEED_EDIT)
@writes
def attach_file(public_id: str) -> Any:
    """Add a file to the draft."""
    form = FileForm()

    def store(found: Need) -> None:
        upload = form.upload.data
        if not isinstance(upload, FileStorage) or not upload.filename:
            raise Invalid(_("请选择要上传的文件"), field="upload", rule="file.missing")
        drafting.attach_file(found, upload.stream, upload.filename, require_actor(), clock.now())

    return _act(public_id, form, "file_form", store, _("附件已上传"))


@bp.post("/owner/needs/<public_id>/attachments/<attachment_id>/remove")
@access(Permission.NEED_EDIT)
@writes
def detach_file(public_id: str, attachment_id: str) -> Any:
    """Take a file off the draft."""

    def remove(found: Need) -> None:
        attachment = queries.attachment(attachment_id)
        if attachment.need_id != found.id:
            raise Missing(f"attachment {attachment_id}")
        drafting.detach_file(attachment, require_actor(), clock.now())

    return _act(public_id, ButtonForm(), "button", remove, _("附件已移除"))


@bp.get("/supervision/splits")
@access(Permission.SUPERVISION_VIEW)
def splits() -> Any:
    """Purchases that together pass a limit each stays under, for the bureau to look into."""
    codes = accounts.below(require_actor().jurisdiction or accounts.site().jurisdiction_code)
    page = paginate(queries.split_needs(codes), request.args.get("page", 1, type=int))
    return render_template("projects/splits.html", needs=page)


@bp.get("/needs/attachments/<public_id>")
@access(PUBLIC)
def attachment(public_id: str) -> Any:
    """A file of a need, as an attachment."""
    return files.send(objects.attachment_for(current_actor(), public_id).file)


@bp.route("/owner/needs/<public_id>/corrections/new", methods=["GET", "POST"])
@access(Permission.NEED_EDIT)
@writes
def propose_correction(public_id: str) -> Any:
    """Propose a substantive correction of a published need."""
    actor = require_actor()
    need = objects.need_for(actor, public_id)
    if not need.is_public:
        abort(404)
    form = correction_form(need, clock.today())

    def page() -> str:
        again = objects.need_for(actor, public_id)
        return render_template("projects/correction_form.html", form=form, need=again)

    return run_form(
        form,
        lambda: correcting.propose_correction(
            need, form.correction(), form.reason.data, actor, clock.now()
        ),
        page,
        _("更正已提交审批"),
        lambda _result: url_for("projects.need", public_id=public_id),
    )


@bp.post("/owner/corrections/<public_id>/publish")
@access(Permission.NEED_APPROVE)
@writes
def publish_correction(public_id: str) -> Any:
    """Approve a correction: published beside the original, entries start again."""
    correction = objects.correction_for(require_actor(), public_id)
    return _act(
        correction.need.public_id,
        ButtonForm(),
        "button",
        lambda _need: correcting.publish_correction(correction, require_actor(), clock.now()),
        _("更正已发布，报名时间重新计算"),
    )


@bp.post("/owner/corrections/<public_id>/refuse")
@access(Permission.NEED_APPROVE)
@writes
def refuse_correction(public_id: str) -> Any:
    """Turn a correction down."""
    correction = objects.correction_for(require_actor(), public_id)
    form = ReasonForm()
    return _act(
        correction.need.public_id,
        form,
        "return_form",
        lambda _need: correcting.refuse_correction(
            correction, form.reason.data, require_actor(), clock.now()
        ),
        _("更正未通过，公告不变"),
    )
