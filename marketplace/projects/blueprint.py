"""The blueprint the owner's pages hang on."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("projects", __name__)
