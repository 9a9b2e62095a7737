"""Every command, added to the application."""

from __future__ import annotations

from flask import Flask

from marketplace.fees.commands import fees

from .demo import clock_group, demo_group
from .editions import editions_group, policy_group
from .invariants import invariants
from .ledgers import draws_group, ledger_group, ratings_group
from .searching import search_group
from .setting_up import serve, setup


def init_app(app: Flask) -> None:
    """Add the commands to the application."""
    app.cli.add_command(setup)
    app.cli.add_command(serve)
    app.cli.add_command(invariants)
    for group in (
        editions_group,
        policy_group,
        ledger_group,
        ratings_group,
        demo_group,
        draws_group,
        clock_group,
        fees,
        search_group,
    ):
        app.cli.add_command(group)
