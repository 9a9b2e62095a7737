"""The page that answers while a need is written, and the bureau's list of what is too narrow."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from marketplace.accounts import queries as accounts
from marketplace.accounts.permissions import Permission
from marketplace.catalogue import queries as catalogue
from marketplace.foundation import clock
from marketplace.foundation.db import paginate
from marketplace.foundation.errors import Missing
from marketplace.foundation.web import access, keep_nothing, require_actor, writes
from marketplace.projects import access as owners
from marketplace.projects import queries as projects
from marketplace.projects.forms import need_form
from marketplace.projects.models import NeedStatus
from marketplace.projects.writing_pages import form_page

from .. import queries
from ..blueprint import bp
from . import narrow, previews, suggestions


@bp.post("/owner/needs/check/<item>")
@access(Permission.NEED_EDIT)
@writes
def look_at_need(item: str) -> Any:
    """What would come of a need as far as it is filled in; nothing is saved."""
    actor = require_actor()
    assert actor.organisation_id is not None
    keep_nothing()
    now = clock.now()
    day = clock.local_day(now)
    owner = accounts.organisation(actor.organisation_id)
    draft = request.args.get("draft")
    need = owners.need_for(actor, draft) if draft else None
    failed = request.args.get("again")
    earlier = owners.need_for(actor, failed).public_id if failed else None
    found = catalogue.item(item, day, accounts.lineage(owner.jurisdiction_code))
    form = need_form(found.code, owner.jurisdiction_code, owner.id, day, need)
    valid = form.validate()
    chosen = form.project.data
    preview = previews.preview(
        form, found, projects.project_of(owner.id, chosen) if chosen else None, actor, now
    )
    page = form_page(form, found.code, need, preview=preview, again=earlier)
    # while somebody is still writing, what is missing is no refusal
    return page, 200 if valid or "HX-Request" in request.headers else 422


@bp.get("/owner/needs/<public_id>/again")
@access(Permission.NEED_EDIT)
def again(public_id: str) -> Any:
    """A failed need: why it failed and what to change before it is posted again."""
    need = owners.need_for(require_actor(), public_id)
    if need.status is not NeedStatus.FAILED:
        raise Missing(f"need {public_id} has not failed")
    running = queries.round_of(need)
    return render_template(
        "selection/preparing/again.html",
        need=need,
        following=projects.next_call(need),
        entrants=len(queries.void(running)) if running is not None else 0,
        hints=suggestions.suggestions(need, clock.now()),
    )


@bp.get("/supervision/narrow-needs")
@access(Permission.SUPERVISION_VIEW)
def narrow_needs() -> Any:
    """Needs that too few firms could enter when they were published, for the bureau."""
    codes = accounts.below(require_actor().jurisdiction or accounts.site().jurisdiction_code)
    page = paginate(narrow.narrow_calls(codes), request.args.get("page", 1, type=int))
    return render_template("selection/preparing/narrow.html", calls=page)
