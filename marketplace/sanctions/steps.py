"""What the steps of cards and cases have in common: a form on a page of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from marketplace.foundation import clock, files
from marketplace.foundation.actor import Actor
from marketplace.foundation.errors import Missing
from marketplace.foundation.files import StoredFile
from marketplace.foundation.forms import Form
from marketplace.foundation.web import run_form

from . import access as rights
from .actions import cards
from .forms import CardForm
from .models import Breach, Card


def on_own_page(
    form: Form, act: Callable[[], Any], template: str, to: Callable[[Any], str], **shown: Any
) -> ResponseReturnValue:
    """A step's form on a page of its own; the object's page tells afterwards how it stands."""
    return run_form(form, act, lambda: render_template(template, form=form, **shown), None, to)


def propose_card_from(form: CardForm, actor: Actor, evidence: StoredFile | None = None) -> Card:
    """Propose the card of a form that was filled in; ``evidence`` where none came with it."""
    now = clock.now()
    return cards.propose_card(
        rights.concerned(actor, form.organisation()),
        home_code(actor),
        Breach(form.breach.data),
        form.facts.data or "",
        actor,
        now,
        item_code=form.item_code.data or None,
        evidence_file=files.store_given(form.evidence, actor, now) or evidence,
    )


def looks_late(open_now: bool) -> bool:
    """Whether somebody only looks at a step that is not open any more (or not yet)."""
    return request.method == "GET" and not open_now


def home_code(actor: Actor) -> str:
    """The jurisdiction whose cards and cases somebody handles; raises Missing without one."""
    if actor.jurisdiction is None:
        raise Missing("no jurisdiction")
    return actor.jurisdiction
