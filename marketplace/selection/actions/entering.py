"""Entries: sent, changed, taken back, out of date by a correction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, bindparam, select, union, update
from sqlalchemy.orm import aliased
from sqlalchemy.orm.attributes import set_committed_value

from marketplace.fees.rules.judging import Gate
from marketplace.foundation import audit, clock, crypto, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db, lock, new_public_id, put
from marketplace.foundation.errors import Conflict, Invalid, Refused
from marketplace.foundation.money import format_yuan
from marketplace.intermediaries.queries import promises_of
from marketplace.notifications.actions import send
from marketplace.projects.models import Need, NeedStatus, SelectionMethod
from marketplace.projects.packages.pricing import (
    Promised,
    pass_sealed_prices,
    questions_of,
    require_prices,
)
from marketplace.projects.queries import names_one_of

from .. import awarding, closing, queries
from ..judging import plans
from ..judging import queries as panels
from ..methods.draw_proof import instant_text
from ..methods.quotes import price_at
from ..methods.random_draw import Entrant, check_hex, receipt_bytes
from ..models import (
    AwardStatus,
    CheckStage,
    Entry,
    EntryStatus,
    SelectionRound,
)
from ..sealing import sealed

_CHECKED = (
    update(Entry.__table__)  # type: ignore[arg-type]
    .where(Entry.id == bindparam("entry"))
    .values(price_check_id=bindparam("price_check"))
)


def enter_need(
    need: Need,
    contribution: str,
    price: Decimal | None,
    actor: Actor,
    deviation_reason: str = "",
    discount: Decimal | None = None,
    plan: plans.Plan | None = None,
) -> Entry:
    """Enter a need, or change an entry that stands: a new receipt replaces the old one.

    Locks the need and only then reads the clock. Raises Conflict after the deadline, Refused
    naming the first rule that stands in the way, Invalid for contribution or price.
    `price` is in yuan, `discount` what is quoted instead where the need asks for that (0.15 = 15 %
    off its budget); `deviation_reason` says why it is far from the fee standard, where asked;
    `plan` is what judges mark in best value.
    """
    lock(need)
    now = clock.now()
    running = _entering(need, now)
    assert actor.organisation_id is not None
    found = queries.eligibility(need, actor.organisation_id, now)
    if found.firm_id is None or not found.ok:
        first = found.refusals[0]
        raise Refused(
            f"{queries.said(first.fact)}。{queries.said(first.mend)}", rule=f"eligible.{first.rule}"
        )
    try:
        check_hex("contribution", contribution)
    except ValueError as error:
        raise Invalid(
            _("请填写 64 位小写十六进制字符（0-9、a-f）"),
            field="contribution",
            rule="entry.contribution",
        ) from error
    price = _priced(need, price, discount)
    if price > need.budget:
        raise Invalid(
            _("报价高于预算 %(budget)s 元", budget=format_yuan(need.budget)),
            field="price",
            rule="entry.budget",
        )
    before = queries.entry_in(running, actor.organisation_id)
    if before is not None:
        lifecycle.move(before, EntryStatus.REPLACED, actor, now)
    entrant = Entrant(found.credit_code or "", contribution)
    receipt = receipt_bytes(need.number, running.attempt, entrant, instant_text(now))
    entry = Entry(
        public_id=new_public_id(),
        round_id=running.id,
        need_id=need.id,
        organisation_id=actor.organisation_id,
        firm_id=found.firm_id,
        user_id=actor.user_id,
        contribution=contribution,
        price=None if need.is_sealed else price,
        received_at=now,
        stands_since=before.stands_since if before is not None else now,
        signature=crypto.sign(receipt),
    )
    quoted = sealed.Quoted(price, deviation_reason.strip(), discount if need.by_discount else None)
    if need.is_sealed:
        sealed.seal(need, running, entry, entrant.credit_code, quoted)
    lifecycle.begin(entry, EntryStatus.STANDING, actor, now)
    handed_in = _hand_in(need, running, entry, plan)
    _check_quote(need, entry, quoted, found.promise_for, actor, now)
    closing.store_checks(entry, found, CheckStage.ENTRY, now)
    audit.record(
        "entry.received",
        actor,
        entry,
        now,
        need=need.number,
        attempt=running.attempt,
        receipt_sha256=crypto.sha256_hex(receipt),
        **({"sealed_sha256": entry.sealed_sha256} if need.is_sealed else {}),
        **handed_in,
    )
    return entry


def _priced(need: Need, price: Decimal | None, discount: Decimal | None) -> Decimal:
    """The price in yuan of what was quoted. Raises Invalid for the wrong kind of quote."""
    if not need.by_discount:
        if price is None:
            raise Invalid(_("请填写报价"), field="price", rule="entry.price")
        return price
    if discount is None or not 0 <= discount < 1:
        raise Invalid(
            _("请填写下浮率，在 0 至 99.99 之间"), field="discount", rule="entry.discount"
        )
    return price_at(need.budget, discount)


def _hand_in(
    need: Need, running: SelectionRound, entry: Entry, plan: plans.Plan | None
) -> dict[str, str]:
    if need.method is not SelectionMethod.BEST_VALUE:
        return {}
    panel = panels.panel_of(running)
    assert panel is not None
    handed_in = plans.hand_in(panel, entry, plan or plans.Plan("", ()), panels.values_of(panel))
    return {"plan_sha256": handed_in.sealed_sha256}


def _entering(need: Need, now: datetime) -> SelectionRound:
    # first: who sends while the list is being closed is late, whatever the need has become by then
    if need.entry_deadline is not None and now >= need.entry_deadline:
        raise Conflict(_("报名已于截止时间结束"), rule="entry.late")
    if need.status is not NeedStatus.PUBLISHED:
        raise Conflict(_("该需求当前不接受报名"), rule="entry.state")
    return queries.live_round(need)


def _check_quote(
    need: Need,
    entry: Entry,
    quoted: sealed.Quoted,
    promised: Promised,
    actor: Actor,
    now: datetime,
) -> None:
    questions = questions_of(
        need,
        Gate.QUOTE,
        entry,
        quoted.price,
        now,
        promised=promised,
        budget=True,
        reason=quoted.reason,
    )
    if need.is_sealed:
        pass_sealed_prices(need, questions, actor, now)
        return
    check = require_prices(need, questions, actor, now)
    # as a statement of its own: entries come in crowds, and the unit of work looks at everything
    put(_CHECKED, {"entry": entry.id, "price_check": check.id})
    set_committed_value(entry, "price_check_id", check.id)


def check_new_price(
    need: Need, entry: Entry, price: Decimal, reason: str, actor: Actor, now: datetime
) -> None:
    """Check a price (yuan) an entry is to have from now on as it was checked on receipt; the check
    becomes the entry's. The caller holds the need's lock and sets the price."""
    if price <= 0 or price > need.budget:
        raise Invalid(
            _("报价高于预算 %(budget)s 元", budget=format_yuan(need.budget))
            if price > 0
            else _("报价应大于 0"),
            field="price",
            rule="entry.budget",
        )
    quoted = sealed.Quoted(price, reason.strip())
    _check_quote(need, entry, quoted, promises_of(entry.firm_id), actor, now)


def withdraw_entry(entry: Entry, actor: Actor) -> None:
    """Take an entry back before the deadline; the row stays."""
    lock(entry.need)
    now = clock.now()
    running = _entering(entry.need, now)
    db.session.refresh(entry)
    if entry.round_id != running.id:
        raise Conflict(_("该报名属于已结束的一次选取，不能再改"), rule="entry.round")
    lifecycle.move(entry, EntryStatus.WITHDRAWN, actor, now)


def hold_needs(
    organisation_ids: Sequence[int], codes: Sequence[str], items: Sequence[str] = ()
) -> None:
    """Lock what a bar of some firms reaches, before anything else of theirs is locked.

    The needs they entered, and every need open for entries: one may be being received that cannot be
    seen yet, and those that come after it are to find the bar. Whoever holds a need goes on to the
    ratings, so needs come first. Read the clock after this.
    """
    open_now = aliased(Need)
    concerned = union(
        select(open_now.id).where(open_now.status == NeedStatus.PUBLISHED),
        select(Entry.need_id).where(Entry.organisation_id.in_(organisation_ids)),
    )
    reached = select(Need.id).where(Need.id.in_(concerned), *_reached(codes, items))
    # whoever only refers to one of so many needs is not held up
    db.session.execute(reached.order_by(Need.id).with_for_update(of=Need, key_share=True))


def _reached(codes: Sequence[str], items: Sequence[str]) -> tuple[ColumnElement[bool], ...]:
    here = Need.jurisdiction_code.in_(codes)
    return (here, names_one_of(items)) if items else (here,)


def withdraw_all_entries(
    organisation_id: int,
    reason: str,
    actor: Actor,
    now: datetime,
    codes: Sequence[str],
    items: Sequence[str] = (),
    held: bool = False,
) -> int:
    """Take a barred firm out of everything not contracted yet; returns how many things fell.

    Only where the bar reaches: needs of the jurisdictions ``codes``, and of ``items`` where it is
    limited to some. Standing entries are withdrawn. A frozen list stays as it was published: its
    order is drawn with the firm in it and the award passes the firm by. An award without contract
    falls. ``held``: the needs are locked already (`hold_needs`).
    """
    fallen = 0
    if not held:
        hold_needs([organisation_id], codes, items)
    need_ids = select(Entry.need_id).where(Entry.organisation_id == organisation_id)
    reached = select(Need).where(Need.id.in_(need_ids), *_reached(codes, items))
    for need in db.session.scalars(reached.order_by(Need.id)).all():
        lock(need)
        entry = queries.my_entry(need, organisation_id)
        if entry is not None and entry.status is EntryStatus.STANDING:
            entry.void_reason = reason[:500]
            lifecycle.move(entry, EntryStatus.WITHDRAWN, actor, now, reason=reason)
            fallen += 1
        award = queries.award_of(need)
        if (
            award is not None
            and award.organisation_id == organisation_id
            and need.status in (NeedStatus.SELECTING, NeedStatus.AWARDED)
        ):
            awarding.fall(need, award, AwardStatus.BARRED, actor, now, reason)
            fallen += 1
    return fallen


def tell_corrected(actor: Actor, now: datetime) -> int:
    """Ask firms to confirm entries that a correction made out of date; returns how many (clock)."""
    told = 0
    for entry in queries.entries_to_confirm():
        corrected = queries.last_correction(entry.need)
        message = send(
            entry.organisation_id,
            f"需求已更正，请重新确认报名：{entry.need.title}",
            "需求已实质性更正并重新计算报名时间。截止前未重新确认的报名不进入名单。",
            f"/needs/{entry.need.public_id}/enter",
            f"entry:{entry.id}:corrected:{corrected:%Y%m%d%H%M%S}",
            now,
            address=entry.organisation.email,
        )
        told += message is not None
    return told
