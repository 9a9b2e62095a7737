"""Figures over many rows, counted once in a while instead of for every reader.

For counts that only inform: nothing is decided by them, and a reader does not see whether they
are some seconds old. Off where pages are not shared (tests).
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from flask import current_app

P = ParamSpec("P")
R = TypeVar("R")

_MOST_KEPT = 2000
_kept: dict[Any, tuple[float, Any]] = {}


def recent(seconds: int, *names: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Answer again what was answered to the same arguments less than ``seconds`` ago.

    ``names``: arguments that do not make a difference within the time (the present moment).
    """

    def around(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def answer(*args: P.args, **kwargs: P.kwargs) -> R:
            if not current_app.config["SHARE_PAGES_SECONDS"]:
                return function(*args, **kwargs)
            told = dict(zip(function.__code__.co_varnames, args, strict=False)) | kwargs
            key = (
                current_app.config["SQLALCHEMY_DATABASE_URI"],
                function.__module__,
                function.__qualname__,
                *(item for item in sorted(told.items()) if item[0] not in names),
            )
            return kept_for(seconds, key, lambda: function(*args, **kwargs))

        return answer

    return around


def kept_for(seconds: int, key: Any, make: Callable[[], R], least: int = 0) -> R:
    """What ``make`` gave for ``key`` less than ``seconds`` ago, or gives now; a number below
    ``least`` is not kept."""
    now = time.monotonic()
    found = _kept.get(key)
    if found is not None and now - found[0] < seconds:
        return found[1]
    made = make()
    if not isinstance(made, int) or made >= least:
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        _kept[key] = (now, made)
    return made
