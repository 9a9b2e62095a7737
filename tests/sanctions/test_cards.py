"""Cards: yellow, red, report; corrections; the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError

from marketplace.accounts.permissions import Role
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Invalid, Missing, Refused
from marketplace.foundation.transactions import transaction
from marketplace.notifications.models import Message
from marketplace.ratings.models import GradeProposal, RatingEntry
from marketplace.ratings.rules.entries import Grade
from marketplace.sanctions import queries
from marketplace.sanctions.actions import cards
from marketplace.sanctions.models import Breach, Card, CardStatus
from marketplace.sanctions.queries import BarKind
from marketplace.sanctions.rules import Colour
from tests.factories import accounts, sanctions
from tests.factories.notices import Somebody

Advance = Callable[[timedelta], None]


def _conducts() -> list[str]:
    return [
        str(row.conduct)
        for row in db.session.query(RatingEntry).order_by(RatingEntry.id)
        if row.conduct
    ]


def test_first_yellow_then_red_then_report_and_d(app: Flask) -> None:
    with app.app_context():
        with transaction():
            firm = accounts.firm()
            first = sanctions.card(firm.organisation)
            assert first.colour is Colour.YELLOW
            assert first.status is CardStatus.CORRECTING
            # ten working days from Monday 2 March end on Monday 16 March at 17:00
            assert first.correct_by is not None
            local = first.correct_by.astimezone(clock.SHANGHAI)
            assert local.strftime("%m-%d %H:%M") == "03-16 17:00"
            assert queries.bars(firm.organisation.id, "379902", None, clock.now()) == []
        with transaction():
            second = sanctions.card(firm.organisation, "379902")
            assert second.colour is Colour.RED
            assert second.status is CardStatus.SUSPENDED
            (bar,) = queries.bars(firm.organisation.id, "379902", "jsjl", clock.now())
            assert bar.kind is BarKind.RED_CARD
            assert bar.until == second.until_at
            assert "红牌" in bar.message
            # a card of one district bars there and below, not in the city
            assert queries.bars(firm.organisation.id, accounts.CITY, None, clock.now()) == []
            assert db.session.query(GradeProposal).count() == 0
        with transaction():
            third = sanctions.card(firm.organisation)
            assert third.colour is Colour.RED
            assert third.reported_to_department
            proposal = db.session.query(GradeProposal).one()
            assert proposal.grade is Grade.D
        assert _conducts() == ["yellow_card", "red_card", "red_card"]


def test_an_uncorrected_yellow_card_becomes_red_and_the_suspension_ends(
    app: Flask, advance: Advance
) -> None:
    with app.app_context(), transaction():
        firm = accounts.firm()
        card_id = sanctions.card(firm.organisation).id
        firm_id = firm.organisation.id
    advance(timedelta(days=14, hours=7, minutes=59))
    with app.app_context():
        assert db.session.get_one(Card, card_id).status is CardStatus.CORRECTING
    advance(timedelta(minutes=2))
    with app.app_context():
        yellow = db.session.get_one(Card, card_id)
        assert yellow.status is CardStatus.UNCORRECTED
        red = db.session.query(Card).filter_by(follows_id=card_id).one()
        assert red.status is CardStatus.SUSPENDED
        assert red.proposed_by is None
        assert red.until_at is not None
        left = red.until_at - clock.now()
        assert timedelta(days=29, hours=23) < left < timedelta(days=30, hours=1)
        assert [b.kind for b in queries.bars(firm_id, accounts.CITY, None, clock.now())] == [
            BarKind.RED_CARD
        ]
        # over at the instant itself, even before the clock has marked it
        assert queries.bars(firm_id, accounts.CITY, None, red.until_at) == []
        assert _conducts() == ["yellow_card", "red_card"]
        red_id = red.id
    advance(timedelta(days=30, minutes=1))
    with app.app_context():
        assert db.session.get_one(Card, red_id).status is CardStatus.ENDED
        assert queries.cards_in_force(clock.now()) == []
        assert db.session.query(Message).filter_by(key=f"card:{red_id}:ended").count() == 1


def test_a_correction_reported_in_time_waits_for_the_officer(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        firm = accounts.firm()
        other = accounts.firm()
        done, undone = sanctions.card(firm.organisation), sanctions.card(other.organisation)
        with pytest.raises(Missing):
            cards.report_correction(done, "已补交成果并书面说明。", other.actor, clock.now())
        cards.report_correction(done, "已补交成果并书面说明。", firm.actor, clock.now())
        cards.report_correction(undone, "已补交成果并书面说明。", other.actor, clock.now())
        officer = Somebody.of(accounts.officer(Role.BUREAU_OPERATOR))
        ids = done.id, undone.id
    advance(timedelta(days=20))
    with app.app_context(), transaction():
        done, undone = (db.session.get_one(Card, key) for key in ids)
        assert done.status is CardStatus.REPORTED
        cards.judge_correction(done, True, "核查属实。", officer.actor, clock.now())
        assert done.status is CardStatus.CORRECTED
        cards.judge_correction(undone, False, "成果仍未补交。", officer.actor, clock.now())
        assert undone.status is CardStatus.UNCORRECTED
        assert db.session.query(Card).filter_by(follows_id=undone.id).count() == 1
        assert db.session.query(Card).filter_by(follows_id=done.id).count() == 0
        with pytest.raises(Conflict):
            cards.judge_correction(done, False, "再次核查。", officer.actor, clock.now())


def test_who_proposes_does_not_issue(app: Flask) -> None:
    with app.app_context():
        with transaction():
            firm = accounts.firm().organisation
            officer = accounts.officer(Role.BUREAU_OPERATOR).actor
            approver = accounts.officer(Role.BUREAU_APPROVER).actor
            card = cards.propose_card(
                firm, accounts.CITY, Breach.LATE, sanctions.FACTS, officer, clock.now()
            )
            refused = cards.propose_card(
                firm, accounts.CITY, Breach.LATE, sanctions.FACTS, officer, clock.now()
            )
            cards.reject_card(refused, "事实不清，退回核实。", approver, clock.now())
        assert refused.status is CardStatus.REJECTED
        with pytest.raises(Refused) as same, transaction():
            cards.issue_card(card, officer, clock.now())
        assert same.value.rule == "two_officers"
        with transaction():
            cards.issue_card(card, approver, clock.now())
        for again in (card, refused):
            with pytest.raises(Conflict), transaction():
                cards.issue_card(again, approver, clock.now())
        with pytest.raises(IntegrityError), transaction():
            db.session.execute(db.update(Card).values(decided_by=Card.proposed_by))
        assert _conducts() == ["yellow_card"]


def test_offices_and_empty_facts_are_refused(app: Flask) -> None:
    with app.app_context():
        with transaction():
            officer = accounts.officer(Role.BUREAU_OPERATOR)
            firm = accounts.firm()
        for organisation, facts, field in (
            (officer.organisation, sanctions.FACTS, "credit_code"),
            (firm.organisation, "  逾期  ", "facts"),
        ):
            with pytest.raises(Invalid) as wrong, transaction():
                cards.propose_card(
                    organisation, accounts.CITY, Breach.LATE, facts, officer.actor, clock.now()
                )
            assert wrong.value.field == field
        assert db.session.query(Card).count() == 0


def test_seventeen_hundred_is_too_late_even_before_the_clock_has_looked(app: Flask) -> None:
    with app.app_context(), transaction():
        firm = accounts.firm()
        card = sanctions.card(firm.organisation)
        assert card.correct_by is not None
        clock.set_to(card.correct_by)
        assert card.status is CardStatus.CORRECTING
        with pytest.raises(Conflict) as late:
            cards.report_correction(card, "已补交成果并书面说明。", firm.actor, clock.now())
        assert late.value.rule == "card.correction_period"
