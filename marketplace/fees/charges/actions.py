"""Files of charges: taken in, judged in the background, and only then an audit.

The rows are stored a few at a time, so that nobody who writes has to wait for a long file; the
audit is shown once it is whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import insert

from marketplace.accounts.areas import Area, areas
from marketplace.accounts.permissions import Permission
from marketplace.foundation import audit, clock, files, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict
from marketplace.foundation.files import StoredFile

from . import queries
from .judging import Outcome
from .models import Charge, ChargeAudit, ChargeUpload, UploadStatus

# a reader that was killed is taken to be gone after this, and another goes on
GONE_AFTER = timedelta(minutes=2)
ATTEMPTS = 3
MOST_PROBLEMS = 1000
_INTO_CHARGES = insert(Charge.__table__)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Claim:
    """An upload to be judged, and by which attempt: an earlier one has no say any more."""

    upload_id: int
    attempt: int
    content: bytes
    area: Area
    day: date


def upload_charges(file: StoredFile, title: str, actor: Actor, now: datetime) -> ChargeUpload:
    """Take a file of charges in to be judged; raises Conflict for who belongs to no place."""
    code = actor.jurisdiction or str(current_app.config["JURISDICTION"])
    if code not in areas():
        raise Conflict(_("本单位没有所在地区，不能核对"), rule="charges.place")
    found = ChargeUpload(
        title=title or file.name,
        file_id=file.id,
        jurisdiction_code=code,
        organisation_id=actor.organisation_id,
        organisation_name=actor.organisation_name,
        user_id=actor.user_id,
        by_office=actor.may(Permission.SUPERVISION_VIEW),
        uploaded_at=now,
        attempts=0,
        done=0,
        problems=[],
        problem_count=0,
    )
    lifecycle.begin(found, UploadStatus.WAITING, actor, now, check_at=now)
    return found


def claim_upload(upload_id: int, actor: Actor, now: datetime) -> Claim | None:
    """Begin to judge an upload, or go on where a reader was killed. None when another has it."""
    found = db.session.get(ChargeUpload, upload_id)
    if found is None:
        return None
    lock(found)
    now = max(now, clock.now())
    if found.next_check_at is None or found.next_check_at > now:
        return None
    if found.status is UploadStatus.WAITING:
        lifecycle.move(found, UploadStatus.JUDGING, actor, now)
    found.attempts += 1
    found.next_check_at = now + GONE_AFTER
    if found.attempts > ATTEMPTS:
        _fail(found, "文件多次核对失败，请检查文件后重新上传", actor, now)
        return None
    try:
        content = files.path_of(found.file).read_bytes()
    except OSError:
        _fail(found, "上传的文件已不在，请重新上传", actor, now)
        return None
    # by the day of the upload, so that it is judged the same whenever it is begun again
    day = clock.local_day(found.uploaded_at)
    return Claim(found.id, found.attempts, content, areas()[found.jurisdiction_code], day)


def note_progress(claim: Claim, done: int, total: int, now: datetime) -> None:
    """Tell how many rows are judged."""
    found = _held(claim)
    now = max(now, clock.now())
    if found is not None:
        found.done, found.total = done, total
        found.next_check_at = now + GONE_AFTER


def begin_audit(claim: Claim, outcome: Outcome, actor: Actor, now: datetime) -> set[int] | None:
    """Keep the totals of what was judged, or what is wrong with the file.

    Returns the rows stored already by an attempt that was killed; None when there is nothing to
    store: the file is faulty, or the upload is another reader's.
    """
    found = _held(claim)
    now = max(now, clock.now())
    if found is None:
        return None
    if outcome.problems or outcome.refusal:
        found.problems = outcome.problems[:MOST_PROBLEMS]
        found.problem_count = len(outcome.problems)
        _fail(found, outcome.refusal, actor, now)
        return None
    found.done = found.total = outcome.total
    found.next_check_at = now + GONE_AFTER
    if found.audit is not None:
        if not _same(found.audit, outcome):
            _fail(found, "核对期间收费标准有变化，请重新上传", actor, now)
            return None
        return queries.numbers(found.audit)
    found.audit = ChargeAudit(
        title=found.title,
        file_name=found.file.name,
        sha256=found.file.sha256,
        jurisdiction_code=found.jurisdiction_code,
        organisation_id=found.organisation_id,
        organisation_name=found.organisation_name,
        user_id=found.user_id,
        by_office=found.by_office,
        made_at=now,
        **outcome.sums,
    )
    db.session.flush()
    return set()


def _same(begun: ChargeAudit, outcome: Outcome) -> bool:
    """Whether what is judged now goes on with what was stored: the sums, and every stored row as
    it was charged, by the same editions and with the same verdict."""
    if any(getattr(begun, name) != value for name, value in outcome.sums.items()):
        return False
    judged = {row["number"]: row for row in outcome.rows}
    return all(
        row.number in judged
        and all(getattr(row, name) == judged[row.number][name] for name in queries.JUDGED)
        for row in queries.judged(begun)
    )


def put_rows(claim: Claim, rows: Sequence[dict[str, Any]], now: datetime) -> bool:
    """Store some of the rows; False when the upload is another reader's."""
    found = _held(claim)
    now = max(now, clock.now())
    if found is None:
        return False
    found.next_check_at = now + GONE_AFTER
    audit_id = found.charge_audit_id
    db.session.connection().execute(
        _INTO_CHARGES, [row | {"charge_audit_id": audit_id} for row in rows]
    )
    return True


def finish_upload(claim: Claim, actor: Actor, now: datetime) -> None:
    """Every row is stored: the audit can be seen."""
    found = _held(claim)
    now = max(now, clock.now())
    if found is None or found.audit is None:
        return
    lifecycle.move(found, UploadStatus.DONE, actor, now)
    audit.record(
        "charges.done",
        actor,
        found.audit,
        now,
        sha256=found.audit.sha256,
        rows=found.audit.row_count,
        above=str(found.audit.above),
    )


def _held(claim: Claim) -> ChargeUpload | None:
    """The upload, while this attempt is the one that judges it."""
    found = db.session.get_one(ChargeUpload, claim.upload_id)
    lock(found)
    judged = found.status is UploadStatus.JUDGING and found.attempts == claim.attempt
    return found if judged else None


def _fail(found: ChargeUpload, refusal: str | None, actor: Actor, now: datetime) -> None:
    found.refusal = refusal[:300] if refusal else None
    lifecycle.move(found, UploadStatus.FAULTY, actor, now, problems=found.problem_count)
