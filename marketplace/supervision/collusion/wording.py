"""What a flag found, in one plain sentence, and its base rate."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from marketplace.foundation.languages import joined
from marketplace.foundation.showing import show_datetime

from .models import TRAIT_TITLES, CollusionFlag
from .rules.screens import Screen


def sentence(flag: CollusionFlag) -> str:
    """What was found, with its numbers."""
    facts: dict[str, Any] = flag.facts
    if flag.screen is Screen.VARIATION:
        return _(
            "%(quotes)s 家报价的变异系数 %(variation)s，最高与最低相差 %(spread)s",
            quotes=facts["quotes"],
            variation=facts["variation"],
            spread=facts["spread"],
        )
    if flag.screen is Screen.COVER:
        return _(
            "同一批机构的 %(all)s 次竞价中有 %(needs)s 次：最低价与其他报价的差距，是其他报价之间离散程度的 %(distance)s 倍以上，报出最低价的有 %(lowest)s 家",
            all=facts["all"],
            needs=facts["needs"],
            distance=facts["distance"],
            lowest=facts["lowest"],
        )
    if flag.screen is Screen.ROTATION:
        return _(
            "%(firms)s 家机构 %(needs)s 次一同报价，各家都中选过，从未有一家连续中选；随机出现的概率为 %(chance)s",
            firms=facts["firms"],
            needs=facts["needs"],
            chance=facts["chance"],
        )
    if flag.screen is Screen.TOGETHER:
        return _(
            "两家都能参加的 %(needs)s 次选取中，一家参加 %(first)s 次，另一家参加 %(second)s 次，一同参加 %(met)s 次；各自选择时出现的概率为 %(chance)s",
            needs=facts["needs"],
            first=facts["first"],
            second=facts["second"],
            met=facts["met"],
            chance=facts["chance"],
        )
    if flag.screen is Screen.SHARED:
        return _(
            "%(met)s 次一同参加选取的两家机构，%(shared)s相同",
            met=facts["met"],
            shared=joined(TRAIT_TITLES[kind] for kind in facts["shared"]),
        )
    if flag.screen is Screen.DOCUMENTS:
        return _(
            "%(met)s 次一同参加选取的两家机构，分别提交的 %(first)s 份、%(second)s 份文件%(same)s",
            met=facts["met"],
            first=len(facts["first"]),
            second=len(facts["second"]),
            same=joined(_origins(facts)),
        )
    if flag.screen is Screen.CHANCE:
        return _(
            "参加 %(draws)s 次抽取，抽中 %(won)s 次，平均应为 %(expected)s 次；随机出现的概率为 %(chance)s（共核算 %(firms)s 家机构）",
            draws=facts["draws"],
            won=facts["won"],
            expected=facts["expected"],
            chance=facts["chance"],
            firms=facts["firms"],
        )
    if flag.screen is Screen.LATE:
        return _(
            "%(needs)s 次在抽取报名截止前 %(minutes)s 分钟内变更报名，其中抽中 %(won)s 次",
            needs=facts["needs"],
            minutes=facts["minutes"],
            won=facts["won"],
        )
    return _("公告的条件目前有 %(fit)s 家机构符合", fit=facts["fit"])


def _origins(facts: dict[str, Any]) -> list[str]:
    """What two firms' documents have in common; the author is known by a digest alone."""
    told = [_("作者相同")] if facts["authors"] else []
    for program, at in facts["made"][:3]:
        minute = show_datetime(datetime.fromisoformat(at))
        told.append(_("由 %(program)s 在 %(at)s 同一分钟生成", program=program, at=minute))
    return told


def base_rate(flag: CollusionFlag) -> str:
    """How many of all that were looked at the same screen names: what is common tells little."""
    named, among = flag.run.counts.get(flag.screen.value, [0, 0])
    tenths = named * 1000 // among if among else 0
    share = f"{tenths // 10}.{tenths % 10}"
    if flag.screen in (Screen.VARIATION, Screen.ONE_FITS):
        return _(
            "核算的 %(among)s 件需求中有 %(named)s 件（%(share)s%%）",
            among=among,
            named=named,
            share=share,
        )
    if flag.screen in (Screen.COVER, Screen.ROTATION):
        return _(
            "核算的 %(among)s 组一同报价的机构中有 %(named)s 组（%(share)s%%）",
            among=among,
            named=named,
            share=share,
        )
    if flag.screen is Screen.DOCUMENTS:
        return _(
            "核算的 %(among)s 对一同参加且文件载有制作信息的机构中有 %(named)s 对（%(share)s%%）",
            among=among,
            named=named,
            share=share,
        )
    if flag.screen in (Screen.TOGETHER, Screen.SHARED):
        return _(
            "核算的 %(among)s 对一同参加的机构中有 %(named)s 对（%(share)s%%）",
            among=among,
            named=named,
            share=share,
        )
    return _(
        "核算的 %(among)s 家机构中有 %(named)s 家（%(share)s%%）",
        among=among,
        named=named,
        share=share,
    )
