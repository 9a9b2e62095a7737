"""Two transactions that overlap for certain: the second begins while the first is not committed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from flask import Flask

from marketplace.foundation.db import db
from marketplace.foundation.errors import DomainError
from marketplace.foundation.transactions import transaction

# as long as the first stays open after its deed: the second reaches its lock meanwhile
HELD = 0.6


def overlapping(
    app: Flask,
    first: Callable[[], Any],
    second: Callable[[], Any],
    goes_on: Callable[[], Any] | None = None,
) -> list[str]:
    """Run ``first``, hold its transaction open, and run ``second`` meanwhile in another thread.

    ``goes_on`` is what the first does in the same transaction once it was held. Returns what each
    came to: ``done``, or the rule that refused it. On SQLite the second waits
    for the one writer there is; on PostgreSQL it runs until it meets a lock.
    """
    acted = threading.Event()
    outcomes = ["", ""]

    def run(place: int, act: Callable[[], Any]) -> None:
        with app.app_context():
            try:
                if place:
                    assert acted.wait(20)
                with transaction():
                    act()
                    if not place:
                        acted.set()
                        threading.Event().wait(HELD)
                        if goes_on is not None:
                            goes_on()
                outcomes[place] = "done"
            except DomainError as error:
                outcomes[place] = error.rule or type(error).__name__
            except BaseException as error:
                outcomes[place] = repr(error)
            finally:
                acted.set()
                db.session.remove()

    threads = [
        threading.Thread(target=run, args=(place, act)) for place, act in enumerate((first, second))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes
