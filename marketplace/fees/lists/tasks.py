"""Reading uploaded lists in the background, and making the files of published ones."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial

from marketplace.foundation import tasks

from . import documents, importing, publishing, queries
from .importing import Outcome
from .queries import KINDS

log = logging.getLogger(__name__)


def read_uploads() -> int:
    """Read every uploaded list that waits; returns how many. What is read so far is told in
    transactions of its own, since nobody sees into one that runs."""
    ids: list[int] = tasks.in_transaction(lambda _actor, now: queries.due_imports(now))
    return sum(_read(import_id) for import_id in ids)


def keep_files() -> int:
    """Make the files of every list published since; returns how many. A long list takes seconds
    to set, so that no reader is made to wait for it, and no lock is held meanwhile."""
    return sum(tasks.work_each(f"fee_list_files.{kind}", *_keeping(kind)) for kind in KINDS)


def _keeping(kind: str) -> tuple[Callable[..., list[int]], Callable[[int], int]]:
    def due(_now: datetime) -> list[int]:
        return queries.without_file(kind)

    def keep(edition_id: int) -> int:
        name, content = documents.made(edition_id, kind)
        tasks.in_transaction(partial(publishing.keep_file, edition_id, kind, name, content))
        return 1

    return due, keep


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
