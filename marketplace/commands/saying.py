"""How a command tells what it does and what it found."""

from __future__ import annotations

import sys

import click


def progress(message: str) -> None:
    """Say on standard error what is being done."""
    click.echo(message, err=True)


def conclude(what: str, problems: int, also: int = 0) -> None:
    """Say how many differences were found; any at all end the command with status 1.

    `also` counts those that were told before.
    """
    click.echo(f"{what}: {problems} differences")
    if problems or also:
        sys.exit(1)
