"""Who may work on a fee list: the officers of the bureau of its place."""

from __future__ import annotations

from flask_babel import gettext as _

from marketplace.accounts.overseeing import supervises
from marketplace.foundation.actor import Actor
from marketplace.foundation.errors import Missing
from marketplace.foundation.finding import by_public_id

from .models import FeeList, FeeListImport


def home_code(actor: Actor) -> str:
    """The place whose fee list an officer works on; raises Missing without one."""
    if actor.jurisdiction is None:
        raise Missing("no jurisdiction")
    return actor.jurisdiction


def list_for(actor: Actor, public_id: str) -> FeeList:
    """A list an officer of its place or above may see, drafts too; raises Missing."""
    found = by_public_id(FeeList, public_id)
    if not supervises(actor, found.jurisdiction_code):
        raise Missing(_("没有这份收费目录清单"), rule="fees.list")
    return found


def own_list(actor: Actor, public_id: str) -> FeeList:
    """A list of the officer's own place; raises Missing."""
    found = by_public_id(FeeList, public_id)
    if found.jurisdiction_code != actor.jurisdiction:
        raise Missing(_("没有这份收费目录清单"), rule="fees.list")
    return found


def import_for(actor: Actor, public_id: str) -> FeeListImport:
    """An upload for the list of the officer's own place; raises Missing."""
    found = by_public_id(FeeListImport, public_id)
    if found.jurisdiction_code != actor.jurisdiction:
        raise Missing(_("没有这次导入"), rule="fees.list")
    return found
