"""The public page of a need's questions, and the owner's page to answer one."""

from __future__ import annotations

from typing import Any

from flask import render_template, url_for
from flask_babel import gettext as _

from marketplace.accounts import revealing
from marketplace.accounts.permissions import Permission
from marketplace.foundation import clock
from marketplace.foundation.web import (
    PUBLIC,
    access,
    current_actor,
    require_actor,
    run_form,
    writes,
)
from marketplace.projects.models import Need, NeedStatus

from .. import access as objects
from .. import queries as selection
from ..blueprint import bp
from . import access as rights
from . import actions, queries
from .forms import AnswerForm, QuestionForm
from .rules import closes_at


@bp.get("/needs/<public_id>/questions")
@access(PUBLIC)
def questions(public_id: str) -> Any:
    """The questions and answers of a need; a firm that could enter asks here."""
    return _page(public_id, QuestionForm(formdata=None))


@bp.post("/needs/<public_id>/questions/new")
@access(Permission.FIRM_ENTER)
@writes
def ask(public_id: str) -> Any:
    """Ask a question about a need."""
    need = objects.public_need(public_id)
    form = QuestionForm()
    return run_form(
        form,
        lambda: actions.ask(need, form.question.data or "", require_actor()),
        lambda: _page(public_id, form),
        _("问题已公开，答复后会通知贵机构"),
        lambda _made: url_for("selection.questions", public_id=public_id),
    )


def _page(public_id: str, form: QuestionForm) -> str:
    need = objects.public_need(public_id)
    actor = current_actor()
    now = clock.now()
    said = queries.said(need.id)
    firm = actor.organisation_id if actor is not None and actor.may(Permission.FIRM_ENTER) else None
    until = _until(need)
    asking = until is not None and now < until
    audits = rights.looks_up_askers(actor, need.jurisdiction_code)
    return render_template(
        "selection/asking/questions.html",
        need=need,
        said=said,
        form=form,
        until=until,
        asking=asking,
        own=queries.own(need.id, firm) if firm else (),
        answers=selection.eligibility_preview(need, firm) if firm and asking else None,
        said_of_rule=selection.said,
        to_answer=actor is not None
        and actor.may(Permission.NEED_EDIT)
        and actor.organisation_id == need.owner_id
        and _is_open(need),
        askers={each.public_id: _asker(each.public_id) for each in said} if audits else {},
    )


def _asker(public_id: str) -> revealing.Shown:
    name = queries.question(public_id).organisation.name
    return revealing.personal(name, "name", "question", public_id, "asker")


def _until(need: Need) -> Any:
    if need.status is not NeedStatus.PUBLISHED or need.entry_deadline is None:
        return None
    _edition_id, policy = selection.edition_of(need, clock.today())
    return closes_at(need.entry_deadline, policy)


def _is_open(need: Need) -> bool:
    return (
        need.status is NeedStatus.PUBLISHED
        and need.entry_deadline is not None
        and clock.now() < need.entry_deadline
    )


@bp.route("/owner/questions/<public_id>", methods=["GET", "POST"])
@access(Permission.NEED_EDIT)
@writes
def answer(public_id: str) -> Any:
    """The owner answers a question; the answer is public at once."""
    actor = require_actor()
    row = rights.question_to(actor, public_id)
    need_id = row.need.public_id
    form = AnswerForm()

    def page() -> str:
        again = rights.question_to(actor, public_id)
        return render_template(
            "selection/asking/answer.html",
            form=form,
            need=again.need,
            row=again,
            is_open=_is_open(again.need),
        )

    return run_form(
        form,
        lambda: actions.answer(row, form.answer.data or "", actor),
        page,
        _("答复已公开"),
        lambda _done: url_for("selection.questions", public_id=need_id),
    )
