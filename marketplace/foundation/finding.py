"""Finding an object by the name it has in addresses."""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy import select

from .db import PublicIdMixin, db
from .errors import Missing

P = TypeVar("P", bound=PublicIdMixin)


def by_public_id(model: type[P], public_id: str) -> P:
    """The object of that random name; raises Missing. Whether somebody may see it is not asked."""
    found = db.session.scalar(select(model).where(model.public_id == public_id))
    if found is None:
        raise Missing(f"{model.__name__} {public_id}")
    return found
