"""The shipped editions: loading those that are missing, checking those that are stored."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from dataclasses import is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy import select

from config import ROOT
from marketplace.accounts import actions as accounts
from marketplace.catalogue import actions as catalogue
from marketplace.fees import actions as fees
from marketplace.foundation import clock, policy
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction

from .saying import conclude, progress

EDITIONS = ROOT / "marketplace" / "editions"

INSTALLER = Actor(user_id=None, name="安装程序", roles=frozenset({"installer"}))

editions_group = AppGroup(
    "editions", help="Shipped editions: areas, offices, items, fees, policies."
)


@editions_group.command("load")
def _load_editions() -> None:
    """Load every shipped edition that is not stored yet."""
    load_shipped_editions()


def load_shipped_editions() -> None:
    """Load areas, offices, service items, fee standards and policies; what is stored stays."""
    for load in (_load_areas, _load_items, _load_standards, _load_policies):
        with transaction():
            load(clock.now())


def _load_areas(now: datetime) -> None:
    progress("loading areas and offices")
    accounts.load_jurisdictions(EDITIONS / "jurisdictions.toml", INSTALLER, now)
    for path in sorted((EDITIONS / "offices").glob("*.toml")):
        accounts.load_offices(path, INSTALLER, now)


def _load_items(now: datetime) -> None:
    progress("loading service items")
    for path in sorted((EDITIONS / "catalogue").glob("*.toml")):
        catalogue.load_edition(path, INSTALLER, now)


def _load_standards(now: datetime) -> None:
    progress("loading fee standards")
    fees.load_standards(EDITIONS / "standards", INSTALLER, now)


def _load_policies(now: datetime) -> None:
    """Publish what is missing; a site at work gets no edition that began before today.

    Its bureau may adopt such numbers from a later day on: past days stay as they were.
    """
    progress("loading policy editions")
    sections = policy_sections()
    known = {section.SECTION for section in sections}
    for path in policy.edition_files(EDITIONS):
        if path.name.split("-")[0] in known:
            try:
                policy.publish(_parse(path, sections), INSTALLER, now)
            except policy.PolicyPast as error:
                progress(f"not loaded: {error}")


def _parse(path: Path, sections: list[Any]) -> policy.Draft:
    return policy.parse(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"), sections)


def policy_sections() -> list[Any]:
    """Every policy dataclass (it carries ``SECTION``) in the rules of the packages."""
    import marketplace

    found: dict[str, Any] = {}
    for module in pkgutil.walk_packages(marketplace.__path__, "marketplace."):
        if ".rules" not in module.name:
            continue
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, type) and is_dataclass(value) and hasattr(value, "SECTION"):
                found[value.SECTION] = value
    return list(found.values())


policy_group = AppGroup("policy", help="Policy editions.")


@policy_group.command("check")
def _check_policies() -> None:
    """Read every shipped edition and compare the stored ones with their hashes."""
    sections = policy_sections()
    problems = 0
    for path in policy.edition_files(EDITIONS):
        try:
            _parse(path, sections)
        except policy.PolicyError as error:
            problems += 1
            click.echo(str(error))
    for row in db.session.scalars(select(policy.PolicyEdition).order_by(policy.PolicyEdition.id)):
        name = f"{row.jurisdiction}/{row.section}-{row.effective_from}"
        try:
            draft = policy.parse(name, row.source, sections)
        except policy.PolicyError as error:
            problems += 1
            click.echo(str(error))
            continue
        if draft.sha256 != row.sha256 or draft.content != row.content:
            problems += 1
            click.echo(f"{name}: the stored edition does not match its hash")
    conclude("policy editions", problems)
