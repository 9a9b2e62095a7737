"""The blueprint the pages of sanctions hang on."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("sanctions", __name__)
