"""The rule's name, its numbers, and the reasons and messages of every step."""

from __future__ import annotations

from datetime import date, datetime

from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.foundation import policy
from marketplace.foundation.errors import Invalid
from marketplace.foundation.policy import Edition
from marketplace.notifications.actions import send

from ...rules.policy import CataloguePolicy
from ..models import ItemProposal

SHORTEST, LONGEST = 5, 1000
RULE = "catalogue.list"


def policy_of(jurisdiction: str, day: date) -> Edition[CataloguePolicy]:
    """The numbers about the item list of a place."""
    return policy.in_force(CataloguePolicy, accounts.lineage(jurisdiction), day)


def said(text: str, field: str) -> str:
    """A reason of the length asked for; raises Invalid at ``field``."""
    text = text.strip()
    if not SHORTEST <= len(text) <= LONGEST:
        raise Invalid(
            _("请写明理由，%(min)d 到 %(max)d 个字", min=SHORTEST, max=LONGEST),
            field=field,
            rule=RULE,
        )
    return text


def tell(proposal: ItemProposal, what: str, why: str, now: datetime) -> None:
    """Tell the office that proposed a change what became of it."""
    send(
        proposal.organisation_id,
        f"清单修改建议{what}：{proposal.item_name}"[:200],
        why or f"对事项“{proposal.item_name}”的建议{what}。",
        f"/supervision/catalogue/proposals/{proposal.public_id}",
        f"item_proposal:{proposal.id}:{proposal.status}",
        now,
    )
