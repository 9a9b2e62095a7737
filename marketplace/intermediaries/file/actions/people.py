"""Who works for a firm and who stands behind it: professionals, the controlling shareholder."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select

from marketplace.accounts import credit_code
from marketplace.accounts.identity import is_identity
from marketplace.foundation import audit
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Invalid

from ... import queries
from ...applying import must_be
from ...models import Firm, Practitioner, Shareholder


def set_controller(
    firm: Firm, name: str | None, identity: str | None, actor: Actor, now: datetime
) -> None:
    """Register who holds more than half (a person's identity number or a body's credit code).

    Without a name the present one ends.
    """
    must_be(firm, firm.may_be_supplemented)
    present = queries.controller(firm.id)
    if name and identity:
        compact = identity.strip().upper()
        personal = is_identity(compact)
        number = compact if personal else credit_code.checked(compact, "controller_identity")
        digest = queries.person_digest(number)
        if present and present.name == name and present.identity_digest == digest:
            return
    elif name and (present is None or present.name != name):
        raise Invalid(
            _("请填写控股股东的证件号码或统一社会信用代码"),
            field="controller_identity",
            rule="controller",
        )
    elif name:
        return
    if present is not None:
        present.ended_at = now
        db.session.flush()
    if name:
        db.session.add(
            Shareholder(firm_id=firm.id, name=name, identity_digest=digest, registered_at=now)
        )
    db.session.flush()
    audit.record("firm.controller", actor, firm, now, registered=bool(name))


def add_practitioner(
    firm: Firm, *, name: str, profession: str, number: str, actor: Actor, now: datetime
) -> Practitioner:
    """Register a professional; refused while the same certificate stands with any firm."""
    must_be(firm, firm.may_be_supplemented)
    taken = select(Practitioner.id).where(
        Practitioner.number == number, Practitioner.ended_at.is_(None)
    )
    if db.session.scalar(taken) is not None:
        raise Invalid(
            _("该执业证书已登记在册，同一执业人员只能登记在一家机构"), field="number", rule="twin"
        )
    row = Practitioner(
        firm_id=firm.id, name=name, profession=profession, number=number, registered_at=now
    )
    db.session.add(row)
    db.session.flush()
    audit.record("practitioner.registered", actor, row, now, firm=firm.id)
    return row
