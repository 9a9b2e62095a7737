"""Who may see and decide what, object by object."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import select

from marketplace.accounts.models import Organisation, OrganisationFunction
from marketplace.accounts.permissions import Permission
from marketplace.accounts.queries import (
    organisation_by_credit_code,
    organisation_by_public_id,
    register_of,
)
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Invalid, Missing

from .models import GradeProposal


def rated_organisation(public_id: str) -> Organisation:
    """A party whose rating is public; natural persons' never is. Raises Missing."""
    found = organisation_by_public_id(public_id)
    if found is None or found.function is not OrganisationFunction.PARTY:
        raise Missing(f"organisation {public_id}")
    if found.credit_code is None:
        raise Missing(f"organisation {public_id}")
    return found


def may_look_back(actor: Actor | None, organisation_id: int) -> bool:
    """Whether past days may be opened: by the firm itself and by supervision.

    Ended sanctions leave the public pages, so the public sees today and what is to come.
    """
    if actor is None:
        return False
    return actor.organisation_id == organisation_id or actor.may(Permission.SUPERVISION_VIEW)


def proposal_for(actor: Actor, public_id: str) -> GradeProposal:
    """A proposal on the register the officer's office belongs to. Raises Missing."""
    found = db.session.scalar(select(GradeProposal).where(GradeProposal.public_id == public_id))
    if found is None or actor.jurisdiction is None:
        raise Missing(f"proposal {public_id}")
    if register_of(actor.jurisdiction) != found.subject.register:
        raise Missing(f"proposal {public_id}")
    return found


def inspectable(actor: Actor, credit_code: str) -> Organisation:
    """A party on the officer's register, by credit code. Raises Invalid naming the field."""
    found = organisation_by_credit_code(credit_code)
    if (
        found is None
        or actor.jurisdiction is None
        or found.function is not OrganisationFunction.PARTY
        or register_of(found.jurisdiction_code) != register_of(actor.jurisdiction)
    ):
        raise Invalid(
            _("本名录中没有该统一社会信用代码的单位，请核对后填写"),
            field="credit_code",
            rule="rating.inspection",
        )
    return found
