"""Reading uploaded registers in the background, and taking confirmed ones over in pieces."""

from __future__ import annotations

import logging
from datetime import datetime
from functools import partial
from time import monotonic

from flask import current_app
from sqlalchemy.exc import OperationalError

from marketplace.foundation import tasks
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db

from . import actions, queries, taking
from .models import ImportStatus, RegisterImport
from .reading import Outcome

log = logging.getLogger(__name__)
# the queue's other work comes in between
SECONDS = 8.0


def work_on_imports() -> int:
    """Read what was uploaded, take over what was confirmed, let go what has ended; returns how
    many steps were done."""
    waiting: list[tuple[int, ImportStatus]] = tasks.in_transaction(
        lambda _actor, now: queries.due(now)
    )
    steps = {
        ImportStatus.WAITING: _read,
        ImportStatus.READING: _read,
        ImportStatus.RUNNING: _carry_on,
    }
    return sum(steps.get(status, _let_go)(import_id) for import_id, status in waiting)


def _let_go(import_id: int) -> int:
    return int(tasks.in_transaction(partial(actions.advance_import, import_id)))


def _read(import_id: int) -> int:
    begun = tasks.in_transaction(
        lambda actor, now: _begun(actions.claim_reading(import_id, actor, now), now)
    )
    if begun is None:
        return 0
    content, name, register, now = begun

    def tell(done: int, total: int) -> None:
        db.session.rollback()
        tasks.in_transaction(lambda _actor, at: actions.note_read(import_id, done, total, at))

    try:
        if content is None:
            outcome = Outcome(refusal="上传的文件已不在，请重新上传")
        else:
            outcome = actions.read_file(content, name, register, now, tell)
    except Exception:
        log.exception("uploaded register %s could not be read", import_id)
        outcome = Outcome(refusal="文件读取失败，请检查文件后重新上传")
    db.session.rollback()
    tasks.in_transaction(lambda actor, at: actions.finish_reading(import_id, outcome, actor, at))
    return 1


def _begun(
    found: RegisterImport | None, now: datetime
) -> tuple[bytes | None, str, str, datetime] | None:
    if found is None:
        return None
    return actions.read_bytes(found), found.file.name, found.jurisdiction_code, now


def _carry_on(import_id: int) -> int:
    """Piece after piece for some seconds; a row that cannot be taken over is left behind."""
    begun, done = monotonic(), 0
    while monotonic() - begun < SECONDS:
        try:
            step = tasks.in_transaction(partial(taking.take_piece, import_id))
        except OperationalError:
            # the database is busy or away: nothing is wrong with the rows
            raise
        except Exception:
            log.exception("a piece of register import %s could not be taken over", import_id)
            step = _one_by_one(import_id)
        done += 1
        if not step:
            break
    return done


def _one_by_one(import_id: int) -> int:
    """The rows of a piece each by itself, so that one that cannot be stored holds up no other."""
    numbers: list[int] = tasks.in_transaction(
        lambda _actor, _now: [row.number for row in queries.next_rows(import_id, taking.PIECE)]
    )
    failed = 0
    for number in numbers:
        try:
            tasks.in_transaction(partial(taking.take_piece, import_id, size=1))
        except OperationalError:
            raise
        except Exception as error:
            log.exception("row %s of register import %s could not be taken over", number, import_id)
            why = f"写入时出错（{type(error).__name__}），请核对后单独办理"
            tasks.in_transaction(partial(_fail, import_id, number, why))
            failed += 1
        if failed == current_app.config["SETTINGS"].register_failures:
            # then it is not the rows: whoever answers for it looks first
            tasks.in_transaction(partial(_stop, import_id))
            return 0
    return len(numbers)


def _fail(import_id: int, number: int, why: str, _actor: Actor, now: datetime) -> None:
    taking.fail_row(import_id, number, why, now)


def _stop(import_id: int, actor: Actor, now: datetime) -> None:
    found = db.session.get_one(RegisterImport, import_id)
    actions.stop_import(found, "一批中多行写入出错，已自动停止，请排查后继续", actor, now)
