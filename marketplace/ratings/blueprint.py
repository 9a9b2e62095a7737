"""The blueprint that all pages of ratings register on."""

from flask import Blueprint

bp = Blueprint("ratings", __name__)
