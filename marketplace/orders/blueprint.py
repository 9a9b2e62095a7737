"""The blueprint the pages of both sides hang on."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("orders", __name__)
