"""The draw of the sample, computable by anybody, and what a call-back needs to end."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from marketplace.evaluations.rules import HIGHEST, EvaluationPolicy

LABEL = "zjcs-callback/1\n"


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


def population_sha256(references: Iterable[str]) -> str:
    """Hash of what is drawn from: one reference a line, sorted by bytes."""
    lines = sorted(f"{reference}\n".encode() for reference in references)
    return hashlib.sha256(b"".join(lines)).hexdigest()


def seed_of(jurisdiction: str, month: date, population: str, head_seq: int, head: str) -> str:
    """Seed of a month's draw, bound to the area, the population and the ledger's published head.

    The head is that of the month's last day, published before anybody knows the sample.
    """
    text = f"{LABEL}{jurisdiction}\n{month:%Y-%m}\n{population}\n{head_seq}\n{head}\n"
    return hashlib.sha256(text.encode()).hexdigest()


def may_give_up(days: Sequence[date], policy: EvaluationPolicy) -> bool:
    """Whether somebody may be called unreached: attempts on enough different days."""
    return len(set(days)) >= policy.callback_attempts
