"""One thing that waits for an officer, and for whom it is looked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marketplace.accounts.permissions import Permission
from marketplace.foundation.actor import Actor

from ..models import ClockKind

MOST = 100

# a page and the public id it takes, None where it takes none
Page = tuple[str, str | None]


@dataclass(frozen=True)
class Matter:
    """What is to be done about what, since when and by when.

    ``done_at`` is the page it is done on, by whoever holds ``permission`` and is none of ``not_by``
    (people who had a part in it before); where ``office`` or ``place`` is named, at that office or
    at one of that very place. ``read_at`` is the page for others, None where it is the same.
    ``where`` is the list it belongs to. ``due`` is None where no rule sets a limit; ``clock`` names
    its clock among those that run.
    """

    what: Any
    about: str
    status: Any
    done_at: Page
    where: str
    permission: Permission
    since: datetime
    due: datetime | None = None
    read_at: Page | None = None
    clock: tuple[ClockKind, int] | None = None
    not_by: frozenset[int | None] = frozenset()
    office: int | None = None
    place: str | None = None

    def is_for(self, actor: Actor) -> bool:
        """Whether somebody may do it."""
        return (
            actor.may(self.permission)
            and actor.user_id not in self.not_by
            and self.office in (None, actor.organisation_id)
            and self.place in (None, actor.jurisdiction)
        )

    def is_overdue(self, now: datetime) -> bool:
        """Whether its deadline is over."""
        return self.due is not None and self.due <= now


@dataclass(frozen=True)
class Search:
    """Where waiting work is looked for: an area and its own place, and for whom.

    ``actor`` None looks for everybody's work; else only for what that person may do.
    """

    codes: Sequence[str]
    place: str
    now: datetime
    actor: Actor | None = None

    def wants(self, *permissions: Permission) -> bool:
        """Whether work of one of these permissions is looked for."""
        actor = self.actor
        return actor is None or any(actor.may(each) for each in permissions)


Source = Callable[[Search], Iterator[Matter]]


def besides(*people: int | None) -> frozenset[int | None]:
    """People who had a part in a matter and leave the next step to others."""
    return frozenset(people) - {None}
