"""What each firm is told when a result is published: its own place and price beside the chosen one,
by which rule the other was chosen, and what it can do until when. (RULES section 7)

Texts are Chinese, as everything that is stored and sent is. They hold nothing of the other firms
but what the result page shows to everybody.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import select

from marketplace.accounts import queries as accounts
from marketplace.foundation import clock, policy
from marketplace.foundation.db import db
from marketplace.foundation.money import format_yuan
from marketplace.notices.rules import NoticesPolicy
from marketplace.notifications.actions import send
from marketplace.notifications.models import Message
from marketplace.projects.models import METHODS, Need, SelectionMethod

from . import queries
from .models import Award, AwardStatus, CheckStage, Entry, EntryStatus, SelectionRound
from .sealing import low, opening
from .sealing.models import LowStatus


def tell_result(need: Need, running: SelectionRound, award: Award, now: datetime) -> None:
    """Send every firm of the list its own account of the result, and the winner what comes next;
    those whose entry was void hear until when they may object."""
    _tell_winner(need, award, now)
    for entry in [*queries.in_place_order(running), *queries.void(running)]:
        if entry.id == award.entry_id:
            continue
        send(
            entry.organisation_id,
            f"选取结果告知：{need.title}",
            account(need, running, award, entry, now),
            f"/entries/{entry.public_id}",
            _key(award, entry),
            now,
            address=entry.organisation.email,
        )


def tell_next(need: Need, running: SelectionRound, award: Award, now: datetime) -> None:
    """Tell the others of the list that a reserve has moved up, and what that means for them."""
    fallen = {each.entry_id for each in queries.awards_of(need)}
    for entry in queries.in_place_order(running):
        if entry.id in fallen:
            continue
        send(
            entry.organisation_id,
            f"中选机构变更：{need.title}",
            f"原中选机构不再中选，由第 {award.place} 位{award.organisation.name}递补，"
            f"中选价 {format_yuan(award.price)} 元。"
            + _reserve(queries.places(running), award, entry),
            f"/entries/{entry.public_id}",
            _key(award, entry),
            now,
        )


def told(entry: Entry) -> Message | None:
    """The newest account that was sent to the firm of an entry."""
    keys = [_key(award, entry) for award in queries.awards_of(entry.need)]
    return db.session.scalar(
        select(Message).where(Message.key.in_(keys)).order_by(Message.id.desc()).limit(1)
    )


def account(need: Need, running: SelectionRound, award: Award, entry: Entry, now: datetime) -> str:
    """Why another firm was chosen and not that of ``entry``, in plain paragraphs."""
    chosen = f"中选机构：{award.organisation.name}，中选价 {format_yuan(award.price)} 元。"
    if entry.status is EntryStatus.VOID:
        own = [f"贵机构未进入名单。原因：{entry.void_reason}。"]
    else:
        own = ["贵机构未中选。", _own_price(award, entry), *_own_place(need, running, award, entry)]
    lines = [*own, chosen, _rule(need, running, award)]
    if entry.status is not EntryStatus.VOID:
        lines.append(_reserve(queries.places(running), award, entry))
    lines.append(_remedy(need, award, now))
    return "\n".join(line for line in lines if line)


def _tell_winner(need: Need, award: Award, now: datetime) -> None:
    assert award.notice_ends_at is not None
    send(
        award.organisation_id,
        f"贵机构中选，结果公示中：{need.title}",
        f"中选价 {format_yuan(award.price)} 元。公示至 {clock.written(award.notice_ends_at)}，"
        "期满且没有未答复的异议后，请在规定期限内确认中选。",
        f"/entries/{award.entry.public_id}",
        _key(award, award.entry),
        now,
    )


def _own_price(award: Award, entry: Entry) -> str:
    if entry.price is None:
        return ""
    apart = entry.price - award.price
    if apart == 0:
        beside = "与中选价相同"
    elif apart > 0:
        beside = f"比中选价高 {format_yuan(apart)} 元"
    else:
        beside = f"比中选价低 {format_yuan(-apart)} 元"
    return f"贵机构报价：{format_yuan(entry.price)} 元，{beside}。"


def _own_place(need: Need, running: SelectionRound, award: Award, entry: Entry) -> list[str]:
    places = queries.places(running)
    place = places.get(entry.organisation.credit_code or "")
    if place is None:
        return []
    lines = [f"贵机构次序：共 {len(places)} 家，列第 {place} 位。"]
    if place < award.place:
        lines.append(f"贵机构次序在前而未中选的原因：{_why_passed(need, entry)}。")
    return lines


def _why_passed(need: Need, entry: Entry) -> str:
    """Its own reasons alone: those of others are told to them."""
    asked = low.of_entry(entry)
    if asked is not None and asked.status is LowStatus.SILENT:
        return "报价明显低于其他报价，逾期未说明理由"
    if asked is not None and asked.status is LowStatus.REFUSED:
        return f"报价明显低于其他报价，项目业主认定说明不成立：{asked.decision_reason}"
    failed = [
        each
        for each in queries.checks_of(entry)
        if each.stage is CheckStage.AWARD and not each.ok and each.rule not in queries.NOT_AT_AWARD
    ]
    if failed:
        return "；".join(dict.fromkeys(each.fact for each in failed))
    barred = [
        each
        for each in queries.awards_of(need)
        if each.entry_id == entry.id and each.status is not AwardStatus.ANNOUNCED
    ]
    return str(barred[-1].status.title) if barred else "中选时核对未通过"


def _rule(need: Need, running: SelectionRound, award: Award) -> str:
    method = METHODS[need.method]
    page = f"抽取证明和全部过程见结果页，任何人可以重算：/results/{need.public_id}"
    if need.method is SelectionMethod.RANDOM_DRAW:
        return (
            f"选取规则（{method}）：名单内机构全部参加，次序由公布的名单、密值和公开值计算得出，"
            f"中选机构列第 {award.place} 位。{page}"
        )
    if need.method is SelectionMethod.PRICE_COMPETITION:
        return (
            f"选取规则（{method}）：密封报价统一开启，{_first(need)}在前，"
            f"中选机构列第 {award.place} 位。{_ties(running, need)}"
        )
    if need.method is SelectionMethod.AVERAGE_PRICE:
        middle = opening.shown_middle(need, running)
        mean = f"平均价 {format_yuan(middle)} 元，" if middle is not None else ""
        return (
            f"选取规则（{method}）：密封报价统一开启，最接近平均价者在前，{mean}"
            f"中选机构报价相差 {format_yuan(_apart(award.price, middle))} 元，"
            f"列第 {award.place} 位。{_ties(running, need)}"
        )
    if need.method is SelectionMethod.DIRECT_PICK:
        reason = (award.reason or "见结果页").rstrip("。")
        return f"选取规则（{method}）：由项目业主在名单内机构中选取。选取理由：{reason}。"
    return (
        f"选取规则（{method}）：中选机构列第 {award.place} 位，"
        f"依据和过程见结果页：/results/{need.public_id}"
    )


def _first(need: Need) -> str:
    return "下浮率高者" if need.by_discount else "报价低者"


def _ties(running: SelectionRound, need: Need) -> str:
    if not opening.tie_draws(running):
        return ""
    return f"报价并列的，次序由抽取产生，抽取证明见结果页：/results/{need.public_id}"


def _apart(price: Decimal, middle: Decimal | None) -> Decimal:
    return abs(price - middle) if middle is not None else Decimal(0)


def _reserve(places: dict[str, int], award: Award, entry: Entry) -> str:
    place = places.get(entry.organisation.credit_code or "")
    if place is None or place < award.place:
        return ""
    before = place - award.place
    if before == 1:
        return "中选机构放弃或者不再符合条件的，由贵机构递补。"
    return f"贵机构为后备机构：在前 {before} 家均放弃或者不再符合条件的，由贵机构递补。"


def _remedy(need: Need, award: Award, now: datetime) -> str:
    assert award.notice_ends_at is not None
    edition = policy.in_force(
        NoticesPolicy, accounts.lineage(need.jurisdiction_code), clock.local_day(now)
    )
    days = edition.values.objection_answer_days
    return (
        f"可以怎么办：认为结果有误的，在 {clock.written(award.notice_ends_at)} 前，"
        f"从结果页进入公示提出异议；管理机构在 {days} 个工作日内答复，答复前不签订合同。"
    )


def _key(award: Award, entry: Entry) -> str:
    return f"award:{award.id}:announced:{entry.organisation_id}"
