"""The rail of an office: the bureau, a department, the superior bureau."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext

from .place import Heading, Place
from .shared import ACCOUNT, CHARGES, EXPERT, HOME, INBOX, JUDGING, KEYS, PANELS, STAFF

OFFICE: tuple[Heading, ...] = (
    Heading(
        "today",
        _l("今日"),
        (
            HOME,
            INBOX,
            Place("supervision.home", _l("监督总览"), ("supervision.lamps",)),
            JUDGING,
            PANELS,
            EXPERT,
        ),
    ),
    Heading(
        "register",
        _l("入驻与名录"),
        (
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
            Place("intermediaries.professional", _l("专业核查"), ("intermediaries.opinion",)),
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
            Place(
                "intermediaries.register_desk",
                _l("名录导入与导出"),
                (
                    "intermediaries.register_import",
                    "intermediaries.upload_register",
                    "intermediaries.erase_history",
                    "intermediaries.unclaimed",
                    "intermediaries.invite_claimant",
                ),
            ),
            Place("supervision.owner_certificates", _l("业主登记证书")),
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
        ),
    ),
    Heading(
        "files",
        _l("机构档案"),
        (
            Place("intermediaries.recheck_desk", _l("档案变更核查"), ("intermediaries.recheck",)),
            Place(
                "intermediaries.transfer_desk",
                _l("执业人员转出"),
                ("intermediaries.decide_transfer",),
            ),
            Place("intermediaries.self_check_desk", _l("年度自查情况")),
            Place("supervision.lapses", _l("无有效资质的机构")),
        ),
    ),
    Heading(
        "items",
        _l("事项与收费"),
        (
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
            CHARGES,
            Place("supervision.prices", _l("价格核对")),
        ),
    ),
    Heading(
        "deals",
        _l("交易与公示"),
        (
            Place(
                "contracts.index",
                lazy_pgettext("menu", "合同"),
                ("contracts.contract", "selection.annulment"),
            ),
            Place("selection.expert_desk", _l("评审专家库"), ("selection.expert",)),
            Place("selection.lottery", _l("开奖号码登记")),
            Place("notices.index", _l("公示与异议"), ("notices.notice", "notices.answer")),
            Place("supervision.complaints", _l("投诉"), ("supervision.complaint",)),
            Place("supervision.collusion_flags", _l("选取提示"), ("supervision.collusion_flag",)),
        ),
    ),
    Heading(
        "marks",
        _l("评价"),
        (
            Place(
                "evaluations.department_evaluations",
                _l("部门评价"),
                ("evaluations.evaluate_department",),
            ),
            Place("evaluations.callbacks", _l("评价回访"), ("evaluations.callback",)),
            Place("evaluations.flags", _l("评价提示"), ("evaluations.flag",)),
            Place("evaluations.reviews", _l("评价核查"), ("evaluations.review",)),
            Place(
                "evaluations.appointments",
                _l("评价人聘任"),
                ("evaluations.appointment", "evaluations.new_appointment"),
            ),
            Place("evaluations.service_desk", _l("办事评价"), ("evaluations.service_follow_up",)),
            Place(
                "evaluations.department_desk",
                _l("部门年度得分"),
                ("evaluations.department_year",),
            ),
        ),
    ),
    Heading(
        "credit",
        _l("信用与惩戒"),
        (
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
                "supervision.inspections",
                _l("重点监管检查"),
                ("supervision.inspection", "supervision.card_from_inspection"),
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
                    "sanctions.appeals",
                    "sanctions.appeal",
                    "supervision.decide_appeal",
                    "supervision.stay_appeal",
                    "sanctions.measures",
                    "sanctions.measure",
                    "sanctions.new_measure",
                    "sanctions.close_measure",
                    "sanctions.decide_measure",
                    "sanctions.repairs",
                    "sanctions.repair",
                    "sanctions.decide_repair",
                    "sanctions.verify_repair",
                    "supervision.national_list",
                    "supervision.upload_national",
                    "supervision.national_import",
                ),
            ),
        ),
    ),
    Heading(
        "oversight",
        _l("监督与审计"),
        (
            Place(
                "supervision.unusual",
                _l("异常事件"),
                ("supervision.acknowledge", "projects.splits", "selection.narrow_needs"),
            ),
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
            Place("supervision.ledger", _l("审计台账")),
            Place("supervision.check_runs", _l("夜间检查")),
        ),
    ),
    Heading(
        "people",
        _l("单位与账户"),
        (
            STAFF,
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
            KEYS,
            ACCOUNT,
        ),
    ),
)
