"""What officers do with an uploaded register: upload, submit, return, confirm, stop, let go."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import insert, update

from config import Settings
from marketplace.accounts import queries as accounts
from marketplace.accounts.models import User
from marketplace.foundation import audit, clock, files, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import working_calendar
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, DomainError, Invalid, Refused, TooMany
from marketplace.foundation.files import StoredFile
from marketplace.foundation.languages import for_storing
from marketplace.notices import actions as notices
from marketplace.notifications.actions import send

from ..queries import admission_policy
from . import queries, reading
from .models import (
    ImportRow,
    ImportStatus,
    RegisterExport,
    RegisterImport,
    RowState,
    Verdict,
)
from .reading import FIELD, MOST_PROBLEMS, Outcome
from .standing import known, price_problem, standing

log = logging.getLogger(__name__)
KINDS = ("xlsx", "csv")
# a reader that was killed is taken to be gone after this, and another begins anew
GONE_AFTER = timedelta(minutes=2)
ATTEMPTS = 3
# nothing is read from the file of one of these; one that was stopped goes on by its rows
ENDED = (ImportStatus.DONE, ImportStatus.STOPPED, ImportStatus.DISCARDED)
_AT_ONCE = 500


def check_upload(actor: Actor, now: datetime) -> datetime:
    """Raises TooMany for who has uploaded as much as may be within an hour."""
    settings = _settings()
    if actor.user_id is not None:
        lock(db.session.get_one(User, actor.user_id))
    now, most = max(now, clock.now()), settings.uploads_per_hour
    if queries.uploads_since(actor.user_id, now - queries.HOUR) >= most:
        raise TooMany(
            _("每人一小时内最多上传 %(most)s 份文件，请稍后再上传", most=most),
            field=FIELD,
            rule="register.uploads",
        )
    return now


def upload_register(
    file: StoredFile | None, register: str, actor: Actor, now: datetime
) -> RegisterImport:
    """Take an uploaded file in to be read; nothing touches the register."""
    if file is None:
        raise Invalid(_("请选择要导入的文件"), field=FIELD, rule="file.none")
    found = RegisterImport(
        jurisdiction_code=register, file_id=file.id, uploaded_by=actor.user_id, uploaded_at=now
    )
    lifecycle.begin(found, ImportStatus.WAITING, actor, now, check_at=now)
    return found


def claim_reading(import_id: int, actor: Actor, now: datetime) -> RegisterImport | None:
    """Begin to read an upload; None when another reader has it, or it has killed too many."""
    found = db.session.get_one(RegisterImport, import_id)
    lock(found)
    now = max(now, clock.now())
    if found.status not in (ImportStatus.WAITING, ImportStatus.READING):
        return None
    if found.next_check_at is None or found.next_check_at > now:
        return None
    if found.status is ImportStatus.WAITING:
        lifecycle.move(found, ImportStatus.READING, actor, now)
    found.attempts += 1
    found.next_check_at = now + GONE_AFTER
    if found.attempts > ATTEMPTS:
        finish_reading(
            import_id, Outcome(refusal="文件多次读取失败，请检查文件后重新上传"), actor, now
        )
        return None
    return found


def note_read(import_id: int, done: int, total: int, now: datetime) -> None:
    """Tell how many rows are read."""
    found = db.session.get_one(RegisterImport, import_id)
    lock(found)
    if found.status is ImportStatus.READING:
        found.read, found.to_read = done, total
        found.next_check_at = now + GONE_AFTER


@for_storing()
def read_file(
    content: bytes, name: str, register: str, now: datetime, tell: Callable[[int, int], None]
) -> Outcome:
    """Read a file whole and hold it to the rules and the register; nothing is written."""
    day = clock.local_day(now)
    known_here = known(register, day)
    try:
        found = reading.opened(content, name, known_here)
    except DomainError as error:
        return Outcome(refusal=error.message)
    reading.gathered(found, day, known_here, tell)
    stands = standing(*reading.asked_of(found), register, now)
    return reading.compared(found, stands, price_problem(register, day))


def finish_reading(import_id: int, outcome: Outcome, actor: Actor, now: datetime) -> None:
    """Keep what a file says and what is wrong with it."""
    found = db.session.get_one(RegisterImport, import_id)
    lock(found)
    if found.status is not ImportStatus.READING:
        return
    rows = [
        {**row, "import_id": found.id, "state": RowState.IDLE, "name": row["name"][:120]}
        for row in outcome.rows
    ]
    for start in range(0, len(rows), _AT_ONCE):
        db.session.execute(insert(ImportRow), rows[start : start + _AT_ONCE])
    count = Counter(row["verdict"] for row in rows)
    found.new, found.same = count[Verdict.NEW], count[Verdict.SAME]
    found.different, found.refused = count[Verdict.DIFFERENT], count[Verdict.REFUSED]
    found.problems = outcome.problems[:MOST_PROBLEMS]
    found.problem_count = len(outcome.problems)
    found.ignored = outcome.ignored[:20]
    found.refusal = outcome.refusal[:300] if outcome.refusal else None
    found.read = found.to_read = len(rows)
    faulty = bool(outcome.problems or outcome.refusal)
    lifecycle.move(
        found,
        ImportStatus.FAULTY if faulty else ImportStatus.READY,
        actor,
        now,
        check_at=_let_go_at(now),
        rows=len(rows),
        problems=len(outcome.problems),
    )


def submit_import(
    found: RegisterImport,
    *,
    title: str,
    document: str,
    legal_basis: str,
    leave_out: bool,
    actor: Actor,
    now: datetime,
) -> None:
    """Ask another officer to confirm; with errors only where those rows are left out."""
    lock(found)
    now = max(now, clock.now())
    if not found.may_be_submitted:
        raise Conflict(
            _("导入状态为“%(status)s”，没有可以承接的机构", status=found.status.title),
            rule="lifecycle",
        )
    if found.problem_count and not leave_out:
        raise Invalid(
            _("文件中还有错误：请改正后重新上传，或勾选只承接没有错误的机构"),
            field="leave_out",
            rule="register.errors",
        )
    found.title, found.document, found.legal_basis = title, document, legal_basis
    found.leave_out = bool(found.problem_count) and leave_out
    found.submitted_by, found.submitted_at = actor.user_id, now
    lifecycle.move(
        found, ImportStatus.SUBMITTED, actor, now, check_at=_let_go_at(now), new=found.new
    )


def return_import(found: RegisterImport, reason: str, actor: Actor, now: datetime) -> None:
    """Give it back with reasons."""
    lock(found)
    now = max(now, clock.now())
    _another(found, actor)
    found.returned_because = reason
    lifecycle.move(
        found, ImportStatus.RETURNED, actor, now, reason=reason, check_at=_let_go_at(now)
    )


def confirm_import(found: RegisterImport, actor: Actor, now: datetime) -> None:
    """Let the take-over begin: by another officer than uploaded or submitted it."""
    lock(found)
    now = max(now, clock.now())
    _another(found, actor)
    edition = admission_policy(found.jurisdiction_code, clock.local_day(now))
    found.confirmed_by, found.confirmed_at, found.edition_id = actor.user_id, now, edition.id
    # its file is read by nobody any more unless its errors are asked for: its rows are kept
    db.session.execute(
        update(ImportRow)
        .where(ImportRow.import_id == found.id, ImportRow.verdict == Verdict.NEW)
        .values(state=RowState.PENDING)
        .execution_options(synchronize_session=False)
    )
    lifecycle.move(
        found,
        ImportStatus.RUNNING,
        actor,
        now,
        check_at=now,
        new=found.new,
        file=found.file.sha256,
    )


def _another(found: RegisterImport, actor: Actor) -> None:
    if actor.user_id is None or actor.user_id in (found.uploaded_by, found.submitted_by):
        raise Refused(_("上传或提交的人不能确认，请由其他审批人办理"), rule="two_officers")


def stop_import(found: RegisterImport, reason: str, actor: Actor, now: datetime) -> None:
    """Stop after the piece in hand; what is taken over stays."""
    lock(found)
    now = max(now, clock.now())
    lifecycle.move(
        found,
        ImportStatus.STOPPED,
        actor,
        now,
        reason=reason,
        check_at=_erase_at(now),
        taken=found.taken,
    )


def resume_import(found: RegisterImport, actor: Actor, now: datetime) -> None:
    """Go on where it was stopped."""
    lock(found)
    now = max(now, clock.now())
    _another(found, actor)
    lifecycle.move(found, ImportStatus.RUNNING, actor, now, check_at=now, taken=found.taken)


def discard_import(found: RegisterImport, actor: Actor, now: datetime) -> None:
    """Let an upload go; nothing came of it, and its file goes at once."""
    lock(found)
    _discard(found, None, actor, max(now, clock.now()))


def advance_import(import_id: int, actor: Actor, now: datetime) -> bool:
    """Let go an upload nobody came back to, and erase the file of one that has ended: the record
    keeps its name, size and digest. False when there is nothing to do yet."""
    found = db.session.get_one(RegisterImport, import_id)
    lock(found)
    now = max(now, clock.now())
    if found.next_check_at is None or found.next_check_at > now:
        return False
    if found.may_be_discarded:
        _discard(found, "逾期未办理", actor, now)
    elif found.status in ENDED:
        files.erase(found.file, "register_import", actor, now)
        found.next_check_at = None
    else:
        return False
    return True


def _erase_at(now: datetime) -> datetime:
    return now + timedelta(days=_settings().register_file_days)


def _let_go_at(now: datetime) -> datetime:
    return now + timedelta(days=_settings().register_draft_days)


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings


def _discard(found: RegisterImport, reason: str | None, actor: Actor, now: datetime) -> None:
    lifecycle.move(found, ImportStatus.DISCARDED, actor, now, reason=reason, check_at=now)
    db.session.execute(
        update(ImportRow)
        .where(ImportRow.import_id == found.id)
        .values(content={})
        .execution_options(synchronize_session=False)
    )


def finish_import(found: RegisterImport, actor: Actor, now: datetime) -> None:
    """Everything is taken over: one public notice for all of them, and a message to the bureau."""
    found.finished_at = now
    lifecycle.move(
        found,
        ImportStatus.DONE,
        actor,
        now,
        check_at=_erase_at(now),
        taken=found.taken,
        failed=found.failed,
    )
    if found.taken:
        edition = admission_policy(found.jurisdiction_code, clock.local_day(now))
        notice = notices.publish_notice(
            kind="admission",
            subject=found,
            title=f"承接原名录公示：{found.title}",
            body=f"依据{found.document}，将“{found.title}”所列 {found.taken} 家中介服务机构"
            f"承接入中介超市名录。承接依据：{found.legal_basis}\n"
            "承接的资质须经核验后方可用于报名；信用等级从未评级起算；机构认领账号并签署入驻承诺前"
            "暂停接单。公示期间对承接的机构有异议的，可以提出，并请写明机构名称。",
            ends_at=working_calendar().deadline(now, edition.values.notice_working_days),
            jurisdiction_code=found.jurisdiction_code,
            link="/firms",
            actor=actor,
            now=now,
        )
        found.notice_id = notice.id
    send(
        accounts.bureau(found.jurisdiction_code).id,
        f"原名录承接完成：{found.title}"[:200],
        f"已承接 {found.taken} 家，未能承接 {found.failed} 家。",
        f"/supervision/register/imports/{found.public_id}",
        f"register_import:{found.id}:done",
        now,
    )


def read_bytes(found: RegisterImport) -> bytes | None:
    """The uploaded file; None when it is not there any more."""
    if found.file.erased_at is not None:
        return None
    try:
        return files.path_of(found.file).read_bytes()
    except OSError:
        log.warning("the file of register import %s is gone", found.id)
        return None


def note_export(register: str, reason: str, kind: str, actor: Actor, now: datetime) -> None:
    """Write down that a register was exported, by whom and what for; raises TooMany for who has
    exported as much as may be within an hour."""
    settings = _settings()
    if actor.user_id is not None:
        lock(db.session.get_one(User, actor.user_id))
    now, most = max(now, clock.now()), settings.exports_per_hour
    if queries.exports_since(actor.user_id, now - queries.HOUR) >= most:
        raise TooMany(
            _("每人一小时内最多导出 %(most)s 份文件，请稍后再导出", most=most),
            rule="register.exports",
        )
    row = RegisterExport(
        register_code=register,
        kind=kind,
        reason=reason,
        user_id=actor.user_id,
        organisation_id=actor.organisation_id,
        at=now,
    )
    db.session.add(row)
    db.session.flush()
    audit.record("register.exported", actor, row, now, register=register, kind=kind)
