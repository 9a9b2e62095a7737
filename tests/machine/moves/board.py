"""A copy of the small world, what is possible in it now, and time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar

from flask import Flask
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from marketplace.demo import moving
from marketplace.foundation.db import db
from marketplace.foundation.errors import DomainError
from marketplace.foundation.transactions import transaction
from tests.machine.world import World

REASON = "经核查，事实清楚，处理适当，理由充分。"
WHICH = st.integers(0, 20)


def moves(name: str) -> Callable[[Any], bool]:
    """Whether a move is possible now and within the focus."""
    return lambda market: name in market.possible and (not market.focus or name in market.focus)


class Board(RuleBasedStateMachine):
    """One market. ``open_copy`` gives it a database of its own, ``focus`` limits its moves.

    ``asked`` says by move what it is possible with, ``always`` what needs nothing.
    """

    open_copy: ClassVar[Callable[[], Any]]
    world: ClassVar[World]
    focus: ClassVar[frozenset[str]] = frozenset()
    asked: ClassVar[dict[str, Any]] = {}
    always: ClassVar[tuple[str, ...]] = ("wait",)

    def __init__(self) -> None:
        super().__init__()
        self._copy = type(self).open_copy()
        self.app: Flask = self._copy.__enter__()
        self.possible: dict[str, list[int]] = {}
        self.settled = True
        self._look()

    def teardown(self) -> None:
        """Give the database back."""
        self._copy.__exit__(None, None, None)

    # what can be done now

    def _look(self) -> None:
        with self.app.app_context():
            found = {name: list(db.session.scalars(query)) for name, query in self.asked.items()}
            found = {name: self.left_of(name, ids) for name, ids in found.items()}
            db.session.rollback()
        self.possible = {name: ids for name, ids in found.items() if ids}
        for name in self.always:
            self.possible[name] = [0]

    def left_of(self, name: str, ids: list[int]) -> list[int]:
        """What of it a move is possible with, where a statement cannot tell."""
        return ids

    def act(self, action: Callable[[], Any]) -> None:
        """Do something in a transaction of its own; what the rules refuse is refused."""
        with self.app.app_context():
            try:
                with transaction():
                    action()
            except DomainError:
                pass
            finally:
                db.session.remove()
        self.settled = False
        self._look()

    def one(self, name: str, model: Any, which: int) -> Any:
        """A row that the move is possible with, in the running session."""
        ids = self.possible[name]
        return db.session.get_one(model, ids[which % len(ids)])

    def firm(self, which: int) -> Any:
        """A firm's party in the running session."""
        return self.world.party(self.world.firms[which % len(self.world.firms)])

    def owner(self, which: int) -> Any:
        """An owner's party in the running session."""
        return self.world.party(self.world.owners[which % len(self.world.owners)])

    @precondition(moves("wait"))
    @rule(hours=st.sampled_from([1, 8, 24, 25, 72, 120]))
    def wait(self, hours: int) -> None:
        """Time passes, with every job that becomes due on the way, those of midnight too."""
        with self.app.app_context():
            moving.advance_clock(timedelta(hours=hours))
            # and those that look for work by themselves, at the hour that was reached
            moving.advance_to(moving.present())
        self.settled = True
        self._look()
