"""The opening: all quotes of a round at once, then the method's order, equals drawn."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from sqlalchemy import select

from marketplace.fees.rules.judging import Gate
from marketplace.foundation import audit, clock, crypto
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.intermediaries.queries import promises_of
from marketplace.projects.models import Need, SelectionMethod
from marketplace.projects.packages.pricing import check_prices, questions_of
from marketplace.projects.rules import SelectionPolicy

from .. import drawing, queries
from ..closing import credit_code
from ..judging import scoring
from ..keyholding import actions as keys
from ..methods import average_price, price_competition, ties
from ..methods.quotes import Quote, QuoteKind
from ..models import Entry, SelectionRound
from . import sealed
from .models import TieDraw


def open_quotes(need: Need, running: SelectionRound, actor: Actor, now: datetime) -> None:
    """Open every quote of the frozen list, in one transaction, at the hour named at publication.

    The caller holds the need's lock and has asked the time of the database. Raises SealBroken or
    NotTheKey, with nothing written, where a cipher is not the one received or the key does not
    open them. Quotes of firms that did not enter the list stay sealed for good.
    """
    assert need.choice_at is not None
    if now < need.choice_at or running.closed_at is None:
        raise RuntimeError(f"round {running.id}: quotes may not be opened yet")
    private = keys.joined_key(running) if running.two_keys else sealed.release_key(running)
    listed = queries.listed(running)
    opened = [sealed.unseal(private, running, entry, credit_code(entry)) for entry in listed]
    keys.forget_parts(running)
    audit.record("quotes.key_released", actor, running, now, quotes=len(listed))
    for entry, quoted in zip(listed, opened, strict=True):
        entry.price, entry.discount = quoted.price, quoted.discount
        db.session.flush()
        questions = questions_of(
            need,
            Gate.QUOTE,
            entry,
            quoted.price,
            now,
            promised=promises_of(entry.firm_id),
            budget=True,
            reason=quoted.reason,
            demands_reason=False,
        )
        entry.price_check_id = check_prices(need, questions, actor, now)[0].id
        audit.record(
            "quotes.opened", actor, entry, now, price=quoted.price, sealed=entry.sealed_sha256
        )
    running.unsealed_at = now
    db.session.flush()
    groups = groups_of(need, running)
    if ties.equals(groups):
        values = _values(need, running)
        running.lottery_game = values.lottery_game
        running.lottery_day = queries.lottery_day(values, now)
    else:
        _settle(running, ties.settled(groups, ()), actor, now)
    db.session.flush()


def groups_of(need: Need, running: SelectionRound) -> tuple[tuple[str, ...], ...]:
    """The opened quotes in the order of the need's method, equals in one group."""
    quotes = _quotes(need, running)
    if need.method is SelectionMethod.PRICE_COMPETITION:
        return price_competition.order(quotes, _kind(need))
    if need.method is SelectionMethod.BEST_VALUE:
        return scoring.groups(need, running)
    return average_price.order(quotes, _kind(need), _values(need, running).sealed.trim_from)


def middle_of(need: Need, running: SelectionRound) -> Fraction | None:
    """The mean an average price is measured by, exactly; None for the other methods and before
    the opening."""
    if need.method is not SelectionMethod.AVERAGE_PRICE or running.unsealed_at is None:
        return None
    trim_from = _values(need, running).sealed.trim_from
    return average_price.reference(_quotes(need, running), _kind(need), trim_from)


def shown_middle(need: Need, running: SelectionRound) -> Decimal | None:
    """That mean for a page: in yuan to a fen, rounded half up; places rest on the exact one."""
    exact = middle_of(need, running)
    return None if exact is None else _in_yuan(need, exact)


def low_of(need: Need, running: SelectionRound, entry: Entry) -> tuple[Decimal, Decimal] | None:
    """(mean of the others in yuan, the edition's share) where a quote is abnormally low."""
    if need.method is SelectionMethod.AVERAGE_PRICE:
        return None
    quotes, share = _quotes(need, running), _values(need, running).sealed.low_share
    own = credit_code(entry)
    if own not in price_competition.abnormally_low(quotes, _kind(need), share):
        return None
    others = price_competition.mean_of_others(quotes, _kind(need), own)
    assert others is not None
    return _in_yuan(need, others), share


def _in_yuan(need: Need, exact: Fraction) -> Decimal:
    """A cost half up to a fen, from the fraction itself: a share is one of the budget."""
    if need.by_discount:
        exact *= Fraction(need.budget)
    fen = (exact.numerator * 200 + exact.denominator) // (exact.denominator * 2)
    return Decimal(fen) / 100


def settle_ties(need: Need, running: SelectionRound, actor: Actor, now: datetime) -> bool:
    """Draw among equals once the lottery's value is known; False while it is not.

    Everything it rests on is recorded by then: repeated, it comes out the same.
    """
    known = drawing.public_value_of(need, running)
    if known is None:
        return False
    groups = groups_of(need, running)
    entries = {credit_code(entry): entry for entry in queries.listed(running)}
    orders: list[tuple[str, ...]] = []
    for number, group in ties.equals(groups):
        among = [entries[code] for code in group]
        drawn, proof = drawing.build_draw(
            need, running, among, known, now, ties.tie_id(need.number, number)
        )
        db.session.add(
            TieDraw(round_id=running.id, number=number, proof=proof.decode(), drawn_at=now)
        )
        audit.record(
            "draw.tie",
            actor,
            running,
            now,
            tie=number,
            seed=drawn.seed,
            proof_sha256=crypto.sha256_hex(proof),
            first=drawn.ranking[0],
        )
        orders.append(drawn.ranking)
    _settle(running, ties.settled(groups, orders), actor, now)
    db.session.flush()
    return True


def tie_draws(running: SelectionRound) -> list[TieDraw]:
    """The draws among equals of a round, in order."""
    return list(
        db.session.scalars(
            select(TieDraw).where(TieDraw.round_id == running.id).order_by(TieDraw.number)
        )
    )


def tied_codes(running: SelectionRound) -> frozenset[str]:
    """The firms whose place a draw among equals decided."""
    return frozenset(
        code for each in tie_draws(running) for code in json.loads(each.proof)["order"]
    )


def _settle(running: SelectionRound, order: tuple[str, ...], actor: Actor, now: datetime) -> None:
    running.ranking = list(order)
    audit.record("quotes.ranked", actor, running, now, order=list(order))


def _kind(need: Need) -> QuoteKind:
    return QuoteKind.DISCOUNT if need.by_discount else QuoteKind.AMOUNT


def _quotes(need: Need, running: SelectionRound) -> list[Quote]:
    """What was quoted, as the methods compare it: two rates may come to one price."""
    return [
        Quote(credit_code(entry), entry.quoted if entry.discount is None else entry.discount)
        for entry in queries.listed(running)
    ]


def _values(need: Need, running: SelectionRound) -> SelectionPolicy:
    """The edition's values the need was published under."""
    return queries.edition_of(need, clock.local_day(running.opened_at))[1]
