"""`scripts/bench search`: what finding firms costs on a register of many, beside the floors.

Fills a register by itself (three offers a firm: 600,000 for 200,000), makes the entries as an
operator does, serves the pages with the product's own web server and asks from two clients: by
words, initials and whole names, with filters, with an order. Every answer has its facets counted.
With more than 20,000 firms the same is measured at 20,000 first, for what the number costs.
"""

from __future__ import annotations

import argparse
import itertools
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote, urlencode

from sqlalchemy import select

import config
from marketplace.accounts import queries as accounts
from marketplace.accounts.models import Jurisdiction, Organisation
from marketplace.app import create_app
from marketplace.commands import editions, setting_up
from marketplace.finding import indexing
from marketplace.finding.rules import initials, reading
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries.models import Firm, Offering
from marketplace.ratings.models import Capacity, RatingSubject
from marketplace.ratings.rules.entries import Grade
from tests.servers import PostgresServer

from . import sites
from .bulk import Row as Stored
from .bulk import insert
from .filling import BEFORE, register
from .filling.plan import Plan
from .load import Connection, Failed, put_load
from .pages import WORDS
from .running import server
from .serving import FLOOR

SMALL = 20_000
CLIENTS = 2
AT_MOST_MS = {"sqlite": 150.0, "postgresql": 100.0}
AT_MOST_TIMES, AT_MOST_QUERIES = 1.5, 8
_GRADES = (Grade.A, *[Grade.B] * 4, *[Grade.UNGRADED] * 4, Grade.C)


@dataclass(frozen=True)
class Row:
    """One line of the report: what was asked and what an answer cost, in milliseconds."""

    asked: str
    engine: str
    firms: int
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    queries: int
    answers: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Fill, measure, print; 0 when the figures hold."""
    parser = argparse.ArgumentParser(prog="scripts/bench search", description=__doc__)
    parser.add_argument("--firms", type=int, default=SMALL)
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="postgresql")
    parser.add_argument("--seconds", type=float, default=5.0, help="load on each kind of search")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there as well")
    options = parser.parse_args(arguments)
    if options.firms < 10:
        parser.error("--firms at least 10")
    rows = []
    for firms in sorted({min(options.firms, SMALL), options.firms}):
        rows += measure(options.engine, firms, options.seconds)
    held = _print(rows, options.engine, options.firms)
    if options.json:
        text = json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=1)
        options.json.write_text(text + "\n", "utf-8")
    return 0 if held else 1


def _print(rows: Sequence[Row], engine: str, firms: int) -> bool:
    print(f"{'asked':<34}{'firms':>9}{'p50 ms':>9}{'p99 ms':>9}{'cpu ms':>9}{'queries':>9}")
    held = True
    for row in rows:
        verdict = ""
        if row.queries and not row.asked.startswith("floor"):
            good = row.p99_ms <= AT_MOST_MS[engine] and row.queries <= AT_MOST_QUERIES
            verdict = "met" if good else "MISSED"
            held = held and good
        print(
            f"{row.asked:<34}{row.firms:>9}{row.p50_ms:>9.2f}{row.p99_ms:>9.2f}{row.cpu_ms:>9.2f}"
            f"{row.queries:>9}  {verdict}"
        )
    if firms > SMALL:
        many, few = (
            sum(row.cpu_ms for row in rows if row.firms == size and row.asked == "all together")
            for size in (firms, SMALL)
        )
        good = many <= few * AT_MOST_TIMES
        held = held and good
        print(
            f"processor time of a search: {many / few:.2f} times that at {SMALL:,}, at most "
            f"{AT_MOST_TIMES}: {'met' if good else 'MISSED'}"
        )
    return held


def measure(engine: str, firms: int, seconds: float) -> list[Row]:
    """The figures of one engine and size, on a database made for them and gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="marketplace-bench-search-"))
    try:
        with _database(engine, folder) as (url, postgres):
            environment = sites.environment(folder, url, "test")
            asked = _fill(environment, firms)
            if postgres is not None:
                with postgres.connect("search") as connection:
                    connection.execute("VACUUM ANALYZE")
            served = sites.environment(folder, url, "production")
            with server(served) as (port, _told, web):
                database = None if postgres is None else postgres.process_id
                return _measure(engine, firms, port, (web, database), asked, seconds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _database(engine: str, folder: Path) -> Iterator[tuple[str, PostgresServer | None]]:
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'marketplace.db'}", None
        return
    postgres = PostgresServer()
    try:
        postgres.create("search")
        yield postgres.url("search"), postgres
    finally:
        postgres.stop()


def _fill(environment: dict[str, str], firms: int) -> dict[str, list[str]]:
    """Write the register and its entries; returns what there is to ask for."""
    app = create_app(config.from_environment(environment))
    with app.app_context():
        setting_up.migrate_database()
        with transaction():
            clock.set_to(datetime.now(UTC) - timedelta(days=BEFORE))
        editions.load_shipped_editions()
        with transaction():
            clock.set_offset(timedelta(0))
        plan = Plan(firms, _progress)
        plan.owners = 0
        homes = _homes(plan.register)
        items = [item.code for item in plan.items]
        names: list[str] = []
        db.session.rollback()
        with db.engine.connect() as connection:
            connection.begin()
            tables: list[tuple[Any, Iterator[Stored]]] = [
                (Organisation, _organisations(plan, homes, names)),
                (Firm, register.registrations(plan)),
                (Offering, _offerings(plan, items)),
                (RatingSubject, _subjects(plan)),
            ]
            for model, rows in tables:
                _progress(f"{model.__tablename__}: {insert(connection, model.__table__, rows)}")
            connection.commit()
            # as the database does by itself some time after
            connection.exec_driver_sql("ANALYZE")
            connection.commit()
        db.session.remove()
        began = time.perf_counter()
        with transaction():
            made = indexing.rebuild()
        _progress(f"{made} entries in {time.perf_counter() - began:.0f} s")
        db.session.remove()
        db.engine.dispose()
        return {"names": names[:: max(1, firms // 500)], "items": items, "homes": homes}


def _homes(register_code: str) -> list[str]:
    below = accounts.below(register_code)
    known = db.session.scalars(select(Jurisdiction.code).where(Jurisdiction.code.in_(below)))
    return sorted(known)


def _organisations(plan: Plan, homes: list[str], names: list[str]) -> Iterator[Stored]:
    for number, row in enumerate(register.organisations(plan)):
        names.append(row["name"])
        yield row | {"jurisdiction_code": homes[number % len(homes)]}


def _offerings(plan: Plan, items: list[str]) -> Iterator[Stored]:
    chance = Random(3)  # noqa: S311
    for number in range(plan.firms):
        for place, item in enumerate(chance.sample(items, 3)):
            yield {
                "id": number * 3 + place + 1,
                "public_id": plan.public_id(),
                "firm_id": number + 1,
                "item_code": item,
                "discount": Decimal(chance.randint(0, 40)) / 100,
                "promised_days": chance.randint(2, 45),
                "paused": chance.random() < 0.05,
                "committed_at": plan.now - timedelta(days=900),
            }


def _subjects(plan: Plan) -> Iterator[Stored]:
    for number in range(plan.firms):
        yield {
            "id": plan.subject_base + number,
            "organisation_id": plan.organisation_base + number,
            "register": plan.register,
            "capacity": Capacity.INTERMEDIARY,
            "grade": _GRADES[number % len(_GRADES)],
        }


def _kinds(asked: dict[str, list[str]]) -> dict[str, Callable[[int], dict[str, str]]]:
    names, items, homes = asked["names"], asked["items"], asked["homes"]

    def of(some: Sequence[str], n: int) -> str:
        return some[n % len(some)]

    return {
        "words": lambda n: {"q": of(WORDS, n)},
        "words and filters": lambda n: {
            "q": of(WORDS, n),
            "grade": "B",
            "home": of(homes, n // 3),
            "days": "20",
        },
        "a whole name": lambda n: {"q": of(names, n)},
        "initials of a name": lambda n: {"q": initials(reading(of(names, n)))[: 4 + n % 5]},
        "an item and filters": lambda n: {"item": of(items, n), "open": "1", "price": "20"},
        "an item by price": lambda n: {"item": of(items, n), "sort": "price"},
        "filters alone": lambda n: {
            "grade": "A",
            "days": "10",
            "open": "1",
            "page": str(n % 40 + 1),
        },
    }


def _measure(
    engine: str,
    firms: int,
    port: int,
    processes: tuple[int | None, ...],
    asked: dict[str, list[str]],
    seconds: float,
) -> list[Row]:
    numbers = itertools.count(1)
    host = f"Host: 127.0.0.1:{port}\r\n"

    def request(path: str, head: str = "") -> bytes:
        return f"GET {path} HTTP/1.1\r\n{host}{head}\r\n".encode()

    began = time.perf_counter()
    first = _opened(port, request("/firms?visit=0"))
    _progress(f"first search after a start: {time.perf_counter() - began:.1f} s")
    _progress(f"memory of the web process: {_megabytes(processes[0])} MB")

    def ask(name: str, make: Callable[[int], bytes], lasting: float) -> tuple[Any, int]:
        put_load(
            port, make, numbers, seconds=1, most=60, connections=CLIENTS, status=200,
            processes=processes,
        )  # fmt: skip
        head, rest = make(next(numbers)).split(b"\r\n", 1)
        first.ask(head + f"\r\nX-Bench-Record: {name}\r\n".encode() + rest)
        count = int(first.ask(request(f"{FLOOR}/count/{quote(name)}")).body)
        found = put_load(
            port, make, numbers, seconds=lasting, most=100_000, connections=CLIENTS, status=200,
            processes=processes,
        )  # fmt: skip
        return found, count

    def row(name: str, found: Any, queries: int) -> Row:
        return Row(
            name,
            engine,
            firms,
            round(found.percentile(0.5), 2),
            round(found.percentile(0.99), 2),
            round(found.cpu_ms, 2),
            queries,
            len(found.latencies),
        )

    kinds = _kinds(asked)
    makers = {
        name: lambda n, query=query: request(f"/firms?{urlencode({**query(n), 'visit': str(n)})}")
        for name, query in kinds.items()
    }
    rows = []
    for name, make in makers.items():
        _progress(name)
        rows.append(row(name, *ask(name, make, seconds)))
    every = list(makers.values())
    rows.append(row("all together", *ask("all", lambda n: every[n % len(every)](n), seconds * 2)))
    for name in makers:
        path = f"{FLOOR}/sql/{quote(name)}"
        found = put_load(
            port, lambda _n, path=path: request(path), numbers, seconds=1, most=100_000,  # type: ignore[misc]
            connections=CLIENTS, status=200, processes=processes,
        )  # fmt: skip
        rows.append(row(f"floor: bare SQL of {name}", found, 0))
    found = put_load(
        port, lambda _n: request(f"{FLOOR}/empty"), numbers, seconds=1, most=100_000,
        connections=CLIENTS, status=200, processes=processes,
    )  # fmt: skip
    rows.append(row("floor: empty Flask", found, 0))
    _progress(f"memory of the web process: {_megabytes(processes[0])} MB")
    first.close()
    return rows


def _opened(port: int, request: bytes) -> Connection:
    """A connection over which the first search was answered, however long that took."""
    for _patience in range(10):
        connection = Connection(port)
        try:
            if connection.ask(request).status == 200:
                return connection
        except TimeoutError:
            connection.close()
    raise Failed("the list of firms was not answered")


def _megabytes(process: int | None) -> int:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) // 1024


def _progress(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
