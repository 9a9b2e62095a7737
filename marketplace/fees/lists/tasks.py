"""Reading uploaded lists in the background."""

from __future__ import annotations

import logging

from marketplace.foundation import tasks

from . import importing, queries
from .importing import Outcome

log = logging.getLogger(__name__)


def read_uploads() -> int:
    """Read every uploaded list that waits; returns how many. What is read so far is told in
    transactions of its own, since nobody sees into one that runs."""
    ids: list[int] = tasks.in_transaction(lambda _actor, now: queries.due_imports(now))
    return sum(_read(import_id) for import_id in ids)


def _read(import_id: int) -> int:
    begun = tasks.in_transaction(lambda actor, now: importing.claim_import(import_id, actor, now))
    if begun is None:
        return 0
    content, standards = begun

    def progress(done: int, total: int) -> None:
        tasks.in_transaction(
            lambda actor, now: importing.note_progress(import_id, done, total, actor, now)
        )

    try:
        outcome = importing.read_file(content, standards, progress)
    except Exception:
        log.exception("uploaded list %s could not be read", import_id)
        outcome = Outcome(refusal="文件读取失败，请检查文件后重新上传")
    tasks.in_transaction(lambda actor, now: importing.finish_import(import_id, outcome, actor, now))
    return 1
