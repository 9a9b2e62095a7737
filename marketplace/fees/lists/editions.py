"""What a fee list becomes when it is published: the edition and the standards of its own charges.

All of it is made before the transaction that publishes, which for a long list would otherwise
hold up everybody who writes for seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.fees import queries as fees
from marketplace.fees.rules.policy import FeesPolicy
from marketplace.fees.rules.reading.files import read_standard
from marketplace.fees.rules.reading.sections import EditionError
from marketplace.foundation import policy
from marketplace.foundation.crypto import canonical_json, sha256_hex
from marketplace.foundation.db import db
from marketplace.foundation.errors import Invalid
from marketplace.foundation.languages import for_storing
from marketplace.foundation.policy import PolicyEdition

from . import queries
from .columns import TITLES, as_record
from .models import FeeList
from .rules import ListRow, edition_source, own_standard, standard_source


@dataclass(frozen=True)
class Prepared:
    """A list at one ``revision``, made ready: its hash, the edition it becomes, the standards its
    own charges become, and how it differs from the edition ``base_id``."""

    revision: int
    base_id: int | None
    sha256: str
    total: int
    edition: policy.Draft
    standards: list[dict[str, Any]]
    compared: queries.Comparison


def prepare(fee_list: FeeList, *, standards: bool) -> Prepared | Invalid:
    """A list made ready to be published, or why it cannot be; only reads.

    ``standards``: those of its own charges too, of which a long list has thousands.
    """
    rows = queries.rows_of(fee_list)
    base = queries.edition_for(fee_list.jurisdiction_code, fee_list.effective_from)
    old = queries.rows_of_edition(base) if base is not None else []
    try:
        return Prepared(
            fee_list.revision,
            base.id if base is not None else None,
            list_hash(fee_list, rows),
            len(rows),
            edition_of(fee_list, rows),
            _own_standards(fee_list, rows, _unchanged(fee_list, base, old, rows))
            if standards
            else [],
            queries.comparison(old, rows),
        )
    except Invalid as error:
        return error


@for_storing()
def list_hash(fee_list: FeeList, rows: Sequence[ListRow]) -> str:
    """SHA-256 of a list's head and every cell of its rows, in one byte form."""
    head = {
        "jurisdiction": fee_list.jurisdiction_code,
        "title": fee_list.title,
        "document": fee_list.document,
        "legal_basis": fee_list.legal_basis,
        "effective_from": fee_list.effective_from,
    }
    cells = [dict(zip(TITLES, as_record(row), strict=True)) for row in rows]
    return sha256_hex(canonical_json({"head": head, "rows": cells}))


def edition_of(fee_list: FeeList, rows: Sequence[ListRow]) -> policy.Draft:
    """The list as the fee edition it becomes, read by the loader of every edition."""
    found = fees.fees_policy(fee_list.jurisdiction_code, fee_list.effective_from)
    base: dict[str, Any] = {}
    if found is not None:
        row = db.session.get_one(PolicyEdition, found.id)
        base = dict(row.content)
    known = {row.code for row in rows if row.is_priced}
    for layer in base.get("layers", ()):
        for code in layer.get("items", ()):
            if code not in known:
                raise Invalid(
                    _(
                        "地方规则“%(layer)s”适用于事项“%(code)s”，清单须保留这一行并填写收费标准",
                        layer=layer.get("title", ""),
                        code=code,
                    ),
                    rule="fees.list",
                )
    with for_storing():
        source = edition_source(
            rows,
            fee_list.jurisdiction_code,
            fee_list.title,
            fee_list.legal_basis,
            fee_list.effective_from,
            base,
        )
    try:
        return policy.parse(fee_list.title, source, [FeesPolicy])
    except policy.PolicyError as error:
        raise Invalid(str(error), rule="fees.list") from error


def _unchanged(
    fee_list: FeeList,
    base: queries.ListEdition | None,
    old: Sequence[ListRow],
    rows: Sequence[ListRow],
) -> set[str]:
    """The items whose own charge stands as it was: their standard goes on."""
    if base is None or base.jurisdiction != fee_list.jurisdiction_code:
        return set()
    before = {row.code: row for row in old}

    def said(row: ListRow | None) -> tuple[Any, ...] | None:
        return None if row is None else (row.charge, row.name, row.price_form)

    return {row.code for row in rows if said(row) == said(before.get(row.code))}


def _own_standards(
    fee_list: FeeList, rows: Sequence[ListRow], unchanged: set[str]
) -> list[dict[str, Any]]:
    """The charges of the list's own as standards, each read by the loader of every standard."""
    issuer = accounts.bureau(fee_list.jurisdiction_code).name
    made = []
    for row in rows:
        if row.charge is None or row.code in unchanged:
            continue
        key = own_standard(fee_list.jurisdiction_code, row.code)
        with for_storing():
            source = standard_source(
                row,
                fee_list.jurisdiction_code,
                fee_list.title,
                fee_list.document,
                issuer,
                fee_list.effective_from,
            )
        content = source.encode()
        try:
            told = read_standard(f"{key}.toml", content)
        except EditionError as error:
            raise Invalid(str(error), rule="fees.list") from error
        made.append(
            {
                "standard_id": key,
                "title": told.title[:200],
                "document": told.document,
                "issuer": told.issuer,
                "effective_from": told.effective_from,
                "source": source,
                "sha256": sha256_hex(content),
            }
        )
    return made
