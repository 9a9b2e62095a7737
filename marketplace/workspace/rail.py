"""The left rail of the signed-in rooms: the lists a person may open, with what waits in each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import current_app, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext

from marketplace.accounts.models import OrganisationFunction
from marketplace.foundation.actor import Actor
from marketplace.foundation.web import PUBLIC, SIGNED_IN, declared_access

PARTY, OFFICE = "party", "office"


@dataclass(frozen=True)
class Place:
    """One list of the rail: its endpoint, its words, and the pages that belong under it."""

    endpoint: str
    label: Any
    below: tuple[str, ...] = ()

    def holds(self, endpoint: str | None) -> bool:
        """Whether a page is this list or belongs under it."""
        return endpoint is not None and (endpoint == self.endpoint or endpoint in self.below)


# title, whose room, lists
GROUPS: tuple[tuple[Any, str | None, tuple[Place, ...]], ...] = (
    (
        _l("我的"),
        None,
        (
            Place("workspace.home", _l("工作台首页"), ("workspace.story",)),
            Place("workspace.inbox", _l("消息"), ("workspace.read",)),
            Place(
                "accounts.staff",
                _l("本单位人员"),
                ("accounts.grant_role", "accounts.end_membership", "accounts.remove_person"),
            ),
            Place("accounts.agents", _l("代办授权"), ("accounts.revoke_agent",)),
            Place(
                "accounts.account",
                _l("我的账户"),
                ("accounts.change_password", "accounts.change_email", "accounts.reveal_log"),
            ),
        ),
    ),
    (
        _l("业主"),
        PARTY,
        (
            Place(
                "projects.index",
                _l("采购需求"),
                (
                    "projects.need",
                    "projects.edit_need",
                    "projects.propose_correction",
                    "selection.manage",
                ),
            ),
            Place("projects.new_need", _l("新建需求")),
            Place("orders.index", _l("我的订单"), ("orders.order", "orders.listing")),
            Place("orders.quick", _l("小额快选")),
        ),
    ),
    (
        _l("机构"),
        PARTY,
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
            Place("selection.entries", _l("报名与中选"), ("selection.entry", "selection.enter")),
        ),
    ),
    (
        _l("履约"),
        PARTY,
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
            Place("catalogue.demands", _l("反映部门索要"), ("catalogue.report_demand",)),
            Place("evaluations.services", _l("办事评价"), ("evaluations.rate_service",)),
            Place(
                "sanctions.own",
                _l("牌、案件与申诉"),
                ("sanctions.card", "sanctions.case", "sanctions.correction", "sanctions.statement"),
            ),
            Place(
                "fees.charges",
                _l("实际收费核对"),
                ("fees.charge_audit", "fees.charge", "fees.charge_upload"),
            ),
        ),
    ),
    (
        _l("监督"),
        OFFICE,
        (
            Place("supervision.home", _l("监督总览"), ("supervision.lamps",)),
            Place(
                "intermediaries.applications",
                _l("入驻审核"),
                (
                    "intermediaries.review",
                    "intermediaries.firm_history",
                    "intermediaries.decoupling_list",
                    "intermediaries.upload_decoupling",
                    "intermediaries.decoupling_import",
                ),
            ),
            Place("intermediaries.recheck_desk", _l("档案变更核查"), ("intermediaries.recheck",)),
            Place(
                "intermediaries.transfer_desk",
                _l("执业人员转出"),
                ("intermediaries.decide_transfer",),
            ),
            Place("intermediaries.self_check_desk", _l("年度自查情况")),
            Place(
                "intermediaries.register_desk",
                _l("名录导入与导出"),
                (
                    "intermediaries.register_import",
                    "intermediaries.upload_register",
                    "intermediaries.unclaimed",
                    "intermediaries.invite_claimant",
                ),
            ),
            Place(
                "supervision.likeness_desk",
                _l("关联核查"),
                ("supervision.likeness_match", "supervision.related_firms"),
            ),
            Place(
                "supervision.departures",
                _l("退出与移出"),
                ("supervision.departure", "supervision.begin_removal"),
            ),
            Place("intermediaries.professional", _l("专业核查"), ("intermediaries.opinion",)),
            Place(
                "intermediaries.hall_desk",
                _l("大厅窗口"),
                (
                    "intermediaries.hall_new",
                    "intermediaries.hall_manage",
                    "intermediaries.hall_redraft",
                    "intermediaries.hall_return",
                    "intermediaries.hall_end",
                    "intermediaries.hall_rank_again",
                    "intermediaries.hall_refuse_judge",
                    "intermediaries.hall_recuse_judge",
                ),
            ),
            Place("selection.lottery", _l("开奖号码登记")),
            Place(
                "ratings.desk",
                lazy_pgettext("menu", "信用等级"),
                ("ratings.proposal", "ratings.reject", "ratings.inspect"),
            ),
            Place(
                "supervision.trials",
                _l("评定规则试算"),
                (
                    "supervision.trial",
                    "supervision.new_trial",
                    "supervision.propose_trial",
                    "supervision.return_trial",
                ),
            ),
            Place(
                "sanctions.desk",
                _l("惩戒案件"),
                (
                    "sanctions.card",
                    "sanctions.case",
                    "sanctions.new_card",
                    "sanctions.new_case",
                    "sanctions.decide_card",
                    "sanctions.judgement",
                    "supervision.propose",
                    "sanctions.return_case",
                    "sanctions.dismiss",
                    "supervision.decide",
                ),
            ),
            Place(
                "catalogue.desk",
                _l("服务事项清单"),
                (
                    "catalogue.proposal",
                    "catalogue.propose_change",
                    "catalogue.propose_new",
                    "catalogue.propose_drop",
                    "catalogue.refuse_proposal",
                    "catalogue.draft",
                    "catalogue.draft_facts",
                    "catalogue.return_draft",
                ),
            ),
            Place(
                "catalogue.demand_desk",
                _l("清单外索要"),
                (
                    "catalogue.demand",
                    "catalogue.decline_demand",
                    "catalogue.answer_demand",
                    "catalogue.decide_demand",
                ),
            ),
            Place(
                "fees.lists_desk",
                _l("收费目录清单"),
                (
                    "fees.fee_list",
                    "fees.list_facts",
                    "fees.list_import",
                    "fees.new_row",
                    "fees.edit_row",
                    "fees.return_list",
                    "fees.upload_list",
                ),
            ),
            Place(
                "evaluations.department_evaluations",
                _l("部门评价"),
                ("evaluations.evaluate_department",),
            ),
            Place(
                "evaluations.appointments",
                _l("评价人聘任"),
                ("evaluations.appointment", "evaluations.new_appointment"),
            ),
            Place("supervision.inspections", _l("重点监管检查"), ("supervision.inspection",)),
            Place(
                "evaluations.department_desk",
                _l("部门年度得分"),
                ("evaluations.department_year",),
            ),
            Place("evaluations.service_desk", _l("办事评价"), ("evaluations.service_follow_up",)),
            Place("evaluations.callbacks", _l("评价回访"), ("evaluations.callback",)),
            Place("evaluations.flags", _l("评价提示"), ("evaluations.flag",)),
            Place("evaluations.reviews", _l("评价核查"), ("evaluations.review",)),
            Place("supervision.prices", _l("价格核对")),
            Place("contracts.index", lazy_pgettext("menu", "合同"), ("contracts.contract",)),
            Place("notices.index", _l("公示与异议"), ("notices.notice", "notices.answer")),
            Place(
                "supervision.samples",
                _l("抽查与复算"),
                (
                    "supervision.sample",
                    "supervision.new_sample",
                    "supervision.new_finding",
                    "supervision.replay",
                ),
            ),
            Place(
                "supervision.findings",
                _l("审计发现的问题"),
                ("supervision.finding",),
            ),
            Place(
                "fees.charges",
                _l("实际收费核对"),
                ("fees.charge_audit", "fees.charge", "fees.charge_upload"),
            ),
            Place("supervision.ledger", _l("审计台账")),
            Place("supervision.unusual", _l("异常事件"), ("supervision.acknowledge",)),
            Place("supervision.check_runs", _l("夜间检查")),
            Place(
                "accounts.officials",
                _l("账号管理"),
                (
                    "accounts.end_membership",
                    "accounts.disable_official",
                    "accounts.factor_resets",
                    "accounts.approve_official",
                ),
            ),
        ),
    ),
)


@dataclass(frozen=True)
class Entry:
    """One list in the rail: the page itself, or one that belongs under it (``inside``).

    ``count`` is None where nothing waits; ``counted`` says to listeners what is counted.
    """

    label: Any
    url: str
    current: bool
    inside: bool
    count: int | None
    counted: Any


@dataclass(frozen=True)
class Group:
    """Lists under one heading."""

    title: Any
    entries: list[Entry]


def rail(actor: Actor, function: OrganisationFunction, waiting: Mapping[str, int]) -> list[Group]:
    """The groups an actor may open, empty ones left out."""
    room = PARTY if function is OrganisationFunction.PARTY else OFFICE
    groups = [
        Group(title, [_entry(place, waiting) for place in places])
        for title, whose, places in (
            (title, whose, [each for each in places if _may_open(actor, each.endpoint)])
            for title, whose, places in GROUPS
        )
        if places and whose in (None, room)
    ]
    return groups


def _entry(place: Place, waiting: Mapping[str, int]) -> Entry:
    return Entry(
        label=place.label,
        url=url_for(place.endpoint),
        current=place.endpoint == request.endpoint,
        inside=place.holds(request.endpoint),
        count=waiting.get(place.endpoint) or None,
        counted=_(" 条未读") if place.endpoint == "workspace.inbox" else _(" 件待办"),
    )


def _may_open(actor: Actor, endpoint: str) -> bool:
    if endpoint not in current_app.view_functions:
        return False
    need = declared_access(endpoint)
    return need in (PUBLIC, SIGNED_IN) or (need is not None and actor.may(need))
