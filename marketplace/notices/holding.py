"""What a notice holds up: in which order it is locked, and who is woken when it is settled.

Whoever takes a notice back holds what it announces already (a need whose award falls, a subject
whose grade is rejected). Whoever answers an objection begins at the notice; so that neither waits
for the other nor finds the notice closed under his hands, he takes the same order. And what waits
for the notice is looked at again as soon as its last objection is answered, not by asking each hour.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from marketplace.foundation.db import lock
from marketplace.foundation.lifecycle import LifecycleMixin

from .models import PublicNotice

# table of what a notice is about → locks what is held before its notice
_first: dict[str, Callable[[int], LifecycleMixin | None]] = {}


def held_first(table: str, hold: Callable[[int], LifecycleMixin | None]) -> None:
    """Have ``hold(key)`` lock what is held before the notice of a row of ``table``; for the
    packages above, which know what that is.

    It returns the row that waits for the notice without a time of its own (``next_check_at``
    None while objections are unanswered), or None where what waits looks for itself.
    """
    _first[table] = hold


def hold(notice: PublicNotice) -> PublicNotice:
    """Lock a notice, and what comes before it first; read the clock after this."""
    if notice.subject_type in _first:
        _first[notice.subject_type](notice.subject_id)
    return lock(notice)


def wake(notice: PublicNotice, now: datetime) -> None:
    """Have what waits for a held, settled notice looked at at once."""
    if notice.subject_type not in _first:
        return
    waiting = _first[notice.subject_type](notice.subject_id)
    if waiting is not None:
        waiting.next_check_at = now
