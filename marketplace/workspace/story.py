"""The whole story of one need in order of time: who did what, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import Organisation, User
from marketplace.contracts import queries as contracts
from marketplace.contracts.models import Amendment, Contract, Deliverable
from marketplace.evaluations import queries as evaluations
from marketplace.evaluations.assessors import awaiting
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.languages import joined
from marketplace.foundation.lifecycle import Status, StatusChange
from marketplace.foundation.money import format_yuan
from marketplace.foundation.showing import show_datetime
from marketplace.orders import queries as orders
from marketplace.orders.models import AskStatus, Order, OrderAsk, OrderStatus
from marketplace.projects import queries as projects
from marketplace.projects.models import Need, NeedStatus
from marketplace.selection import queries as selection
from marketplace.selection.models import Award, AwardStatus, Entry, RoundStatus, SelectionRound

from .rules import View


@dataclass(frozen=True)
class Event:
    """One point of the line."""

    at: datetime
    title: Any
    who: str = ""
    detail: str = ""
    tone: str = "info"
    url: str | None = None
    place: int = 0
    digest: str = ""


# before it is announced a choice is the owner's own matter
INNER_AWARDS = (AwardStatus.PROPOSED, AwardStatus.RETURNED)
INNER_NEEDS = (NeedStatus.DRAFT, NeedStatus.SUBMITTED)
# a firm's place in the sequence before its turn, and after somebody else took the order
UNASKED = (AskStatus.WAITING, AskStatus.SPARED)
NOUNS: dict[type, Any] = {
    Order: _l("订单"),
    OrderAsk: _l("询价"),
    Need: _l("需求"),
    SelectionRound: _l("选取"),
    Award: _l("中选"),
    Contract: _l("合同"),
    Amendment: _l("合同变更"),
    Deliverable: _l("服务成果"),
}


def story(need: Need, actor: Actor, view: View) -> list[Event]:
    """Everything the reader may know of a need, oldest first."""
    events = [*_of_need(need, actor, view), *_of_selection(need, actor, view)]
    if view is not View.ENTRANT:
        events += _of_order(need, actor, view)
        events += _of_contract(need, actor, view)
    return sorted(events, key=lambda event: (event.at, event.place))


def _of_need(need: Need, actor: Actor, view: View) -> Iterator[Event]:
    inside = view in (View.OWNER, View.OFFICER)
    for change in _changes(Need, [need.id]):
        status = NeedStatus(change.to_status)
        if inside or status not in INNER_NEEDS:
            yield _event(Need, change, status, actor, view)
    for correction in projects.corrections(need.id):
        if correction.published_at is not None:
            yield Event(
                at=correction.published_at,
                title=_("更正公告"),
                who=need.owner.public_name,
                detail=correction.reason,
                tone="warn",
                url=url_for("portal.need", public_id=need.public_id),
            )


def _of_selection(need: Need, actor: Actor, view: View) -> Iterator[Event]:
    result = url_for("selection.result", public_id=need.public_id)
    for entry in _own_entries(need, actor):
        yield Event(
            at=entry.received_at,
            title=_("本机构报名"),
            who=actor.organisation_name,
            url=url_for("selection.entry", public_id=entry.public_id),
        )
    ordered = orders.of_need(need.id) is not None
    # an order has no list and no steps between: it is concluded in one instant
    for running in [] if ordered else selection.rounds_of(need):
        if running.closed_at is not None:
            yield Event(
                at=running.closed_at,
                title=_("名单公布"),
                detail=_(
                    "进入名单 %(listed)s 家，名单摘要 %(hash)s",
                    listed=len(selection.listed(running)),
                    hash=running.list_sha256 or "—",
                ),
                url=result,
            )
        if running.drawn_at is not None:
            yield Event(
                at=running.drawn_at,
                title=_("抽取完成，次序公布"),
                detail=_("公开值 %(value)s", value=running.public_value or "—"),
                url=result,
                place=1,
            )
        if running.status is RoundStatus.ANNULLED:
            yield Event(
                at=running.status_since,
                title=_("抽取撤销，需求重新发布"),
                tone="bad",
                url=result,
                place=2,
            )
    awards = {award.id: award for award in selection.awards_of(need)}
    for change in _changes(Award, awards):
        status = AwardStatus(change.to_status)
        if status in INNER_AWARDS and view not in (View.OWNER, View.OFFICER):
            continue
        if ordered and status is not AwardStatus.ACCEPTED:
            continue
        award = awards[change.subject_id]
        yield _event(
            Award, change, status, actor, view, detail=award.organisation.public_name, url=result
        )


def _of_order(need: Need, actor: Actor, view: View) -> Iterator[Event]:
    """Whom an order asked, what each answered and until when; nothing for an advertised need."""
    order = orders.of_need(need.id)
    if order is None:
        return
    page = url_for("orders.order", public_id=order.public_id) if view is View.OWNER else None
    for change in _changes(Order, [order.id]):
        yield _event(Order, change, OrderStatus(change.to_status), actor, view, url=page)
    asks = {ask.id: ask for ask in orders.asks_of(order)}
    for change in _changes(OrderAsk, asks):
        status = AskStatus(change.to_status)
        if status not in UNASKED:
            detail = _about_ask(asks[change.subject_id], status, view)
            event = _event(OrderAsk, change, status, actor, view, detail=detail, url=page)
            # why another firm was not taken is between the owner, that firm and the officers
            yield replace(event, detail=detail) if view is View.WINNER else event


def _about_ask(ask: OrderAsk, status: AskStatus, view: View) -> str:
    """The firm asked, until when it answers, and what it asks for: prices as public as they are."""
    name = ask.organisation.public_name
    if status is AskStatus.ASKED and ask.answer_by is not None:
        return _("%(firm)s，%(at)s 前答复", firm=name, at=show_datetime(ask.answer_by))
    priced = status is AskStatus.TAKEN or (status is AskStatus.QUOTED and view is not View.WINNER)
    if priced and ask.price is not None:
        return _("%(firm)s，%(price)s 元", firm=name, price=format_yuan(ask.price))
    return name


def _of_contract(need: Need, actor: Actor, view: View) -> Iterator[Event]:
    contract = contracts.of_need(need.id)
    if contract is None:
        return
    is_party = view in (View.OWNER, View.WINNER)
    page = url_for("contracts.contract", public_id=contract.public_id) if is_party else None
    parts: tuple[tuple[type, Iterable[Any]], ...] = (
        (Contract, [contract]),
        (Amendment, contracts.amendments(contract.id)),
        (Deliverable, contracts.deliverables(contract.id)),
    )
    for kind, rows in parts:
        found = {row.id: row for row in rows}
        for change in _changes(kind, found):
            row = found[change.subject_id]
            status = type(row.status)(change.to_status)
            handed_in = kind is Deliverable and change.from_status is None
            yield _event(
                kind,
                change,
                status,
                actor,
                view,
                detail=_about_file(row) if handed_in else "",
                url=page,
                digest=row.file.sha256 if handed_in else "",
            )
    yield from _of_marks(contract, page)


def _of_marks(contract: Contract, page: str | None) -> Iterator[Event]:
    window = evaluations.window_of(contract)
    if window is None:
        return
    yield Event(
        at=window.opened_at,
        title=_("双方互评开始"),
        who=_("系统按期办理"),
        detail=_("双方和聘任的评价人均评价后，或者截止后同时公开")
        if awaiting.has_part(window)
        else _("双方均评价后或者截止后同时公开"),
        url=page,
    )
    if window.revealed_at is not None:
        given = [
            _(
                "%(rater)s平均 %(mean)s 分",
                rater=accounts.organisation(each.rater_organisation_id).public_name,
                mean=_mean(each.latest.marks.values()),
            )
            for each in evaluations.revealed_in(window)
        ]
        yield Event(
            at=window.revealed_at,
            title=_("互评公开"),
            who=_("系统按期办理"),
            detail=joined(given),
            url=page,
        )


def _mean(marks: Iterable[int]) -> str:
    """The mean of marks of 1 to 5, half-up to a tenth."""
    given = list(marks)
    tenths = (sum(given) * 20 + len(given)) // (2 * len(given))
    return f"{tenths // 10}.{tenths % 10}"


def _about_file(deliverable: Deliverable) -> str:
    return _("第 %(version)s 版 %(name)s", version=deliverable.version, name=deliverable.file.name)


def _own_entries(need: Need, actor: Actor) -> list[Entry]:
    return list(
        db.session.scalars(
            select(Entry)
            .where(Entry.need_id == need.id, Entry.organisation_id == actor.organisation_id)
            .order_by(Entry.id)
        )
    )


def _changes(kind: Any, ids: Iterable[int]) -> list[StatusChange]:
    keys = list(ids)
    if not keys:
        return []
    return list(
        db.session.scalars(
            select(StatusChange)
            .where(
                StatusChange.subject_type == kind.__tablename__,
                StatusChange.subject_id.in_(keys),
            )
            .order_by(StatusChange.id)
        )
    )


def _event(
    kind: type,
    change: StatusChange,
    status: Status,
    actor: Actor,
    view: View,
    detail: str = "",
    url: str | None = None,
    digest: str = "",
) -> Event:
    said = detail or change.reason or ""
    if detail and change.reason:
        said = _("%(what)s；%(why)s", what=detail, why=change.reason)
    return Event(
        at=change.at,
        title=_("%(noun)s：%(status)s", noun=NOUNS[kind], status=status.title),
        who=_who(change, actor, view),
        detail=said,
        tone=status.tone,
        url=url,
        place=change.id,
        digest=digest,
    )


def _who(change: StatusChange, actor: Actor, view: View) -> str:
    """Organisation for everybody; the person for its own people and for officers."""
    if change.actor_id is None:
        return _("系统按期办理")
    organisation = (
        db.session.get(Organisation, change.organisation_id) if change.organisation_id else None
    )
    name = organisation.public_name if organisation else ""
    if view is View.OFFICER or change.organisation_id == actor.organisation_id:
        person = db.session.get(User, change.actor_id)
        return " / ".join(part for part in (name, person.name if person else "") if part)
    return name
