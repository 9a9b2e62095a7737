"""The demo's door: one click and one is somebody. Registered in demo mode only."""

from __future__ import annotations

from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    make_response,
    redirect,
    request,
    session,
    url_for,
)

from marketplace.accounts.access import cookie_name
from marketplace.accounts.actions import begin_session
from marketplace.foundation import clock
from marketplace.foundation.errors import Missing
from marketplace.foundation.web import PUBLIC, access, writes

from . import showing

bp = Blueprint("demo", __name__)


@bp.app_context_processor
def _people() -> dict[str, Any]:
    return {"demo_groups": showing.groups}


@bp.post("/demo/sign-in")
@access(PUBLIC)
@writes
def sign_in() -> Response:
    """Begin a session as one of the demo's people, without password or second factor.

    404 outside demo mode, for whoever is not on offer, and for accounts that are no demo's.
    """
    if not current_app.config["IS_DEMO"]:
        raise Missing("demo")
    found = showing.account(request.form.get("login", ""))
    if found is None:
        raise Missing("demo account")
    user, organisation = found
    token = begin_session(
        user, organisation, clock.now(), request.remote_addr, request.user_agent.string
    )
    session.clear()
    response = make_response(redirect(url_for("workspace.home"), 303))
    response.set_cookie(
        cookie_name(),
        token,
        httponly=True,
        samesite="Lax",
        secure=current_app.config["SECURE_COOKIES"],
        path="/",
    )
    return response
