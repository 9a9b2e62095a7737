"""`scripts/bench`: fill, serve, ask, print."""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from . import fees, ratings, registers, searching, sites
from . import pages as asked
from .load import Connection, Failed, put_load
from .pages import Page, Visitor
from .running import server
from .serving import FLOOR

_WARM_UP = 30


@dataclass(frozen=True)
class Row:
    """One line of the report, as `--json` writes it."""

    page: str
    rps: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    queries: int
    size: int
    engine: str


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; 0 when everything was answered as expected."""
    given = sys.argv[1:] if arguments is None else arguments
    if given[:1] == ["fees"]:
        return fees.main(given[1:])
    if given[:1] == ["ratings"]:
        return ratings.main(given[1:])
    if given[:1] == ["register"]:
        return registers.main(given[1:])
    if given[:1] == ["search"]:
        return searching.main(given[1:])
    options = _options(given)
    kept = sites.filled(options.engine, options.firms, options.cache, options.fresh, _progress)
    state = "filled" if kept.fresh else "kept from an earlier run, filled"
    _progress(f"{kept.filled.evaluations} evaluations, {state} in {kept.seconds} s")
    with sites.copy_of(kept, options.engine) as site, server(site.environment) as (port, told, web):
        visitor = Visitor(port, told)
        visitor.open_form()
        rows = _measure(visitor, (web, sites.process_of(site)), options)
    _print(rows, options, kept)
    if options.json:
        options.json.write_text(
            json.dumps([asdict(row) for row, _most in rows], ensure_ascii=False, indent=1) + "\n"
        )
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--firms", type=int, default=20_000, help="firms to fill in")
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there as well")
    parser.add_argument("--seconds", type=float, default=3.0, help="load on each page")
    parser.add_argument("--requests", type=int, default=100_000, help="at most so many a page")
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--only", default="", help="pages whose name holds this")
    parser.add_argument("--fresh", action="store_true", help="fill anew, keep nothing")
    parser.add_argument("--cache", type=Path, default=sites.default_cache())
    options = parser.parse_args(arguments)
    if options.firms < 10 or options.requests < 1 or options.connections < 1:
        parser.error("--firms at least 10, --requests and --connections at least 1")
    return options


def _progress(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def _measure(
    visitor: Visitor, processes: tuple[int | None, ...], options: argparse.Namespace
) -> list[tuple[Row, float | None]]:
    """Every page in turn, the floors last, since they send again what the pages sent."""
    ten = asked.pages(visitor)
    chosen = [*ten, *asked.cached(visitor), *asked.writes(visitor), *asked.floors(visitor, ten)]
    rows = []
    numbers = itertools.count(1)
    recorded: dict[str, int] = {}
    for page in chosen:
        bare = page.name.removeprefix("floor: bare SQL of ")
        if options.only not in page.name or (bare != page.name and bare not in recorded):
            continue
        _progress(page.name)

        def load(seconds: float, most: int, page: Page = page) -> Any:
            return put_load(
                visitor.port,
                page.make,
                numbers,
                seconds=seconds,
                most=most,
                connections=options.connections,
                status=page.status,
                processes=processes,
            )

        load(options.seconds, min(_WARM_UP, options.requests))
        queries = recorded[page.name] = recorded.get(bare) or _queries(visitor, page, numbers)
        figures = load(options.seconds, options.requests)
        rows.append(
            (
                Row(
                    page=page.name,
                    rps=round(figures.rate, 1),
                    p50_ms=round(figures.percentile(0.5), 2),
                    p99_ms=round(figures.percentile(0.99), 2),
                    cpu_ms=round(figures.cpu_ms, 2),
                    queries=queries,
                    size=figures.size,
                    engine=options.engine,
                ),
                page.most_ms,
            )
        )
    return rows


def _queries(visitor: Visitor, page: Page, numbers: itertools.count[int]) -> int:
    """How many statements one request sends; the server keeps them for the floor."""
    if page.name.startswith("floor:"):
        return int("query" in page.name)
    connection = Connection(visitor.port)
    request = page.make(next(numbers))
    head, rest = request.split(b"\r\n", 1)
    name = quote(page.name)
    answer = connection.ask(head + f"\r\nX-Bench-Record: {page.name}\r\n".encode() + rest)
    if answer.status != page.status:
        raise Failed(f"{page.name} was answered {answer.status}")
    found = connection.ask(visitor.get(f"{FLOOR}/count/{name}"))
    connection.close()
    return int(found.body)


def _print(
    rows: list[tuple[Row, float | None]], options: argparse.Namespace, kept: sites.Filling
) -> None:
    print(
        f"{options.engine}, {options.firms} firms, {kept.filled.evaluations} evaluations, "
        f"{kept.filled.audit_rows} audit rows, {options.connections} connections"
    )
    print(
        f"{'page':<42}{'rps':>8}{'p50 ms':>9}{'p99 ms':>9}{'cpu ms':>8}{'queries':>9}"
        f"{'bytes':>8}  at most"
    )
    for row, most in rows:
        verdict = "" if most is None else f"{most:g} {'met' if row.cpu_ms <= most else 'MISSED'}"
        print(
            f"{row.page:<42}{row.rps:>8.1f}{row.p50_ms:>9.2f}{row.p99_ms:>9.2f}{row.cpu_ms:>8.2f}"
            f"{row.queries:>9}{row.size:>8}  {verdict}"
        )


if __name__ == "__main__":
    sys.exit(main())
