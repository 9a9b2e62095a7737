"""The officers' pages of the hall: windows, calls, judges, seats."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.accounts.overseeing import area_of
from marketplace.accounts.permissions import Permission
from marketplace.foundation import clock
from marketplace.foundation.db import paginate
from marketplace.foundation.forms import ButtonForm, Form, came_back
from marketplace.foundation.web import access, require_actor, run_form, writes

from ..blueprint import bp
from . import access as rights
from . import actions, queries
from .forms import WindowForm


@bp.get("/supervision/hall")
@access(Permission.SUPERVISION_VIEW)
def hall_desk() -> ResponseReturnValue:
    """The windows of the own hall, who sits there, and the calls of the area."""
    return _desk()


def _desk(**forms: Form) -> str:
    actor, now = require_actor(), clock.now()
    register = accounts.register_for(actor.jurisdiction)
    seats = queries.live_seats(register)
    return render_template(
        "intermediaries/hall/desk.html",
        edition=queries.hall_policy(register, clock.local_day(now)),
        windows=[(each, seats.get(each.id)) for each in queries.windows(register)],
        shown=queries.windows_on(register, now),
        now=now,
        page=paginate(queries.calls(area_of(actor)), request.args.get("page", 1, type=int)),
        may_write=register == actor.jurisdiction and actor.may(Permission.ADMISSION_CHECK),
        button=ButtonForm(formdata=None),
        **{
            "top": ButtonForm(formdata=None),
            "window_form": WindowForm(formdata=None),
            **forms,
        },
    )


@bp.post("/supervision/hall/windows")
@access(Permission.ADMISSION_CHECK)
@writes
def hall_open_window() -> ResponseReturnValue:
    """Open a window."""
    actor, form = require_actor(), WindowForm()
    register = rights.own_register(actor)
    return run_form(
        form,
        lambda: actions.open_window(
            register, form.number.data or 0, form.location.data or "", actor, clock.now()
        ),
        lambda: _desk(**came_back("window_form", form)),
        _("窗口已开设"),
        lambda _made: url_for("intermediaries.hall_desk"),
    )


@bp.post("/supervision/hall/windows/<public_id>/closing")
@access(Permission.ADMISSION_CHECK)
@writes
def hall_close_window(public_id: str) -> ResponseReturnValue:
    """Close a free window."""
    actor, form = require_actor(), ButtonForm()
    window = rights.window_of_bureau(actor, public_id)
    return run_form(
        form,
        lambda: actions.close_window(window, actor, clock.now()),
        lambda: _desk(**came_back("closing", form)),
        _("窗口已关闭"),
        lambda _done: url_for("intermediaries.hall_desk"),
    )
