"""Drafting a fee list, submitting it, returning or approving it: an approved list is published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, insert, select

from marketplace.accounts import queries as accounts
from marketplace.fees import queries as fees
from marketplace.fees.models import FeeStandardEdition
from marketplace.fees.rules.policy import FeesPolicy
from marketplace.fees.rules.reading.files import read_standard
from marketplace.fees.rules.reading.sections import EditionError
from marketplace.foundation import audit, calendar, clock, epoch, lifecycle, policy
from marketplace.foundation.actor import Actor
from marketplace.foundation.crypto import canonical_json, sha256_hex
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid, Refused
from marketplace.foundation.languages import for_storing
from marketplace.foundation.policy import PolicyEdition
from marketplace.foundation.spreadsheets import Row, Table
from marketplace.foundation.spreadsheets.columns import BadCell, value_of
from marketplace.foundation.web import show_date
from marketplace.notices.actions import publish_notice

from . import queries
from .columns import COLUMNS, SHEET, TITLES, Standards, as_record, rows_of
from .models import FeeList, FeeListRow, ListStatus, columns_of
from .rules import ListRow, carry, edition_source, own_standard, standard_source

SHORTEST = 5
KIND = "fee_list"


def draft_list(
    jurisdiction: str,
    actor: Actor,
    now: datetime,
    rows: Sequence[ListRow] | None = None,
) -> FeeList:
    """A new draft for a place, from ``rows`` or else from the list in force on its first day."""
    after = clock.local_day(now)
    newest = queries.newest_of(jurisdiction)
    if newest is not None:
        after = max(after, newest.effective_from)
    effective_from = _first_of_next_month(after)
    base = queries.edition_for(jurisdiction, effective_from)
    given = rows
    if given is None:
        given = queries.rows_of_edition(base) if base is not None else []
    place = accounts.jurisdiction(jurisdiction).name
    fee_list = FeeList(
        jurisdiction_code=jurisdiction,
        title=f"{place}收费目录清单（{effective_from.year}年{effective_from.month}月版）",
        document="",
        legal_basis=base.legal_basis if base is not None else "",
        effective_from=effective_from,
        hands=[actor.user_id or 0],
    )
    lifecycle.begin(fee_list, ListStatus.DRAFT, actor, now)
    _put_rows(fee_list, given)
    return fee_list


def replace_rows(
    fee_list: FeeList, rows: Sequence[ListRow], actor: Actor, now: datetime
) -> FeeList:
    """Give a draft other rows, all of them. Raises Conflict once it may not change any more."""
    _open(fee_list, actor)
    queries.clear_rows(fee_list)
    _put_rows(fee_list, rows)
    audit.record("fee_list.rows_replaced", actor, fee_list, now, rows=len(rows))
    return fee_list


def take_part(fee_list: FeeList, user_id: int | None) -> None:
    """Note somebody who worked on a list, and so may not approve it."""
    if user_id is not None and user_id not in fee_list.hands:
        fee_list.hands = [*fee_list.hands, user_id]


def carried_over(rows: Sequence[ListRow], base: queries.ListEdition | None) -> list[ListRow]:
    """Rows that came from outside, with what the edition in force says of them beyond columns."""
    before = {row.code: row for row in queries.rows_of_edition(base)} if base else {}
    return [carry(row, before.get(row.code)) for row in rows]


def _put_rows(fee_list: FeeList, rows: Sequence[ListRow]) -> None:
    if rows:
        db.session.execute(
            insert(FeeListRow),
            [
                {"list_id": fee_list.id, "position": place, **columns_of(row)}
                for place, row in enumerate(rows, start=1)
            ],
        )


def state_facts(
    fee_list: FeeList,
    title: str,
    document: str,
    legal_basis: str,
    effective_from: date,
    actor: Actor,
    now: datetime,
) -> None:
    """The head of a draft: title, document number, legal basis, effective day.

    Raises Invalid for a day in the past, or one not after the place's newest edition.
    """
    _open(fee_list, actor)
    fee_list.title = title
    fee_list.document = document
    fee_list.legal_basis = legal_basis
    fee_list.effective_from = effective_from
    _check_day(fee_list, now)
    audit.record("fee_list.facts_stated", actor, fee_list, now, effective_from=effective_from)


def put_row(
    fee_list: FeeList, code: str | None, values: Mapping[str, str], actor: Actor, now: datetime
) -> FeeListRow:
    """Add a row to a draft (``code`` None) or change the row ``code``.

    ``values`` are texts by column, as a person fills them in. Raises Invalid at the column.
    """
    _open(fee_list, actor)
    told = read_row(values, queries.published_standards(clock.local_day(now)))
    if code is not None and told.code != code:
        raise Invalid(_("事项代码不能修改，请另加一行"), field="code", rule="fees.list")
    if code is None:
        if _has_row(fee_list, told.code):
            raise Invalid(_("清单中已有这一事项代码"), field="code", rule="fees.list")
        row = FeeListRow(
            list_id=fee_list.id, position=_last_position(fee_list) + 1, **columns_of(told)
        )
        db.session.add(row)
    else:
        row = queries.stored_row(fee_list, code)
        for key, value in columns_of(carry(told, row.told)).items():
            setattr(row, key, value)
    db.session.flush()
    audit.record("fee_list.row_saved", actor, fee_list, now, code=told.code)
    return row


def remove_row(fee_list: FeeList, code: str, actor: Actor, now: datetime) -> None:
    """Take a row out of a draft; raises Missing when it is not there."""
    _open(fee_list, actor)
    db.session.delete(queries.stored_row(fee_list, code))
    db.session.flush()
    audit.record("fee_list.row_removed", actor, fee_list, now, code=code)


def read_row(values: Mapping[str, str], standards: Standards) -> ListRow:
    """A row from texts by column, held to the same rules as a row of a file.

    Raises Invalid at the first column that cannot stand.
    """
    letters = {key: key for key in TITLES}
    table = Table(SHEET, 1, letters, dict(TITLES))
    row = Row(1, {})
    table.rows.append(row)
    for column in COLUMNS:
        row.values[column.key] = None
        try:
            row.values[column.key] = value_of(column, values.get(column.key, ""))
        except BadCell as error:
            table.complain(row, column.key, error.text, **dict(error.values))
    found = rows_of(table, standards)
    for problem in table.problems:
        raise Invalid(
            _("%(title)s：%(reason)s", title=problem.title, reason=problem.reason),
            field=problem.letter,
            rule="fees.list",
        )
    return found[0]


def submit_list(fee_list: FeeList, actor: Actor, now: datetime) -> None:
    """Lay a draft before another officer, compared with the list that will be in force until it.

    The edition is built once as it would be published, so that what cannot stand is refused here.
    """
    _open(fee_list, actor)
    _check_facts(fee_list, now)
    base = queries.edition_for(fee_list.jurisdiction_code, fee_list.effective_from)
    rows = queries.rows_of(fee_list)
    _edition_of(fee_list, rows)
    fee_list.base_edition_id = base.id if base is not None else None
    fee_list.submitted_by = actor.user_id
    fee_list.submitted_at = now
    fee_list.returned_because = None
    lifecycle.move(fee_list, ListStatus.SUBMITTED, actor, now, rows=len(rows))


def return_list(fee_list: FeeList, reason: str, actor: Actor, now: datetime) -> None:
    """Give a list back to who drafted it, with reasons. Raises Invalid or Refused."""
    lock(fee_list)
    _check_other_hand(fee_list, actor)
    if len(reason.strip()) < SHORTEST:
        raise Invalid(_("请写明退回的理由"), field="reason", rule="fees.list")
    fee_list.returned_because = reason.strip()
    lifecycle.move(fee_list, ListStatus.RETURNED, actor, now, reason=reason.strip())


def withdraw_list(fee_list: FeeList, actor: Actor, now: datetime) -> None:
    """Take a draft or a submitted list back; it stays in the record."""
    lock(fee_list)
    lifecycle.move(fee_list, ListStatus.WITHDRAWN, actor, now)


@for_storing()
def approve_list(fee_list: FeeList, seen: str, actor: Actor, now: datetime) -> PolicyEdition:
    """Publish a list: from its effective day on it is the fee edition of its place.

    ``seen`` is the ``list_hash`` of what the approver had before them. The charges of its own
    become standards, a public notice announces it. Raises Refused to whoever had a hand in it,
    Conflict when the list is not the one that was seen or the edition it was compared with is not
    the one in force on that day any more, Invalid for an effective day in the past.
    """
    lock(fee_list)
    # two lists of a place approved at once would each be compared without the other
    lock(accounts.jurisdiction(fee_list.jurisdiction_code))
    now = max(now, clock.now())
    _check_other_hand(fee_list, actor)
    if fee_list.status is not ListStatus.SUBMITTED:
        raise Conflict(_("这份清单不在待审批状态，请刷新页面"), rule="lifecycle")
    _check_facts(fee_list, now)
    base = queries.edition_for(fee_list.jurisdiction_code, fee_list.effective_from)
    newest = queries.newest_of(fee_list.jurisdiction_code)
    # the newest of its own is asked too: what is remembered may be older than the lock
    if (base.id if base is not None else None) != fee_list.base_edition_id or (
        newest is not None and newest.id != fee_list.base_edition_id
    ):
        raise Conflict(
            _("送审之后，清单所比对的版本已经变化，请退回重新比对后再审批"), rule="fees.list"
        )
    rows = queries.rows_of(fee_list)
    if list_hash(fee_list, rows) != seen:
        raise Conflict(_("清单在您查看之后已经变化，请核对本页内容后再审批"), rule="fees.list")
    compared = queries.comparison(queries.rows_of_edition(base) if base is not None else [], rows)
    standards = _own_standards(fee_list, rows, _unchanged(fee_list, rows))
    if standards:
        db.session.execute(
            insert(FeeStandardEdition), [row | {"loaded_at": now} for row in standards]
        )
        epoch.raise_editions()
    try:
        edition = policy.publish(_edition_of(fee_list, rows), actor, now)
    except policy.PolicyError as error:
        raise Invalid(str(error), rule="fees.list") from error
    fee_list.approved_by = actor.user_id
    fee_list.published_at = now
    fee_list.policy_edition_id = edition.id
    fee_list.sha256 = seen
    lifecycle.move(
        fee_list,
        ListStatus.PUBLISHED,
        actor,
        now,
        sha256=fee_list.sha256,
        edition=edition.id,
        rows=len(rows),
        standards=len(standards),
    )
    publish_notice(
        kind=KIND,
        subject=fee_list,
        title=f"{fee_list.title}公布",
        body=_announcement(fee_list, len(rows), compared),
        ends_at=_end_of_notice(fee_list, now),
        jurisdiction_code=fee_list.jurisdiction_code,
        actor=actor,
        now=now,
        objectable=False,
        link=f"/fees/lists/{edition.id}",
    )
    return edition


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


def _edition_of(fee_list: FeeList, rows: Sequence[ListRow]) -> policy.Draft:
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


def _unchanged(fee_list: FeeList, rows: Sequence[ListRow]) -> set[str]:
    """The items whose own charge stands as it was: their standard goes on."""
    base = queries.edition_for(fee_list.jurisdiction_code, fee_list.effective_from)
    if base is None or base.jurisdiction != fee_list.jurisdiction_code:
        return set()
    before = {row.code: row for row in queries.rows_of_edition(base)}

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


def _open(fee_list: FeeList, actor: Actor) -> None:
    lock(fee_list)
    if not fee_list.is_editable:
        raise Conflict(
            _("清单状态为“%(status)s”，不能修改", status=fee_list.status.title), rule="lifecycle"
        )
    take_part(fee_list, actor.user_id)


def _check_other_hand(fee_list: FeeList, actor: Actor) -> None:
    if actor.user_id in (*fee_list.hands, fee_list.submitted_by):
        raise Refused(_("起草、修改或送审过清单的人不能审批，须由另一人办理"), rule="other_hand")


def _check_facts(fee_list: FeeList, now: datetime) -> None:
    for field, value, name in (
        ("document", fee_list.document, _("公布文号")),
        ("legal_basis", fee_list.legal_basis, _("制定依据")),
    ):
        if not value.strip():
            raise Invalid(_("请先填写%(name)s", name=name), field=field, rule="fees.list")
    if not _last_position(fee_list):
        raise Invalid(_("清单还没有一行"), rule="fees.list")
    _check_day(fee_list, now)


def _check_day(fee_list: FeeList, now: datetime) -> None:
    if fee_list.effective_from < clock.local_day(now):
        raise Invalid(
            _("施行日期不能早于今天，已经过去的日子不得改变"), field="effective_from", rule="past"
        )
    newest = queries.newest_of(fee_list.jurisdiction_code)
    if newest is None or newest.effective_from < fee_list.effective_from:
        return
    if newest.effective_from == fee_list.effective_from:
        raise Invalid(
            _("这一天已有一版清单施行，请换一个施行日期"), field="effective_from", rule="taken"
        )
    # the later one was compared with what stood before it, and goes on from that
    raise Invalid(
        _(
            "已公布一版自 %(day)s 起施行的清单，施行日期须晚于这一天",
            day=show_date(newest.effective_from),
        ),
        field="effective_from",
        rule="order",
    )


def _has_row(fee_list: FeeList, code: str) -> bool:
    query = select(FeeListRow.id).where(FeeListRow.list_id == fee_list.id, FeeListRow.code == code)
    return db.session.scalar(query) is not None


def _last_position(fee_list: FeeList) -> int:
    query = select(func.max(FeeListRow.position)).where(FeeListRow.list_id == fee_list.id)
    return db.session.scalar(query) or 0


def _end_of_notice(fee_list: FeeList, now: datetime) -> datetime:
    """The notice runs until the list takes force; at least to the end of the day."""
    tomorrow = clock.local_day(now) + timedelta(days=1)
    return calendar.moment(max(fee_list.effective_from, tomorrow), time.min)


def _announcement(fee_list: FeeList, total: int, compared: queries.Comparison) -> str:
    counts = {str(change): n for change, n in compared.counts.items()}
    day = fee_list.effective_from
    lines = [
        f"{fee_list.title}（{fee_list.document}）现予公布，自 {clock.written_day(day)} 起施行。",
        f"清单共 {total} 项：新增 {counts.get('new', 0)} 项，修改 {counts.get('changed', 0)} 项，"
        f"取消 {counts.get('dropped', 0)} 项，不变 {counts.get('same', 0)} 项。",
        f"制定依据：{fee_list.legal_basis}",
        "未列入中介服务事项清单的服务，任何部门不得作为办理审批的条件。",
        "施行日之前的价格核对仍按当时施行的清单，不受影响。",
    ]
    return "\n".join(lines)


def _first_of_next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)
