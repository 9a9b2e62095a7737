"""One thing that waits for somebody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Line:
    """What is to be done, where, since when and by when.

    ``where`` is the endpoint of the list it belongs to, for the counts in the rail. ``due`` is
    None where no rule sets a limit.
    """

    what: Any
    about: str
    url: str
    where: str
    since: datetime
    due: datetime | None = None
