"""What a criterion may not ask: where a firm is from, or whose it is.

Chinese writes no spaces, so that a word may stand inside two others: 成本地 is no 本地, 我国有关 no
国有. Each pattern says beside which characters it is that word; what is reported is the word alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from .rules import Criterion

# 成本 样本 基本 文本 版本 资本 标本 书本 根本: the 本 belongs to what stands before it
_THIS = r"(?<![成样基文版资标书根])"
_ASKING = (
    rf"{_THIS}本(?:地(?![址块形质])|市|县|区|省|镇|行政区)",
    r"(?<![妥适恰正相])当地",
    r"(?<![金附从])属地",
    r"辖区内",
    r"(?<=行政)区域内|(?<=本)区域内|区域内(?=的?(?:企业|机构|公司|单位|业绩|项目|注册))",
    r"(?<![野户海室])外地",
    r"(?<!差)异地(?!备份|容灾)",
    r"注册地",
    r"注册在(?!有效|岗|职|册)",
    r"户籍",
    r"分支机构",
    r"分公司",
    r"办事处",
    # whose it is
    r"所有制",
    r"(?<![我全各该两外])国有",
    r"国企",
    r"民营",
    r"外资",
    r"注册资本",
    r"注册资金",
    # 我市: after the rest, which says more
    r"(?<!自)我(?:市(?!场)|县|区(?!分)|省(?!略)|镇)",
)
_PATTERNS = tuple(re.compile(each) for each in _ASKING)

_SUFFIX = re.compile(
    r"(?:高新技术产业开发区|经济技术开发区|经济开发区|高新区|开发区|新区|街道|[省市县区镇乡])$"
)
# names of areas that are everyday words once 市, 县 or 区 is left off
_EVERYDAY = (
    "安定 安宁 安全 城关 城区 朝阳 大同 东风 丰收 福利 高新 工业 "
    "公平 光明 和平 河口 红旗 惠民 建设 经济 开发 康乐 乐业 利民 "
    "民主 平安 前进 四方 团结 文化 文明 向阳 新城 新华 新建 友好 "
    "友谊 振兴 中心 市中 城中"
)
# a name without 市, 县 or 区 is a place beside one of these
_AFTER_ANY = r"(?:的?(?:注册|本地|当地|户籍|籍|境内|范围内|辖区|地区|区域|分公司|分支|办事处))"
_AFTER = r"(?:的?(?:企业|机构|公司|单位|项目|业绩|经验|情况|市场|客户|同类|完成|承担|实施|开展))"
_BEFORE = r"(?:(?<=在)|(?<=驻)|(?<=位于)|(?<=设于)|(?<=来自)|(?<=熟悉)|(?<=了解))"
# 简单、名单、清单 …: the first character of a name of two may belong to what stands before it
_INSIDE = {"单": "(?<![简名清菜订账表])"}


def unfair_word(criterion: Criterion, areas: Iterable[str]) -> str | None:
    """The word by which a criterion asks where a firm is from or whose it is; None: fair.

    ``areas`` are the names of the areas around, as 青河市. With 市, 县 or 区 a name always counts;
    without, only beside a word that makes it a place: 平安 may be a county, and is a greeting.
    """
    text = f"{criterion.name} {criterion.looked_at}"
    for pattern in (*_PATTERNS, *(_place(name) for name in areas)):
        found = pattern.search(text)
        if found is not None:
            return found[0]
    return None


def _place(name: str) -> re.Pattern[str]:
    whole = name.split("（")[0]
    guard = _INSIDE.get(whole[0], "")
    ways = [guard + re.escape(whole)]
    short = _SUFFIX.sub("", whole)
    if short != whole and len(short) >= 2:
        core = re.escape(short)
        ways.append(f"{core}(?={_AFTER_ANY})")
        if short not in _EVERYDAY.split():
            ways += [f"{core}(?={_AFTER})", f"{_BEFORE}{core}"]
    return re.compile("|".join(ways))
