"""The blueprint every page about people hangs on, and what those pages share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, current_app, g, make_response, redirect, request, session
from flask_login import current_user

from .access import cookie_name
from .models import WebSession
from .speaking import follow_choices

bp = Blueprint("accounts", __name__)
bp.record_once(follow_choices)


def address() -> str:
    """Where the request comes from."""
    return request.remote_addr or ""


def own_session() -> WebSession:
    """The session of who is signed in."""
    found: WebSession = current_user.session
    return found


def safe_path(wanted: str, otherwise: str) -> str:
    """``wanted`` when it is a path of this site, never another's; else ``otherwise``."""
    inside = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    if inside and wanted.isprintable() and "\\" not in wanted and len(wanted) <= 1000:
        return wanted
    return otherwise


def with_session(answer: Callable[[], Any], token: str) -> Response:
    """The answer with the cookie of a new session id, made under a new form token."""
    session.clear()
    g.pop("csrf_token", None)
    response = make_response(answer())
    response.set_cookie(
        cookie_name(),
        token,
        httponly=True,
        samesite="Lax",
        secure=current_app.config["SECURE_COOKIES"],
        path="/",
    )
    return response


def led_to(where: str, token: str | None = None) -> Response:
    """A redirect after a write, with a new session id where there is one."""
    if token is None:
        return make_response(redirect(where, 303))
    return with_session(lambda: redirect(where, 303), token)
