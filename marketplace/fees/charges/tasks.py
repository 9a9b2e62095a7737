"""Judging uploaded charges in the background."""

from __future__ import annotations

import gc
import logging
from datetime import datetime
from functools import partial
from typing import Any

from marketplace.foundation import tasks
from marketplace.foundation.actor import Actor

from . import actions, queries
from .actions import Claim
from .judging import Outcome, judge_file

log = logging.getLogger(__name__)
# rows stored at a time: who else writes waits for some tens of milliseconds
BATCH = 250


def judge_uploads() -> int:
    """Judge every uploaded file of charges that waits; returns how many.

    Reading and judging hold no lock; what was found is stored in transactions of their own.
    """
    ids: list[int] = tasks.in_transaction(lambda _actor, now: queries.due_uploads(now))
    return sum(_judge(upload_id) for upload_id in ids)


def _judge(upload_id: int) -> int:
    claim: Claim | None = tasks.in_transaction(
        lambda actor, now: actions.claim_upload(upload_id, actor, now)
    )
    if claim is None:
        return 0
    try:
        outcome = judge_file(
            claim.content,
            claim.area,
            claim.day,
            lambda done, total: tasks.in_transaction(
                lambda _actor, now: actions.note_progress(claim, done, total, now)
            ),
        )
    except Exception:
        log.exception("uploaded charges %s could not be judged", upload_id)
        outcome = Outcome(refusal="文件核对失败，请检查文件后重新上传")
    _keep(claim, outcome)
    return 1


def _keep(claim: Claim, outcome: Outcome) -> None:
    stored: set[int] | None = tasks.in_transaction(
        lambda actor, now: actions.begin_audit(claim, outcome, actor, now)
    )
    if stored is None:
        return
    # the interpreter looks through what was judged now, not while the lock is held
    gc.collect()
    rows = [row for row in outcome.rows if row["number"] not in stored]
    for start in range(0, len(rows), BATCH):
        put = partial(_put, claim, rows[start : start + BATCH])
        if not tasks.in_transaction(put):
            return
    tasks.in_transaction(lambda actor, now: actions.finish_upload(claim, actor, now))


def _put(claim: Claim, rows: list[dict[str, Any]], _actor: Actor, now: datetime) -> bool:
    return actions.put_rows(claim, rows, now)
