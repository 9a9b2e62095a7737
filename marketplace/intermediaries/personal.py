"""The personal data of a firm's file: its agent and its professionals, masked but for the firm.

Officers who review the file look at them on a reason. (RELIABILITY section 13.3)
"""

from __future__ import annotations

from flask_babel import gettext as _

from marketplace.accounts.masking import masked
from marketplace.accounts.permissions import Permission
from marketplace.accounts.revealing import Datum
from marketplace.foundation.actor import Actor
from marketplace.foundation.errors import Missing

from .access import application_for

FIELDS = ("agent", "practitioners")


def person_of_firm(actor: Actor, public_id: str, field: str) -> Datum:
    """The agent or the professionals of a firm's file, for the officers of its register."""
    if field not in FIELDS or not actor.may(Permission.SUPERVISION_VIEW):
        raise Missing(public_id)
    firm = application_for(actor, public_id)
    if field == "practitioners":
        return Datum(_("执业人员姓名和证书编号"), _("全部执业人员"), firm.organisation_id)
    shown = f"{masked(firm.agent_name, 'name')} {masked(firm.agent_phone, 'contact')}"
    return Datum(_("机构经办人"), shown, firm.organisation_id)
