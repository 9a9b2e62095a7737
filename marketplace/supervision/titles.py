"""What the codes of the audit ledger mean, for people."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from marketplace.foundation.db import Base
from marketplace.foundation.lifecycle import Status

NOUNS: dict[str, Any] = {
    "access": _l("访问"),
    "audit_findings": _l("审计发现的问题"),
    "audit_samples": _l("审计抽查"),
    "audit_sample": _l("审计抽查"),
    "authorisation": _l("代办授权"),
    "authorisations": _l("代办授权"),
    "awards": _l("中选"),
    "blacklistings": _l("黑名单"),
    "cards": _l("黄牌红牌"),
    "catalogue": _l("服务事项清单"),
    "ceremony": _l("公开仪式"),
    "check_runs": _l("夜间检查"),
    "checks": _l("夜间检查"),
    "charge_audits": _l("实际收费核对"),
    "charge_uploads": _l("收费明细"),
    "charges": _l("实际收费核对"),
    "contract_amendments": _l("合同变更"),
    "contracts": _l("合同"),
    "deliverables": _l("服务成果"),
    "credit_repairs": _l("信用修复"),
    "demo": _l("演示数据"),
    "draw": _l("随机抽取"),
    "entries": _l("报名"),
    "entry": _l("报名"),
    "evaluation": _l("评价"),
    "callback": _l("评价回访"),
    "evaluation_callbacks": _l("评价回访"),
    "evaluation_flags": _l("评价提示"),
    "evaluation_reviews": _l("评价核查"),
    "screen": _l("评价提示"),
    "evaluation_windows": _l("互评"),
    "department_windows": _l("部门与机构互评"),
    "assessment": _l("社会监督和第三方评价"),
    "assessor_appointments": _l("评价人聘任"),
    "contract_inspections": _l("重点监管检查"),
    "department_year": _l("部门年度得分"),
    "factor": _l("第二验证因素"),
    "fee_list": _l("收费目录清单"),
    "fee_list_imports": _l("收费目录清单导入"),
    "fee_lists": _l("收费目录清单"),
    "fees": _l("收费标准"),
    "file": _l("文件"),
    "firm": _l("机构档案"),
    "firms": _l("入驻"),
    "grade_proposals": _l("等级提议"),
    "invitation": _l("邀请"),
    "jurisdiction": _l("辖区"),
    "ledger": _l("审计台账"),
    "lottery": _l("开奖号码"),
    "messages": _l("消息"),
    "national_imports": _l("国家严重失信主体名单"),
    "national_list": _l("国家严重失信主体名单"),
    "need_corrections": _l("更正公告"),
    "needs": _l("采购需求"),
    "notice": _l("公示"),
    "objections": _l("异议"),
    "offering": _l("承接事项"),
    "order_asks": _l("询单"),
    "orders": _l("直接下单"),
    "organisation": _l("单位"),
    "password": _l("密码"),
    "personal": _l("个人信息"),
    "policy": _l("政策"),
    "practitioner": _l("执业人员"),
    "price": _l("价格校核"),
    "professional_checks": _l("专业核查"),
    "projects": _l("项目"),
    "public_notices": _l("公示"),
    "qualification": _l("资质"),
    "rating": _l("信用记录"),
    "related_firms": _l("关联核查"),
    "rating_trials": _l("评定规则试算"),
    "ratings": _l("信用等级"),
    "role": _l("角色"),
    "round": _l("选取"),
    "sanction_appeals": _l("申诉"),
    "sanction_cases": _l("惩戒案件"),
    "selection_rounds": _l("选取"),
    "service_follow_ups": _l("办事评价回访"),
    "service_rating": _l("办事评价"),
    "session": _l("登录会话"),
    "soft_measures": _l("柔性措施"),
    "setup": _l("初始设置"),
    "sign_in": _l("登录"),
    "unusual_event": _l("异常事件"),
    "unusual_events": _l("异常事件"),
    "user": _l("账号"),
}
DEEDS: dict[str, Any] = {
    "accepted": _l("接受"),
    "acknowledged": _l("确认"),
    "annulment_proposed": _l("提议撤销"),
    "annulment_refused": _l("不予撤销"),
    "approved": _l("批准"),
    "availability": _l("接单设置"),
    "begun": _l("开始"),
    "carried_out": _l("执行"),
    "stay": _l("决定是否停止执行"),
    "codes_renewed": _l("更换恢复码"),
    "committed": _l("提交承诺"),
    "confirm_overdue": _l("逾期未确认"),
    "confirmed": _l("确认"),
    "continued": _l("继续履行"),
    "controller": _l("登记控股股东"),
    "created": _l("建立"),
    "disabled": _l("停用"),
    "done": _l("完成"),
    "drawn": _l("抽取"),
    "dropped": _l("取消"),
    "edited": _l("修改"),
    "email_changed": _l("更换电子邮箱"),
    "ended": _l("结束"),
    "expired": _l("到期"),
    "exported": _l("导出"),
    "extended": _l("延长报名"),
    "facts_stated": _l("填写清单信息"),
    "failed": _l("失败"),
    "file_attached": _l("添加附件"),
    "file_detached": _l("删除附件"),
    "final": _l("两人登记一致"),
    "flagged": _l("提请业主决定"),
    "form_check_overdue": _l("形式审查超时"),
    "given": _l("提交"),
    "replied": _l("回应"),
    "attempted": _l("拨打登记"),
    "listed": _l("列出名单"),
    "reviewed": _l("启动核查"),
    "recused": _l("申请回避"),
    "run": _l("夜间计算"),
    "taken_over": _l("按名单更新"),
    "grade": _l("等级结算"),
    "granted": _l("授予"),
    "held_by_objection": _l("因异议延后"),
    "imported": _l("导入"),
    "key_released": _l("取出密钥"),
    "loaded": _l("载入"),
    "made": _l("完成"),
    "noted": _l("记录意见"),
    "opened": _l("开启"),
    "order_terms": _l("设定下单条件"),
    "ordered": _l("下单"),
    "others_ended": _l("结束其他会话"),
    "overdue": _l("逾期"),
    "passed": _l("通过"),
    "placed": _l("下单"),
    "posted": _l("记入"),
    "postponed": _l("顺延"),
    "proposed": _l("提出"),
    "publicity_closed": _l("公示结束"),
    "published": _l("发布"),
    "read": _l("已读"),
    "read_all": _l("全部已读"),
    "received": _l("收到"),
    "record_ended": _l("撤下记录"),
    "redrafted": _l("修改草稿"),
    "refused": _l("拒绝"),
    "registered": _l("登记"),
    "reminded": _l("提醒"),
    "replayed": _l("复算"),
    "reported_to_department": _l("报告行业主管部门"),
    "reset": _l("重置"),
    "reset_issued": _l("签发重置"),
    "reset_proposed": _l("提出重置"),
    "returned": _l("退回"),
    "revealed": _l("查看明文"),
    "revoked": _l("撤销"),
    "row_removed": _l("删去一行"),
    "row_saved": _l("加入或修改一行"),
    "rows_replaced": _l("替换各行"),
    "saved": _l("保存"),
    "seen": _l("查看"),
    "set": _l("设置"),
    "split_flagged": _l("疑似拆分"),
    "standard_published": _l("发布标准"),
    "started": _l("建立"),
    "stored": _l("存入"),
    "suspension_ended": _l("暂停期满"),
    "switched": _l("切换单位"),
    "termination_proposed": _l("提出终止"),
    "termination_refused": _l("不同意终止"),
    "told": _l("告知"),
    "verified": _l("校验"),
    "withdrawal_requested": _l("申请撤回"),
    "withdrawn": _l("撤回"),
}


@lru_cache(maxsize=1)
def _statuses() -> dict[str, type[Status]]:
    """The status enum of every table that has one."""
    found: dict[str, type[Status]] = {}
    for mapper in Base.registry.mappers:
        column = mapper.columns.get("status")
        enum = getattr(getattr(column, "type", None), "enum", None)
        if isinstance(enum, type) and issubclass(enum, Status):
            found[str(mapper.local_table.name)] = enum  # type: ignore[attr-defined]
    return found


def action_title(action: str) -> str:
    """What an action of the ledger was, in words; a code nobody has named is shown as it is."""
    noun_code, _dot, deed_code = action.partition(".")
    noun = NOUNS.get(noun_code)
    if noun is None:
        return action
    enum = _statuses().get(noun_code)
    deed: Any = None
    if enum is not None and deed_code in list(enum):
        deed = enum(deed_code).title
    deed = deed or DEEDS.get(deed_code)
    return _("%(noun)s：%(deed)s", noun=noun, deed=deed) if deed is not None else action


def subject_title(subject_type: str) -> str:
    """What an event is about, in words."""
    return str(NOUNS.get(subject_type) or SUBJECTS.get(subject_type) or subject_type)


SUBJECTS: dict[str, Any] = {
    "assessments": _l("社会监督和第三方评价"),
    "assessor_recusals": _l("评价人回避"),
    "audit_ledger": _l("审计台账"),
    "catalogue_editions": _l("服务事项清单"),
    "department_years": _l("部门年度得分"),
    "endpoint": _l("页面"),
    "callback_draws": _l("回访抽取"),
    "callback_lists": _l("回访名单"),
    "evaluations": _l("评价"),
    "screen_runs": _l("评价提示"),
    "fee_standard_editions": _l("收费标准"),
    "invitations": _l("邀请"),
    "jurisdictions": _l("辖区"),
    "lottery_readings": _l("开奖号码"),
    "lottery_results": _l("开奖号码"),
    "memberships": _l("角色"),
    "offerings": _l("承接事项"),
    "organisations": _l("单位"),
    "policy_editions": _l("政策"),
    "practitioners": _l("执业人员"),
    "price_checks": _l("价格校核"),
    "project": _l("项目"),
    "qualifications": _l("资质"),
    "rating_ledger": _l("信用记录"),
    "rating_subjects": _l("信用档案"),
    "service_ratings": _l("办事评价"),
    "stored_files": _l("文件"),
    "users": _l("账号"),
    "web_sessions": _l("登录会话"),
    "draw_annulments": _l("撤销抽取"),
}
