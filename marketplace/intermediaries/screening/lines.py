"""An application as lines, as it stands now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from flask_babel import gettext as _

from marketplace.accounts.masking import masked
from marketplace.foundation import clock
from marketplace.foundation.crypto import keyed_digest
from marketplace.foundation.files import StoredFile
from marketplace.foundation.languages import for_storing
from marketplace.foundation.showing import percent

from .. import queries
from ..models import Firm, Offering
from .rules import Line


@for_storing()
def of(firm: Firm) -> list[Line]:
    """Everything an application says, under the points of the review, in their order."""
    return [
        *_subject(firm),
        *_people(firm),
        *_qualifications(firm),
        *_practitioners(firm),
        _line("decoupling", "declared", _("脱钩声明"), _("已声明") if firm.decoupled else ""),
        *_offerings(firm),
    ]


def _line(point: str, key: str, title: str, value: str, shown: str | None = None) -> Line:
    digest = keyed_digest("application", value)[:24] if value else ""
    return Line(point, key, title, value if shown is None else shown, digest)


def _subject(firm: Firm) -> Iterator[Line]:
    body = firm.organisation
    yield _line("subject", "name", _("机构名称"), body.name)
    yield _line("subject", "code", _("统一社会信用代码"), body.credit_code or "")
    yield _line("subject", "licence", _("登记证照"), *_file(firm.licence))
    yield _line("subject", "introduction", _("机构简介"), firm.introduction or "")


def _file(stored: StoredFile | None) -> tuple[str, str]:
    """A file by its content, shown by its name and the beginning of its digest."""
    if stored is None:
        return "", ""
    return stored.sha256, _(
        "%(name)s（摘要 %(digest)s）", name=stored.name, digest=stored.sha256[:8]
    )


def _people(firm: Firm) -> Iterator[Line]:
    name = firm.organisation.legal_representative or ""
    yield _line("legal", "legal", _("法定代表人"), name)
    digest = firm.legal_digest or ""
    yield _line("legal", "identity", _("法定代表人证件号码"), digest, _("已登记") if digest else "")
    agent, phone = firm.agent_name or "", firm.agent_phone or ""
    yield _line("legal", "agent", _("经办人姓名"), agent, masked(agent, "name"))
    yield _line("legal", "phone", _("经办人电话"), phone, masked(phone, "contact"))
    holder = queries.controller(firm.id)
    if holder is not None:
        value = f"{holder.name}\n{holder.identity_digest}"
        yield _line("legal", "controller", _("控股股东"), value, holder.name)


def _day(day: date | None) -> str:
    return clock.written_day(day) if day is not None else _("长期")


def _qualifications(firm: Firm) -> Iterator[Line]:
    for each in queries.all_qualifications(firm.id):
        _content, scan = _file(each.file)
        told = (
            each.grade or "",
            each.issuer,
            _("%(start)s 至 %(end)s", start=_day(each.valid_from), end=_day(each.valid_until)),
            scan,
        )
        yield _line(
            "qualifications",
            f"{each.type}\n{each.number}",
            f"{each.type} {each.number}",
            "，".join(filter(None, told)),
        )


def _practitioners(firm: Firm) -> Iterator[Line]:
    for each in queries.practitioners(firm.id):
        shown = f"{each.profession}，{masked(each.number, 'certificate')}"
        yield _line(
            "practitioners",
            keyed_digest("practitioner", each.number)[:24],
            masked(each.name, "name"),
            f"{each.name}\n{each.profession}",
            shown,
        )


def _offerings(firm: Firm) -> Iterator[Line]:
    items = queries.items_of(firm, clock.today())
    for each in queries.offerings(firm.id):
        item = items.get(each.item_code)
        days = f"{each.promised_days} {item.statutory_days_kind.title if item else ''}".strip()
        yield _line(
            "offerings",
            each.item_code,
            item.name if item else each.item_code,
            f"{_price(each)}，{days}",
        )


def _price(offered: Offering) -> str:
    if offered.amount is not None:
        return _(
            "%(amount)s 元（%(low)s 至 %(high)s %(unit)s）",
            amount=offered.amount,
            low=offered.base_from,
            high=offered.base_to,
            unit=offered.base_unit,
        )
    return _("下浮 %(rate)s", rate=percent(offered.discount))
