"""Keeping one field, and holding a window's fields against what another window kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from marketplace.foundation import audit
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Missing

from ..file.actions.standing import must_be
from ..models import Firm
from . import queries
from .rules import FIELDS, same


class Elsewhere(Conflict):
    """Fields that another window has changed meanwhile to something else."""

    def __init__(self, fields: list[str]) -> None:
        super().__init__(
            _("另一窗口已改过同一栏，没有保存；请核对两处内容后再保存"), rule="drafting.elsewhere"
        )
        self.fields = fields


def keep_field(firm: Firm, name: str, value: Any, mark: str, actor: Actor, now: datetime) -> bool:
    """Keep one field of an application that lies with the firm; False when it was so already.

    Raises Elsewhere when another window has changed it since this one was given ``mark``.
    """
    if name not in FIELDS:
        raise Missing(name)
    lock(firm)
    must_be(firm, firm.may_be_written)
    refuse_stale(firm, {name: value}, mark)
    if same(queries.kept(firm)[name], value):
        return False
    if name == "legal_representative":
        firm.organisation.legal_representative = value or None
    elif name == "decoupled":
        firm.decoupled = bool(value)
    else:
        setattr(firm, name, value or None)
    db.session.flush()
    audit.record("firm.field_kept", actor, firm, now, field=name)
    return True


def refuse_stale(firm: Firm, values: Mapping[str, Any], mark: str) -> None:
    """Raise Elsewhere for values that would overwrite what another window kept since ``mark``."""
    if found := queries.elsewhere(firm, values, mark):
        raise Elsewhere(list(found))
