"""The branch offices on a firm's file."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _

from marketplace.accounts import credit_code as codes
from marketplace.foundation import audit
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Invalid

from ...models import Firm
from .. import queries
from ..models import Branch
from .histories import keep_history
from .standing import must_be


def add_branch(
    firm: Firm,
    *,
    name: str,
    credit_code: str,
    address: str,
    head_name: str,
    head_phone: str | None,
    actor: Actor,
    now: datetime,
) -> Branch:
    """Register a branch by its own credit code. Raises Invalid naming the field."""
    must_be(firm, firm.may_be_supplemented)
    code = codes.checked(credit_code)
    if code == firm.organisation.credit_code:
        raise Invalid(_("请填写分支机构自己的统一社会信用代码"), field="credit_code", rule="branch")
    if any(each.credit_code == code for each in queries.branches_of(firm.id)):
        raise Invalid(_("该分支机构已经登记"), field="credit_code", rule="twin")
    row = Branch(
        firm_id=firm.id,
        name=name,
        credit_code=code,
        address=address,
        head_name=head_name,
        head_phone=head_phone or None,
        registered_at=now,
    )
    db.session.add(row)
    db.session.flush()
    audit.record("firm_branch.registered", actor, row, now, firm=firm.id, credit_code=code)
    keep_history(firm, "branch", None, f"{name} {code}", actor, now)
    return row
