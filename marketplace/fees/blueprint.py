"""The blueprint every page of the fee standards and fee lists stands on."""

from __future__ import annotations

from flask import Blueprint

from .wording import signed_share, unit

bp = Blueprint("fees", __name__)
bp.add_app_template_filter(unit, "unit")
bp.add_app_template_filter(signed_share, "share_of")
