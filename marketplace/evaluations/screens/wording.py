"""What a flag found, in one plain sentence, and its base rate."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from marketplace.foundation.languages import joined

from .models import TRAIT_TITLES, EvaluationFlag
from .rules import Screen


def sentence(flag: EvaluationFlag, names: dict[int, str]) -> str:
    """What was found, with its numbers."""
    facts: dict[str, Any] = flag.facts
    others = joined(names.get(key, "") for key in flag.others)
    if flag.screen is Screen.RING:
        return _(
            "%(members)s 家单位相互采购，彼此只给满分，共 %(marks)s 次",
            members=facts["members"],
            marks=facts["marks"],
        )
    if flag.screen is Screen.PAIR:
        return _(
            "与%(owner)s的 %(contracts)s 份合同双方每次都互给满分，该机构的业主评价共 %(all)s 次",
            owner=others,
            contracts=facts["contracts"],
            all=facts["all"],
        )
    if flag.screen is Screen.BURST:
        return _(
            "%(days)s 天内得到 %(marks)s 个满分，而全部业主评价只有 %(all)s 次",
            days=facts["days"],
            marks=facts["marks"],
            all=facts["all"],
        )
    if flag.screen is Screen.ASSESSOR_BURST:
        return _(
            "%(days)s 天内得到社会监督员、第三方评估机构的 %(marks)s 个满分，而其全部评价只有 %(all)s 次",
            days=facts["days"],
            marks=facts["marks"],
            all=facts["all"],
        )
    if flag.screen is Screen.DOMINANCE:
        return _(
            "全部 %(all)s 次业主评价中有 %(marks)s 次来自%(owner)s",
            all=facts["all"],
            marks=facts["marks"],
            owner=others,
        )
    if flag.screen is Screen.INFLUENCE:
        return _(
            "得分 %(score)s（对应 %(grade)s 级），不计%(owner)s的评价为 %(without)s（对应 %(other)s 级）",
            score=facts["score"],
            grade=facts["grade"],
            owner=others,
            without=facts["without"],
            other=facts["grade_without"],
        )
    return _(
        "给出 %(marks)s 个满分的%(owner)s与该机构的%(shared)s相同",
        marks=facts["marks"],
        owner=others,
        shared=joined(TRAIT_TITLES[kind] for kind in facts["shared"]),
    )


def base_rate(flag: EvaluationFlag) -> str:
    """How many of all firms the same screen names: what is common tells little."""
    flagged, firms = flag.run.counts.get(flag.screen.value, 0), flag.run.firms
    tenths = flagged * 1000 // firms if firms else 0
    return _(
        "名录上有评价的 %(firms)s 家机构中，%(flagged)s 家有同样情形（%(share)s%%）",
        firms=firms,
        flagged=flagged,
        share=f"{tenths // 10}.{tenths % 10}",
    )
