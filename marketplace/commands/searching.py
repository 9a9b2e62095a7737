"""Making what the public finds anew, and comparing it with the rows it is about."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from marketplace.finding import indexing
from marketplace.foundation.transactions import snapshot, transaction

from .saying import conclude, progress

search_group = AppGroup("search", help="What the public finds by words.")


@search_group.command("rebuild")
def _rebuild() -> None:
    """Make every entry anew that is not as it should be; the web processes follow at once."""
    progress("comparing every firm, item, need and notice with its entry")
    with transaction():
        count = indexing.rebuild()
    click.echo(f"search: {count} entries made anew")


@search_group.command("verify")
def _verify() -> None:
    """Compare every entry with the rows it is about; name each that differs."""
    count = 0
    with snapshot():
        for each in indexing.differences():
            count += 1
            click.echo(f"{each.table} {each.object_id}: {each.problem}")
    conclude("search", count)
