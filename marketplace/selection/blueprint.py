"""The blueprint the pages of choosing hang on."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("selection", __name__)
