"""What still runs for a firm that leaves."""

from __future__ import annotations

from sqlalchemy import select

from marketplace.accounts.queries import below
from marketplace.contracts import queries as contracts
from marketplace.contracts.models import Contract
from marketplace.foundation.db import db
from marketplace.intermediaries.models import Firm
from marketplace.projects.models import Need, NeedStatus
from marketplace.selection.models import Award, AwardStatus

_TO_SIGN = (
    AwardStatus.PROPOSED,
    AwardStatus.ANNOUNCED,
    AwardStatus.OFFERED,
    AwardStatus.ACCEPTED,
)


def running(firm: Firm) -> list[Contract]:
    """The contracts of a firm that run where its register reaches."""
    codes = set(below(firm.register_code))
    return [
        each
        for each in contracts.running_of(firm.organisation_id)
        if each.jurisdiction_code in codes
    ]


def unsigned(firm: Firm) -> list[Need]:
    """Needs a firm was chosen for and that have no contract yet."""
    return list(
        db.session.scalars(
            select(Need)
            .join(Award, Award.need_id == Need.id)
            .where(
                Award.organisation_id == firm.organisation_id,
                Award.status.in_(_TO_SIGN),
                Need.status.in_((NeedStatus.SELECTING, NeedStatus.AWARDED)),
                Need.jurisdiction_code.in_(below(firm.register_code)),
            )
            .order_by(Need.id)
        )
    )
