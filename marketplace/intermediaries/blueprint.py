"""The blueprint both rooms hang their pages on."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("intermediaries", __name__)
