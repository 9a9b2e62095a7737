"""Pages: the list of notices, one notice, objecting, answering."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from marketplace.accounts.permissions import Permission
from marketplace.foundation import clock
from marketplace.foundation.db import paginate
from marketplace.foundation.forms import came_back
from marketplace.foundation.web import (
    PUBLIC,
    access,
    current_actor,
    require_actor,
    run_form,
    writes,
)

from . import access as rights
from . import actions, queries
from .forms import AnswerForm, ObjectionForm
from .models import KIND_TITLES

bp = Blueprint("notices", __name__)


@bp.get("/notices")
@access(PUBLIC)
def index() -> ResponseReturnValue:
    """What is or was shown to the public, newest first."""
    kind = request.args.get("kind") or None
    if kind not in KIND_TITLES:
        kind = None
    running_only = request.args.get("state") == "open"
    page = paginate(
        queries.published(clock.now(), kind, running_only),
        request.args.get("page", 1, type=int),
    )
    return render_template(
        "notices/index.html", page=page, kind=kind, kinds=KIND_TITLES, running_only=running_only
    )


@bp.get("/notices/<public_id>")
@access(PUBLIC)
def notice(public_id: str) -> ResponseReturnValue:
    """One notice with its clock and its objections."""
    now = clock.now()
    found = queries.public_notice(public_id, now)
    state = queries.state(found, now)
    actor = current_actor()
    return render_template(
        "notices/notice.html",
        notice=found,
        state=state,
        may_object=queries.takes_objections(found, now)
        and (actor is None or actor.may(Permission.OBJECT)),
        readable={o.id for o in found.objections if rights.may_read(actor, o)},
        answerable={o.id for o in found.objections if rights.may_answer(actor, o)},
    )


@bp.route("/notices/<public_id>/objection", methods=["GET", "POST"])
@access(Permission.OBJECT)
@writes
def object_to(public_id: str) -> ResponseReturnValue:
    """File an objection."""
    actor = require_actor()
    now = clock.now()
    found = queries.public_notice(public_id, now)
    if request.method == "GET" and not queries.takes_objections(found, now):
        return redirect(url_for("notices.notice", public_id=public_id))
    form = ObjectionForm()
    return run_form(
        form,
        lambda: actions.file_objection(found, form.text.data, actor, clock.now()),
        lambda: render_template("notices/objection.html", form=form, notice=found),
        _("异议已提交，答复在公示页公开，并发送消息"),
        lambda _objection: url_for("notices.notice", public_id=public_id),
    )


@bp.route("/objections/<public_id>/answer", methods=["GET", "POST"])
@access(Permission.OBJECTION_ANSWER)
@writes
def answer(public_id: str) -> ResponseReturnValue:
    """Answer an objection."""
    actor = require_actor()
    objection = rights.objection_to_answer(actor, public_id)
    form = AnswerForm()
    return run_form(
        form,
        lambda: actions.answer_objection(
            objection, form.conclusion.data == "upheld", form.answer.data, actor, clock.now()
        ),
        lambda: render_template(
            "notices/answer.html", objection=objection, **came_back("form", form)
        ),
        _("答复已公布"),
        lambda _done: url_for("notices.notice", public_id=objection.notice.public_id),
    )
