"""What the parts of a score and the groups of numbers are called."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from marketplace.ratings.titles import RATING_TITLES

KEY_TITLES = RATING_TITLES
PART_TITLES: dict[str, Any] = {
    "prior": _l("初始分值"),
    "owners": _l("业主评价"),
    "departments": _l("部门评价"),
    "assessors": _l("社会监督和第三方评价"),
    "inspection": _l("检查结果"),
    "conduct": _l("行为记录"),
}
# the first number of each group of the form
GROUPS: dict[str, Any] = {
    "mark_scale": _l("评价"),
    "prior_value": _l("各部分权重"),
    "late_step_working_days": _l("行为记录"),
    "lowest_score": _l("等级标准"),
    "effect_after_days": _l("等级变更"),
}
# numbers that contradict each other, as the policy says it to whoever loads an edition
CONTRADICTIONS: dict[str, Any] = {
    "分值最多两位小数": _l("分值最多两位小数"),
    "等级分数线须满足 c_from < b_from < a_from": _l("须高于 C 级分数线且低于 A 级分数线"),
    "须高于 b_from 且不高于 a_from": _l("须高于 B 级分数线且不高于 A 级分数线"),
    "须低于 highest_score": _l("须低于最高分"),
    "不得高于 commendation_most_points": _l("不得高于表扬最多加分"),
    "业主、部门、检查三项权重不得全部为零": _l("业主、部门、检查三项权重不得全部为零"),
}
