"""Reads of fee lists: of editions in force, of drafts, of uploads; and how two lists differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Row, Select, delete, select
from sqlalchemy.orm import defer

from marketplace.accounts import queries as accounts
from marketplace.catalogue import queries as catalogue
from marketplace.fees import queries as fees
from marketplace.fees.models import FeeStandardEdition
from marketplace.fees.rules.policy import FeesPolicy
from marketplace.foundation import policy
from marketplace.foundation.addresses import MAX_ID
from marketplace.foundation.db import as_written, db
from marketplace.foundation.errors import Missing
from marketplace.foundation.files import StoredFile
from marketplace.foundation.policy import PolicyEdition

from .columns import Standards
from .models import FeeList, FeeListFile, FeeListImport, FeeListRow, ImportStatus, ListStatus
from .rules import Change, Difference, Effect, ListRow, compare, row_of

SECTION = FeesPolicy.SECTION
# the files made of a published list
KINDS = ("xlsx", "pdf")


@dataclass(frozen=True)
class ListEdition:
    """A fee edition as a list people read: who made it and when, its hash, its rows' source.

    ``fee_list`` is None for an edition that was shipped or loaded by command.
    """

    id: int
    jurisdiction: str
    title: str
    legal_basis: str
    effective_from: date
    published_at: datetime
    sha256: str
    fee_list: FeeList | None

    @property
    def document(self) -> str:
        """The document it was published by, if it says one."""
        return self.fee_list.document if self.fee_list is not None else ""


def published_standards(day: date) -> Standards:
    """The published standards a list may name on ``day``; charges of lists' own are not among
    them, nor public fees or a trade association's rates."""
    ids = db.session.scalars(
        select(FeeStandardEdition.standard_id)
        .where(
            FeeStandardEdition.effective_from <= day,
            FeeStandardEdition.standard_id.not_like("own\\_%", escape="\\"),
        )
        .distinct()
    ).all()
    told = {key: fees.figures(row) for key, row in fees.standards(day, ids).items()}
    return Standards({key: told[key] for key in sorted(told) if fees.may_price(told[key])})


def edition_for(jurisdiction: str, day: date) -> ListEdition | None:
    """The list in force for a place on ``day``: its own or the nearest above it."""
    found = fees.fees_policy(jurisdiction, day)
    return None if found is None else edition(found.id)


def newest_of(jurisdiction: str) -> Row[int, date] | None:
    """``id`` and ``effective_from`` of the last fee edition published for the place itself, in
    force or to come; always read from the database."""
    return db.session.execute(
        select(PolicyEdition.id, PolicyEdition.effective_from)
        .where(PolicyEdition.section == SECTION, PolicyEdition.jurisdiction == jurisdiction)
        .order_by(PolicyEdition.effective_from.desc())
        .limit(as_written(1))
    ).first()


def edition(edition_id: int) -> ListEdition:
    """A fee edition by its key; raises Missing."""
    if abs(edition_id) > MAX_ID:
        raise Missing(f"fee edition {edition_id}")
    row = db.session.scalar(
        select(PolicyEdition)
        .where(PolicyEdition.id == edition_id, PolicyEdition.section == SECTION)
        .options(defer(PolicyEdition.source), defer(PolicyEdition.content))
    )
    if row is None:
        raise Missing(f"fee edition {edition_id}")
    return _as_list(row, _lists_of([row.id]))


def editions(codes: Sequence[str]) -> list[ListEdition]:
    """Every fee edition of these places, the newest first."""
    rows = db.session.scalars(
        select(PolicyEdition)
        .where(PolicyEdition.section == SECTION, PolicyEdition.jurisdiction.in_(codes))
        .options(defer(PolicyEdition.source), defer(PolicyEdition.content))
        .order_by(PolicyEdition.effective_from.desc(), PolicyEdition.id.desc())
        .limit(as_written(200))
    ).all()
    lists = _lists_of([row.id for row in rows])
    return [_as_list(row, lists) for row in rows]


def _lists_of(edition_ids: Iterable[int]) -> dict[int, FeeList]:
    rows = db.session.scalars(select(FeeList).where(FeeList.policy_edition_id.in_(edition_ids)))
    return {row.policy_edition_id or 0: row for row in rows}


def _as_list(row: PolicyEdition, lists: dict[int, FeeList]) -> ListEdition:
    return ListEdition(
        row.id,
        row.jurisdiction,
        row.title,
        row.legal_basis,
        row.effective_from,
        row.published_at,
        row.sha256,
        lists.get(row.id),
    )


def rows_of_edition(found: ListEdition) -> list[ListRow]:
    """The rows of a published list. One that was shipped says of an item only how it is priced;
    its name and department are those of the item list of its time."""
    if found.fee_list is not None:
        return rows_of(found.fee_list)
    values = policy.by_id(FeesPolicy, found.id).values
    items = _items(found.jurisdiction, found.effective_from)
    return [row_of(code, *items.get(code, (code, "")), fee) for code, fee in values.items.items()]


def _items(jurisdiction: str, day: date) -> dict[str, tuple[str, str]]:
    """Name and department of every item: of the place's own list, else of the newest anywhere."""
    found = catalogue.items(day, accounts.lineage(jurisdiction)) or catalogue.items(day)
    return {item.code: (item.name, item.department_name) for item in found}


def listed_items(jurisdiction: str, day: date) -> dict[str, bool]:
    """The items of the item list in force: whether a department may ask for it as a condition.
    The item list and the fee list are two lists."""
    found = catalogue.items(day, accounts.lineage(jurisdiction))
    return {item.code: item.on_list for item in found}


def rows_of(fee_list: FeeList) -> list[ListRow]:
    """The rows of a list in their order."""
    rows = db.session.scalars(
        select(FeeListRow).where(FeeListRow.list_id == fee_list.id).order_by(FeeListRow.position)
    )
    return [row.told for row in rows]


def kept_file(edition_id: int, kind: str) -> StoredFile | None:
    """The spreadsheet (``xlsx``) or ``pdf`` made of a list when it was published."""
    return db.session.scalar(
        select(StoredFile)
        .join(FeeListFile, FeeListFile.file_id == StoredFile.id)
        .where(FeeListFile.policy_edition_id == edition_id, FeeListFile.kind == kind)
    )


def without_file(kind: str) -> list[int]:
    """The editions of published lists of which the file of this kind is still to be made."""
    kept = select(FeeListFile.policy_edition_id).where(FeeListFile.kind == kind)
    found = db.session.scalars(
        select(FeeList.policy_edition_id)
        .where(
            FeeList.status == ListStatus.PUBLISHED,
            FeeList.policy_edition_id.not_in(kept),
        )
        .order_by(FeeList.id)
    )
    return [edition_id for edition_id in found if edition_id is not None]


def stored_row(fee_list: FeeList, code: str) -> FeeListRow:
    """One row of a list; raises Missing."""
    found = db.session.scalar(
        select(FeeListRow).where(FeeListRow.list_id == fee_list.id, FeeListRow.code == code)
    )
    if found is None:
        raise Missing(f"row {code}")
    return found


def clear_rows(fee_list: FeeList) -> None:
    """Take every row of a draft away."""
    db.session.execute(delete(FeeListRow).where(FeeListRow.list_id == fee_list.id))


def lists(codes: Sequence[str]) -> Select[FeeList]:
    """The lists of these places, the newest first."""
    return select(FeeList).where(FeeList.jurisdiction_code.in_(codes)).order_by(FeeList.id.desc())


def lists_with(status: ListStatus, codes: Sequence[str]) -> list[FeeList]:
    """The lists of these places at one step, the oldest first."""
    query = lists(codes).where(FeeList.status == status).order_by(None)
    return list(db.session.scalars(query.order_by(FeeList.id).limit(as_written(100))))


def imports(codes: Sequence[str]) -> list[FeeListImport]:
    """The uploads nobody has dealt with yet, the newest first."""
    open_states = (
        ImportStatus.WAITING,
        ImportStatus.READING,
        ImportStatus.READY,
        ImportStatus.FAULTY,
    )
    return list(
        db.session.scalars(
            select(FeeListImport)
            .where(
                FeeListImport.jurisdiction_code.in_(codes), FeeListImport.status.in_(open_states)
            )
            .order_by(FeeListImport.id.desc())
            .limit(as_written(20))
        )
    )


def due_imports(now: datetime) -> list[int]:
    """The uploads to be read, oldest first."""
    return list(
        db.session.scalars(
            select(FeeListImport.id)
            .where(FeeListImport.next_check_at <= now)
            .order_by(FeeListImport.next_check_at, FeeListImport.id)
            .limit(as_written(10))
        )
    )


@dataclass(frozen=True)
class Comparison:
    """How a list differs from another: every item, and how many of each kind."""

    differences: tuple[Difference, ...]
    counts: Counter[Change]
    effects: Counter[Effect]

    def of(self, change: Change | None, words: str = "") -> list[Difference]:
        """Those of one kind (``None``: all that differ) whose code or name holds the words."""
        wanted = words.strip().lower()[:40]
        return [
            each
            for each in self.differences
            if (each.change is change if change else each.change is not Change.SAME)
            and (wanted in each.code.lower() or wanted in each.row.name.lower())
        ]


def comparison(old: Sequence[ListRow], new: Sequence[ListRow]) -> Comparison:
    """Item by item, the new list's order first."""
    found = tuple(compare(old, new))
    return Comparison(
        found,
        Counter(each.change for each in found),
        Counter(each.effect for each in found if each.effect is not None),
    )


def against_force(
    jurisdiction: str, day: date, new: Sequence[ListRow]
) -> tuple[ListEdition | None, Comparison]:
    """A list's rows against the list in force on its effective day."""
    base = edition_for(jurisdiction, day)
    old = rows_of_edition(base) if base is not None else []
    return base, comparison(old, new)


def matching(rows: Sequence[ListRow], words: str) -> list[ListRow]:
    """The rows whose code, name or department holds the words."""
    wanted = words.strip().lower()[:40]
    return [
        row
        for row in rows
        if wanted in row.code.lower()
        or wanted in row.name.lower()
        or wanted in row.department.lower()
    ]
