"""The blueprint every page of the fee standards and fee lists stands on."""

from __future__ import annotations

from flask import Blueprint

from .wording import unit

bp = Blueprint("fees", __name__)
bp.add_app_template_filter(unit, "unit")
