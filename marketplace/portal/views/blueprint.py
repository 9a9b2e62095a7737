"""The blueprint of the public room: what all its pages share."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from marketplace.accounts import areas
from marketplace.foundation.web import current_actor

from ..navigation import Navigation

bp = Blueprint("portal", __name__)
A_YEAR = 31_536_000


@bp.app_context_processor
def _navigation() -> dict[str, Any]:
    return {"navigation": Navigation(current_actor())}


@bp.after_app_request
def _remember_area(response: Response) -> Response:
    """Keep the chosen area for the next pages, as the chosen language is kept."""
    wanted = request.args.get(areas.ARGUMENT)
    if wanted and wanted.isascii() and wanted.isdigit() and len(wanted) <= 12:
        response.set_cookie(
            areas.ARGUMENT,
            wanted,
            max_age=A_YEAR,
            httponly=True,
            samesite="Lax",
            secure=request.is_secure,
        )
    return response
