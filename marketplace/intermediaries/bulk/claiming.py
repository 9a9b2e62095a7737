"""A firm that was taken over claims its file: it gets its first account, and signs."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _

from marketplace.accounts.welcoming import Officers, invite_firm
from marketplace.foundation import audit, clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid, Refused

from ..models import Firm
from ..queries import admission_policy
from . import queries
from .models import ImportRow, RegisterImport


def waits_for_commitment(firm: Firm) -> bool:
    """Whether a firm was taken over and has not signed yet."""
    return firm.is_listed and firm.committed_at is None and queries.origin(firm.id) is not None


def invite_claimant(
    firm: Firm, row: ImportRow, name: str, email: str | None, actor: Actor, now: datetime
) -> str | None:
    """Invite the first administrator of a firm taken over, anew where an earlier link is over;
    returns the link's token, or None when it was mailed."""
    lock(firm)
    found = db.session.get_one(RegisterImport, row.import_id)
    proposer, approver = actor.user_id, found.confirmed_by
    if proposer == approver:
        proposer = found.submitted_by
    if proposer is None or approver is None or proposer == approver:
        raise Refused(_("须由承接时的两名经办人员之一办理"), rule="two_officers")
    return invite_firm(firm.organisation, name, Officers(proposer, approver), actor, now, email)


def claim_file(firm: Firm, committed: bool, decoupled: bool, actor: Actor, now: datetime) -> None:
    """Sign the commitment for a file that was taken over; from then on it takes orders."""
    lock(firm)
    now = max(now, clock.now())
    if not waits_for_commitment(firm):
        raise Conflict(_("本机构无须签署承接承诺"), rule="firm.claimed")
    if not committed:
        raise Invalid(_("请阅读并勾选入驻承诺"), field="committed", rule="commitment")
    values = admission_policy(firm.register_code, clock.local_day(now)).values
    if values.decoupling_required and not decoupled:
        raise Invalid(
            _("声明与行政机关在人员、资金、管理上脱钩"), field="decoupled", rule="decoupling"
        )
    firm.committed_at, firm.committed_by = now, actor.user_id
    firm.decoupled = decoupled
    firm.paused = False
    db.session.flush()
    audit.record("firm.claimed", actor, firm, now, decoupled=decoupled)
