"""The words for the fields of an item."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from .rules.comparing import Change

FIELDS: dict[str, Any] = {
    "code": _l("事项代码"),
    "name": _l("事项名称"),
    "category": _l("类别"),
    "department_code": _l("主管部门"),
    "department_name": _l("主管部门"),
    "summary": _l("事项说明"),
    "approval_items": _l("对应的审批事项"),
    "legal_basis": _l("法律依据"),
    "statutory_days": _l("服务时限"),
    "statutory_days_kind": _l("时限单位"),
    "price_form": _l("价格形式"),
    "result": _l("服务成果"),
    "commissioned_by": _l("由谁委托"),
    "regional_assessment": _l("区域评估"),
    "on_list": _l("是否列入清单"),
    "materials": _l("材料目录"),
    "qualifications": _l("机构资质"),
    "qualification_rule": _l("资质组合"),
    "effective_until": _l("截止日期"),
    "parts": _l("合并的事项"),
    "guide": _l("办事指南"),
    "guide.stage": _l("办理阶段"),
    "guide.window": _l("承办科室"),
    "guide.phone": _l("咨询电话"),
    "guide.complaint": _l("投诉电话"),
    "guide.conditions": _l("办理条件"),
    "guide.steps": _l("办理步骤"),
    "guide.promised_days": _l("承诺时限"),
    "guide.norm": _l("成果规范"),
    "guide.forms": _l("表格和示范文本"),
    "guide.exemptions": _l("免于委托的情形"),
    "guide.covered": _l("已区域评估的地块"),
}
CHANGES: dict[Change, tuple[Any, str]] = {
    Change.NEW: (_l("新增"), "good"),
    Change.CHANGED: (_l("修改"), "info"),
    Change.DROPPED: (_l("取消"), "warn"),
}
