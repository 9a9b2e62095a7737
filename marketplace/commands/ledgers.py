"""Checking the ledgers, and handing out the proofs of draws."""

from __future__ import annotations

import os
from pathlib import Path

import click
from flask.cli import AppGroup

from marketplace.accounts.queries import organisation_by_credit_code
from marketplace.foundation import audit
from marketplace.ratings import actions as ratings
from marketplace.selection import queries as selection

from .saying import conclude, progress

ledger_group = AppGroup("ledger", help="The audit ledger.")


@ledger_group.command("verify")
def _verify_ledger() -> None:
    """Recompute the audit chain; name every row that is missing or altered."""
    progress("recomputing the audit chain")
    problems = 0
    for finding in audit.verify():
        problems += 1
        click.echo(f"audit_ledger {finding.seq}: {finding.problem}")
    seq, head = audit.head()
    click.echo(f"audit_ledger head: {seq} {head}")
    conclude("audit_ledger", problems)


ratings_group = AppGroup("ratings", help="The rating ledger.")


@ratings_group.command("replay")
@click.option("--all", "everybody", is_flag=True, help="every organisation and register")
@click.option(
    "--processes",
    type=click.IntRange(1, 64),
    default=lambda: min(8, os.cpu_count() or 1),
    help="how many processes share the work of --all; one for each core up to eight by default",
)
@click.argument("organisation", required=False)
def _replay_ratings(everybody: bool, processes: int, organisation: str | None) -> None:
    """Replay the rating ledger and compare it with the stored grades.

    ORGANISATION is a unified social credit code; --all replays everybody.
    """
    if everybody == bool(organisation):
        raise click.UsageError("name one organisation or --all")
    organisation_id = None
    if organisation:
        found = organisation_by_credit_code(organisation)
        if found is None:
            raise click.UsageError(f"no organisation has the credit code {organisation}")
        organisation_id = found.id
    progress("replaying the rating ledger")
    problems = 0
    for difference in ratings.replay(organisation_id, processes):
        problems += 1
        click.echo(str(difference))
    conclude("rating_ledger", problems)


draws_group = AppGroup("draws", help="Draw proofs.")


@draws_group.command("export")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def _export_draws(folder: Path) -> None:
    """Write every public draw proof to FOLDER, one JSON file each."""
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for name, content in selection.public_proofs():
        (folder / name).write_text(content, encoding="utf-8")
        count += 1
    click.echo(f"{count} proofs written to {folder}")
