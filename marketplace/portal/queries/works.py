"""What a firm has done: its completed contracts of this platform, nothing it says of itself."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, bindparam, literal_column, select

from marketplace.accounts.models import Organisation
from marketplace.contracts.models import Contract, ContractStatus
from marketplace.foundation.db import fetch
from marketplace.projects import queries as projects
from marketplace.projects.models import Need

MOST = 20

_WORKS = (
    select(
        Need.id.label("need_id"),
        Need.item_code,
        Need.items_count,
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


def works_of(organisation_id: int) -> list[tuple[Row[Any], list[str]]]:
    """The last of a firm's completed contracts: for whom, at what price, when, whether on time;
    with the codes of all items that the contract was for."""
    rows = fetch(_WORKS, firm_id=organisation_id)
    further = projects.further_items([row.need_id for row in rows if row.items_count > 1])
    return [
        (row, [row.item_code, *(code for code, _name in further.get(row.need_id, ()))])
        for row in rows
    ]
