"""What every field of a file was: who changed it, when, from what to what."""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _l

from marketplace.foundation.actor import Actor
from marketplace.foundation.crypto import keyed_digest
from marketplace.foundation.db import db

from ...models import Firm
from ..models import ChangeKind, FieldChange, FieldValue

FIELDS = {kind.value: kind.title for kind in ChangeKind} | {
    "agent": _l("经办人"),
    "branch": _l("分支机构"),
}
# whose values name a person; the legal representative is named in public
PERSONAL_FIELDS = frozenset({"agent", "controller", "practitioner"})


def keep_history(
    firm: Firm,
    field: str,
    before: str | None,
    after: str | None,
    actor: Actor,
    now: datetime,
    recheck_id: int | None = None,
) -> None:
    """Note that a field changed. What a first application is drafted with is no change yet.

    The row that stays holds digests; the values stand beside it and can be erased.
    """
    before, after = before or None, after or None
    if firm.submitted_at is None or before == after:
        return
    change = FieldChange(
        firm_id=firm.id,
        field=field,
        at=now,
        actor_id=actor.user_id,
        organisation_id=actor.organisation_id,
        recheck_id=recheck_id,
        before_digest=keyed_digest("field", before) if before else None,
        after_digest=keyed_digest("field", after) if after else None,
    )
    db.session.add(change)
    db.session.flush()
    db.session.add(FieldValue(change_id=change.id, before=before, after=after))
    db.session.flush()
