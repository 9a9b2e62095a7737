"""Taking the list in, and deciding about firms that stand on it."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _

from marketplace.accounts.models import Jurisdiction
from marketplace.foundation import audit, clock, files, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid, Missing, Refused
from marketplace.foundation.files import StoredFile
from marketplace.foundation.spreadsheets import read_csv, read_table

from ..models import Firm
from . import queries
from .columns import COLUMNS, MAX_ROWS, SHEET, Tied, rows_of
from .models import DecouplingDecision, DecouplingEntry, DecouplingUpload, UploadStatus

FIELD = "file"
KINDS = ("xlsx", "csv")
MOST_PROBLEMS = 500


def upload_list(
    file: StoredFile | None, document: str, jurisdiction_code: str, actor: Actor, now: datetime
) -> DecouplingUpload:
    """Read an uploaded list; nothing counts before another officer confirms it.

    Raises Invalid when nothing was chosen or the file holds no such table; cells that cannot be
    used are kept with the upload.
    """
    if file is None:
        raise Invalid(_("请选择要导入的文件"), field=FIELD, rule="file.none")
    content = files.path_of(file).read_bytes()
    if file.name.lower().endswith(".csv"):
        table = read_csv(content, COLUMNS, field=FIELD, max_rows=MAX_ROWS)
    else:
        table = read_table(content, COLUMNS, field=FIELD, sheet=SHEET, max_rows=MAX_ROWS)
    rows = rows_of(table)
    problems = table.in_order()
    found = DecouplingUpload(
        jurisdiction_code=jurisdiction_code,
        document=document,
        file_id=file.id,
        uploaded_by=actor.user_id,
        uploaded_at=now,
        rows=[] if problems else [row.as_record() for row in rows],
        row_count=len(table.rows),
        problems=[problem.as_record() for problem in problems[:MOST_PROBLEMS]],
        problem_count=len(problems),
    )
    lifecycle.begin(found, UploadStatus.FAULTY if problems else UploadStatus.READY, actor, now)
    return found


def discard_upload(found: DecouplingUpload, actor: Actor, now: datetime) -> None:
    """Let an upload go; nothing came of it."""
    lock(found)
    lifecycle.move(found, UploadStatus.DISCARDED, actor, max(now, clock.now()))


def confirm_upload(found: DecouplingUpload, actor: Actor, now: datetime) -> None:
    """Put an upload in the place of the list in force, by another officer than its uploader."""
    # two lists of one place one after the other
    lock(db.session.get_one(Jurisdiction, found.jurisdiction_code))
    lock(found)
    now = max(now, clock.now())
    if actor.user_id is None or actor.user_id == found.uploaded_by:
        raise Refused(_("上传名单的人不能确认，请由其他审批人办理"), rule="two_officers")
    if found.status is not UploadStatus.READY:
        raise Conflict(
            _("导入状态为“%(status)s”，不能确认", status=found.status.title), rule="lifecycle"
        )
    if queries.is_outdated(found):
        raise Conflict(_("已有后来上传的名单生效，请放弃本次导入"), rule="decoupling.outdated")
    changes = queries.changes(found)
    for entry in changes.ended:
        entry.ended_at, entry.ended_upload_id = now, found.id
    db.session.flush()
    db.session.add_all(_entry(each, found) for each in changes.added)
    found.confirmed_by, found.confirmed_at = actor.user_id, now
    lifecycle.move(
        found,
        UploadStatus.CONFIRMED,
        actor,
        now,
        added=len(changes.added),
        ended=len(changes.ended),
        kept=len(changes.kept),
    )
    audit.record("decoupling_list.confirmed", actor, found, now, file=found.file.sha256)


def _entry(tied: Tied, found: DecouplingUpload) -> DecouplingEntry:
    return DecouplingEntry(
        upload_id=found.id, jurisdiction_code=found.jurisdiction_code, **tied.as_record()
    )


def decide_match(
    firm: Firm, entry_id: str, cleared: bool, reason: str, actor: Actor, now: datetime
) -> DecouplingDecision:
    """Decide whether a firm on the list is tied still; the decision is remembered and shown."""
    lock(firm)
    now = max(now, clock.now())
    found = [each for each in queries.matches(firm) if each.entry.public_id == entry_id]
    if not found:
        raise Missing(entry_id)
    if not reason.strip():
        raise Invalid(_("请写明核对依据和理由"), field="tie_reason", rule="reason")
    row = DecouplingDecision(
        entry_id=found[0].entry.id,
        firm_id=firm.id,
        cleared=cleared,
        reason=reason.strip(),
        officer_id=actor.user_id,
        at=now,
    )
    db.session.add(row)
    db.session.flush()
    audit.record(
        "firm.decoupling_decided", actor, firm, now, entry=found[0].entry.id, cleared=cleared
    )
    return row
