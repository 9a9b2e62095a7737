"""The text of each measure, in Chinese: what the firm or the other authority is sent."""

from __future__ import annotations

from .models import MeasureKind

TEMPLATES: dict[MeasureKind, str] = {
    MeasureKind.REMINDER: (
        "{name}：\n经核查，贵单位存在下列情况：\n{facts}\n"
        "请对照入驻承诺自查自纠：\n{demand}\n本函仅作提醒，不计入信用记录。请收悉后签收。"
    ),
    MeasureKind.TALK: (
        "{name}：\n因下列情况，现约请贵单位负责人面谈：\n{facts}\n"
        "时间：{meeting}\n地点：{place}\n请准备下列材料并说明情况：\n{demand}\n"
        "面谈情况将作记录，由双方确认。"
    ),
    MeasureKind.RECTIFICATION: (
        "{name}：\n经核查，贵单位存在下列问题：\n{facts}\n"
        "依据入驻承诺，责令贵单位于 {due} 前完成下列整改，并提交书面报告：\n{demand}\n"
        "逾期未整改或者整改不到位的，将按规定出具黄牌。"
    ),
    MeasureKind.CRITICISM: (
        "各入驻机构、项目业主：\n经核查，{name}存在下列问题：\n{facts}\n"
        "现予以通报批评。请该单位立即改正：\n{demand}\n各机构应引以为戒，规范执业。"
    ),
    MeasureKind.TRANSFER: (
        "{authority}：\n我单位在监督中发现{name}涉嫌下列问题，属贵单位职责范围，现予移送：\n{facts}\n"
        "请依法处理，并于 {due} 前函复处理结果。\n{demand}"
    ),
    MeasureKind.HOTLINE: (
        "{name}：\n收到 12345 热线工单（{reference}），反映事项如下：\n{facts}\n"
        "请核实处理，与来电人联系，并于 {due} 前书面答复：\n{demand}"
    ),
}


def letter(
    kind: MeasureKind,
    *,
    name: str,
    facts: str,
    demand: str,
    due: str = "",
    meeting: str = "",
    place: str = "",
    authority: str = "",
    reference: str = "",
) -> str:
    """The measure's template filled in."""
    return TEMPLATES[kind].format(
        name=name,
        facts=facts,
        demand=demand,
        due=due,
        meeting=meeting,
        place=place,
        authority=authority,
        reference=reference,
    )
