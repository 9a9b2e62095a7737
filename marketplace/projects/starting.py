"""What a need can be begun with: an earlier one, or what the item list says of its item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marketplace.catalogue.models import ServiceItem

# a blank of a template; a need that still holds one is not saved
BLANK = "【请"
# said of one purchase only: why its budget deviates, who was barred from it
ONCE = ("deviation_reason", "recusals")


def from_earlier(values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an earlier need for a new one, without what was said of that one only, of
    every item it names."""
    return {
        name: from_earlier(value) if isinstance(value, Mapping) and name != "fee" else value
        for name, value in values.items()
        if name not in ONCE
    }


def from_item(item: ServiceItem) -> dict[str, Any]:
    """The fields a need of an item mostly has, by the list and the item's guide; texts are stored
    texts (Chinese), with blanks where only the owner knows."""
    return {
        "title": item.name,
        "scope": scope_of(item),
        "days_wanted": item.statutory_days,
        "method": "random_draw",
        "draw_source": "lottery",
    }


def scope_of(item: ServiceItem) -> str:
    """The content of a service as the item list has it: work, use, result, norm, materials."""
    lines = [f"一、工作范围：{_ended(item.summary)}本项目{BLANK}写明建设内容、规模和起止范围】。"]
    if item.approval_items:
        lines.append(f"二、用途：用于办理{'、'.join(item.approval_items)}。")
    else:
        lines.append(f"二、用途：{BLANK}写明成果的用途】。")
    lines.append(f"三、服务成果：{item.result}，一式{BLANK}写明份数】份，附电子文件。")
    guide = item.guide
    if guide is not None:
        lines.append("四、成果内容：")
        lines += [f"{number}. {_ended(line)}" for number, line in enumerate(guide.norm, 1)]
    else:
        lines.append(f"四、成果内容：{BLANK}写明成果应当包括的内容】。")
    materials = [str(each["name"]) for each in item.materials]
    if materials:
        lines.append(f"五、项目业主提供的资料：{'、'.join(materials)}。")
    lines.append(
        f"{'六' if materials else '五'}、验收方式：{BLANK}写明，例如取得批复、通过评审】。"
    )
    return "\n".join(lines)


def _ended(text: str) -> str:
    text = text.strip()
    return text if text.endswith(("。", "；", "！", "？")) else f"{text}。"
