"""A sealed price is in no dump, no backup, no log of the database, and in nothing Redis is told."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import redis
from flask import Flask
from sqlalchemy import make_url

from config import ROOT, from_environment
from marketplace.app import create_app
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.projects.models import SelectionMethod
from tests.factories import selection
from tests.selection.scenes import Advance, the_need
from tests.servers import PostgresServer

COMPETITION = {"method": SelectionMethod.PRICE_COMPETITION, "draw_source": None}
# no other test may quote it: the tests of one worker share a server and its log of changes
SENTINEL = "31847.53"
# as money is kept (fen), as pages show it, and as bytes of either order
WORDS = (
    SENTINEL.encode(),
    b"3184753",
    b"31,847.53",
    (3184753).to_bytes(8, "big"),
    (3184753).to_bytes(8, "little"),
)
TO_OPENING = timedelta(days=1, hours=8, minutes=31)


def quote(count: int = 3) -> None:
    """A sealed need with quotes, one of them the sentinel, one of them replaced by it."""
    with transaction():
        firms = selection.firms(count)
        need = selection.open_need(**COMPETITION)
        for number, firm in enumerate(firms):
            selection.enter(need, firm, Decimal(SENTINEL if number == 1 else 36000 + number))
        selection.enter(need, firms[0], Decimal(SENTINEL))


def found_in(files: Iterator[Path]) -> list[str]:
    """Where one of the words stands, and how many files were read."""
    read, hits = 0, []
    for each in files:
        if each.is_file():
            read += 1
            content = each.read_bytes()
            hits += [f"{each}: {word!r}" for word in WORDS if word in content]
    assert read > 0
    return hits


def copies_of(app: Flask, postgres: PostgresServer, folder: Path) -> Iterator[Path]:
    """Everything the engine keeps or gives away: its files, its log of changes, dumps, backups."""
    url = make_url(app.config["SQLALCHEMY_DATABASE_URI"])
    if url.drivername.startswith("sqlite"):
        file = Path(url.database or "")
        yield from file.parent.glob(f"{file.name}*")
        with sqlite3.connect(file) as source:
            (folder / "dump.sql").write_text("\n".join(source.iterdump()), "utf-8")
            with sqlite3.connect(folder / "backup.db") as target:
                source.backup(target)
            source.execute("VACUUM INTO ?", (str(folder / "vacuum.db"),))
        yield from folder.iterdir()
        return
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
    where = ["-h", postgres.folder, "-U", str(url.username or "postgres"), str(url.database)]
    for name, options in (("plain.sql", []), ("inserts.sql", ["--inserts"])):
        with (folder / name).open("wb") as out:
            subprocess.run([programs / "pg_dump", *options, *where], stdout=out, check=True)
        yield folder / name
    with postgres.connect() as connection:
        connection.execute("CHECKPOINT")
    # tables, indexes and the write-ahead log as they lie on the disk
    for each in Path(postgres.folder).rglob("*"):
        try:
            if each.is_file():
                copy = folder / f"file-{each.name}-{each.stat().st_ino}"
                shutil.copyfile(each, copy)
                yield copy
                copy.unlink()
        except FileNotFoundError:
            continue  # a temporary file of the server's


def test_no_dump_backup_or_log_of_changes_holds_a_sealed_price(
    app: Flask, request: pytest.FixtureRequest, tmp_path: Path, advance: Advance
) -> None:
    server = request.getfixturevalue("postgres")
    with app.app_context():
        quote()
        db.session.remove()
    assert found_in(copies_of(app, server, tmp_path)) == []
    # and it would be found: opened, it stands there
    advance(TO_OPENING)
    with app.app_context():
        assert any(each == Decimal(SENTINEL) for each in _opened())
        db.session.remove()
    later = tmp_path / "later"
    later.mkdir()
    assert found_in(copies_of(app, server, later))


def _opened() -> list[Decimal]:
    from marketplace.selection import queries

    running = queries.round_of(the_need())
    assert running is not None
    return [each.quoted for each in queries.in_place_order(running)]


@pytest.mark.long
def test_nothing_redis_is_told_holds_a_sealed_price(redis_server: object, tmp_path: Path) -> None:
    """The product's worker and clock run on Redis while quotes come in; all they say is read."""
    url = redis_server.url()  # type: ignore[attr-defined]
    environment = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"} | {
        "MARKETPLACE_MODE": "test",
        "MARKETPLACE_DATA_DIR": str(tmp_path / "data"),
        "PYTHONPATH": str(ROOT),
        "REDIS_URL": url,
    }
    flask = [sys.executable, "-m", "flask", "--app", "marketplace.app:create_app"]
    subprocess.run([*flask, "setup"], cwd=ROOT, env=environment, check=True, capture_output=True)
    app = create_app(from_environment(environment))
    said: list[bytes] = []
    over = threading.Event()

    def listen() -> None:
        with redis.Redis.from_url(url).monitor() as monitor:
            for told in monitor.listen():
                said.append(str(told["command"]).encode())
                if over.is_set():
                    return

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    with (tmp_path / "worker.log").open("wb") as log:
        worker = subprocess.Popen(
            [
                *(sys.executable, "-m", "celery", "-A", "marketplace.worker:celery", "worker"),
                *("-B", "-P", "threads", "-c", "2", "-l", "info"),
            ],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            end = time.monotonic() + 90
            while time.monotonic() < end and not any(b"selection.tasks" in each for each in said):
                assert worker.poll() is None
                time.sleep(0.5)
            with app.app_context():
                quote()
                db.session.remove()
            time.sleep(12)
        finally:
            os.killpg(worker.pid, signal.SIGTERM)
            worker.wait(30)
    over.set()
    store = redis.Redis.from_url(url)
    kept = [store.dump(key) or b"" for key in store.scan_iter()]
    traffic = b"\n".join([*said, *kept])
    assert traffic.count(b"selection.tasks") > 1, "the clock asked for its work through Redis"
    assert [word for word in WORDS[:3] if word in traffic] == []
    assert found_in(each for each in tmp_path.rglob("*") if "uploads" not in each.parts) == []
    with app.app_context():
        db.engine.dispose()
