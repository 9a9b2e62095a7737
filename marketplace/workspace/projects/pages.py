"""The page of a project: public by its code, an owner's own by its public id."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.permissions import Permission
from marketplace.foundation import clock
from marketplace.foundation.web import PUBLIC, access, current_actor, require_actor
from marketplace.projects.coding import read_code, tidy

from ..blueprint import bp
from . import access as whose
from . import queries


@bp.get("/projects")
@access(PUBLIC)
def find_project() -> ResponseReturnValue:
    """Ask for a project code, and lead to its page."""
    typed = request.args.get("code", "")
    read = read_code(None, typed) if typed.strip() else None
    if read is not None and read.fault is None:
        return redirect(url_for("workspace.project", code=read.code))
    page = render_template("workspace/projects/find.html", read=read)
    return page, 200 if read is None else 404


@bp.get("/projects/<code>")
@access(PUBLIC)
def project(code: str) -> ResponseReturnValue:
    """Everything public under a project code, and to its owner its own part."""
    if tidy(code) != code:
        return redirect(url_for("workspace.project", code=tidy(code)))
    actor, now = current_actor(), clock.now()
    read = read_code(None, code)
    if read.fault is not None:
        return render_template("workspace/projects/find.html", read=read), 404
    own = whose.own_under(actor, read.code)
    reader = actor.organisation_id if actor is not None and actor.may(Permission.OBJECT) else None
    posted = queries.posted(read.code, reader, now)
    if not posted and own is None:
        return render_template("workspace/projects/find.html", read=read), 404
    return render_template(
        "workspace/projects/project.html",
        read=read,
        name=posted[0].need.project_name if posted else own.name if own else "",
        stages=queries.by_stage(posted),
        count=len(posted),
        own=queries.own_part(actor, own, now) if actor is not None and own is not None else None,
        now=now,
    )


@bp.get("/owner/projects/<public_id>")
@access(Permission.NEED_VIEW)
def own_project(public_id: str) -> ResponseReturnValue:
    """A project of the owner; one with a code has its page there."""
    actor, now = require_actor(), clock.now()
    found = whose.own_project(actor, public_id)
    if found.code is not None:
        return redirect(url_for("workspace.project", code=found.code))
    return render_template(
        "workspace/projects/own_project.html",
        own=queries.own_part(actor, found, now),
        now=now,
    )
