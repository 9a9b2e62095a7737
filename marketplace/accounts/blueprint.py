"""The blueprint every page about people hangs on, and what those pages share."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, make_response, redirect, request, session
from flask_login import current_user

from .access import cookie_name
from .models import WebSession

bp = Blueprint("accounts", __name__)


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


def with_session(answer: Any, token: str) -> Response:
    """The answer with the cookie of a new session id; a new form token too."""
    session.clear()
    response = make_response(answer)
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
    answer = redirect(where, 303)
    return with_session(answer, token) if token else make_response(answer)
