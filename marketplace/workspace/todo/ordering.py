"""What waits for the two sides of an order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from flask_babel import gettext as _

from marketplace.accounts.permissions import Permission
from marketplace.foundation.actor import Actor
from marketplace.orders import access as rights
from marketplace.orders import queries as orders
from marketplace.orders.models import OrderStatus

from .line import Line


def asks_to_answer(actor: Actor, now: datetime) -> Iterator[Line]:
    """Orders and asks a firm must answer; silence passes them to the next firm."""
    if not actor.may(Permission.FIRM_ENTER) or actor.organisation_id is None:
        return
    for ask in orders.asks_to_answer(actor.organisation_id):
        listing = ask.order.offering_id is not None
        yield Line(
            what=_("答复订单") if listing else _("答复小额快选询价"),
            about=ask.order.need.title,
            page="orders.ask",
            key=ask.public_id,
            where="orders.asks",
            since=ask.asked_at or ask.status_since,
            due=ask.answer_by,
        )


def orders_to_decide(actor: Actor, now: datetime) -> Iterator[Line]:
    """Orders an owner's approver must send, quotes somebody must confirm before they lapse."""
    if actor.organisation_id is None or not actor.may(Permission.NEED_VIEW):
        return
    waiting = [
        (OrderStatus.SUBMITTED, _("审批订单")),
        (OrderStatus.QUOTED, _("确认小额快选报价")),
    ]
    for status, words in waiting:
        for order in orders.orders_waiting(actor.organisation_id, status):
            if rights.may_confirm(actor, order):
                yield Line(
                    what=words,
                    about=order.need.title,
                    page="orders.order",
                    key=order.public_id,
                    where="orders.index",
                    since=order.status_since,
                    due=order.next_check_at,
                )
