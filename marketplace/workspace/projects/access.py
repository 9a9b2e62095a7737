"""Whose project is it."""

from __future__ import annotations

from marketplace.accounts.permissions import Permission
from marketplace.foundation.actor import Actor
from marketplace.foundation.errors import Missing
from marketplace.projects import queries as projects
from marketplace.projects.models import Project


def own_project(actor: Actor, public_id: str) -> Project:
    """A project of the actor's own organisation; anybody else's answers Missing."""
    found = (
        projects.project_of(actor.organisation_id, public_id)
        if actor.organisation_id is not None
        else None
    )
    if found is None:
        raise Missing(f"project {public_id}")
    return found


def own_under(actor: Actor | None, code: str) -> Project | None:
    """The actor's own project with a code, where it may see its organisation's needs."""
    if actor is None or actor.organisation_id is None or not actor.may(Permission.NEED_VIEW):
        return None
    return projects.project_by_code(actor.organisation_id, code)
