"""The next step of a contract stands on the desk of the side whose turn it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flask import Flask

from marketplace.foundation import clock
from marketplace.foundation.transactions import transaction
from marketplace.workspace.todo import contracting, marking
from tests.factories import contracts, evaluations

Advance = Callable[[timedelta], None]
SOURCES = (contracting.to_draft, contracting.to_confirm, contracting.to_deliver_and_accept)


def steps(deal: contracts.Deal, who: str) -> list[str]:
    """What waits for one person of a deal, in words."""
    actor = deal.actor(who)
    return [line.what for source in SOURCES for line in source(actor, clock.now())]


def test_an_accepted_award_waits_for_a_draft_on_either_side(app: Flask, advance: Advance) -> None:
    deal = contracts.awarded(app, advance)
    with app.app_context():
        assert steps(deal, "firm") == steps(deal, "editor") == ["起草合同"]


def test_a_signed_contract_waits_for_the_firm_then_for_the_owner(
    app: Flask, advance: Advance
) -> None:
    deal = contracts.signed(app, advance)
    with app.app_context():
        assert steps(deal, "firm") == ["提交服务成果"]
        assert steps(deal, "editor") == []
        (line,) = contracting.to_deliver_and_accept(deal.actor("firm"), clock.now())
        assert line.due == deal.contract.due_at
    with app.app_context(), transaction():
        contracts.deliver(deal)
    with app.app_context():
        assert steps(deal, "firm") == []
        assert steps(deal, "editor") == ["验收服务成果"]


def test_marks_wait_for_each_side_until_it_has_given_its_own(app: Flask, advance: Advance) -> None:
    deal = contracts.completed(app, advance)
    advance(timedelta(minutes=1))

    def waiting(who: str) -> list[str]:
        return [line.what for line in marking.to_mark(deal.actor(who), clock.now())]

    with app.app_context():
        assert waiting("firm") == waiting("editor") == ["评价合同对方"]
    with app.app_context(), transaction():
        evaluations.give(deal, "firm")
    with app.app_context():
        assert waiting("firm") == []
        assert waiting("editor") == ["评价合同对方"]
