"""The shape of a firm's pages: what is on file of a kind with a form for one more, and one row of
it with a form that changes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import render_template, url_for

from marketplace.foundation.actor import Actor
from marketplace.foundation.forms import Form
from marketplace.foundation.web import require_actor, run_form

from ... import access as rights
from ...models import Firm
from .. import access


def kept_list(
    form: Form,
    add: Callable[[Firm, Actor], Any],
    template: str,
    shown: Callable[[Firm], Mapping[str, Any]],
    told: str | None,
    endpoint: str,
) -> Any:
    """What is ``shown`` of the own file, and ``add`` with what the form says."""
    actor = require_actor()
    firm = rights.own_file(actor)

    def page() -> str:
        own = rights.own_file(actor)
        return render_template(template, firm=own, form=form, **shown(own))

    return run_form(form, lambda: add(firm, actor), page, told, lambda _row: url_for(endpoint))


def kept_row(
    form: Form,
    model: type[Any],
    public_id: str,
    change: Callable[[Any, Actor], Any],
    template: str,
    told: str,
    endpoint: str,
) -> Any:
    """One row of the own file, and ``change`` with what the form says."""
    actor = require_actor()
    row = access.own(rights.own_file(actor), model, public_id)

    def page() -> str:
        again = access.own(rights.own_file(actor), model, public_id)
        return render_template(template, form=form, row=again)

    return run_form(form, lambda: change(row, actor), page, told, lambda _done: url_for(endpoint))
