"""A field of the application that keeps itself."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from flask import render_template, request
from flask_babel import gettext as _
from wtforms import HiddenField

from marketplace.accounts.permissions import Permission
from marketplace.foundation import clock
from marketplace.foundation.errors import DomainError, Missing
from marketplace.foundation.forms import Form
from marketplace.foundation.web import access as allow
from marketplace.foundation.web import require_actor, writes

from .. import access
from ..blueprint import bp
from ..forms import SubjectForm
from . import queries
from .actions import Elsewhere, keep_field
from .rules import FIELDS, renewed


@lru_cache(maxsize=len(FIELDS))
def _form_of(name: str) -> type[Form]:
    """A form with one of the application's fields alone, and what the window shows."""
    return type("FieldForm", (Form,), {name: getattr(SubjectForm, name), "version": HiddenField()})


@bp.post("/firm/application/fields/<name>")
@allow(Permission.FIRM_FILE)
@writes
def keep(name: str) -> Any:
    """Keep one field; the answer is a line for the status beside the form."""
    if name not in FIELDS:
        raise Missing(name)
    actor = require_actor()
    form: Any = _form_of(name)()
    if not form.validate_on_submit():
        refused = "；".join(text for _field, text in form.problems)
        return _answer(name, refused=refused), form.http_status
    value, now = form[name].data, clock.now()
    try:
        keep_field(access.own_file(actor), name, value, form.version.data or "", actor, now)
    except Elsewhere as error:
        return _answer(name, theirs=queries.kept(access.own_file(actor))[name], mine=value), (
            error.status
        )
    except DomainError as error:
        if error.status == 404:
            raise
        return _answer(name, refused=str(error.message)), error.status
    return _answer(name, at=f"{now.astimezone(clock.SHANGHAI):%H:%M}")


def _answer(name: str, **more: Any) -> str:
    given = request.form.get("version", "")
    return render_template(
        "intermediaries/kept.html",
        name=name,
        label=getattr(SubjectForm, name).args[0],
        yes=_("已勾选"),
        no=_("未勾选"),
        version=renewed(given, name, queries.kept(access.own_file(require_actor()))),
        given=given,
        **{"at": None, "refused": "", "theirs": None, "mine": None, **more},
    )
