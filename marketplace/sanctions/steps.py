"""What the steps of cards and cases have in common: a form on a page of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from marketplace.foundation.actor import Actor
from marketplace.foundation.errors import Missing
from marketplace.foundation.forms import Form
from marketplace.foundation.web import run_form


def on_own_page(
    form: Form, act: Callable[[], Any], template: str, to: Callable[[Any], str], **shown: Any
) -> ResponseReturnValue:
    """A step's form on a page of its own; the object's page tells afterwards how it stands."""
    return run_form(form, act, lambda: render_template(template, form=form, **shown), None, to)


def looks_late(open_now: bool) -> bool:
    """Whether somebody only looks at a step that is not open any more (or not yet)."""
    return request.method == "GET" and not open_now


def home_code(actor: Actor) -> str:
    """The jurisdiction whose cards and cases somebody handles; raises Missing without one."""
    if actor.jurisdiction is None:
        raise Missing("no jurisdiction")
    return actor.jurisdiction
