"""Lists that firms, owners and officers alike have in their rail."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from marketplace.foundation.actor import Actor
from marketplace.intermediaries.hall import queries as hall
from marketplace.selection.experts import queries as experts
from marketplace.selection.judging import queries as panels

from .place import Place


def _judges(actor: Actor) -> bool:
    return actor.user_id is not None and hall.is_judge(actor.user_id)


def _panels(actor: Actor) -> bool:
    return actor.user_id is not None and panels.is_judge(actor.user_id)


def _experts(actor: Actor) -> bool:
    return actor.user_id is not None and experts.is_expert(actor.user_id)


HOME = Place("workspace.home", _l("工作台首页"), ("workspace.story",))
INBOX = Place("workspace.inbox", _l("消息"), ("workspace.read",))
JUDGING = Place(
    "intermediaries.hall_judging",
    _l("评审任务"),
    (
        "intermediaries.hall_judge",
        "intermediaries.hall_sheet",
        "intermediaries.hall_explain",
        "intermediaries.hall_stand_aside",
    ),
    only_for=_judges,
)
PANELS = Place(
    "selection.judging",
    _l("项目评审"),
    ("selection.judge", "selection.mark_plan", "selection.judge_feedback"),
    only_for=_panels,
)
EXPERT = Place(
    "selection.expert_self",
    _l("我的专家资格"),
    ("selection.apply_as_expert", "selection.leave_pool"),
    only_for=_experts,
)
ACCOUNT = Place(
    "accounts.account",
    _l("我的账户"),
    ("accounts.change_password", "accounts.change_email", "accounts.reveal_log"),
)
KEYS = Place(
    "selection.key_holding", _l("密钥保管"), ("selection.key_share", "selection.hand_in_share")
)
STAFF = Place(
    "accounts.staff",
    _l("本单位人员"),
    ("accounts.grant_role", "accounts.end_membership", "accounts.remove_person"),
)
CHARGES = Place(
    "fees.charges",
    _l("实际收费核对"),
    ("fees.charge_audit", "fees.charge", "fees.charge_upload"),
)
