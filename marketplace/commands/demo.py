"""The demo: filling an empty database, moving its time."""

from __future__ import annotations

import re
from datetime import timedelta

import click
from flask import current_app
from flask.cli import AppGroup

from marketplace.demo import moving
from marketplace.foundation import clock

from .setting_up import fill_with_demo, is_new, migrate_database, setup_lock

_STEP = re.compile(r"(\d+)(d|h|m)")
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}

clock_group = AppGroup("clock", help="Demo time.")


@clock_group.command("advance")
@click.argument("step")
def _advance(step: str) -> None:
    """Move demo time forward by STEP (3d, 12h, 1d6h, 30m) and do what becomes due on the way."""
    if not current_app.config["CLOCK_MOVABLE"]:
        raise click.ClickException("the clock can be moved in demo and tests only")
    moving.advance_clock(parse_step(step))
    click.echo(f"{clock.now().astimezone(clock.SHANGHAI):%Y-%m-%d %H:%M:%S} Asia/Shanghai")


def parse_step(step: str) -> timedelta:
    """``3d``, ``12h``, ``1d6h30m`` as a duration. Raises click.BadParameter."""
    parts = _STEP.findall(step)
    if not parts or "".join(f"{number}{unit}" for number, unit in parts) != step:
        raise click.BadParameter(f"{step!r} is not a step such as 3d, 12h or 1d6h")
    return timedelta(**{_UNITS[unit]: int(number) for number, unit in parts})


demo_group = AppGroup("demo", help="The demo.")


@demo_group.command("load")
def _load_demo() -> None:
    """Fill an empty database with the demo, made through the actions with the moved clock."""
    if not current_app.config["CLOCK_MOVABLE"]:
        raise click.ClickException("the demo is loaded with MARKETPLACE_MODE=demo only")
    with setup_lock():
        migrate_database()
        if not is_new():
            raise click.ClickException("the database has a history; the demo needs an empty one")
        fill_with_demo(current_app.config["SETTINGS"].small_demo)
