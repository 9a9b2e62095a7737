"""Pages: the queue of unusual events, one to acknowledge, the checks of the nights."""

from __future__ import annotations

from functools import partial

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from marketplace.accounts.permissions import Permission
from marketplace.foundation import clock
from marketplace.foundation.db import db, paginate
from marketplace.foundation.heads import LedgerHead
from marketplace.foundation.web import access, require_actor, run_form, writes

from ..blueprint import bp
from ..checks import actions as checks
from ..checks.wording import in_words
from ..queries import people
from ..titles import action_title
from . import actions, queries
from .forms import AcknowledgeForm
from .models import UnusualEvent, UnusualKind

NIGHTS = 14
HEADS = 3


@bp.get("/supervision/unusual")
@access(Permission.AUDIT_READ)
def unusual() -> ResponseReturnValue:
    """Events out of the ordinary; those nobody acknowledged first."""
    actor = require_actor()
    asked = request.args.get("kind", "")
    kind = UnusualKind(asked) if asked in set(UnusualKind) else None
    page = paginate(queries.events(actor, kind), request.args.get("page", 1, type=int))
    names = people(key for each in page.items for key in (*each.doers, each.acknowledged_by))
    return render_template(
        "supervision/unusual.html",
        page=page,
        kind=kind,
        kinds=list(UnusualKind),
        waiting=queries.open_count(actor),
        people=names,
        doers=partial(_doers, names),
        action_title=action_title,
    )


@bp.route("/supervision/unusual/<public_id>", methods=["GET", "POST"])
@access(Permission.AUDIT_WORK)
@writes
def acknowledge(public_id: str) -> ResponseReturnValue:
    """Acknowledge one event with a note."""
    actor = require_actor()
    found = queries.event_for(actor, public_id)
    form = AcknowledgeForm()

    def page() -> str:
        again = queries.event_for(actor, public_id)
        names = people((*again.doers, again.acknowledged_by))
        return render_template(
            "supervision/unusual_event.html",
            form=form,
            event=again,
            people=names,
            doers=partial(_doers, names),
            own=actor.user_id in again.doers,
            action_title=action_title,
        )

    return run_form(
        form,
        lambda: actions.acknowledge(found, form.note.data or "", actor, clock.now()),
        page,
        None,
        lambda _done: url_for("supervision.unusual"),
    )


@bp.get("/supervision/checks")
@access(Permission.SUPERVISION_VIEW)
def check_runs() -> ResponseReturnValue:
    """What the checks of the last nights found, and the heads published since."""
    heads = db.session.scalars(select(LedgerHead).order_by(LedgerHead.day.desc()).limit(HEADS))
    return render_template(
        "supervision/checks.html", nights=checks.nights(NIGHTS), heads=list(heads), told=in_words
    )


def _doers(names: dict[int, str], event: UnusualEvent) -> list[str]:
    return [names[key] for key in event.doers if key in names]
