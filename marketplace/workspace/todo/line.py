"""One thing that waits for somebody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app, url_for


@dataclass(frozen=True)
class Line:
    """What is to be done, on which page, since when and by when.

    ``page`` is an endpoint, ``key`` the public id it takes (None: it takes none). ``where`` is
    the endpoint of the list it belongs to, for the counts in the rail. ``due`` is None where no
    rule sets a limit.
    """

    what: Any
    about: str
    page: str
    key: str | None
    where: str
    since: datetime
    due: datetime | None = None

    @property
    def url(self) -> str:
        """Where it is done."""
        return url_for(self.page, public_id=self.key) if self.key else url_for(self.page)

    @property
    def is_served(self) -> bool:
        """Whether this installation has the page."""
        return self.page in current_app.view_functions
