"""Prices of the demo that the published lists refuse: what the bureau finds as attempts."""

from __future__ import annotations

from marketplace.foundation import clock
from marketplace.foundation.errors import Invalid
from marketplace.foundation.transactions import transaction
from marketplace.foundation.web import take_later
from marketplace.projects.models import DrawSource, InvestmentKind

from . import needs
from .agenda import Days, Story
from .needs import NeedSketch
from .people import Cast

# 计费额 600 万元: basic price 192,200, at most 230,640 yuan
SUPERVISION = {
    "construction": "600",
    "specialty": "building_municipal",
    "complexity": "II",
    "altitude": "upto_2000",
    "unit": "万元",
}

# before, the need that its owner wanted to post
TRIED = (
    (
        34,
        NeedSketch(
            "jiaotong",
            "jsjl",
            "乡道改线项目施工监理",
            "施工阶段质量、进度、安全监理，驻地监理两人，提交监理月报和总结",
            "安平县石桥镇",
            "268000",
            30,
            InvestmentKind.GOVERNMENT,
            DrawSource.LOTTERY,
            inputs=SUPERVISION,
        ),
    ),
    (
        9,
        NeedSketch(
            "chengtou",
            "jsjl",
            "新城地下管廊项目施工监理",
            "施工阶段质量、进度、安全监理，驻地监理两人，提交监理月报和总结",
            "青河新城",
            "150000",
            30,
            inputs=SUPERVISION,
        ),
    ),
)


def refused_budgets(cast: Cast, days: Days) -> Story:
    """Two owners write down a budget that a binding list does not allow: over it, under it."""
    for before, sketch in TRIED:
        yield days.at(before)
        try:
            needs.draft(cast, sketch)
        except Invalid as error:
            if not (error.rule or "").startswith("fees."):
                raise
        else:
            raise AssertionError(sketch.title)
        effects = take_later()
        with transaction():
            for effect in effects:
                effect(clock.now())
