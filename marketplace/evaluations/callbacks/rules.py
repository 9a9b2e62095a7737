"""The draw of the sample, computable by anybody, and what a call-back needs to end."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from marketplace.evaluations.rules import HIGHEST, EvaluationPolicy

FORMAT = "zjcs-callback/3"
# lists whose lines named the entries of the rating ledger
NAMED_FORMAT = "zjcs-callback/2"
# drawn before there were lists: from the head of the month's last day
FIRST_FORMAT = "zjcs-callback/1"
LINE_LABEL = "zjcs-callback-line/1"
# what a published line says of an evaluation: in the draw or not
DRAWN_FROM, PASSED_OVER = "full", "-"


class Standing(StrEnum):
    """What an evaluation is to the draw; the sample is drawn from the full ones."""

    FULL = "full"
    LOW = "low"
    OTHER = "other"
    EXCLUDED = "excluded"


@dataclass(frozen=True, slots=True)
class Listed:
    """One evaluation of a month's list: its entry of the rating ledger, its public id, what it is
    to the draw, and up to which mark everything was called back when it was revealed.

    The list holds a token of it: nobody without the salt can tell whose mark a line is.
    """

    entry: int
    evaluation: str
    standing: Standing
    low_up_to: int
    salt: str

    def opening(self) -> str:
        """What the token is taken of, the fields between tabs."""
        told = (self.entry, self.evaluation, self.standing.value, self.low_up_to, self.salt)
        return "\t".join(map(str, told))

    @classmethod
    def opened(cls, opening: str) -> Listed:
        """An evaluation of a list, from its opening."""
        entry, evaluation, standing, low_up_to, salt = opening.split("\t")
        return cls(int(entry), evaluation, Standing(standing), int(low_up_to), salt)

    @property
    def token(self) -> str:
        """What stands for the evaluation in the list."""
        return hashlib.sha256(f"{LINE_LABEL}\n{self.opening()}\n".encode()).hexdigest()

    def line(self) -> str:
        """Token TAB whether the sample is drawn from it."""
        return f"{self.token}\t{DRAWN_FROM if self.standing is Standing.FULL else PASSED_OVER}"


def standing_of(marks: Mapping[str, int], excluded: bool, called: bool, low_up_to: int) -> Standing:
    """What an evaluation is to the draw; one called back already is drawn no more."""
    if excluded:
        return Standing.EXCLUDED
    if called or is_low(marks, low_up_to):
        return Standing.LOW
    return Standing.FULL if is_full(marks) else Standing.OTHER


def list_sha256(lines: Iterable[str]) -> str:
    """Hash of a month's list: its lines in their order, each ended by a line feed."""
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


def is_low(marks: Mapping[str, int], up_to: int) -> bool:
    """Whether an evaluation is called back whatever the draw: a part at 1 or 2 (by default)."""
    return any(mark <= up_to for mark in marks.values())


def is_full(marks: Mapping[str, int]) -> bool:
    """Whether every part has the highest mark: the sample is drawn from these."""
    return all(mark == HIGHEST for mark in marks.values())


def sample_size(population: int, policy: EvaluationPolicy) -> int:
    """How many are drawn of so many: the edition's share, rounded up, at least its least."""
    share = -(-population * policy.callback_sample_percent // 100)
    return min(population, max(share, policy.callback_sample_least))


def seed_of(
    jurisdiction: str, month: date, listed: str, head_seq: int, head: str, form: str = FORMAT
) -> str:
    """Seed of a month's draw, bound to the area, the list and the ledger's published head.

    The head is that of the day on which the list's hash went into the ledger: it covers that row,
    and nobody knows it while the list is made.
    """
    text = f"{form}\n{jurisdiction}\n{month:%Y-%m}\n{listed}\n{head_seq}\n{head}\n"
    return hashlib.sha256(text.encode()).hexdigest()


def may_give_up(days: Sequence[date], policy: EvaluationPolicy) -> bool:
    """Whether somebody may be called unreached: attempts on enough different days."""
    return len(set(days)) >= policy.callback_attempts
