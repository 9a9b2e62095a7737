"""One filling: the sizes, the editions in force, the keys of every row."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import Organisation
from marketplace.catalogue import queries as catalogue
from marketplace.contracts import queries as contracts
from marketplace.evaluations.rules import Direction, EvaluationPolicy
from marketplace.foundation import audit, clock, policy
from marketplace.foundation.db import db
from marketplace.intermediaries import queries as intermediaries
from marketplace.projects.rules import SelectionPolicy
from marketplace.ratings import queries as ratings
from marketplace.ratings.models import (
    RatingSubject,
)
from marketplace.ratings.rules.entries import Entry

from .. import history as past
from ..bulk import Row

SESSIONS = 200
FIRST_USER = 1_000_000
# the site opened so many days ago: the shipped editions, then the firms, then their dealings
BEFORE = 1003
_ALPHABET = "0123456789bcdfghjkmnpqrstvwxyz"


class Plan:
    """The sizes, the editions, the first free key of each table."""

    def __init__(self, firms: int, progress: Callable[[str], None]) -> None:
        self.progress = progress
        self.firms = firms
        # the largest number of firms up to 400 that the whole number is a multiple of
        self.kinds = next(n for n in range(min(400, firms), 0, -1) if firms % n == 0)
        self.copies = firms // self.kinds
        self.buyers = max(3, math.ceil(firms / 40 / self.copies))
        self.owners = self.buyers * self.copies
        self.chance = random.Random(7)  # noqa: S311
        self.register = accounts.register_of(accounts.site().jurisdiction_code)
        self.now = clock.now()
        self.today = clock.local_day(self.now)
        self.items = catalogue.items(self.today, accounts.lineage(self.register))
        self.organisation_base = self._last(Organisation) + 1
        self.subject_base = self._last(RatingSubject) + 1
        self.seq, self.head = audit.head()
        self.policies = ratings.policies_of(self.register)
        self.contract_edition = contracts.contracts_policy(self.register, self.today).id
        self.admission_edition = intermediaries.admission_policy(self.register, self.today).id
        lineage = accounts.lineage(self.register)
        self.evaluation_edition = policy.in_force(EvaluationPolicy, lineage, self.today).id
        self.selection_edition = policy.in_force(SelectionPolicy, lineage, self.today).id
        self.rating_editions: dict[date, int] = {}
        self.posted: list[tuple[Entry, Row]] | None = None
        self.history = past.make(self.kinds, self.buyers, self.policies, self.now, self.today)

    @staticmethod
    def _last(model: Any) -> int:
        return db.session.scalar(select(func.max(model.id))) or 0

    def firm_key(self, firm: int, copy: int) -> int:
        """Key of a firm's organisation; its registration has the number from 1."""
        return self.organisation_base + copy * self.kinds + firm

    def owner_key(self, owner: int, copy: int) -> int:
        """Key of an owner's organisation."""
        return self.organisation_base + self.firms + copy * self.buyers + owner

    def subject_key(self, firm: bool, number: int, copy: int) -> int:
        """Key of a rating subject."""
        if firm:
            return self.subject_base + copy * self.kinds + number
        return self.subject_base + self.firms + copy * self.buyers + number

    def entry_key(self, number: int, copy: int) -> int:
        """Key of a rating entry, so that all copies together are in the order of time."""
        return self.history.order[number] * self.copies + copy + 1

    def public_id(self) -> str:
        """A random name for an address."""
        return "".join(self.chance.choices(_ALPHABET, k=13))

    @property
    def signed_in(self) -> int:
        """How many firms have somebody signed in."""
        return min(SESSIONS, self.firms)

    def user_key(self, number: int) -> int:
        """Keys of the people: number 0 acts for the owners."""
        return FIRST_USER + number

    @property
    def busy(self) -> list[int]:
        """The firms in the order of how much they have done, the busiest first."""
        firms = self.history.firms
        return sorted(range(self.kinds), key=lambda firm: -len(firms[firm].entries))

    def listed_at(self, number: int) -> datetime:
        """When a firm was listed: all before the first dealings, one a second."""
        return self.now - timedelta(days=BEFORE) + timedelta(days=1, seconds=number)

    def offered(self, number: int) -> list[Any]:
        """The items a firm offers; the one of the open needs is among them."""
        first = self.open_item
        others = [item for item in self.items if item.code != first.code]
        return [first, *others[number % len(others) :][: number % 3]]

    @property
    def open_item(self) -> Any:
        """An item that asks for no certificate and whose price is free."""
        return next(item for item in self.items if item.code == "stbc")

    def parties(self) -> Iterator[tuple[bool, int, int, past.Party]]:
        """(is a firm, number, copy, party) of everybody that is rated."""
        for copy in range(self.copies):
            for number, party in enumerate(self.history.firms):
                yield True, number, copy, party
        for copy in range(self.copies):
            for number, party in enumerate(self.history.owners):
                yield False, number, copy, party

    @property
    def open_needs(self) -> int:
        """How many needs can be entered now."""
        return max(4, self.firms // 400)

    def deals(self) -> Iterator[tuple[int, past.Deal, int]]:
        """(key, deal, copy) of every contract, in the order of time."""
        for number, deal in enumerate(self.history.deals):
            for copy in range(self.copies):
                yield number * self.copies + copy + 1, deal, copy

    def open_key(self, number: int) -> int:
        """Key of an open need and of its round."""
        return len(self.history.deals) * self.copies + 1 + number

    def given(self) -> Iterator[tuple[int, int, past.Deal, int, Direction]]:
        """(key, contract, deal, copy, direction) of every evaluation, in the order of time."""
        for key, deal, copy in self.deals():
            for place, direction in enumerate((Direction.OWNER_TO_FIRM, Direction.FIRM_TO_OWNER)):
                yield key * 2 - 1 + place, key, deal, copy, direction

    def rating_edition(self, day: date) -> int:
        """The rating edition in force on a day."""
        if day not in self.rating_editions:
            self.rating_editions[day] = ratings.edition_on(self.register, day).id
        return self.rating_editions[day]
