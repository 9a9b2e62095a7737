"""One list of the rail, and lists under one heading."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from marketplace.foundation.actor import Actor


@dataclass(frozen=True)
class Place:
    """One list of the rail: its endpoint, its words, and the pages that belong under it.

    ``only_for`` asks whether somebody who may open it has anything there; None: everybody.
    """

    endpoint: str
    label: Any
    below: tuple[str, ...] = ()
    only_for: Callable[[Actor], bool] | None = None

    def holds(self, endpoint: str | None) -> bool:
        """Whether a page is this list or belongs under it."""
        return endpoint is not None and (endpoint == self.endpoint or endpoint in self.below)


@dataclass(frozen=True)
class Heading:
    """Lists under one short heading, in the order they are shown."""

    key: str
    title: Any
    places: tuple[Place, ...]
