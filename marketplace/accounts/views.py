"""The pages about people: doors, factor, own account, staff, agents, personal data."""

from __future__ import annotations

from typing import Any

from . import (
    account_pages,
    agent_pages,
    door_pages,
    factor_pages,
    leaving_pages,
    people_pages,
    privacy_pages,
)
from .blueprint import bp
from .masking import masked, masked_mobile
from .models import public_name
from .revealing import personal

__all__ = [
    "account_pages",
    "agent_pages",
    "bp",
    "door_pages",
    "factor_pages",
    "leaving_pages",
    "people_pages",
    "privacy_pages",
]


@bp.record_once
def _teach_templates(state: Any) -> None:
    state.app.jinja_env.globals["personal_value"] = personal
    state.app.jinja_env.globals["public_name"] = public_name
    state.app.jinja_env.filters["masked"] = masked
    state.app.jinja_env.filters["masked_mobile"] = masked_mobile


@bp.app_context_processor
def _factor_off() -> dict[str, bool]:
    from flask import current_app

    return {"factor_off": not current_app.config["SECOND_FACTOR"]}
