"""Step-up: before a grave act the person proves once more to be there, for five minutes.

(RELIABILITY section 13.1; ASVS 7.5.3.) By the second factor, or by the password where there is
none. Put ``@step_up`` above ``@writes``. Where the second factor is switched off (the demo, which
says so on every page) nothing is asked.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Container
from typing import Any

from flask import current_app, redirect, render_template, request, url_for
from flask_login import current_user

from marketplace.foundation.web import SAFE_METHODS

from .forms import ConfirmForm
from .queries import real_now
from .rules import STEP_UP_LIFE

_NOT_KEPT = {"csrf_token"}
LONGEST_KEPT = 200_000


def step_up(view: Callable[..., Any]) -> Callable[..., Any]:
    """Ask for a fresh proof before the page is opened and before its form is carried out.

    A form sent after the proof has lapsed is kept and shown again after the proof (its files are
    not); nothing of it is carried out meanwhile.
    """
    return _asking(view, SAFE_METHODS)


def step_up_to_send(view: Callable[..., Any]) -> Callable[..., Any]:
    """Ask only when the form is sent: for pages that many read and few decide on."""
    return _asking(view, frozenset())


def _asking(view: Callable[..., Any], reading: Container[str]) -> Callable[..., Any]:
    @functools.wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if is_confirmed():
            return view(*args, **kwargs)
        if request.method not in SAFE_METHODS:
            return _ask_and_keep()
        if request.method not in reading:
            return view(*args, **kwargs)
        return redirect(url_for("accounts.confirm", next=request.full_path.rstrip("?")), 303)

    wrapper.steps_up = True  # type: ignore[attr-defined]
    return wrapper


def is_confirmed() -> bool:
    """Whether the person proved to be there within the last five minutes."""
    if not current_app.config["SECOND_FACTOR"]:
        return True
    at = current_user.session.confirmed_at
    return at is not None and real_now() - at < STEP_UP_LIFE


def _ask_and_keep() -> Any:
    fields = [pair for pair in request.form.items(multi=True) if pair[0] not in _NOT_KEPT]
    kept = json.dumps({"action": request.full_path.rstrip("?"), "fields": fields})
    form = ConfirmForm(formdata=None)
    form.kept.data = kept if len(kept) <= LONGEST_KEPT else ""
    page = render_template(
        "accounts/confirm.html",
        form=form,
        by_factor=current_user.user.factor_secret is not None,
        lost=bool(request.files) or len(kept) > LONGEST_KEPT,
    )
    return page, 403
