"""The personal data of a firm's file: agents, professionals, heads of branches, the controlling
shareholder, masked but for the firm.

Officers who review the file look at them on a reason. (RELIABILITY section 13.3)
"""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from marketplace.accounts.masking import masked
from marketplace.accounts.permissions import Permission
from marketplace.accounts.revealing import Datum
from marketplace.foundation.actor import Actor
from marketplace.foundation.errors import Missing

from .access import application_for

# what opens together: its name, and how it is called where it stands masked
FIELDS = {
    "agent": (_l("机构经办人"), None),
    "agents": (_l("机构历任经办人"), _l("全部经办人")),
    "branches": (_l("分支机构负责人"), _l("全部分支机构负责人")),
    "controller": (_l("控股股东"), _l("控股股东")),
    "history": (_l("档案变更记录"), _l("变更记录中的个人信息")),
    "practitioners": (_l("执业人员姓名和证书编号"), _l("全部执业人员")),
}


def person_of_firm(actor: Actor, public_id: str, field: str) -> Datum:
    """Personal data of a firm's file, for the officers of its register."""
    if field not in FIELDS or not actor.may(Permission.SUPERVISION_VIEW):
        raise Missing(public_id)
    firm = application_for(actor, public_id)
    label, shown = FIELDS[field]
    if shown is None:
        shown = f"{masked(firm.agent_name, 'name')} {masked(firm.agent_phone, 'contact')}"
    return Datum(label, str(shown), firm.organisation_id)
