"""Every periodic job on one page: what, how often, which queue.

A job is a function without arguments that does what is due and returns how much it did. It may
run twice or late without harm: what is due stands in the database, not in the broker.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Job:
    """``function`` is ``module:name``; ``seconds`` how often the clock asks; ``queue`` who works."""

    name: str
    function: str
    seconds: int
    queue: str = "deadlines"

    def resolve(self) -> Callable[[], int]:
        """The function itself."""
        module, name = self.function.split(":")
        found: Callable[[], int] = getattr(importlib.import_module(module), name)
        return found


JOBS: tuple[Job, ...] = (
    Job("到期公示与异议", "marketplace.notices.tasks:advance_due", 15),
    Job("入驻审查时限", "marketplace.intermediaries.tasks:advance_due", 15),
    Job("报名截止、选取与中选确认", "marketplace.selection.tasks:advance_due", 5),
    Job("合同与成果时限", "marketplace.contracts.tasks:advance_due", 15),
    Job("评价窗口", "marketplace.evaluations.tasks:advance_due", 30),
    Job("处罚与案件时限", "marketplace.sanctions.tasks:advance_due", 15),
    Job("信用等级重算", "marketplace.ratings.tasks:advance_due", 60),
    Job("红黄灯与提醒", "marketplace.supervision.tasks:advance_due", 20),
    Job("消息投递", "marketplace.notifications.tasks:deliver_due", 10, "messages"),
)
QUEUES = ("deadlines", "messages")


def run_due(rounds: int = 40) -> int:
    """Do everything that is due, again and again until nothing is; returns how much was done.

    What one job does can make another due at once. Raises RuntimeError when it does not settle.
    """
    total = 0
    functions = [job.resolve() for job in JOBS]
    for _ in range(rounds):
        done = sum(function() for function in functions)
        if not done:
            return total
        total += done
    raise RuntimeError("the due work does not settle")
