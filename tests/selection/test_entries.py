"""Entering a need: deadline, receipt, eligibility, change, withdrawal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select

from marketplace.foundation import clock, crypto
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Invalid, Refused
from marketplace.foundation.transactions import transaction
from marketplace.notifications.models import Message
from marketplace.projects import correcting
from marketplace.projects.correcting import Correction
from marketplace.projects.models import Need, NeedStatus
from marketplace.selection import actions, queries
from marketplace.selection.drawing import secret_of
from marketplace.selection.methods.random_draw import commitment
from marketplace.selection.models import Entry, EntryStatus
from tests.factories import accounts, intermediaries, selection

Advance = Callable[[timedelta], None]


def need_again() -> Need:
    return db.session.scalars(select(Need)).one()


def test_publishing_fixes_the_commitment_and_tells_eligible_firms_only(app: Flask) -> None:
    with app.app_context():
        with transaction():
            fit = selection.firms(1)[0]
            other = intermediaries.listed(("chhy",))
            need = selection.open_need()
            running = queries.live_round(need)
            assert running.commitment == commitment(secret_of(need, 1))
            subject = f"新需求可报名：{need.title}"
            told = set(
                db.session.scalars(
                    select(Message.organisation_id).where(Message.subject == subject)
                )
            )
        assert fit.organisation.id in told
        assert other.organisation.id not in told


def test_an_entry_has_a_signed_receipt_and_stored_checks(app: Flask) -> None:
    with app.app_context(), transaction():
        firm = selection.firms(1)[0]
        need = selection.open_need()
        entry = selection.enter(need, firm, contribution="ab" * 32)
        text = queries.receipt_text(entry)
        assert text.splitlines() == [
            "zjcs-receipt/1",
            need.number,
            "1",
            firm.organisation.credit_code,
            "ab" * 32,
            text.splitlines()[5],
        ]
        key = crypto.signing_public_key()
        assert crypto.verify_signature(text.encode(), entry.signature, key)
        assert not crypto.verify_signature(text.encode() + b" ", entry.signature, key)
        checks = queries.checks_of(entry)
        assert {check.rule for check in checks} >= {"listed", "bar", "grade", "offering"}
        assert all(check.ok and check.edition_id for check in checks)
        assert queries.entry_count(need) == 1


@pytest.mark.parametrize(("before", "accepted"), [(1, True), (0, False), (-1, False)])
def test_the_deadline_is_half_open_to_the_millisecond(
    app: Flask, before: int, accepted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context(), transaction():
        firm = selection.firms(1)[0]
        need = selection.open_need()
        assert need.entry_deadline is not None
        instant = need.entry_deadline - timedelta(milliseconds=before)
        monkeypatch.setattr(clock, "now", lambda: instant)
        if accepted:
            assert selection.enter(need, firm).received_at == instant
        else:
            with pytest.raises(Conflict) as refused:
                selection.enter(need, firm)
            assert refused.value.rule == "entry.late"


def test_a_firm_that_may_not_enter_is_told_rule_and_remedy(app: Flask) -> None:
    with app.app_context(), transaction():
        unlisted = accounts.firm()
        elsewhere = intermediaries.listed(("chhy",))
        recused = selection.firms(1)[0]
        need = selection.open_need(recusals=((recused.organisation.id, "承担过前期可研编制"),))
        for firm, rule, words in (
            (unlisted, "eligible.listed", "入驻"),
            (elsewhere, "eligible.offering", "承接服务事项"),
            (recused, "eligible.recusal", "可研编制"),
        ):
            with pytest.raises(Refused) as refused:
                selection.enter(need, firm)
            assert refused.value.rule == rule
            assert words in refused.value.message
        assert db.session.scalars(select(Entry)).all() == []


@pytest.mark.parametrize(
    ("field", "price", "contribution"),
    [
        ("contribution", "36000", "AB" * 32),
        ("contribution", "36000", "ab" * 31),
        ("price", "40000.01", "ab" * 32),
    ],
)
def test_a_wrong_entry_is_refused_at_its_field(
    app: Flask, field: str, price: str, contribution: str
) -> None:
    with app.app_context(), transaction():
        firm = selection.firms(1)[0]
        need = selection.open_need()
        with pytest.raises(Invalid) as refused:
            selection.enter(need, firm, Decimal(price), contribution)
        assert refused.value.field == field


def test_a_change_replaces_the_entry_and_keeps_its_place_in_time(
    app: Flask, advance: Advance
) -> None:
    with app.app_context():
        with transaction():
            firm = selection.firms(1)[0]
            need = selection.open_need()
            first = selection.enter(need, firm, contribution="aa" * 32)
            first_id, first_at = first.id, first.received_at
        advance(timedelta(minutes=5))
        with transaction():
            need = need_again()
            second = selection.enter(need, firm, Decimal("35000"), contribution="bb" * 32)
            assert second.stands_since == first_at
            assert second.received_at > first_at
            assert db.session.get_one(Entry, first_id).status is EntryStatus.REPLACED
            assert queries.my_entry(need, firm.organisation.id) is second
            assert queries.entry_count(need) == 1


def test_withdrawn_entries_stay_as_rows_and_one_may_enter_again(app: Flask) -> None:
    with app.app_context(), transaction():
        firm = selection.firms(1)[0]
        need = selection.open_need()
        entry = selection.enter(need, firm)
        actions.withdraw_entry(entry, firm.actor)
        assert queries.entry_count(need) == 0
        again = selection.enter(need, firm)
        statuses = db.session.scalars(select(Entry.status).order_by(Entry.id)).all()
        assert statuses == [EntryStatus.WITHDRAWN, EntryStatus.STANDING]
        assert again.stands_since == again.received_at


def test_nothing_moves_after_the_deadline(app: Flask, advance: Advance) -> None:
    with app.app_context():
        with transaction():
            parties = selection.firms(3)
            need = selection.entered_need(entrants=parties)
            entry_id = queries.standing(queries.live_round(need))[0].id
        advance(timedelta(days=2))
        with transaction():
            need = need_again()
            assert need.status is NeedStatus.SELECTING
            with pytest.raises(Conflict):
                actions.withdraw_entry(db.session.get_one(Entry, entry_id), parties[0].actor)
            with pytest.raises(Conflict):
                selection.enter(need, parties[0])


def test_a_correction_asks_for_confirmation_and_drops_who_does_not_answer(
    app: Flask, advance: Advance
) -> None:
    with app.app_context():
        with transaction():
            owner = accounts.owner()
            parties = selection.firms(4)
            need = selection.entered_need(owner=owner, entrants=parties)
            buyer, people = owner.actor, [each.actor for each in parties]
        advance(timedelta(hours=1))
        with transaction():
            need = need_again()
            changed = Correction("编制报告书并协助报批", need.place, need.budget, need.days_wanted)
            row = correcting.propose_correction(need, changed, "内容调整", buyer, clock.now())
            correcting.publish_correction(row, buyer, clock.now())
        advance(timedelta(seconds=5))
        with transaction():
            subject = f"需求已更正，请重新确认报名：{need_again().title}"
            told = db.session.scalars(
                select(Message.organisation_id).where(Message.subject == subject)
            ).all()
            assert sorted(told) == sorted(each.organisation_id or 0 for each in people)
            for actor in people[1:]:
                actions.enter_need(need_again(), "ab" * 32, Decimal("36000"), actor)
        advance(timedelta(days=2))
        running = queries.live_round(need_again())
        assert len(queries.listed(running)) == 3
        assert [(each.organisation_id, each.void_reason) for each in queries.void(running)] == [
            (people[0].organisation_id, "需求更正后未重新确认报名")
        ]
