"""Finding an object by the name it has in addresses."""

from __future__ import annotations

from typing import Any, TypeVar

from sqlalchemy import Select, bindparam, select

from .db import PublicIdMixin, db
from .errors import Missing

P = TypeVar("P", bound=PublicIdMixin)
_BY_NAME: dict[type[PublicIdMixin], Select[Any]] = {}


def by_public_id(model: type[P], public_id: str) -> P:
    """The object of that random name; raises Missing. Whether somebody may see it is not asked."""
    if model not in _BY_NAME:
        _BY_NAME[model] = select(model).where(model.public_id == bindparam("named"))
    found: P | None = db.session.scalar(_BY_NAME[model], {"named": public_id})
    if found is None:
        raise Missing(f"{model.__name__} {public_id}")
    return found
