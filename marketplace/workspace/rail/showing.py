"""The rail as one person sees it: what may be opened, what waits, where the page stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import current_app, request, url_for
from flask_babel import gettext as _

from marketplace.accounts.models import OrganisationFunction
from marketplace.foundation.actor import Actor
from marketplace.foundation.web import PUBLIC, SIGNED_IN, declared_access

from .offices import OFFICE
from .parties import PARTY
from .place import Place


@dataclass(frozen=True)
class Entry:
    """One list in the rail: the page itself, or one that belongs under it (``inside``).

    ``count`` is what waits there and under it, None where nothing does; ``counted`` says to listeners what is counted.
    """

    label: Any
    url: str
    current: bool
    inside: bool
    count: int | None
    counted: Any


@dataclass(frozen=True)
class Group:
    """Lists under one heading; ``key`` names the heading in the page."""

    key: str
    title: Any
    entries: list[Entry]


def rail(actor: Actor, function: OrganisationFunction, waiting: Mapping[str, int]) -> list[Group]:
    """The groups an actor may open, empty ones left out."""
    headings = PARTY if function is OrganisationFunction.PARTY else OFFICE
    return [
        Group(heading.key, heading.title, [_entry(place, waiting) for place in places])
        for heading, places in (
            (heading, [each for each in heading.places if _is_shown(actor, each)])
            for heading in headings
        )
        if places
    ]


def _entry(place: Place, waiting: Mapping[str, int]) -> Entry:
    return Entry(
        label=place.label,
        url=url_for(place.endpoint),
        current=place.endpoint == request.endpoint,
        inside=place.holds(request.endpoint),
        count=sum(waiting.get(each, 0) for each in (place.endpoint, *place.below)) or None,
        counted=_(" 条未读") if place.endpoint == "workspace.inbox" else _(" 件待办"),
    )


def _is_shown(actor: Actor, place: Place) -> bool:
    if place.endpoint not in current_app.view_functions:
        return False
    need = declared_access(place.endpoint)
    may_open = need in (PUBLIC, SIGNED_IN) or (need is not None and actor.may(need))
    return may_open and (place.only_for is None or place.only_for(actor))
