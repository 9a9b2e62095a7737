"""Keeping a web process's shelves up to the present, so that no reader waits for them.

A shelf is read whole once, some ten seconds of work for 200,000 firms. It is read by a thread that
begins with the server: what needs no shelf is answered meanwhile, and who searches waits for the
rest of it, never longer than without the thread. The line ``ready`` of ``scripts/serve`` follows
the home page's answer, which needs the shelves, so that it is said once they stand. Afterwards the
thread follows what many rows changed at once (a rebuild, an imported register) as soon as it is
committed; a reader who comes before it has done so waits, since nobody is shown what was.
"""

from __future__ import annotations

import logging
import threading

from flask import Flask

from marketplace.foundation import heap
from marketplace.foundation.db import db

from .models import Kind
from .queries import shelf

log = logging.getLogger(__name__)

EVERY_SECONDS = 2.0


def warm(app: Flask) -> None:
    """Bring every shelf of this process up to the present."""
    with app.app_context():
        try:
            for kind in Kind:
                shelf(kind)
        finally:
            db.session.remove()


def keep_warm(app: Flask) -> threading.Event:
    """Begin the thread; setting what is returned ends it."""
    over = threading.Event()
    thread = threading.Thread(target=_follow, args=(app, over), name="search", daemon=True)
    thread.start()
    return over


def _follow(app: Flask, over: threading.Event) -> None:
    failing, standing = False, False
    while True:
        try:
            warm(app)
            failing = False
            if not standing:
                heap.settle()
                standing = True
        except Exception:
            # the database is away for a moment; readers are told so by their own requests
            if not failing:
                log.exception("the shelves could not be brought up to the present")
            failing = True
        if over.wait(EVERY_SECONDS):
            return
