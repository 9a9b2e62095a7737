"""Drafting a fee list, submitting it, returning or approving it: an approved list is published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from flask_babel import gettext as _
from sqlalchemy import func, insert, select

from marketplace.accounts import queries as accounts
from marketplace.foundation import audit, clock, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid, Refused
from marketplace.foundation.showing import show_date
from marketplace.foundation.spreadsheets import Row, Table
from marketplace.foundation.spreadsheets.columns import BadCell, value_of

from . import queries
from .columns import COLUMNS, SHEET, TITLES, Standards, rows_of
from .editions import Prepared
from .models import FeeList, FeeListRow, ListStatus, columns_of
from .rules import ListRow

SHORTEST = 5
_INTO_ROWS = insert(FeeListRow.__table__)  # type: ignore[arg-type]
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
        revision=0,
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


def _put_rows(fee_list: FeeList, rows: Sequence[ListRow]) -> None:
    if rows:
        # past the mapper: a long list is stored twice as fast, and everybody waits for it
        db.session.connection().execute(
            _INTO_ROWS,
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
        for key, value in columns_of(told).items():
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


def submit_list(
    fee_list: FeeList, prepared: Prepared | Invalid | None, actor: Actor, now: datetime
) -> None:
    """Lay a draft before another officer, compared with the list that will be in force until it.

    ``prepared`` is the edition it becomes, made beforehand, or why it can become none: that is
    refused here already. Raises Conflict when the draft has changed since.
    """
    lock(fee_list)
    revision = fee_list.revision
    _open(fee_list, actor)
    check_facts(fee_list, now)
    if isinstance(prepared, Invalid):
        raise prepared
    if prepared is None or prepared.revision != revision:
        raise Conflict(_("清单刚刚有人修改，请核对后再送审"), rule="fees.list")
    fee_list.base_edition_id = prepared.base_id
    fee_list.submitted_by = actor.user_id
    fee_list.submitted_at = now
    fee_list.returned_because = None
    lifecycle.move(fee_list, ListStatus.SUBMITTED, actor, now, rows=prepared.total)


def return_list(fee_list: FeeList, reason: str, actor: Actor, now: datetime) -> None:
    """Give a list back to who drafted it, with reasons. Raises Invalid or Refused."""
    lock(fee_list)
    check_other_hand(fee_list, actor)
    if len(reason.strip()) < SHORTEST:
        raise Invalid(_("请写明退回的理由"), field="reason", rule="fees.list")
    fee_list.returned_because = reason.strip()
    lifecycle.move(fee_list, ListStatus.RETURNED, actor, now, reason=reason.strip())


def withdraw_list(fee_list: FeeList, actor: Actor, now: datetime) -> None:
    """Take a draft or a submitted list back; it stays in the record."""
    lock(fee_list)
    lifecycle.move(fee_list, ListStatus.WITHDRAWN, actor, now)


def _open(fee_list: FeeList, actor: Actor) -> None:
    lock(fee_list)
    if not fee_list.is_editable:
        raise Conflict(
            _("清单状态为“%(status)s”，不能修改", status=fee_list.status.title), rule="lifecycle"
        )
    take_part(fee_list, actor.user_id)
    fee_list.revision += 1


def check_other_hand(fee_list: FeeList, actor: Actor) -> None:
    """Raises Refused to whoever drafted, changed or submitted a list."""
    if actor.user_id in (*fee_list.hands, fee_list.submitted_by):
        raise Refused(_("起草、修改或送审过清单的人不能审批，须由另一人办理"), rule="other_hand")


def check_facts(fee_list: FeeList, now: datetime) -> None:
    """Raises Invalid for a list whose head or rows are missing, or whose day cannot be."""
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


def _first_of_next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)
