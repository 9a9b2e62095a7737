"""Who may not enter, accept or be drawn, and at which moments it is asked."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from marketplace.accounts.models import OrganisationKind
from marketplace.accounts.permissions import Role
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.errors import Refused
from marketplace.foundation.transactions import transaction
from marketplace.ratings import actions as ratings_actions
from marketplace.ratings import queries as ratings_queries
from marketplace.ratings.models import EntryKind, RatingEntry
from marketplace.ratings.rules.entries import Grade, VetoKind
from marketplace.sanctions.models import Cause
from marketplace.selection import actions, drawing, queries
from marketplace.selection.models import AwardStatus, Entry, EntryStatus
from tests.factories import accounts, intermediaries, ratings, sanctions, selection
from tests.selection.scenes import (
    DAY,
    GOVERNMENT,
    TO_CLOSING,
    TO_LOTTERY,
    Advance,
    again,
    drawn,
    key,
    the_need,
)


def test_a_firm_cannot_enter_the_need_of_its_own_organisation(app: Flask) -> None:
    with app.app_context(), transaction():
        both = selection.firms(1)[0]
        person = accounts.user(both.organisation, Role.OWNER_EDITOR, Role.OWNER_APPROVER)
        need = selection.open_need(accounts.Party(person, both.organisation, person))
        with pytest.raises(Refused) as refused:
            selection.enter(need, both)
        assert refused.value.rule == "eligible.recusal"


def test_bars_and_a_d_are_asked_at_entry_closing_and_award(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        vetoed, graded, carded, fit, also = selection.firms(5)
        for firm in (graded,):
            ratings.evaluated(firm.organisation, 3)
        need = selection.open_need(entry_working_days=10)
        sanctions.reported_case(vetoed, Cause.COLLUSION)
        with pytest.raises(Refused) as refused:
            selection.enter(need, vetoed)
        assert refused.value.rule == "eligible.bar"
        for firm in (graded, carded, fit, also):
            selection.enter(need, firm)
        proposed = ratings_actions.propose_grade(
            graded.organisation.id,
            accounts.CITY,
            Grade.D,
            "经查串通报价",
            graded.organisation,
            accounts.officer(Role.BUREAU_OPERATOR).actor,
            clock.now(),
            VetoKind.COLLUSION,
        )
        approver = accounts.officer(Role.BUREAU_APPROVER).actor
        ratings_actions.confirm_grade(proposed, approver, clock.now())
    advance(14 * DAY + timedelta(hours=8, minutes=1))
    with app.app_context():
        running = queries.live_round(the_need())
        # out when the D came into force, before the entries closed
        assert queries.void(running) == []
        out = db.session.query(Entry).filter_by(organisation_id=key(graded)).one()
        assert out.status is EntryStatus.WITHDRAWN
        assert out.void_reason == "信用等级 D 级生效"
        frozen = running.list_sha256
    with app.app_context(), transaction():
        sanctions.blacklisted(again(carded))
        sanctions.blacklisted(again(fit))
    advance(TO_LOTTERY)
    with app.app_context(), transaction():
        selection.read_lottery("2026075")
    advance(timedelta(seconds=1))
    with app.app_context():
        need = the_need()
        award = queries.award_of(need)
        assert award is not None
        assert award.organisation_id == key(also)
        assert queries.live_round(need).list_sha256 == frozen
        assert len(drawing.ranking(queries.live_round(need))) == 3


def test_a_winner_barred_from_accepting_is_not_charged_with_abandoning(
    app: Flask, advance: Advance
) -> None:
    drawn(app, advance)
    advance(DAY)
    with app.app_context(), transaction():
        award = queries.award_of(the_need())
        assert award is not None
        assert award.status is AwardStatus.OFFERED
        first = award.id
        person = accounts.user(award.organisation, Role.FIRM_ADMIN)
        actor = accounts.queries.actor_for(person, award.organisation)
        party = accounts.Party(person, award.organisation, person)
        sanctions.reported_case(party, Cause.BRIBERY)
        with pytest.raises(Refused) as refused:
            actions.accept_award(award, actor)
        assert refused.value.rule == "award.eligible"
    advance(3 * DAY)
    with app.app_context():
        awards = queries.awards_of(the_need())
        assert awards[0].id == first
        assert awards[0].status is AwardStatus.BARRED
        assert awards[1].status is AwardStatus.OFFERED
        posted = db.session.scalars(
            select(RatingEntry).where(RatingEntry.kind == EntryKind.CONDUCT)
        ).all()
        assert posted == []


def test_the_minimum_grade_is_that_of_the_publication_day(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        falls, rises = selection.firms(2)
        ratings.inspected(falls.organisation, 80)
        ratings.inspected(rises.organisation, 65)
    advance(2 * DAY)
    with app.app_context(), transaction():
        owner = accounts.owner(kind=OrganisationKind.AGENCY)
        selection.open_need(owner, entry_working_days=10, **GOVERNMENT)
        ratings.inspected(again(falls).organisation, 65)
        ratings.inspected(again(rises).organisation, 80)
    advance(3 * DAY)
    with app.app_context(), transaction():
        today = clock.today()
        grades = [
            ratings_queries.grade_on(key(firm), accounts.CITY, today).grade
            for firm in (falls, rises)
        ]
        assert grades == [Grade.C, Grade.B]
        need = the_need()
        entry = selection.enter(need, again(falls))
        with pytest.raises(Refused) as refused:
            selection.enter(need, again(rises))
        assert refused.value.rule == "eligible.grade"
        stored = next(check for check in queries.checks_of(entry) if check.rule == "grade")
        assert stored.grade == "B"
        assert stored.grade_record_id is not None


def test_of_related_firms_the_earliest_receipt_stands_whichever_registered_first(
    app: Flask, advance: Advance
) -> None:
    with app.app_context(), transaction():
        same = intermediaries.resident_id(778)
        registered_first, entered_first = (
            selection.firms(1, legal_identity=same)[0] for _ in range(2)
        )
        selection.entered_need(entrants=[entered_first, *selection.firms(3), registered_first])
        code = registered_first.organisation.credit_code or ""
    advance(TO_CLOSING)
    with app.app_context():
        running = queries.live_round(the_need())
        fallen = queries.void(running)
        assert [each.organisation_id for each in fallen] == [key(registered_first)]
        assert "法定代表人" in (fallen[0].void_reason or "")
        assert key(entered_first) in [each.organisation_id for each in queries.listed(running)]
        assert code not in (running.list_text or "")
