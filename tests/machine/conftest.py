"""The market on each engine, for the machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.machine.market import Market
from tests.machine.world import fill


@pytest.fixture
def market(sites: Callable[[str], Any], engine_name: str) -> type[Market]:
    """The machine on an engine: each example on a copy of the small world."""
    site = sites(engine_name)
    template, world = site.filled("machine", fill)
    members = {"open_copy": staticmethod(lambda: site.copy_of(template)), "world": world}
    return type("Market", (Market,), members)
