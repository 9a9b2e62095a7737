"""The draw of the sample, computable by anybody, and what a call-back needs to end."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from marketplace.evaluations.rules import HIGHEST, EvaluationPolicy

FORMAT = "zjcs-callback/2"
# drawn before there were lists: from the head of the month's last day
FIRST_FORMAT = "zjcs-callback/1"


class Standing(StrEnum):
    """What a month's list says of an evaluation; the sample is drawn from the full ones."""

    FULL = "full"
    LOW = "low"
    OTHER = "other"
    EXCLUDED = "excluded"


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of a month's list: the entry of the rating ledger, the evaluation's public id."""

    entry: int
    evaluation: str
    standing: Standing

    def line(self) -> str:
        """Entry TAB evaluation TAB standing."""
        return f"{self.entry}\t{self.evaluation}\t{self.standing.value}"


def standing_of(
    marks: Mapping[str, int], excluded: bool, called: bool, policy: EvaluationPolicy
) -> Standing:
    """What a list says of an evaluation; one called back already is drawn no more."""
    if excluded:
        return Standing.EXCLUDED
    if called or is_low(marks, policy):
        return Standing.LOW
    return Standing.FULL if is_full(marks) else Standing.OTHER


def list_sha256(lines: Iterable[str]) -> str:
    """Hash of a month's list: its lines by entry number, each ended by a line feed."""
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


def is_low(marks: Mapping[str, int], policy: EvaluationPolicy) -> bool:
    """Whether an evaluation is called back whatever the draw: a part at 1 or 2 (by default)."""
    return any(mark <= policy.callback_up_to for mark in marks.values())


def is_full(marks: Mapping[str, int]) -> bool:
    """Whether every part has the highest mark: the sample is drawn from these."""
    return all(mark == HIGHEST for mark in marks.values())


def sample_size(population: int, policy: EvaluationPolicy) -> int:
    """How many are drawn of so many: the edition's share, rounded up, at least its least."""
    share = -(-population * policy.callback_sample_percent // 100)
    return min(population, max(share, policy.callback_sample_least))


def seed_of(jurisdiction: str, month: date, listed: str, head_seq: int, head: str) -> str:
    """Seed of a month's draw, bound to the area, the list and the ledger's published head.

    The head is that of the day on which the list's hash went into the ledger: it covers that row,
    and nobody knows it while the list is made.
    """
    text = f"{FORMAT}\n{jurisdiction}\n{month:%Y-%m}\n{listed}\n{head_seq}\n{head}\n"
    return hashlib.sha256(text.encode()).hexdigest()


def may_give_up(days: Sequence[date], policy: EvaluationPolicy) -> bool:
    """Whether somebody may be called unreached: attempts on enough different days."""
    return len(set(days)) >= policy.callback_attempts
