"""How long transactions that write keep their lock."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import event

from marketplace.foundation.connections import in_write_mode
from marketplace.foundation.db import db


@contextmanager
def transactions_timed(app: Flask, held: list[float]) -> Iterator[None]:
    """Note how long each writing transaction kept its lock, in seconds of this process."""
    with app.app_context():
        engine = db.engine
    begun: list[float] = []

    def begin(connection: Any) -> None:
        if in_write_mode():
            begun.append(time.process_time())

    def end(_connection: Any) -> None:
        if begun:
            held.append(time.process_time() - begun.pop())

    hooks = (("begin", begin), ("commit", end), ("rollback", end))
    for name, hook in hooks:
        event.listen(engine, name, hook)
    # what the process of all the tests has gathered is not what is measured
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        for name, hook in hooks:
            event.remove(engine, name, hook)
