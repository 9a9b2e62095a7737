"""Asking for everything that must hold at all times."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from marketplace.foundation.transactions import snapshot
from marketplace.supervision.invariants import CHECKS, STATEMENTS, broken

from .saying import conclude, progress


@click.command("invariants")
@with_appcontext
def invariants() -> None:
    """Ask every invariant of the data; name each row for which one does not hold."""
    progress(f"asking {len(STATEMENTS) + len(CHECKS)} invariants")
    count = 0
    with snapshot():
        for found in broken():
            count += 1
            click.echo(str(found))
    conclude("invariants", count)
