"""Two people acting on one contract at the same moment, on both engines."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from marketplace.contracts import actions, delivery, queries
from marketplace.contracts.models import ContractStatus, Side
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict
from marketplace.foundation.lifecycle import StatusChange
from marketplace.foundation.transactions import transaction
from marketplace.projects.models import NeedStatus
from tests.factories import contracts as factory

Advance = Callable[[timedelta], None]


def _at_once(app: Flask, acts: list[Callable[[], Any]]) -> list[str]:
    """Run every act in a thread and transaction of its own; what each came to, sorted."""
    ready = threading.Barrier(len(acts))
    outcomes: list[str] = []

    def run(act: Callable[[], Any]) -> None:
        with app.app_context():
            ready.wait()
            try:
                with transaction():
                    act()
                outcomes.append("done")
            except Conflict:
                outcomes.append("conflict")
            except BaseException as error:
                outcomes.append(repr(error))

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


def test_both_confirmations_at_once_sign_once(app: Flask, advance: Advance) -> None:
    deal = factory.awarded(app, advance)
    with app.app_context(), transaction():
        contract = actions.draft_contract(
            deal.need, factory.terms(), Side.OWNER, deal.actor("editor"), clock.now()
        )
        contract.owner_confirmed_by = contract.owner_confirmed_at = None
    acts = [
        lambda: actions.confirm_contract(
            deal.contract, Side.OWNER, deal.actor("approver"), clock.now()
        ),
        lambda: actions.confirm_contract(deal.contract, Side.FIRM, deal.actor("firm"), clock.now()),
    ] * 3
    assert _at_once(app, acts) == ["conflict"] * 4 + ["done"] * 2
    with app.app_context():
        assert deal.contract.status is ContractStatus.ACTIVE
        assert deal.need.status is NeedStatus.CONTRACTED
        signed = select(func.count(StatusChange.id)).where(
            StatusChange.subject_type == "contracts", StatusChange.to_status == "active"
        )
        assert db.session.scalar(signed) == 1


def test_acceptance_and_return_at_once_leave_one_answer(app: Flask, advance: Advance) -> None:
    deal = factory.signed(app, advance)
    with app.app_context(), transaction():
        factory.deliver(deal)

    def version() -> Any:
        return queries.deliverables(deal.contract.id)[0]

    acts = [
        lambda: delivery.accept_deliverable(version(), deal.actor("editor"), clock.now()),
        lambda: delivery.return_deliverable(
            version(), "缺少附图", deal.actor("editor"), clock.now()
        ),
    ] * 3
    assert _at_once(app, acts) == ["conflict"] * 5 + ["done"]
    with app.app_context():
        accepted = deal.contract.status is ContractStatus.COMPLETED
        assert (version().status == "accepted") == accepted
        assert (deal.need.status is NeedStatus.COMPLETED) == accepted
