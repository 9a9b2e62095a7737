"""From an accepted award to a completed or ended contract, on both engines."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from marketplace.accounts.models import OrganisationKind
from marketplace.contracts import actions, amending, delivery, ending, queries, writing
from marketplace.contracts.models import (
    AmendmentStatus,
    Contract,
    ContractStatus,
    DeliverableStatus,
    Side,
)
from marketplace.contracts.rules import ContractTerms
from marketplace.fees.models import ConcludedPrice
from marketplace.foundation import clock
from marketplace.foundation.crypto import sha256_hex, signing_public_key, verify_signature
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Invalid, Refused
from marketplace.foundation.transactions import transaction
from marketplace.notifications.models import Message
from marketplace.projects.models import NeedStatus
from marketplace.ratings.models import RatingEntry
from tests.factories import accounts, projects, sanctions
from tests.factories import contracts as factory

Advance = Callable[[timedelta], None]
AGENCY = OrganisationKind.AGENCY


def test_both_sides_confirm_and_the_need_is_contracted(app: Flask, advance: Advance) -> None:
    deal = factory.awarded(app, advance, kind=AGENCY)
    with app.app_context(), transaction():
        contract = actions.draft_contract(
            deal.need, factory.terms(), Side.OWNER, deal.actor("editor"), clock.now()
        )
        assert (contract.price, contract.award_price) == (Decimal(36000), Decimal(36000))
        assert contract.frozen["offering"]["discount"] == "0.1"
        assert contract.frozen["grade"] == "ungraded"
        assert queries.price_check(contract) is not None
        assert "叁万陆仟元整" in contract.body
        assert contract.body_sha256 == sha256_hex(contract.body.encode())
        with pytest.raises(Refused):
            actions.confirm_contract(contract, Side.OWNER, deal.actor("editor"), clock.now())
        actions.confirm_contract(contract, Side.FIRM, deal.actor("firm"), clock.now())
        assert contract.status is ContractStatus.DRAFTED
        assert deal.need.status is NeedStatus.AWARDED
        with pytest.raises(Conflict):
            actions.confirm_contract(contract, Side.FIRM, deal.actor("firm"), clock.now())
        actions.confirm_contract(contract, Side.OWNER, deal.actor("approver"), clock.now())
        assert contract.status is ContractStatus.ACTIVE
        assert contract.due_at == writing.end_of(contract.ends_on)
        assert deal.need.status is NeedStatus.CONTRACTED
        with pytest.raises(Conflict):
            actions.draft_contract(
                deal.need, factory.terms(), Side.FIRM, deal.actor("firm"), clock.now()
            )


def test_there_is_no_contract_without_an_accepted_award(app: Flask) -> None:
    with app.app_context(), transaction():
        need, firm = projects.published(), accounts.firm()
        with pytest.raises(Conflict) as refused:
            actions.draft_contract(need, factory.terms(), Side.FIRM, firm.actor, clock.now())
        assert refused.value.rule == "award"


def test_one_award_makes_one_contract_in_the_database_too(app: Flask, advance: Advance) -> None:
    deal = factory.signed(app, advance)
    with app.app_context(), transaction():
        first = deal.contract
        copied = {
            column.key: getattr(first, column.key)
            for column in Contract.__mapper__.column_attrs
            if column.key not in ("id", "public_id", "number")
        }
        db.session.add(Contract(**copied, number="HT-other"))
        with pytest.raises(IntegrityError):
            db.session.flush()
        db.session.rollback()


def test_the_end_is_never_later_than_the_notice_asked(app: Flask, advance: Advance) -> None:
    deal = factory.awarded(app, advance, days_wanted=10)
    with app.app_context(), transaction():
        today = clock.today()
        latest = writing.latest_end(today, deal.need)
        # ten working days, as the item counts them
        assert (latest - today).days > 10
        for terms, field in (
            (ContractTerms(today, latest + timedelta(days=1)), "ends_on"),
            (ContractTerms(today, today), "ends_on"),
            (ContractTerms(today - timedelta(days=1), latest), "starts_on"),
            (ContractTerms(today + timedelta(days=31), latest + timedelta(days=31)), "starts_on"),
        ):
            with pytest.raises(Invalid) as refused:
                actions.draft_contract(deal.need, terms, Side.FIRM, deal.actor("firm"), clock.now())
            assert refused.value.field == field
        made = actions.draft_contract(
            deal.need, ContractTerms(today, latest), Side.FIRM, deal.actor("firm"), clock.now()
        )
        assert made.ends_on == latest


def test_a_changed_draft_loses_its_confirmations(app: Flask, advance: Advance) -> None:
    deal = factory.awarded(app, advance)
    with app.app_context(), transaction():
        contract = actions.draft_contract(
            deal.need, factory.terms(), Side.FIRM, deal.actor("firm"), clock.now()
        )
        assert contract.firm_confirmed_at is not None
        actions.redraft_contract(
            contract, factory.terms(5), Side.OWNER, deal.actor("editor"), clock.now()
        )
        assert contract.firm_confirmed_at is None
        # a company's one person drafts and binds at once
        assert contract.owner_confirmed_at is not None
        actions.confirm_contract(contract, Side.FIRM, deal.actor("firm"), clock.now())
        with pytest.raises(Conflict):
            actions.redraft_contract(
                contract, factory.terms(), Side.OWNER, deal.actor("editor"), clock.now()
            )


def test_an_unconfirmed_draft_is_told_to_both(app: Flask, advance: Advance) -> None:
    deal = factory.awarded(app, advance)
    with app.app_context(), transaction():
        actions.draft_contract(
            deal.need, factory.terms(), Side.FIRM, deal.actor("firm"), clock.now()
        )
    advance(timedelta(days=9))
    with app.app_context():
        contract = deal.contract
        assert contract.confirm_overdue_at is not None
        assert contract.confirm_overdue_at >= contract.confirm_by
        for organisation in (deal.owner_id, deal.firm_id):
            assert db.session.scalars(
                select(Message.id).where(
                    Message.organisation_id == organisation, Message.key.like("%unconfirmed%")
                )
            ).one()


def test_a_bar_stops_the_signature(app: Flask, advance: Advance) -> None:
    deal = factory.awarded(app, advance)
    with app.app_context(), transaction():
        contract = actions.draft_contract(
            deal.need, factory.terms(), Side.FIRM, deal.actor("firm"), clock.now()
        )
        sanctions.blacklisted(deal.party())
        with pytest.raises(Conflict) as refused:
            actions.confirm_contract(contract, Side.OWNER, deal.actor("approver"), clock.now())
        assert refused.value.rule == "bar"


def test_delivery_return_and_acceptance(app: Flask, advance: Advance) -> None:
    deal = factory.signed(app, advance)
    with app.app_context(), transaction():
        first = factory.deliver(deal)
        contract, due = deal.contract, deal.contract.due_at
        assert contract.status is ContractStatus.DELIVERED
        receipt = json.loads(first.receipt)
        assert receipt["sha256"] == sha256_hex(factory.PDF)
        assert verify_signature(
            first.receipt.encode(), first.receipt_signature, signing_public_key()
        )
        with pytest.raises(Conflict):
            factory.deliver(deal)
    advance(timedelta(days=2))
    with app.app_context(), transaction():
        first = queries.deliverables(deal.contract.id)[0]
        with pytest.raises(Invalid):
            delivery.return_deliverable(first, " ", deal.actor("editor"), clock.now())
        delivery.return_deliverable(first, "缺少附图", deal.actor("editor"), clock.now())
        contract = deal.contract
        assert contract.status is ContractStatus.ACTIVE
        assert contract.due_at - due == first.decided_at - first.submitted_at
        assert contract.next_check_at == contract.due_at
        with pytest.raises(Conflict):
            delivery.accept_deliverable(first, deal.actor("editor"), clock.now())
        second = factory.deliver(deal, b"%PDF-1.7 mended")
        assert second.version == 2
        delivery.accept_deliverable(second, deal.actor("editor"), clock.now())
        assert contract.status is ContractStatus.COMPLETED
        assert deal.need.status is NeedStatus.COMPLETED
        assert contract.payment_due_on == clock.today() + timedelta(days=60)
        assert db.session.scalars(queries.ended_contracts()).all() == [contract]
        record = queries.record_of(deal.firm_id)
        assert (record.completed, record.on_time, record.returned) == (1, 1, 1)


def test_an_owners_silence_counts_after_two_reminders(app: Flask, advance: Advance) -> None:
    deal = factory.signed(app, advance)
    with app.app_context(), transaction():
        accept_by = factory.deliver(deal).accept_by
        step = accept_by - clock.now() - timedelta(minutes=5)
    advance(step)
    with app.app_context():
        waiting = queries.waiting_deliverable(deal.contract.id)
        assert waiting is not None
        assert waiting.reminders_sent == 2
        reminders = db.session.scalars(
            select(Message.id).where(
                Message.organisation_id == deal.owner_id, Message.key.like("%remind%")
            )
        ).all()
        assert len(reminders) == 2
    advance(timedelta(minutes=10))
    with app.app_context():
        contract = deal.contract
        assert contract.status is ContractStatus.COMPLETED
        assert contract.accepted_by_silence
        assert contract.accepted_at >= accept_by
        assert deal.need.status is NeedStatus.COMPLETED


def test_a_late_delivery_costs_a_point_for_each_started_week(app: Flask, advance: Advance) -> None:
    deal = factory.signed(app, advance)

    def posted() -> list[int | None]:
        return list(
            db.session.scalars(
                select(RatingEntry.working_days).where(RatingEntry.contract_id == deal.contract.id)
            )
        )

    with app.app_context():
        left = deal.contract.due_at - clock.now()
    advance(left - timedelta(minutes=1))
    with app.app_context():
        assert posted() == []
    advance(timedelta(minutes=2))
    with app.app_context():
        assert posted() == [5]
        assert deal.contract.overdue_since == deal.contract.due_at
    advance(timedelta(days=7))
    with app.app_context():
        assert posted() == [5, 5]
    with app.app_context(), transaction():
        factory.deliver(deal)
    advance(timedelta(days=7))
    with app.app_context():
        assert posted() == [5, 5], "while the owner looks at it nothing is added"


def test_an_amendment_takes_both_and_its_own_price_check(app: Flask, advance: Advance) -> None:
    deal = factory.signed(app, advance, kind=AGENCY)
    with app.app_context(), transaction():
        contract, firm = deal.contract, deal.actor("firm")
        later = contract.ends_on + timedelta(days=3)
        for price, day, rule in (
            (contract.price, contract.ends_on, "amendment.none"),
            (Decimal(1_000_000), later, "gate.procurement"),
            (contract.price, clock.today() - timedelta(days=1), "amendment.end"),
        ):
            with pytest.raises(Invalid) as refused:
                amending.propose_amendment(
                    contract, price, day, "规模扩大", Side.FIRM, firm, clock.now()
                )
            assert refused.value.rule == rule
        editor, approver = deal.actor("editor"), deal.actor("approver")
        change = amending.propose_amendment(
            contract, Decimal(38000), later, "增加监测点位", Side.OWNER, editor, clock.now()
        )
        assert change.price_check_id not in (None, contract.price_check_id)
        with pytest.raises(Refused):
            amending.confirm_amendment(change, Side.OWNER, editor, clock.now())
        amending.confirm_amendment(change, Side.OWNER, approver, clock.now())
        assert contract.price == 36000
        amending.confirm_amendment(change, Side.FIRM, firm, clock.now())
        assert change.status is AmendmentStatus.AGREED
        assert (contract.price, contract.award_price) == (Decimal(38000), Decimal(36000))
        (known,) = db.session.scalars(select(ConcludedPrice)).all()
        assert (known.contract_id, known.price) == (contract.id, Decimal(38000))
        assert (known.item_code, known.register_code) == ("stbc", "379900")
        assert contract.due_at == writing.end_of(later) == contract.next_check_at


def test_one_side_proposes_the_end_and_the_other_agrees(app: Flask, advance: Advance) -> None:
    deal = factory.signed(app, advance)
    with app.app_context(), transaction():
        contract, firm, approver = deal.contract, deal.actor("firm"), deal.actor("approver")
        version = factory.deliver(deal)
        reason = "资金计划取消"
        ending.propose_termination(contract, reason, Side.OWNER, approver, clock.now())
        assert contract.is_running
        with pytest.raises(Refused):
            ending.answer_termination(contract, True, Side.OWNER, approver, clock.now())
        ending.answer_termination(contract, False, Side.FIRM, firm, clock.now())
        assert contract.termination_side is None
        ending.propose_termination(contract, reason, Side.OWNER, approver, clock.now())
        ending.answer_termination(contract, True, Side.FIRM, firm, clock.now())
        assert contract.status is ContractStatus.TERMINATED
        assert version.status is DeliverableStatus.VOID
        assert (deal.need.status, deal.need.outcome_reason) == (NeedStatus.TERMINATED, reason)
        assert db.session.scalars(queries.ended_contracts()).all() == [contract]


def test_a_sanctioned_firms_contract_goes_to_its_owner(app: Flask, advance: Advance) -> None:
    deal = factory.signed(app, advance)
    with app.app_context(), transaction():
        contract, approver = deal.contract, deal.actor("approver")
        why, everywhere = "被列入黑名单", [contract.jurisdiction_code]
        assert actions.flag_for_decision(deal.firm_id, why, approver, clock.now(), ["379921"]) == []
        assert actions.flag_for_decision(deal.firm_id, why, approver, clock.now(), everywhere) == [
            contract
        ]
        assert queries.to_decide(deal.owner_id) == [contract]
        assert contract.status is ContractStatus.ACTIVE
        ending.continue_contract(contract, "成果已近完成", approver, clock.now())
        assert queries.to_decide(deal.owner_id) == []
        with pytest.raises(Conflict):
            ending.continue_contract(contract, "成果已近完成", approver, clock.now())
        actions.flag_for_decision(deal.firm_id, why, approver, clock.now(), everywhere)
        ending.propose_termination(contract, why, Side.OWNER, approver, clock.now())
        assert contract.status is ContractStatus.TERMINATED


def test_the_moments_of_lateness_follow_working_days(app: Flask) -> None:
    with app.app_context(), transaction():
        contract = Contract(due_at=writing.end_of(date(2026, 3, 6)), overdue_working_days=0)
        assert actions.next_due(contract) == datetime(2026, 3, 6, 16, 0, tzinfo=UTC)
        contract.overdue_working_days = 5
        # five working days after Friday 6 March end with Friday 13 March
        assert actions.next_due(contract) == datetime(2026, 3, 13, 16, 0, tzinfo=UTC)
