"""What each published edition of something is to one place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from flask_babel import lazy_gettext as _l

from .lifecycle import Status


class Standing(Status):
    """What an edition is to a place on a day; follows from the dates, nothing stores it."""

    COMING = "coming", _l("尚未施行"), "warn"
    HERE = "here", _l("本地现行"), "good"
    ABOVE = "above", _l("上级现行"), "neutral"
    REPLACED = "replaced", _l("已被替代"), "ended"


def standing_of(
    editions: Iterable[tuple[int, str, date]], lineage: Sequence[str], day: date
) -> dict[int, Standing]:
    """The standing of each (key, place, day it takes effect) for the place whose ``lineage`` this
    is, own code first: in force is the newest of the first code that has one, whole."""
    rows = sorted(editions, key=lambda each: (each[2], each[0]))
    newest = {code: key for key, code, begins in rows if begins <= day}
    here = next((newest[code] for code in lineage if code in newest), None)

    def standing(key: int, begins: date) -> Standing:
        if begins > day:
            return Standing.COMING
        if key == here:
            return Standing.HERE
        return Standing.ABOVE if key in newest.values() else Standing.REPLACED

    return {key: standing(key, begins) for key, _code, begins in rows}
