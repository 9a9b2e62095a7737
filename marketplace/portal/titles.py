"""Chinese titles of policy sections, their numbers and their coded values, for the page that
shows an edition. A number without a title here is shown under its key."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from marketplace.foundation.languages import joined, separator
from marketplace.intermediaries.likeness.models import STANDING_TITLES
from marketplace.ratings.titles import RATING_TITLES

SECTIONS: dict[str, Any] = {
    "admission": _l("入驻"),
    "hall": _l("办事大厅"),
    "file": _l("机构档案"),
    "agency": _l("代办授权"),
    "fees": _l("收费"),
    "selection": _l("需求与选取"),
    "contracts": _l("合同与履约"),
    "evaluation": _l("双向评价"),
    "rating": _l("信用等级"),
    "sanctions": _l("惩戒与修复"),
    "lamps": _l("红黄灯"),
    "notices": _l("公示与异议"),
    "audit": _l("审计提示"),
    "catalogue": _l("服务事项清单"),
    "likeness": _l("关联核查"),
    "leaving": _l("退出与移出"),
}

TITLES: dict[str, dict[str, Any]] = {
    "likeness": {
        "asked_about": _l("与哪些单位相同须先核查"),
        "look_back_months": _l("回溯期（月）"),
        "shared_by_most": _l("住所、电话共用超过多少家不单独启动核查（家）"),
        "statement_working_days": _l("机构陈述意见期限（工作日）"),
        "decide_working_days": _l("作出认定期限（工作日）"),
    },
    "leaving": {
        "statement_working_days": _l("陈述申辩和申请听证的期限（工作日）"),
        "hearing_notice_working_days": _l("听证提前通知（工作日）"),
        "no_qualification_days": _l("连续无有效资质可移出（日）"),
        "return_months_voluntary": _l("主动退出后再次申请的间隔（月）"),
        "return_months_removed": _l("移出后再次申请的间隔（月）"),
        "appeal_working_days": _l("对移出决定申诉的期限（工作日）"),
        "appeal_decision_working_days": _l("申诉复核期限（工作日）"),
    },
    "catalogue": {
        "notice_days": _l("新版清单公示期（工作日）"),
        "proposal_days": _l("答复部门修改建议的期限（工作日）"),
        "demand_take_days": _l("清单外索要：受理期限（工作日）"),
        "demand_answer_days": _l("清单外索要：部门说明期限（工作日）"),
        "demand_decide_days": _l("清单外索要：认定期限（工作日）"),
        "demand_points": _l("清单外索要查实一件扣部门年度得分（分）"),
        "demand_most": _l("清单外索要一年最多扣分（分）"),
    },
    "admission": {
        "mode": _l("入驻方式"),
        "form_check_working_days": _l("形式审查时限（工作日）"),
        "professional_check_working_days": _l("专业核查时限（工作日）"),
        "notice_working_days": _l("公示期（工作日）"),
        "returns": _l("退回补正次数上限"),
        "decoupling_required": _l("须声明脱钩"),
        "reminder_days": _l("资质到期前提醒（日）"),
    },
    "hall": {
        "windows": _l("大厅窗口数上限（0 为不设大厅）"),
        "application_working_days": _l("申请期限不少于（工作日）"),
        "marking_working_days": _l("评审期限（工作日）"),
        "notice_working_days": _l("结果公示期（工作日）"),
        "least_judges": _l("完成评分的评委不少于（人）"),
        "least_organisations": _l("评委来自不少于（个单位）"),
        "least_points": _l("入选平均分不低于（分）"),
        "spread_points": _l("评分偏离平均须公开说明的幅度（分）"),
        "term_months": _l("任期（月）"),
        "most_terms": _l("连续进驻不超过（期，0 为不限）"),
        "rest_months": _l("轮换间隔（月）"),
    },
    "agency": {
        "longest_days": _l("一次授权最长（日）"),
        "reminder_days": _l("授权到期前提醒（日）"),
    },
    "file": {
        "recheck.name": _l("变更机构名称的生效方式"),
        "recheck.legal_representative": _l("变更法定代表人的生效方式"),
        "recheck.address": _l("变更住所的生效方式"),
        "recheck.introduction": _l("变更机构简介的生效方式"),
        "recheck.qualification": _l("增加资质的生效方式"),
        "recheck.practitioner": _l("增加执业人员的生效方式"),
        "recheck.controller": _l("变更控股股东的生效方式"),
        "recheck.decoupling": _l("变更脱钩声明的生效方式"),
        "recheck_working_days": _l("变更核查时限（工作日）"),
        "release_working_days": _l("现登记机构答复转出请求的时限（工作日）"),
        "release_decide_working_days": _l("裁定转出的时限（工作日）"),
        "reminder_days": _l("执业证书、经办人授权到期前提醒（日）"),
        "agent_longest_days": _l("经办人一次授权最长（日）"),
        "self_check_month": _l("年度自查开始月份"),
        "self_check_day": _l("年度自查开始日"),
        "self_check_days": _l("年度自查持续天数（日）"),
        "self_check_reminder_days": _l("年度自查截止前提醒（日）"),
        "self_check_pauses": _l("逾期未自查的暂停接单"),
    },
    "fees": {
        "deviation_band": _l("偏离参考价须说明理由的幅度"),
        "reference_months": _l("同类合同取最近（月）"),
        "reference_contracts": _l("同类合同最少（份）"),
        "reference_band": _l("偏离同类合同中位数须说明理由的幅度"),
        "layers.code": _l("本地政策：代码"),
        "layers.title": _l("本地政策：名称"),
        "layers.document": _l("本地政策：文件"),
        "layers.clause": _l("本地政策：条款"),
        "layers.share": _l("本地政策：不超过标准的比例"),
        "layers.items": _l("本地政策：适用事项"),
        "layers.reading": _l("本地政策：选定的理解"),
        "layers.readings.code": _l("本地政策的理解：代码"),
        "layers.readings.title": _l("本地政策的理解：名称"),
        "layers.readings.of": _l("本地政策的理解：按区间的哪一端计"),
        "layers.readings.range_takes_low": _l("本地政策的理解：有幅度的按下限"),
        "rounding_unit": _l("计费取整单位（元）"),
        "rounding_mode": _l("计费取整方式"),
        "standard": _l("收费标准"),
        "variants": _l("适用类别"),
        "binds": _l("约束力"),
        "price_form": _l("价格形式"),
        "legal_basis": _l("依据"),
        "freed_by": _l("放开文件"),
        "freed_on": _l("放开日期"),
        "basis_date": _l("适用版本的基准日"),
    },
    "selection": {
        "entry_periods.up_to": _l("报名期分档：预算上限（元）"),
        "entry_periods.working_days": _l("报名期分档：最短期限（工作日）"),
        "entry_longest_working_days": _l("报名期最长（工作日）"),
        "entry_closes_at": _l("报名截止时刻"),
        "choice_from": _l("截止当日开始选取的时刻"),
        "draw_latest": _l("抽取最迟时刻（次一工作日）"),
        "minimum_entrants": _l("随机抽取最少报名家数"),
        "extensions": _l("报名不足时顺延次数"),
        "extension_working_days": _l("每次顺延（工作日）"),
        "direct_pick_limit": _l("政府投资项目直接选取限额（元，不含）"),
        "pick_reason_shortest": _l("直接选取理由最少字数"),
        "government_minimum_grade": _l("政府投资项目最低信用等级"),
        "ungraded_counts_as": _l("政府投资项目中未评级视为"),
        "notice_working_days": _l("结果公示期（工作日）"),
        "objection_answer_working_days": _l("异议答复时限（工作日）"),
        "accept_working_days": _l("中选机构确认时限（工作日）"),
        "lottery_game": _l("公开值所用彩票（代码）"),
        "lottery_title": _l("公开值所用彩票"),
        "lottery_drawn_at": _l("彩票开奖时刻"),
        "lottery_weekdays": _l("彩票开奖日（0 为星期一）"),
        "ceremony_commit_until": _l("现场抽取：承诺截止时刻"),
        "ceremony_reveal_minutes": _l("现场抽取：公开时限（分钟）"),
        "ceremony_postponements": _l("现场抽取：最多延期次数"),
        "ceremony_postpone_working_days": _l("现场抽取：每次延期（工作日）"),
        "annul_reason_shortest": _l("作废理由最少字数"),
        "recusals_most": _l("一个需求的回避机构最多（家）"),
        "orders.quick_limit": _l("小额快选限额（元）"),
        "orders.quick_fiscal_limit": _l("财政性资金小额快选限额（元）"),
        "orders.asks_most": _l("一次最多询价机构（家）"),
        "orders.quick_answer_working_days": _l("小额快选机构答复时限（工作日）"),
        "orders.answer_working_days": _l("直接下单机构答复时限（工作日）"),
        "orders.quote_stands_working_days": _l("报价保留期（工作日）"),
        "orders.quick_accept_working_days": _l("小额快选验收时限（工作日）"),
        "orders.quick_accept_reminders_after": _l("小额快选验收提醒（提交后工作日）"),
        "orders.split_months": _l("拆分采购核查期（月）"),
        "gate.procurement_limit": _l("政府采购限额（元）"),
        "gate.procurement_basis": _l("政府采购限额依据"),
        "gate.central_catalogue": _l("集中采购目录内事项"),
        "gate.tender_limit": _l("必须招标限额（元）"),
        "gate.tender_items": _l("必须招标事项"),
        "gate.tender_basis": _l("必须招标依据"),
    },
    "rating": RATING_TITLES,
    "sanctions": {
        "correction_days": _l("黄牌改正期（工作日）"),
        "repeat_months": _l("再犯累计期（月）"),
        "red_suspension_days": _l("红牌暂停承接（日）"),
        "statement_days": _l("陈述申辩期（工作日）"),
        "appeal_days": _l("申诉期（工作日）"),
        "default_months": _l("列入黑名单默认期限（月）"),
        "slight_months": _l("情节较轻最长（月）"),
        "ordinary_months": _l("情节一般最长（月）"),
        "serious_months": _l("情节严重最长（月）"),
        "appeal_decision_days": _l("申诉复核期（工作日）"),
        "repair_decision_days": _l("信用修复办理期（工作日）"),
        "repair_slight_months": _l("情节较轻最短公示期（月）"),
        "repair_ordinary_months": _l("情节一般最短公示期（月）"),
        "repair_serious_months": _l("情节严重最短公示期（月）"),
        "rectification_days": _l("责令整改答复期（工作日）"),
        "hotline_days": _l("12345 工单答复期（工作日）"),
        "transfer_days": _l("移送函复期（工作日）"),
        "criticism_months": _l("通报批评公示期（月）"),
        "key_supervision_grades": _l("重点监管的信用等级"),
        "inspection_days": _l("重点监管合同检查期（工作日）"),
    },
    "contracts": {
        "confirm_working_days": _l("合同确认时限（工作日）"),
        "accept_working_days": _l("验收时限（工作日）"),
        "accept_reminders_after": _l("验收提醒（提交后工作日）"),
        "silence_accepts": _l("逾期未验收视为通过"),
        "silence_basis": _l("视为验收通过的依据"),
        "payment_days": _l("机关事业单位付款期限（验收后日）"),
        "payment_days_others": _l("其他业主付款期限（验收后日）"),
        "decision_working_days": _l("机构受惩戒时业主决定期限（工作日）"),
        "start_within_days": _l("合同最迟开始（签订后日）"),
    },
    "evaluation": {
        "window_working_days": _l("评价期限（工作日）"),
        "revisions": _l("可修改次数"),
        "revision_working_days": _l("修改期限（工作日）"),
        "reason_up_to": _l("须说明理由的分数（该分及以下）"),
        "reason_shortest": _l("理由最少字数"),
        "dispute_working_days": _l("对评价提出异议的期限（工作日）"),
        "dispute_answer_working_days": _l("评价异议答复期限（工作日）"),
        "department_least_firms": _l("公布部门年度评价所需的评价机构数"),
        "department_marks_share": _l("部门年度得分：机构评价权重"),
        "department_on_time_share": _l("部门年度得分：按期完成率权重"),
        "department_accepted_share": _l("部门年度得分：成果验收率权重"),
        "department_prior_share": _l("部门年度得分：初始分值权重"),
        "department_prior_value": _l("部门年度得分：初始分值"),
        "department_prior_strength": _l("部门年度得分：初始分值强度"),
        "department_silent_points": _l("部门年度得分：专业核查逾期未答复每件扣分"),
        "department_silent_most": _l("部门年度得分：逾期未答复全年最多扣分"),
        "service_working_days": _l("办事评价期限（工作日）"),
        "service_answer_working_days": _l("不满意评价的回访答复期限（工作日）"),
        "assessor_kinds": _l("参与评价的社会监督员、第三方评估机构"),
        "assessor_parts": _l("社会监督员、第三方评估机构的评价项目"),
        "assessor_months": _l("社会监督员、第三方评估机构的最长聘期（月）"),
        "callback_up_to": _l("须全部回访的最高分"),
        "callback_sample_percent": _l("满分评价每月抽样回访的百分比"),
        "callback_sample_least": _l("满分评价每月至少抽样件数"),
        "callback_working_days": _l("回访期限（工作日）"),
        "callback_attempts": _l("认定未接通所需的不同日数"),
        "callback_questions": _l("回访问题"),
        "callback_assessor_questions": _l("回访评价人的问题"),
        "screen_months": _l("评价核查提示所看的月数"),
        "ring_marks": _l("互评成圈：每一采购方至少满分次数"),
        "pair_contracts": _l("反复互给满分：至少合同份数"),
        "pair_percent": _l("反复互给满分：占业主评价的百分比"),
        "burst_marks": _l("短期集中满分：至少个数"),
        "burst_days": _l("短期集中满分：天数"),
        "burst_percent": _l("短期集中满分：占业主评价的百分比"),
        "dominance_marks": _l("评价集中于一家业主：至少评价次数"),
        "dominance_percent": _l("评价集中于一家业主：所占百分比"),
        "influence_points": _l("一家业主左右等级：相差分数"),
        "same_device_organisations": _l("设备等相同：超过几家共用的不作线索"),
    },
    "lamps": {
        "amber_share": _l("亮黄灯的用时比例"),
        "amber_working_days": _l("亮黄灯的剩余工作日"),
        "earliest_share": _l("亮黄灯不早于的用时比例"),
        "reminders": _l("提醒时点"),
        "due_day_hour": _l("到期日提醒的钟点"),
    },
    "audit": {
        "night_from_hour": _l("深夜自（时）"),
        "night_to_hour": _l("深夜至（时）"),
        "pair_days": _l("同两人办理的统计期（日）"),
        "pair_decisions": _l("同两人办理的最少件数"),
    },
    "notices": {"objection_answer_days": _l("异议答复时限（工作日）")},
}

VALUES: dict[str, Any] = {
    "none": _l("即时生效"),
    "after": _l("即时生效，事后核查"),
    "before": _l("审核后生效"),
    **STANDING_TITLES,
    "social": _l("社会监督员"),
    "third_party": _l("第三方评估机构"),
    "quality": _l("服务质量"),
    "timeliness": _l("服务时效"),
    "attitude": _l("服务态度"),
    "charging": _l("服务收费"),
    "conduct": _l("执业规范"),
    "True": _l("是"),
    "False": _l("否"),
    "open": _l("非禁即入"),
    "review": _l("审核入驻"),
    "tendered": _l("公开征集"),
    "binding": _l("有约束力"),
    "reference": _l("仅供参考"),
    "market": _l("市场调节价"),
    "government_guided": _l("政府指导价"),
    "government_set": _l("政府定价"),
    "half_up": _l("四舍五入"),
    "need_published": _l("需求发布之日"),
    "ungraded": _l("未评级"),
    "start": _l("开始时"),
    "amber": _l("亮黄灯时"),
    "due_day": _l("到期日"),
    "red": _l("亮红灯时"),
}


def title_of(section: str, key: str) -> str:
    """The title of a dotted key; the key itself where no title was given."""
    known = TITLES.get(section, {})
    parts = [part for part in key.split(".") if not part.isdigit()]
    if ".".join(parts) in known:
        return str(known[".".join(parts)])
    if parts[0] == "items" and parts[-1] in known:
        return _("%(item)s：%(what)s", item=parts[1], what=known[parts[-1]])
    if parts[:2] == ["layers", "shares"]:
        return _("%(title)s（%(unit)s）", title=known["layers.share"], unit=parts[2])
    return key


def value_of(text: str) -> str:
    """A coded value, or a list of them, in words; numbers, days and texts as they are."""
    parts = text.split(separator())
    return joined(VALUES.get(part, part) for part in parts)


def price_bands() -> dict[str, str]:
    """How much of the standard is taken off, by the bands of `finding.rules.price_band`."""
    return {
        "30": _("30% 及以上"),
        "20": _("20%–30%（不含）"),
        "10": _("10%–20%（不含）"),
        "0": _("不足 10%"),
        "fixed": _("固定价格"),
    }


def days_bands() -> dict[str, str]:
    """How many days are promised, as the item counts them, by `finding.rules.days_band`."""
    return {
        "5": _("5 日以内"),
        "10": _("6–10 日"),
        "20": _("11–20 日"),
        "30": _("21–30 日"),
        "more": _("超过 30 日"),
    }
