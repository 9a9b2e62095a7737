"""The blueprint of this package; the pages are registered by importing them in ``views``."""

from flask import Blueprint

bp = Blueprint("workspace", __name__)
