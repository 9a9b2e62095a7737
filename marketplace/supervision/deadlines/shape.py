"""How a kind of deadline is told of, and the shapes most of them have."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Select, String, cast, literal, null, select

from marketplace.accounts.models import Organisation
from marketplace.contracts.models import Contract
from marketplace.projects.models import Need

from ..models import ClockKind

Key = tuple[ClockKind, int, int]


@dataclass(frozen=True)
class Found:
    """A clock as it stands in its own package now."""

    kind: ClockKind
    subject_id: int
    organisation_id: int
    jurisdiction_code: str
    about: str
    key: str
    since: datetime
    due: datetime

    @property
    def place(self) -> Key:
        """Whose clock about what."""
        return (self.kind, self.subject_id, self.organisation_id)


@dataclass(frozen=True)
class Deadline:
    """How one package keeps one kind of deadline: a row is a clock that runs.

    ``whose`` is None where it is the bureau of the jurisdiction, or with ``superior`` each office
    over it; ``about`` is what a reader knows the matter by, ``page`` the public id in the address
    it is dealt with at.
    """

    kind: ClockKind
    of: type[Any]
    whose: Any
    jurisdiction: Any
    about: Any
    page: Any
    since: Any
    due: Any
    joined: tuple[tuple[type[Any], Any], ...]
    running: tuple[Any, ...]
    superior: bool = False

    def clocks(self) -> Select[Any]:
        """The clocks of this kind, in the columns all kinds share."""
        query = select(
            literal(self.kind.value).label("kind"),
            self.of.id.label("subject_id"),
            (null() if self.whose is None else self.whose).label("organisation_id"),
            self.jurisdiction.label("jurisdiction_code"),
            cast(self.about, String).label("about"),
            self.page.label("key"),
            self.since.label("since"),
            self.due.label("due"),
            literal(self.superior, Boolean).label("superior"),
        )
        for model, link in self.joined:
            query = query.join(model, link)
        return query.where(*self.running)


def of_contract(
    kind: ClockKind,
    whose: Any,
    since: Any,
    due: Any,
    *running: Any,
    joined: tuple[tuple[type[Any], Any], ...] = (),
) -> Deadline:
    """A clock of one side of a contract."""
    return Deadline(
        kind,
        Contract,
        whose,
        Contract.jurisdiction_code,
        Need.title,
        Contract.public_id,
        since,
        due,
        ((Need, Need.id == Contract.need_id), *joined),
        running,
    )


def against_firm(
    kind: ClockKind,
    of: type[Any],
    whose: Any,
    since: Any,
    due: Any,
    *running: Any,
    superior: bool = False,
    about: Any = Organisation.name,
) -> Deadline:
    """A clock in a matter about a firm."""
    return Deadline(
        kind,
        of,
        whose,
        of.jurisdiction_code,
        about,
        of.public_id,
        since,
        due,
        ((Organisation, Organisation.id == of.organisation_id),),
        running,
        superior,
    )
