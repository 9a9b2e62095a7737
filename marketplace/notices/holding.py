"""In which order a notice is locked: after what it is about.

Whoever takes a notice back holds what it announces already (a need whose award falls, a subject
whose grade is rejected). Whoever answers an objection begins at the notice; so that neither waits
for the other nor finds the notice closed under his hands, he takes the same order.
"""

from __future__ import annotations

from collections.abc import Callable

from marketplace.foundation.db import lock

from .models import PublicNotice

# table of what a notice is about → locks what is held before its notice
_first: dict[str, Callable[[int], object]] = {}


def held_first(table: str, hold: Callable[[int], object]) -> None:
    """Have ``hold(key)`` lock what is held before the notice of a row of ``table``; for the
    packages above, which know what that is."""
    _first[table] = hold


def hold(notice: PublicNotice) -> PublicNotice:
    """Lock a notice, and what comes before it first; read the clock after this."""
    if notice.subject_type in _first:
        _first[notice.subject_type](notice.subject_id)
    return lock(notice)
