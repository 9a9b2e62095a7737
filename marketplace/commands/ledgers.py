"""Checking the ledgers, and handing out the proofs of draws."""

from __future__ import annotations

import json
import os
from decimal import Decimal, InvalidOperation
from pathlib import Path

import click
from flask.cli import AppGroup
from pydantic import TypeAdapter

from marketplace.accounts.queries import organisation_by_credit_code, register_of, site
from marketplace.foundation import audit, clock, heads, policy
from marketplace.foundation.db import db
from marketplace.foundation.finding import by_public_id
from marketplace.foundation.transactions import snapshot
from marketplace.ratings import actions as ratings
from marketplace.ratings import queries as rating_queries
from marketplace.ratings import simulating, verifying
from marketplace.ratings.rules.policy import RatingPolicy
from marketplace.selection import queries as selection
from marketplace.supervision import ledger_files
from marketplace.supervision.trials import running
from marketplace.supervision.trials.models import RatingTrial

from .saying import conclude, progress

ledger_group = AppGroup("ledger", help="The audit ledger and the rating ledger.")


@ledger_group.command("verify")
@click.option(
    "--head", "kept", multiple=True, metavar="SEQ:HASH", help="a head that was kept elsewhere"
)
def _verify_ledger(kept: tuple[str, ...]) -> None:
    """Recompute both ledgers; name every row that is missing, altered or inserted.

    The audit chain is compared with the heads published every day and with its recorded end, the
    rating ledger with its digests and with the audit ledger.
    """
    heads_kept = [_read_head(text) for text in kept]
    with snapshot():
        audited, rated = _verify(heads_kept)
    click.echo(f"audit_ledger: {audited} differences")
    conclude("rating_ledger", rated, also=audited)


def _verify(heads_kept: list[tuple[int, str]]) -> tuple[int, int]:
    """Name what is wrong with either ledger; returns how much that was."""
    progress("recomputing the audit chain")
    audited = [*audit.verify(), *heads.verify()]
    for seq, row_hash in heads_kept:
        row = db.session.get(audit.AuditRow, seq)
        if row is None or row.hash != row_hash:
            audited.append(audit.Finding(seq, "the row is not the head that you kept"))
    for finding in audited:
        click.echo(f"audit_ledger {finding.seq}: {finding.problem}")
    for late in heads.late():
        published = clock.local_day(late.published_at)
        click.echo(f"audit_ledger {late.seq}: note: the head for {late.day} came on {published}")
    seq, head = audit.head()
    click.echo(f"audit_ledger head: {seq} {head}")
    progress("comparing the rating ledger with it")
    rated = list(verifying.findings())
    for finding in rated:
        click.echo(f"rating_ledger {finding.seq}: {finding.problem}")
    return len(audited), len(rated)


def _read_head(text: str) -> tuple[int, str]:
    seq, _colon, row_hash = text.partition(":")
    if not seq.isdigit() or len(row_hash) != 64:
        raise click.BadParameter("a head is SEQ:HASH")
    return int(seq), row_hash.lower()


@ledger_group.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def _export_ledger(file: Path) -> None:
    """Write both ledgers with the content of every row to FILE, for scripts/verify_ledger.py."""
    progress("writing both ledgers")
    with snapshot(), file.open("w", encoding="utf-8") as lines:
        lines.writelines(ledger_files.whole())
    click.echo(f"written to {file}")


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
    with snapshot():
        for difference in ratings.replay(organisation_id, processes):
            problems += 1
            click.echo(str(difference))
    conclude("rating_ledger", problems)


def _share(_context: object, _parameter: object, value: str) -> Decimal:
    try:
        share = Decimal(value)
    except InvalidOperation:
        raise click.BadParameter("a share is a number from 0 to 1") from None
    if not 0 <= share <= 1:
        raise click.BadParameter("a share is a number from 0 to 1")
    return share


@ratings_group.command("simulate")
@click.option("--attackers", metavar="SHARE", default="0", callback=_share, help="from 0 to 1")
@click.option("--seed", type=int, default=1)
@click.option(
    "--edition",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="a rating edition to try; by default the one in force",
)
@click.option("--json", "file", type=click.Path(dir_okay=False, path_type=Path))
def _simulate(attackers: Decimal, seed: int, edition: Path | None, file: Path | None) -> None:
    """Rate a made-up world of firms of known quality, some of them attackers (docs/simulation.md).

    Tells Kendall's tau-b between true quality and score, for the rules and for a plain mean.
    """
    if edition is None:
        found = rating_queries.edition_on(register_of(site().jurisdiction_code), clock.today())
        name, rule = found.title, found.values
    else:
        try:
            draft = policy.parse(edition.name, edition.read_text("utf-8"), [RatingPolicy])
        except policy.PolicyError as error:
            raise click.UsageError(str(error)) from error
        name, rule = draft.title, TypeAdapter(RatingPolicy).validate_python(draft.content)
    progress(f"rating a world of firms under {name}")
    outcome = simulating.run(rule, attackers, seed).as_json()
    told = {"attackers": str(attackers), "seed": seed, "edition": name, **outcome}
    click.echo(f"ours {outcome['ours']}, plain_mean {outcome['plain_mean']}")
    if file is not None:
        file.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", "utf-8")


@ratings_group.command("trial")
@click.argument("public_id")
def _trial(public_id: str) -> None:
    """Compute the trial of a rating edition again and compare it with what is stored."""
    stored = by_public_id(RatingTrial, public_id)
    given = running.Given(
        stored.jurisdiction_code, stored.day, stored.known_at, stored.cursor, dict(stored.content)
    )
    kept = stored.result_sha256
    outcome = running.compute(given, lambda done, total: progress(f"{done} of {total}"))
    click.echo(f"stored   {kept}\ncomputed {outcome.sha256}")
    conclude(f"trial {public_id}", int(kept != outcome.sha256))


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
