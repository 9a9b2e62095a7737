"""The price checks of a contract and its changes, and what it was signed at for later ones.

A contract and its changes are held to what stood when the parties agreed: the list of the day the
edition names, and what the firm promised when it was awarded. A change makes no new contract, so
its days are those of the contract; a later list or promise never reaches into an agreed price.
"""

from __future__ import annotations

from datetime import datetime

from marketplace.fees.checking import (
    PriceQuestion,
    conclude_price,
    rests_on_present,
)
from marketplace.fees.models import PriceCheck
from marketplace.fees.rules.judging import Gate
from marketplace.fees.rules.limits import Commitment
from marketplace.foundation import clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.intermediaries import queries as intermediaries
from marketplace.projects import checking as projects
from marketplace.projects.models import Need
from marketplace.projects.packages.pricing import Promised, questions_of, require_prices
from marketplace.projects.pricing import said_of
from marketplace.selection.models import Award

from . import queries
from .models import Amendment, Contract


def contract_price_check(
    contract: Contract, need: Need, award: Award, actor: Actor, now: datetime
) -> None:
    """Ask the price check about the contract's price, which is the award's, and keep its answer;
    raises Invalid. What was said of the award's price is said of this one."""
    questions = _questions(contract, need, award, now, said_of(award.price_check_id))
    contract.price_check_id = require_prices(need, questions, actor, now).id


def price_check_at_signing(contract: Contract, actor: Actor, now: datetime) -> None:
    """Ask again where another list or standard counts now than when the draft was checked: that
    of the day of signing, where the edition says so, also one in force since the same day.
    Raises Invalid."""
    drafted = db.session.get(PriceCheck, contract.price_check_id or 0)
    said = drafted.deviation_reason if drafted is not None else None
    award = queries.award_behind(contract)
    need = contract.need
    questions = _questions(contract, need, award, now, said)
    # the further items of a package are asked about with the main one, whatever moved
    if drafted is None or need.is_package or not rests_on_present(drafted, questions[0]):
        contract.price_check_id = require_prices(need, questions, actor, now).id


def amendment_price_check(
    amendment: Amendment, contract: Contract, actor: Actor, now: datetime
) -> None:
    """Ask the price check about an amended price and keep its answer; raises Invalid. Why it is
    changed is why it deviates: both sides read it with the change.

    A higher price is held to the published budget, and to the limit of direct picks where the
    firm was picked: else a change would lead around both. What only postpones the end, or makes
    the price lower, is not.
    """
    raised = amendment.price > contract.price
    if raised:
        projects.require_pickable(contract.need, amendment.price, now, field="amended_price")
    award = queries.award_behind(contract)
    questions = questions_of(
        contract.need,
        Gate.AMENDMENT,
        amendment,
        amendment.price,
        now,
        promised=_promised(award),
        budget=raised,
        awarded_at=award.decided_at,
        signed_at=contract.signed_at,
        reason=amendment.reason,
        demands_reason=False,
        inputs=queries.paid_for(contract) if amendment.fee_inputs is None else amendment.fee_inputs,
    )
    checked = require_prices(contract.need, questions, actor, now, field="amended_price")
    amendment.price_check_id = checked.id


def note_price(contract: Contract, check_id: int | None, now: datetime) -> None:
    """Put the price both sides have signed among those that later prices are compared with.

    Not a package's: what its items have of the price follows from the owner's budgets alone, and
    says nothing of what any of them costs.
    """
    if contract.need.is_package:
        return
    check = db.session.get(PriceCheck, check_id) if check_id is not None else None
    if check is not None:
        conclude_price(contract.id, check, contract.price, clock.local_day(now))


def _questions(
    contract: Contract, need: Need, award: Award, now: datetime, said: str | None
) -> list[PriceQuestion]:
    return questions_of(
        need,
        Gate.CONTRACT,
        contract,
        contract.price,
        now,
        promised=_promised(award),
        budget=True,
        awarded_at=award.decided_at,
        reason=said,
        demands_reason=False,
    )


def _promised(award: Award) -> Promised:
    """What the firm promised for each item when it was awarded."""
    at = award.decided_at

    def promised(item_code: str) -> Commitment | None:
        if at is None:
            return None
        offered = intermediaries.promised_at(award.entry.firm_id, item_code, at)
        return intermediaries.promise(offered)

    return promised
