"""What the machine finds wrong in an application, and what its firm changed since it was returned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select

from marketplace.accounts import credit_code
from marketplace.accounts.models import Organisation
from marketplace.catalogue import queries as catalogue
from marketplace.fees import queries as fees
from marketplace.fees.rules.judging import Verdict
from marketplace.foundation import clock
from marketplace.foundation.db import as_written, db
from marketplace.foundation.errors import Invalid
from marketplace.foundation.money import format_yuan
from marketplace.foundation.showing import show_date

from .. import queries
from ..decoupling import queries as decoupling
from ..models import Firm, FirmStatus, Practitioner
from . import lines
from .models import ApplicationCopy
from .rules import Change, by_point, changes, read


@dataclass(frozen=True)
class Fault:
    """Something found under a point. What ``stops`` cannot be passed over; else an officer looks
    at it and judges."""

    point: str
    text: str
    stops: bool = True


def faults(firm: Firm, now: datetime) -> list[Fault]:
    """Everything found in an application as it stands, in the order of the points."""
    return [
        *_subject(firm),
        *_legal(firm),
        *_qualifications(firm, now),
        *_practitioners(firm),
        *_decoupling(firm, now),
        *_offerings(firm, now),
    ]


def by_points(found: list[Fault]) -> dict[str, list[Fault]]:
    """The same by point."""
    groups: dict[str, list[Fault]] = {}
    for each in found:
        groups.setdefault(each.point, []).append(each)
    return groups


def _subject(firm: Firm) -> Iterator[Fault]:
    try:
        credit_code.checked(firm.organisation.credit_code or "")
    except Invalid:
        yield Fault("subject", _("统一社会信用代码校验未通过"))
    if firm.licence_file_id is None:
        yield Fault("subject", _("没有上传登记证照"))


def _legal(firm: Firm) -> Iterator[Fault]:
    if not firm.organisation.legal_representative or not firm.legal_digest:
        yield Fault("legal", _("没有填写法定代表人姓名和身份证件号码"))
    if not firm.agent_name or not firm.agent_phone:
        yield Fault("legal", _("没有填写经办人姓名和联系电话"))


def _qualifications(firm: Firm, now: datetime) -> Iterator[Fault]:
    today = clock.local_day(now)
    for each in queries.all_qualifications(firm.id):
        named = {"type": each.type, "number": each.number}
        if each.valid_until is not None and each.valid_until < today:
            yield Fault(
                "qualifications",
                _(
                    "“%(type)s”（%(number)s）已于 %(day)s 到期",
                    **named,
                    day=show_date(each.valid_until),
                ),
            )
        if each.file_id is None:
            yield Fault(
                "qualifications", _("“%(type)s”（%(number)s）没有上传扫描件", **named), stops=False
            )
    held = queries.held(firm.id, today)
    items = queries.items_of(firm, today)
    for offered in queries.offerings(firm.id):
        item = items.get(offered.item_code)
        if item is not None and not catalogue.meets(item, held):
            yield Fault("qualifications", _("没有登记“%(item)s”所需的有效资质", item=item.name))


def _practitioners(firm: Firm) -> Iterator[Fault]:
    own = queries.practitioners(firm.id)
    if not own:
        return
    elsewhere = db.session.execute(
        select(Practitioner.name, Practitioner.profession, Organisation.name)
        .join(Firm, Firm.id == Practitioner.firm_id)
        .join(Organisation, Organisation.id == Firm.organisation_id)
        .where(
            Practitioner.name.in_({each.name for each in own}),
            Practitioner.ended_at.is_(None),
            Firm.register_code == firm.register_code,
            Firm.id != firm.id,
        )
        .order_by(Practitioner.id)
        .limit(as_written(50))
    ).all()
    mine = {(each.name, each.profession) for each in own}
    for name, profession, other in elsewhere:
        if (name, profession) in mine:
            yield Fault(
                "practitioners",
                _(
                    "有一名“%(profession)s”与登记在%(other)s的人员同名，请核实是否同一人",
                    profession=profession,
                    other=other,
                ),
                stops=False,
            )


def _decoupling(firm: Firm, now: datetime) -> Iterator[Fault]:
    values = queries.admission_policy(firm.register_code, clock.local_day(now)).values
    if not values.decoupling_required:
        return
    if not firm.decoupled:
        yield Fault("decoupling", _("没有声明与行政机关脱钩"))
    for match in decoupling.uncleared(firm):
        yield Fault(
            "decoupling",
            _(
                "列于未脱钩机构名单（%(document)s）：与%(department)s在%(tie)s上尚未脱钩",
                document=match.entry.upload.document,
                department=match.entry.department,
                tie=match.tie,
            ),
        )


def _offerings(firm: Firm, now: datetime) -> Iterator[Fault]:
    day = clock.local_day(now)
    own = queries.offerings(firm.id)
    if not own:
        yield Fault("offerings", _("没有承接任何服务事项"))
        return
    items = queries.items_of(firm, day)
    pricings = fees.pricings([each.item_code for each in own], firm.register_code, day)
    for each in own:
        item = items.get(each.item_code)
        if item is None:
            yield Fault("offerings", _("事项 %(code)s 已不在现行清单中", code=each.item_code))
            continue
        if each.promised_days > item.statutory_days:
            yield Fault(
                "offerings",
                _(
                    "“%(item)s”承诺时限 %(days)d %(kind)s，超过法定的 %(most)d %(kind)s",
                    item=item.name,
                    days=each.promised_days,
                    most=item.statutory_days,
                    kind=item.statutory_days_kind.title,
                ),
            )
        told = queries.judged(each, pricings[each.item_code])
        if told is None or not told.stops:
            continue
        below = told.verdict is Verdict.BELOW_FLOOR
        limit = told.floor if below else told.ceiling
        exact = each.amount is not None and limit is not None
        shown = _(" %(yuan)s 元", yuan=format_yuan(limit)) if exact and limit is not None else ""
        yield Fault(
            "offerings",
            _("“%(item)s”的价格承诺低于收费标准下限%(limit)s", item=item.name, limit=shown)
            if below
            else _("“%(item)s”的价格承诺高于收费标准上限%(limit)s", item=item.name, limit=shown),
        )


def copies(firm: Firm) -> list[ApplicationCopy]:
    """What the present application said each time it was sent, in order."""
    return list(
        db.session.scalars(
            select(ApplicationCopy)
            .where(
                ApplicationCopy.firm_id == firm.id, ApplicationCopy.application == firm.application
            )
            .order_by(ApplicationCopy.round)
        )
    )


def changed_since_return(firm: Firm) -> dict[str, list[Change]] | None:
    """What a firm changed since its application was returned, by point: so far, while it lies with
    the firm, else until it was sent again. None where it was not returned."""
    if firm.returned_at is None:
        return None
    kept = copies(firm)
    if not kept or kept[0].round != 1:
        return None
    if firm.status is FirmStatus.RETURNED:
        after = lines.of(firm)
    elif len(kept) > 1:
        after = read(kept[-1].lines)
    else:
        return None
    return by_point(changes(read(kept[0].lines), after))
