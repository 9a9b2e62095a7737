"""What a transaction gathers for its last act goes back with a savepoint that is rolled back.

A transaction gathers in ``session.info`` what it will write when it ends. SQLAlchemy tells of the
end of a savepoint by the same events as of the end of the transaction around it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from .db import db

_GATHERED: list[str] = []
_MARKS = "savepoint_marks"


def gather(name: str) -> str:
    """Have the list at ``session.info[name]`` follow the fate of the rows written beside it:
    back to what it was when a savepoint is rolled back, gone when the transaction is over."""
    _GATHERED.append(name)
    return name


@event.listens_for(db.session, "after_transaction_create")
def _mark(session: Session, transaction: SessionTransaction) -> None:
    if transaction.nested:
        info = session.info
        held = {name: list(info[name]) for name in _GATHERED if name in info}
        info.setdefault(_MARKS, {})[transaction] = held


@event.listens_for(db.session, "after_rollback")
def _cut_back(session: Session) -> None:
    # the savepoint is still the session's here; at the soft rollback its end was already told
    held: dict[str, list[Any]] | None = session.info.get(_MARKS, {}).get(
        session.get_nested_transaction()
    )
    if held is not None:
        for name in _GATHERED:
            if name in held:
                session.info[name] = list(held[name])
            else:
                session.info.pop(name, None)


@event.listens_for(db.session, "after_transaction_end")
def _forget(session: Session, transaction: SessionTransaction) -> None:
    if transaction.nested:
        session.info.get(_MARKS, {}).pop(transaction, None)
    elif transaction.parent is None:
        for name in (_MARKS, *_GATHERED):
            session.info.pop(name, None)
