"""A site of the bench's own: settings, a filled database kept from run to run, a copy to use."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import config
from config import ROOT
from marketplace.app import create_app
from marketplace.commands import editions, setting_up
from marketplace.foundation import clock
from marketplace.foundation.transactions import transaction
from tests.servers import PostgresServer

from . import checking, filling

DATABASE = "bench"
# what a filled database depends on: another digest, another database
SOURCES = (
    "bench/bulk.py",
    "bench/filling/*.py",
    "bench/history.py",
    "migrations/versions/*.py",
    "marketplace/*/models.py",
    "marketplace/editions/**/*.toml",
    "marketplace/finding/*.py",
    "marketplace/foundation/audit.py",
    "marketplace/foundation/crypto.py",
    "marketplace/ratings/**/*.py",
)
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}


@dataclass(frozen=True)
class Filling:
    """A filled database in its folder, and what was put in."""

    folder: Path
    filled: filling.Filled
    seconds: float
    fresh: bool


@dataclass(frozen=True)
class Site:
    """A copy of a filled database that may be written to."""

    environment: dict[str, str]
    filled: filling.Filled
    postgres: PostgresServer | None


def code_digest() -> str:
    """Of everything that decides what a filled database holds."""
    found = hashlib.sha256()
    for pattern in SOURCES:
        for path in sorted(ROOT.glob(pattern)):
            found.update(f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
    return found.hexdigest()[:12]


def environment(data: Path, url: str, mode: str) -> dict[str, str]:
    """The settings of a process on this data."""
    return {
        "MARKETPLACE_MODE": mode,
        "MARKETPLACE_DATA_DIR": str(data),
        "DATABASE_URL": url,
        "HOST": "127.0.0.1",
    }


def filled(
    engine: str, firms: int, cache: Path, fresh: bool, progress: Callable[[str], None]
) -> Filling:
    """The filled database of these arguments, made when there is none of today's.

    Grades are settled every day, so a database of another day would not do.
    """
    cache.mkdir(parents=True, exist_ok=True)
    today = clock.local_day(datetime.now(UTC))
    folder = cache / f"{engine}-{firms}-{today:%Y%m%d}-{code_digest()}"
    note = folder / "filled.json"
    if fresh:
        shutil.rmtree(folder, ignore_errors=True)
    if note.exists():
        kept = json.loads(note.read_text())
        return Filling(folder, filling.Filled(**kept["filled"]), kept["seconds"], fresh=False)
    for outdated in cache.glob(f"{engine}-{firms}-*"):
        shutil.rmtree(outdated, ignore_errors=True)
    started = time.monotonic()
    made = _fill(engine, firms, folder, progress)
    seconds = round(time.monotonic() - started, 1)
    note.write_text(json.dumps({"filled": asdict(made), "seconds": seconds}))
    return Filling(folder, made, seconds, fresh=True)


def _fill(engine: str, firms: int, folder: Path, progress: Callable[[str], None]) -> filling.Filled:
    shutil.rmtree(folder, ignore_errors=True)
    data = folder / "data"
    data.mkdir(parents=True)
    with _database(engine, data, None, {}) as (url, postgres):
        app = create_app(config.from_environment(environment(data, url, "test")))
        with app.app_context():
            setting_up.migrate_database()
            with transaction():
                clock.set_to(datetime.now(UTC) - timedelta(days=filling.BEFORE))
            editions.load_shipped_editions()
            with transaction():
                clock.set_offset(timedelta(0))
            made = filling.fill(firms, progress)
            progress("checking the ledgers and a sample of the grades")
            checking.check(made)
        if postgres is not None:
            with postgres.connect(DATABASE) as connection:
                connection.execute("VACUUM ANALYZE")
            postgres.quit()
            cluster = Path(postgres.folder, "data")
            subprocess.run(["cp", "-a", str(cluster), str(folder / "cluster")], check=True)
    return made


@contextmanager
def _database(
    engine: str, data: Path, cluster: Path | None, settings: dict[str, str]
) -> Iterator[tuple[str, PostgresServer | None]]:
    """The address of a database: a file in `data`, or a PostgreSQL of its own (on `cluster`)."""
    if engine == "sqlite":
        yield f"sqlite:///{data / 'marketplace.db'}", None
        return
    postgres = PostgresServer(cluster, settings)
    try:
        if cluster is None:
            postgres.create(DATABASE)
        yield postgres.url(DATABASE), postgres
    finally:
        postgres.stop()


@contextmanager
def copy_of(kept: Filling, engine: str) -> Iterator[Site]:
    """A copy of a filled database, gone afterwards, so that every run begins alike."""
    folder = Path(tempfile.mkdtemp(prefix="marketplace-bench-run-"))
    try:
        data = folder / "data"
        subprocess.run(["cp", "-a", str(kept.folder / "data"), str(data)], check=True)
        cluster = kept.folder / "cluster" if engine == "postgresql" else None
        with _database(engine, data, cluster, DURABLE) as (url, postgres):
            yield Site(environment(data, url, "production"), kept.filled, postgres)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def default_cache() -> Path:
    """Where filled databases are kept: the temporary directory, readable to the owner."""
    return Path(os.environ.get("BENCH_CACHE", Path(tempfile.gettempdir()) / "marketplace-bench"))


def process_of(site: Site) -> Any:
    """The database's own process, None where it runs inside the web process."""
    return None if site.postgres is None else site.postgres.process_id
