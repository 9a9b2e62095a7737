"""May this firm have a window: asked when it applies, when it is ranked, when it is seated."""

from __future__ import annotations

from datetime import date, datetime

from flask_babel import gettext as _

from marketplace.foundation import clock
from marketplace.foundation.errors import Conflict
from marketplace.foundation.languages import joined
from marketplace.ratings import queries as ratings
from marketplace.sanctions import queries as sanctions

from .. import queries as register_queries
from ..models import Firm
from . import queries
from .models import HallCall
from .rules import terms_in_a_row


def obstacle(firm: Firm, call: HallCall, now: datetime) -> tuple[str, str] | None:
    """The rule that keeps a firm from a window of this call now, and its words; None: nothing."""
    register = call.register_code
    if not firm.is_listed:
        return "hall.listed", _("大厅窗口只向本名录在册机构征集，贵机构不在册")
    barred = sanctions.bars(firm.organisation_id, register, None, now)
    if barred:
        titles = joined(str(sanctions.BAR_TITLES[each.kind]) for each in barred)
        return "hall.barred", _("正在受限期间（%(what)s），不能进驻大厅", what=titles)
    if ratings.d_in_force(firm.organisation_id, register, now):
        return "hall.grade", _("信用等级为 D 级，不能进驻大厅")
    if not _offers(firm, call):
        return "hall.items", _("没有承接本次征集的服务事项，请先登记承接事项与承诺")
    return _must_rest(firm, call, clock.local_day(now))


def _offers(firm: Firm, call: HallCall) -> bool:
    codes = {each.item_code for each in register_queries.shown_offerings(firm.id)}
    return bool(codes & set(call.item_codes)) if call.item_codes else bool(codes)


def _must_rest(firm: Firm, call: HallCall, day: date) -> tuple[str, str] | None:
    """Rotation: after so many terms in a row others have their turn."""
    values = queries.edition_of(call, day).values
    if not values.most_terms:
        return None
    terms = [
        (
            clock.local_day(each.from_at),
            clock.local_day(each.ended_at) if each.ended_at is not None else each.last_day,
        )
        for each in queries.seats_of(firm.id)
        if each.call_id != call.id
    ]
    count, free = terms_in_a_row(terms, day, values.rest_months)
    if count < values.most_terms or free is None:
        return None
    return "hall.rotation", _(
        "已连续进驻 %(count)s 期，按轮换规则 %(day)s 起可再次申请",
        count=count,
        day=clock.written_day(free),
    )


def must_be_free(firm: Firm, call: HallCall, now: datetime) -> None:
    """Raise Conflict naming the rule that keeps the firm from a window."""
    found = obstacle(firm, call, now)
    if found is not None:
        raise Conflict(found[1], rule=found[0])
