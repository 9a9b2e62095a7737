"""Pages of 在线洽谈: the owner's questions to one entrant, the firm's answer."""

from __future__ import annotations

from typing import Any

from flask import render_template, url_for
from flask_babel import gettext as _

from marketplace.accounts.permissions import Permission
from marketplace.foundation import clock
from marketplace.foundation.forms import came_back
from marketplace.foundation.web import access, require_actor, run_form, writes

from ..blueprint import bp
from . import actions, queries
from .forms import AnswerForm, AskForm
from .models import TalkStatus


@bp.route("/owner/entries/<public_id>/talks", methods=["GET", "POST"])
@access(Permission.NEED_EDIT)
@writes
def owner_talks(public_id: str) -> Any:
    """Ask one entrant before a direct pick."""
    actor = require_actor()
    entry = queries.owners_entry(actor, public_id)
    form = AskForm()

    def page() -> str:
        found = queries.owners_entry(require_actor(), public_id)
        return render_template(
            "selection/owner_talks.html",
            entry=found,
            need=found.need,
            talks=queries.of_entry(found),
            rounds=queries.rules(found.need, found.round)[1].rounds,
            may_ask=queries.may_ask(found, clock.now()),
            **came_back("form", form),
        )

    return run_form(
        form,
        lambda: actions.ask(entry, (form.question.data or "").strip(), actor),
        page,
        _("已向该机构提问"),
        lambda _result: url_for("selection.owner_talks", public_id=public_id),
    )


@bp.route("/talks/<public_id>", methods=["GET", "POST"])
@access(Permission.FIRM_ENTER)
@writes
def talk(public_id: str) -> Any:
    """Answer a question of the owner's, with a new price or without."""
    actor = require_actor()
    found = queries.own_talk(actor, public_id)
    form = AnswerForm()

    def page() -> str:
        again = queries.own_talk(require_actor(), public_id)
        now = clock.now()
        return render_template(
            "selection/talk.html",
            talk=again,
            entry=again.entry,
            need=again.entry.need,
            talks=queries.of_entry(again.entry),
            now=now,
            due=again.status is TalkStatus.ASKED
            and now < again.answer_by
            and queries.is_open(again.entry.need, now),
            **came_back("form", form),
        )

    return run_form(
        form,
        lambda: actions.answer(
            found,
            (form.answer.data or "").strip(),
            form.price.data,
            actor,
            form.deviation_reason.data or "",
        ),
        page,
        _("答复已提交"),
        lambda _result: url_for("selection.talk", public_id=public_id),
    )
