"""Marks that an organisation still owes the other side of an ended contract."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from flask_babel import gettext as _

from marketplace.accounts.permissions import Permission
from marketplace.evaluations import queries as evaluations
from marketplace.evaluations.departments import queries as departments
from marketplace.foundation.actor import Actor

from .line import Line


def to_mark(actor: Actor, now: datetime) -> Iterator[Line]:
    """Open windows in which the actor's side has not marked."""
    if not actor.may(Permission.EVALUATE) or actor.organisation_id is None:
        return
    for window in departments.waiting_for(actor.organisation_id, now):
        yield Line(
            what=_("评价中介机构"),
            about=window.contract.need.title,
            page="evaluations.evaluate_department",
            key=window.contract.public_id,
            where="evaluations.department_evaluations",
            since=window.opened_at,
            due=window.ends_at,
        )
    for window in evaluations.waiting_for(actor.organisation_id):
        yield Line(
            what=_("评价合同对方"),
            about=window.contract.need.title,
            page="evaluations.evaluate",
            key=window.contract.public_id,
            where="contracts.index",
            since=window.opened_at,
            due=window.ends_at,
        )
