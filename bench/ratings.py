"""`scripts/bench ratings`: what a replay of every grade costs, beside one SQL aggregate.

Fills a ledger of 50 entries for each firm (1,000,000 for 20,000), then runs what an officer runs,
`scripts/manage ratings replay --all`, and asks for one entry's effect on one grade many times
over. The floor is one SQL aggregate over the same rows of the ledger.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from sqlalchemy import func, select

import config
from config import ROOT
from marketplace.app import create_app
from marketplace.commands import editions, setting_up
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.ratings.effects import effect_of
from marketplace.ratings.models import EntryKind, RatingEntry
from tests.servers import PostgresServer

from . import rating_ledger, sites
from .filling import BEFORE

REPLAY_SECONDS, EFFECT_MS = 60.0, 5.0
EFFECTS = 400


@dataclass(frozen=True)
class Row:
    """One line of the report. `cpu` is processor time of all processes but the database's own."""

    what: str
    engine: str
    seconds: float
    cpu: float | None
    at_most: float | None


def main(arguments: Sequence[str] | None = None) -> int:
    """Fill, measure, print; 0 when the replay finds nothing and both figures hold."""
    parser = argparse.ArgumentParser(prog="scripts/bench ratings", description=__doc__)
    parser.add_argument("--firms", type=int, default=20_000)
    parser.add_argument("--engine", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there as well")
    options = parser.parse_args(arguments)
    if options.firms < 10 or options.processes < 1:
        parser.error("--firms at least 10, --processes at least 1")
    engines = ("sqlite", "postgresql") if options.engine == "both" else (options.engine,)
    rows: list[Row] = []
    for engine in engines:
        rows += measure(engine, options.firms, options.processes)
    for row in rows:
        cpu = "" if row.cpu is None else f"{row.cpu:.3f} s cpu"
        verdict = ""
        if row.at_most is not None:
            verdict = (
                f"at most {row.at_most:g} s: {'met' if row.seconds <= row.at_most else 'MISSED'}"
            )
        print(f"{row.engine:<11} {row.what:<44} {row.seconds:>10.4f} s {cpu:>15}  {verdict}")
    if options.json:
        text = json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=1)
        options.json.write_text(text + "\n", "utf-8")
    return int(any(row.at_most is not None and row.seconds > row.at_most for row in rows))


def measure(engine: str, firms: int, processes: int) -> list[Row]:
    """The figures of one engine, on a database made for them and gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="marketplace-bench-ratings-"))
    try:
        with _database(engine, folder) as url:
            return _measure(engine, firms, processes, sites.environment(folder, url, "test"))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _database(engine: str, folder: Path) -> Iterator[str]:
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'marketplace.db'}"
        return
    server = PostgresServer()
    try:
        server.create("ratings")
        yield server.url("ratings")
    finally:
        server.stop()


def _measure(engine: str, firms: int, processes: int, environment: dict[str, str]) -> list[Row]:
    app = create_app(config.from_environment(environment))
    with app.app_context():
        setting_up.migrate_database()
        with transaction():
            clock.set_to(datetime.now(UTC) - timedelta(days=BEFORE))
        editions.load_shipped_editions()
        with transaction():
            clock.set_offset(timedelta(0))
        filled = rating_ledger.fill(firms, _progress)
        _progress(f"{filled.entries} entries, {filled.subjects} subjects, {filled.records} records")
        db.session.remove()
        db.engine.dispose()
    rows = [_replay(engine, processes, environment, filled)]
    with app.app_context():
        rows.append(_effect(engine))
        rows.append(_floor(engine))
        db.session.remove()
        db.engine.dispose()
    return rows


def _progress(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def _replay(
    engine: str,
    processes: int,
    environment: dict[str, str],
    filled: rating_ledger.FilledLedger,
) -> Row:
    """The command itself, from its start to its end."""
    command = [sys.executable, "-m", "flask", "--app", "marketplace.app:create_app"]
    command += ["ratings", "replay", "--all", "--processes", str(processes)]
    before = _cpu_of_children()
    began = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - began
    if done.returncode or "rating_ledger: 0 differences" not in done.stdout:
        raise RuntimeError(
            f"the replay found something:\n{done.stdout[:2000]}{done.stderr[-2000:]}"
        )
    what = f"replay of {filled.entries:,} entries, {processes} processes"
    return Row(what, engine, seconds, _cpu_of_children() - before, REPLAY_SECONDS)


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _effect(engine: str) -> Row:
    """The median of many: what an entry of a firm does to its grade today."""
    now = clock.now()
    today = clock.local_day(now)
    last = db.session.scalar(select(func.max(RatingEntry.id))) or 0
    chance = Random(5)  # noqa: S311
    taken, cpu = [], []
    for _each in range(EFFECTS):
        number = chance.randint(1, last)
        began, began_cpu = time.perf_counter(), time.process_time()
        effect_of(number, today, now)
        taken.append(time.perf_counter() - began)
        cpu.append(time.process_time() - began_cpu)
    return Row(
        "one entry's effect on one grade (median)",
        engine,
        statistics.median(taken),
        statistics.median(cpu),
        EFFECT_MS / 1000,
    )


def _floor(engine: str) -> Row:
    """One aggregate over every mark of the ledger, the fastest of three."""
    statement = (
        select(
            RatingEntry.subject_id,
            func.count(),
            func.sum(RatingEntry.hundredths * RatingEntry.breadth),
            func.sum(RatingEntry.breadth),
            func.max(RatingEntry.takes_effect_on),
        )
        .where(RatingEntry.kind == EntryKind.MARK)
        .group_by(RatingEntry.subject_id)
    )
    best = float("inf")
    for _each in range(3):
        began = time.perf_counter()
        db.session.execute(statement).all()
        best = min(best, time.perf_counter() - began)
    return Row("floor: one SQL aggregate over the marks", engine, best, None, None)


if __name__ == "__main__":
    sys.exit(main())
