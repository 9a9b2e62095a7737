"""兜底条款: wording that lets an office ask for anything later (rules, section 3)."""

from __future__ import annotations

import re

_NOUNS = (
    "证明文件|证明材料|申请材料|材料|资料|文件|证明|证件|证书|手续|条件|情形|要求|事项|内容|图纸"
)
_CATCH_ALLS = tuple(
    re.compile(pattern)
    for pattern in (
        r"^其[他它余]",
        rf"其[他它余][^，。；、]{{0,12}}?(?:{_NOUNS})",
        r"(?:法律|法规|规章|规定|要求|需要|认为|认定|指定)的?其[他它余]",
        rf"等(?:相关|有关|必要)?的?(?:法律法规|法律|法规|规定|{_NOUNS})$",
        rf"^(?:相关|有关|必要|所需|应当提供|需要提供)的?(?:{_NOUNS})$",
        r"(?:视情况?|视需要|根据(?:实际|工作)?需要|必要时|酌情)(?:另行|补充)*(?:提供|提交|补充|补交|报送)",
        rf"另行(?:通知|要求)(?:提供|提交)?的?(?:{_NOUNS})",
        rf"(?:要求|认为需要|需要)(?:提供|提交|补充)的(?:{_NOUNS})$",
    )
)


def is_catch_all(text: str) -> bool:
    """Whether a line of a guide would let an office ask for anything: “其他材料”,
    “法律法规规定的其他条件”, “图纸等材料”, “必要时补充提供”."""
    said = re.sub(r"\s", "", text)
    return any(pattern.search(said) for pattern in _CATCH_ALLS)


def refuse_catch_all(text: str, what: str) -> None:
    """Raises ValueError naming the words when ``text`` is a catch-all; ``what`` is to be named
    instead."""
    if is_catch_all(text):
        raise ValueError(f"“{text}”是兜底条款，应逐项写明{what}")
