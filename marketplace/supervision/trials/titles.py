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
