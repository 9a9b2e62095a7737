"""The rail of a firm or an owner."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext

from .place import Heading, Place
from .shared import ACCOUNT, CHARGES, EXPERT, HOME, INBOX, JUDGING, KEYS, PANELS, STAFF

PARTY: tuple[Heading, ...] = (
    Heading(
        "mine",
        _l("我的"),
        (
            HOME,
            INBOX,
            JUDGING,
            PANELS,
            EXPERT,
        ),
    ),
    Heading(
        "owner",
        _l("业主"),
        (
            Place(
                "projects.index",
                _l("采购需求"),
                (
                    "projects.need",
                    "projects.edit_need",
                    "projects.propose_correction",
                    "selection.manage",
                    "selection.owner_talks",
                ),
            ),
            Place("projects.new_need", _l("新建需求")),
            Place("orders.index", _l("我的订单"), ("orders.order", "orders.listing")),
            Place("orders.quick", _l("小额快选")),
        ),
    ),
    Heading(
        "firm",
        _l("机构"),
        (
            Place(
                "intermediaries.file",
                _l("机构档案"),
                (
                    "intermediaries.apply",
                    "intermediaries.submit",
                    "intermediaries.qualifications",
                    "intermediaries.practitioners",
                    "intermediaries.rounds",
                    "intermediaries.claim",
                    "intermediaries.agents",
                    "intermediaries.branches",
                    "intermediaries.change",
                    "intermediaries.changes",
                    "intermediaries.end_agent",
                    "intermediaries.extend_practitioner",
                    "intermediaries.history",
                    "intermediaries.renew",
                    "intermediaries.self_check",
                    "intermediaries.transfer",
                    "intermediaries.transfers",
                    "intermediaries.own_matches",
                    "intermediaries.own_match",
                    "supervision.declare_leaving",
                ),
            ),
            Place(
                "intermediaries.offerings",
                _l("承接事项与承诺"),
                ("intermediaries.listing", "intermediaries.order_terms"),
            ),
            Place(
                "intermediaries.hall_own",
                _l("大厅席位"),
                ("intermediaries.hall_apply", "intermediaries.hall_give_up"),
            ),
            Place("orders.asks", _l("订单与询价"), ("orders.ask",)),
            Place(
                "selection.entries",
                _l("报名与中选"),
                ("selection.entry", "selection.enter", "selection.talk"),
            ),
        ),
    ),
    Heading(
        "dealings",
        _l("履约"),
        (
            Place(
                "contracts.index",
                lazy_pgettext("menu", "合同"),
                (
                    "contracts.contract",
                    "contracts.draft",
                    "contracts.redraft",
                    "contracts.amend",
                    "contracts.deliver",
                    "contracts.terminate",
                    "evaluations.evaluate",
                    "evaluations.assessments",
                    "evaluations.assess",
                    "evaluations.reply",
                    "evaluations.dispute",
                    "evaluations.evaluate_department",
                ),
            ),
            CHARGES,
        ),
    ),
    Heading(
        "rights",
        _l("评价与权益"),
        (
            Place("evaluations.services", _l("办事评价"), ("evaluations.rate_service",)),
            Place("catalogue.demands", _l("反映部门索要"), ("catalogue.report_demand",)),
            Place(
                "supervision.own_complaints",
                _l("我的投诉"),
                ("supervision.complain", "supervision.complaint", "supervision.reply_complaint"),
            ),
            Place(
                "sanctions.own",
                _l("牌、案件与申诉"),
                (
                    "sanctions.card",
                    "sanctions.case",
                    "sanctions.correction",
                    "sanctions.statement",
                    "sanctions.appeal",
                    "sanctions.appeal_card",
                    "sanctions.appeal_case",
                    "sanctions.repair",
                    "sanctions.repair_card",
                    "sanctions.repair_case",
                    "sanctions.measure",
                    "sanctions.reply_measure",
                ),
            ),
        ),
    ),
    Heading(
        "people",
        _l("单位与账户"),
        (
            STAFF,
            Place("accounts.agents", _l("代办授权"), ("accounts.revoke_agent",)),
            KEYS,
            ACCOUNT,
        ),
    ),
)
