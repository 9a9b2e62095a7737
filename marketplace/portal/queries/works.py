"""What a firm has done: its completed contracts of this platform, nothing it says of itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, bindparam, literal_column, select

from marketplace.accounts.models import Organisation
from marketplace.contracts.models import Contract, ContractStatus
from marketplace.foundation.db import fetch
from marketplace.projects.models import Need

MOST = 20

_WORKS = (
    select(
        Need.item_code,
        Organisation.name.label("owner_name"),
        Organisation.kind.label("owner_kind"),
        Contract.price,
        Contract.accepted_at,
        Contract.overdue_since.is_(None).label("on_time"),
    )
    .join(Need, Need.id == Contract.need_id)
    .join(Organisation, Organisation.id == Contract.owner_id)
    .where(
        Contract.firm_id == bindparam("firm_id"),
        Contract.status == ContractStatus.COMPLETED,
    )
    .order_by(Contract.accepted_at.desc(), Contract.id.desc())
    .limit(literal_column(str(MOST)))
)


def works_of(organisation_id: int) -> Sequence[Row[Any]]:
    """The last of a firm's completed contracts: for whom, at what price, when, whether on time."""
    return fetch(_WORKS, firm_id=organisation_id)
