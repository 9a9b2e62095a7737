"""The blueprint that all pages of ratings register on, and whose rating they are asked for."""

from __future__ import annotations

from flask import Blueprint, request

from marketplace.accounts.areas import chosen
from marketplace.accounts.models import Organisation

from . import access as rights
from .models import Capacity

bp = Blueprint("ratings", __name__)


def asked_for(public_id: str, capacity: Capacity) -> tuple[Organisation, str]:
    """An organisation and the register whose rating is shown: that of `?register=`, else of the
    area the reader chose, else one that knows it. Raises Missing."""
    organisation = rights.rated_organisation(public_id)
    wanted = request.args.get("register", ""), chosen().register or ""
    return organisation, rights.rated_on(organisation, wanted, capacity)
