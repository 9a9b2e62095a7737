"""How a command tells what it does and what it found."""

from __future__ import annotations

import sys

import click


def progress(message: str) -> None:
    """Say on standard error what is being done."""
    click.echo(message, err=True)


def conclude(what: str, problems: int) -> None:
    """Say how many differences were found; any at all end the command with status 1."""
    click.echo(f"{what}: {problems} differences")
    if problems:
        sys.exit(1)
