"""How a number was made: steps in words a layman follows, ready to be translated."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from marketplace.fees.rules.bands import Band, plain, point_of


def N_(text: str) -> str:
    """Mark ``text`` for the message catalogue without translating it here."""
    return text


@dataclass(frozen=True, slots=True)
class Wording:
    """A sentence with named places: ``text`` is the message id, ``values`` fill it.

    Pages show ``gettext(text, **values)``; ``str()`` is the Chinese original.
    """

    text: str
    values: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return self.text % dict(self.values) if self.values else self.text


def wording(text: str, /, **values: str) -> Wording:
    """Build a ``Wording`` from keyword values."""
    return Wording(text, tuple(values.items()))


class Step(NamedTuple):
    """One step: what was done, the number that went in, the number that came out, and where
    it is written. Numbers carry their unit (元, 万元, ㎡ …); a factor has the unit ``""``."""

    what: Wording
    taken: Band
    taken_unit: str
    given: Band
    given_unit: str
    document: str
    clause: str

    def as_record(self) -> dict[str, object]:
        """The step as plain text values, to be stored with the thing it explains."""
        return {
            "text": self.what.text,
            "values": dict(self.what.values),
            "in": [plain(self.taken.low, 10), plain(self.taken.high, 10)],
            "in_unit": self.taken_unit,
            "out": [plain(self.given.low, 10), plain(self.given.high, 10)],
            "out_unit": self.given_unit,
            "document": self.document,
            "clause": self.clause,
        }


@dataclass(slots=True)
class StepLog:
    """Collects the steps of one calculation under the document they rest on."""

    document: str
    clause: str
    steps: list[Step] = field(default_factory=list)

    def note(
        self,
        what: Wording,
        taken: Band | Decimal,
        taken_unit: str,
        given: Band,
        given_unit: str,
        clause: str = "",
    ) -> None:
        """Add a step; ``clause`` defaults to the one the log was opened with."""
        number = taken if isinstance(taken, Band) else point_of(taken)
        self.steps.append(
            Step(
                what,
                number,
                taken_unit,
                given,
                given_unit,
                self.document,
                clause or self.clause,
            )
        )


def shown(band: Band, places: int = 6) -> str:
    """A band for a reader: ``18.04`` or ``18.04–27.06``."""
    if band.is_point:
        return plain(band.low, places)
    return f"{plain(band.low, places)}–{plain(band.high, places)}"
