"""The signed-in home and its messages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from marketplace.accounts import queries as accounts
from marketplace.accounts.permissions import Permission
from marketplace.foundation import clock
from marketplace.foundation.errors import Missing
from marketplace.foundation.forms import Form
from marketplace.foundation.web import SIGNED_IN, access, current_actor, require_actor, writes
from marketplace.projects.models import NeedStatus

from . import access as whose
from . import actions, demo_mails, dossier, matters, queries
from . import evidence as evidence_of
from .blueprint import bp
from .projects import pages
from .queries import Box
from .rail.showing import Group, rail
from .rules import View
from .story import story as story_of
from .todo.gathering import counts, lamps, waiting_now

__all__ = ["bp", "pages"]


@bp.app_context_processor
def _rail() -> dict[str, Any]:
    return {"rail": _groups}


def _groups() -> list[Group]:
    actor = current_actor()
    if actor is None or actor.organisation_id is None:
        return []
    waiting = counts(waiting_now())
    waiting["workspace.inbox"] = queries.unread_count(whose.messages_of(actor))
    return rail(actor, accounts.organisation(actor.organisation_id).function, waiting)


@bp.route("/workspace")
@access(SIGNED_IN)
def home() -> str:
    """What I must do, by deadline; then what runs, then what ended lately."""
    actor, now = require_actor(), clock.now()
    return render_template(
        "workspace/home.html",
        waiting=waiting_now(),
        running=matters.running(actor, lamps(actor, now), now),
        ended=matters.ended(actor),
        office=actor.may(Permission.SUPERVISION_VIEW),
        now=now,
    )


@bp.route("/workspace/messages")
@access(SIGNED_IN)
def inbox() -> str:
    """The messages one may read, all or only the unread or read ones."""
    mine = whose.messages_of(require_actor())
    text = request.args.get("box", "")
    box = Box(text) if text in list(Box) else Box.ALL
    number = request.args.get("page", 1, type=int)
    page = queries.inbox(mine, box, min(number, 1_000_000))
    return render_template(
        "workspace/inbox.html",
        page=page,
        box=box,
        boxes=list(Box),
        unread=queries.unread_count(mine),
        form=Form(),
        demo=current_app.config["IS_DEMO"],
    )


@bp.route("/workspace/messages/<public_id>", methods=["POST"])
@access(SIGNED_IN)
@writes
def read(public_id: str) -> Response:
    """Mark a message as read, and go where it leads unless the reader stays in the inbox."""
    actor = require_actor()
    message = whose.message_for(actor, public_id)
    actions.read_message(message, actor, clock.now())
    own = message.link.startswith("/") and not message.link.startswith("//")
    if request.form.get("then") == "stay" or not own:
        return redirect(url_for("workspace.inbox"), 303)
    return redirect(message.link, 303)


@bp.route("/workspace/messages/<public_id>/read-up-to", methods=["POST"])
@access(SIGNED_IN)
@writes
def read_up_to(public_id: str) -> Response:
    """Mark a message and all older ones as read: what came in since stays unread."""
    actor = require_actor()
    newest = whose.message_for(actor, public_id)
    fresh = queries.unread(whose.messages_of(actor), newest.id)
    actions.read_all(fresh, actor, clock.now())
    return redirect(url_for("workspace.inbox"), 303)


@bp.route("/workspace/demo-mail")
@access(SIGNED_IN)
def demo_mail() -> str:
    """The mails this demo has written instead of sending; nothing outside a demo."""
    _only_in_demo()
    number = request.args.get("page", 1, type=int)
    return render_template(
        "workspace/demo_mail.html", page=demo_mails.listed(_mail_folder(), min(number, 10_000))
    )


@bp.route("/workspace/demo-mail/<name>")
@access(SIGNED_IN)
def demo_mail_one(name: str) -> str:
    """One of them, as text and as its HTML reads."""
    _only_in_demo()
    found = demo_mails.mail(_mail_folder(), name)
    if found is None:
        raise Missing(f"mail {name}")
    return render_template("workspace/demo_mail_one.html", mail=found)


def _only_in_demo() -> None:
    if not current_app.config["IS_DEMO"]:
        raise Missing("no demo")


def _mail_folder() -> Path:
    return Path(current_app.config["MAIL_DIR"])


@bp.route("/workspace/evidence/<int:entry_id>")
@access(SIGNED_IN)
def evidence(entry_id: int) -> str:
    """An entry of the rating ledger with what it rests on, its rule and its end."""
    actor = require_actor()
    entry = whose.rating_entry_for(actor, min(entry_id, 2**62))
    return render_template(
        "workspace/evidence.html",
        entry=entry,
        title=evidence_of.title(entry),
        grounds=evidence_of.grounds(entry, actor),
        officer=actor.may(Permission.SUPERVISION_VIEW),
    )


@bp.route("/workspace/needs/<public_id>/story")
@access(SIGNED_IN)
def story(public_id: str) -> str:
    """The whole story of one need, as far as the reader may know it."""
    actor, now = require_actor(), clock.now()
    need, view = whose.story_for(actor, public_id)
    return render_template(
        "workspace/story.html",
        need=need,
        events=story_of(need, actor, view),
        # a firm that was not chosen does not follow the other side's clocks
        matter=None
        if view is View.ENTRANT and need.status is NeedStatus.CONTRACTED
        else matters.of_need(need, lamps(actor, now), now),
        entrants=dossier.entrants(need) if view is not View.ENTRANT else [],
        papers=dossier.papers(need, view),
        view=view,
        now=now,
    )
