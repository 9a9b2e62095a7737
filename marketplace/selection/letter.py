"""The award letter (中选通知书) as PDF, set by typst from data alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typst
from flask import current_app

from config import ROOT
from marketplace.accounts import queries as accounts
from marketplace.foundation import clock
from marketplace.foundation.errors import Missing
from marketplace.foundation.money import capitals, format_yuan
from marketplace.projects.models import METHODS
from marketplace.projects.packages.pricing import price_shares
from marketplace.projects.packages.wording import named

from .models import Award, AwardStatus

SOURCE = ROOT / "templates" / "selection" / "award_letter.typ"
FONTS = ROOT / "static" / "fonts"
LETTERED = (AwardStatus.OFFERED, AwardStatus.ACCEPTED)


def award_letter(award: Award) -> bytes:
    """Return the letter of a final award as PDF bytes; raises Missing before it is final."""
    if award.status not in LETTERED or award.final_at is None:
        raise Missing(f"award {award.id} has no letter")
    return compile_letter(_content(award))


def compile_letter(content: dict[str, Any]) -> bytes:
    """Set a letter; the content is data to typst, whatever a person wrote into it."""
    pdf: bytes = typst.compile(
        str(SOURCE),
        root=str(Path(SOURCE).parent),
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        sys_inputs={"letter": json.dumps(content, ensure_ascii=False)},
        format="pdf",
    )
    return pdf


def _content(award: Award) -> dict[str, Any]:
    need, final_at = award.need, award.final_at
    assert final_at is not None
    assert award.accept_by is not None
    office = accounts.bureau(need.jurisdiction_code)
    site_url = current_app.config["SETTINGS"].site_url
    method = METHODS[need.method]
    shares = price_shares(need, award.price)
    rows = [
        ("需求名称", need.title),
        ("需求编号", need.number),
        ("项目名称", need.project.name),
        ("项目代码", need.project.code or "无"),
        ("服务事项", named(need)),
        ("项目业主", need.owner.public_name),
        ("选取方式", method),
        ("中选机构", award.organisation.name),
        ("统一社会信用代码", award.organisation.credit_code or ""),
        ("中选价（小写）", f"{format_yuan(award.price)} 元"),
        ("中选价（大写）", f"人民币{capitals(award.price)}"),
        *((f"其中：{each.item_name}", f"{format_yuan(each.price)} 元") for each in shares),
        ("服务时限", f"{need.days_wanted} 日"),
    ]
    if award.round.proof is not None:
        rows.append(("名单摘要", award.round.list_sha256 or ""))
    return {
        "title": f"中选通知书 {award.letter_number}",
        "heading": "中选通知书",
        "number": f"编号：{award.letter_number}",
        "addressee": f"{award.organisation.name}：",
        "opening": "经公开选取，中选结果已公示期满且无未决异议，现确定贵机构为下列需求的中选机构。",
        "rows": [list(row) for row in rows],
        "closing": (
            f"请于 {clock.written(award.accept_by)} 前确认中选，"
            "并按规定期限与项目业主签订合同。合同价款、服务时限应与本通知书一致。"
        ),
        "bureau": office.name,
        "date": clock.written(final_at).split()[0],
        "check": f"选取结果与抽取证明：{site_url}/results/{need.public_id}",
        "footer": f"{award.letter_number} · 以网站公示的选取结果为准",
    }
