"""A list from a file: uploaded, read in the background, shown, and only then made a draft."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _

from marketplace.foundation import audit, clock, files, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, DomainError, Invalid
from marketplace.foundation.files import StoredFile
from marketplace.foundation.languages import for_storing
from marketplace.foundation.spreadsheets import read_table

from . import actions, queries
from .columns import COLUMNS, MAX_ROWS, SHEET, Standards, as_record, from_record, rows_of
from .models import FeeList, FeeListImport, ImportStatus
from .rules import ListRow

FIELD = "file"
# a reader that was killed is taken to be gone after this, and another begins anew
GONE_AFTER = timedelta(minutes=2)
ATTEMPTS = 3
MOST_PROBLEMS = 1000


@dataclass
class Outcome:
    """What came of reading a file: its rows, or every problem, or why there is nothing to read."""

    total: int = 0
    rows: list[list[Any]] = field(default_factory=list)
    problems: list[list[Any]] = field(default_factory=list)
    refusal: str | None = None


def upload_list(
    file: StoredFile | None,
    jurisdiction: str,
    fee_list: FeeList | None,
    actor: Actor,
    now: datetime,
) -> FeeListImport:
    """Take an uploaded file in to be read; ``fee_list`` is the draft whose rows it is to replace.

    Raises Invalid when nothing was chosen or it is no .xlsx.
    """
    if file is None:
        raise Invalid(_("请选择要导入的文件"), field=FIELD, rule="file.none")
    if not file.name.lower().endswith(".xlsx"):
        raise Invalid(_("请上传 .xlsx 格式的表格文件"), field=FIELD, rule="file.type")
    if fee_list is not None and not fee_list.is_editable:
        raise Conflict(
            _("清单状态为“%(status)s”，不能修改", status=fee_list.status.title), rule="lifecycle"
        )
    found = FeeListImport(
        jurisdiction_code=jurisdiction,
        list_id=fee_list.id if fee_list is not None else None,
        file_id=file.id,
        uploaded_by=actor.user_id,
        uploaded_at=now,
        attempts=0,
        done=0,
        total=None,
        rows=[],
        problems=[],
        problem_count=0,
    )
    lifecycle.begin(found, ImportStatus.WAITING, actor, now, check_at=now)
    return found


def claim_import(import_id: int, actor: Actor, now: datetime) -> tuple[bytes, Standards] | None:
    """Begin to read an upload: its bytes and the standards it may name. None when another reader
    has it, or it has killed too many."""
    found = db.session.get(FeeListImport, import_id)
    if found is None:
        return None
    lock(found)
    now = max(now, clock.now())
    if not _is_to_be_read(found):
        return None
    if found.next_check_at is None or found.next_check_at > now:
        return None
    if found.status is ImportStatus.WAITING:
        lifecycle.move(found, ImportStatus.READING, actor, now)
    found.attempts += 1
    found.next_check_at = now + GONE_AFTER
    if found.attempts > ATTEMPTS:
        finish_import(
            import_id, Outcome(refusal="文件多次读取失败，请检查文件后重新上传"), actor, now
        )
        return None
    try:
        content = files.path_of(found.file).read_bytes()
    except OSError:
        finish_import(import_id, Outcome(refusal="上传的文件已不在，请重新上传"), actor, now)
        return None
    return content, queries.published_standards(clock.local_day(now))


def note_progress(import_id: int, done: int, total: int, actor: Actor, now: datetime) -> None:
    """Tell how many rows are read."""
    found = db.session.get_one(FeeListImport, import_id)
    lock(found)
    if not _is_to_be_read(found):
        return
    found.done, found.total = done, total
    found.next_check_at = now + GONE_AFTER


def _is_to_be_read(found: FeeListImport) -> bool:
    """Whether an upload is still read; if not, no reader looks at it again."""
    if found.status in (ImportStatus.WAITING, ImportStatus.READING):
        return True
    found.next_check_at = None
    return False


@for_storing()
def read_file(
    content: bytes, standards: Standards, progress: Callable[[int, int], None]
) -> Outcome:
    """Read a file whole and hold its rows to the rules; touches nothing that is stored."""
    # its cells are the first half of the work, what they say together the second
    try:
        table = read_table(
            content,
            COLUMNS,
            field=FIELD,
            sheet=SHEET,
            max_rows=MAX_ROWS,
            progress=lambda done, total: progress(done // 2, total),
        )
    except DomainError as error:
        return Outcome(refusal=error.message)
    rows = rows_of(table, standards, lambda done, total: progress((total + done) // 2, total))
    if table.problems:
        told = [problem.as_record() for problem in table.in_order()]
        return Outcome(len(table.rows), [], told)
    return Outcome(len(table.rows), [as_record(row) for row in rows], [])


def finish_import(import_id: int, outcome: Outcome, actor: Actor, now: datetime) -> None:
    """Keep what a file says, or what is wrong with it; no list is touched."""
    found = db.session.get_one(FeeListImport, import_id)
    lock(found)
    if found.status is not ImportStatus.READING:
        return
    found.done = found.total = outcome.total
    found.rows = outcome.rows
    found.problems = outcome.problems[:MOST_PROBLEMS]
    found.problem_count = len(outcome.problems)
    found.refusal = outcome.refusal[:300] if outcome.refusal else None
    faulty = bool(outcome.problems or outcome.refusal)
    lifecycle.move(
        found,
        ImportStatus.FAULTY if faulty else ImportStatus.READY,
        actor,
        now,
        rows=outcome.total,
        problems=len(outcome.problems),
    )


def rows_read(found: FeeListImport) -> list[ListRow] | None:
    """What a file says, to be confirmed; None where there is nothing to confirm."""
    if found.status is not ImportStatus.READY:
        return None
    return [from_record(record) for record in found.rows]


def confirm_import(
    found: FeeListImport, rows: list[ListRow] | None, actor: Actor, now: datetime
) -> FeeList:
    """Make a draft of ``rows_read``, or give the draft it was uploaded for these rows."""
    lock(found)
    if found.status is not ImportStatus.READY or rows is None:
        raise Conflict(
            _("导入状态为“%(status)s”，不能确认", status=found.status.title), rule="lifecycle"
        )
    fee_list = found.fee_list
    if fee_list is None:
        fee_list = actions.draft_list(found.jurisdiction_code, actor, now, rows)
        found.list_id = fee_list.id
    else:
        actions.replace_rows(fee_list, rows, actor, now)
    # what the file says is its uploader's work, whoever confirms it
    actions.take_part(fee_list, found.uploaded_by)
    lifecycle.move(found, ImportStatus.CONFIRMED, actor, now, rows=len(rows))
    audit.record("fee_list.imported", actor, fee_list, now, file=found.file.sha256, rows=len(rows))
    return fee_list


def discard_import(found: FeeListImport, actor: Actor, now: datetime) -> None:
    """Let an upload go; nothing came of it."""
    lock(found)
    found.rows = []
    lifecycle.move(found, ImportStatus.DISCARDED, actor, now)
