"""Effects outside the database, put off until the transaction has committed.

A hint only (waking the worker): what must happen is a row, and the clock sweeps it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .db import db


def after_commit(effect: Callable[[], Any]) -> None:
    """Run ``effect`` after the commit, not at all after a rollback."""
    db.session.info.setdefault("after_commit", []).append(effect)
