"""Who may see and decide what, object by object."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _
from sqlalchemy import select

from marketplace.accounts.models import Organisation, OrganisationFunction
from marketplace.accounts.overseeing import oversees, supervises
from marketplace.accounts.queries import (
    organisation_by_credit_code,
    organisation_by_public_id,
    register_for,
)
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Invalid, Missing

from . import queries
from .models import Capacity, GradeProposal


def rated_organisation(public_id: str) -> Organisation:
    """A party whose rating is public; natural persons' never is. Raises Missing."""
    found = organisation_by_public_id(public_id)
    if found is None or found.function is not OrganisationFunction.PARTY:
        raise Missing(f"organisation {public_id}")
    if found.credit_code is None:
        raise Missing(f"organisation {public_id}")
    return found


def rated_on(
    organisation: Organisation,
    asked: Sequence[str],
    capacity: Capacity = Capacity.INTERMEDIARY,
) -> str:
    """The register whose rating a page shows: the first asked for that knows the organisation,
    else that of its home, else any that knows it."""
    known = queries.registers_of(organisation.id, capacity)
    home = register_for(organisation.jurisdiction_code)
    return next((code for code in (*asked, home, *known) if code in known), home)


def may_look_back(actor: Actor | None, organisation_id: int, register: str) -> bool:
    """Whether past days may be opened: by the firm itself and by the officers of the register.

    Ended sanctions leave the public pages, so the public sees today and what is to come.
    """
    own = actor is not None and actor.organisation_id == organisation_id
    return own or supervises(actor, register)


def proposal_for(actor: Actor, public_id: str) -> GradeProposal:
    """A proposal on a register of the officer's area. Raises Missing."""
    found = db.session.scalar(select(GradeProposal).where(GradeProposal.public_id == public_id))
    if found is None or not oversees(actor, found.subject.register):
        raise Missing(f"proposal {public_id}")
    return found


def inspectable(actor: Actor, credit_code: str) -> Organisation:
    """A party of the officer's area, by credit code. Raises Invalid naming the field."""
    found = organisation_by_credit_code(credit_code)
    if (
        found is None
        or found.function is not OrganisationFunction.PARTY
        or not oversees(actor, found.jurisdiction_code)
    ):
        raise Invalid(
            _("本名录中没有该统一社会信用代码的单位，请核对后填写"),
            field="credit_code",
            rule="rating.inspection",
        )
    return found
