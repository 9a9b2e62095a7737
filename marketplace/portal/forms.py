"""Reading the query arguments of public lists; nonsense is read as nothing, never an error."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from werkzeug.datastructures import MultiDict

from marketplace.projects.models import NeedStatus
from marketplace.ratings.rules.entries import Grade

LONGEST = 100


def search_words(arguments: Mapping[str, str]) -> str:
    """The words of argument ``q``: printable, trimmed, at most 100 characters."""
    raw = arguments.get("q", "")[: LONGEST * 2]
    return "".join(c for c in raw if c.isprintable()).strip()[:LONGEST]


def page_number(arguments: Mapping[str, str]) -> int:
    """The argument ``page``, 1 where it is missing or no number."""
    raw = arguments.get("page", "")
    return max(1, int(raw)) if raw.isascii() and raw.isdigit() and len(raw) < 8 else 1


def status_choice(arguments: Mapping[str, str]) -> NeedStatus | None:
    """The argument ``status``, if it names one."""
    try:
        return NeedStatus(arguments.get("status", ""))
    except ValueError:
        return None


def grade_choice(arguments: Mapping[str, str]) -> Grade | None:
    """The argument ``grade``, if it names one."""
    try:
        return Grade(arguments.get("grade", ""))
    except ValueError:
        return None


def band_choice(arguments: Mapping[str, str], name: str, bands: Collection[str]) -> str:
    """The argument ``name``, if it is one of the bands; else empty."""
    raw = arguments.get(name, "")
    return raw if raw in bands else ""


def chosen_firms(arguments: MultiDict[str, str], most: int) -> list[str]:
    """The arguments ``firm``, each once, at most ``most`` of them."""
    found = (each[:20] for each in arguments.getlist("firm"))
    return list(dict.fromkeys(each for each in found if each.isascii() and each.isalnum()))[:most]
