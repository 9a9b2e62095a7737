"""A sanction repaired first and revoked later is as if it had never been, from its first day on;
what was stored before stays as it was known."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from config import ROOT
from marketplace.accounts.permissions import Role
from marketplace.foundation import audit, clock
from marketplace.foundation.actor import CLOCK
from marketplace.foundation.db import db, put
from marketplace.foundation.errors import Conflict
from marketplace.foundation.transactions import transaction
from marketplace.ratings import actions as ratings
from marketplace.ratings import queries, verifying
from marketplace.ratings.effects import effect_of
from marketplace.ratings.models import Capacity, EntryKind, GradeRecord, RatingEntry
from marketplace.sanctions.appeals import actions as appeals
from marketplace.sanctions.appeals.models import Appeal
from marketplace.sanctions.models import Card, CardStatus
from marketplace.sanctions.repairs import actions as repairs
from marketplace.supervision import invariants, ledger_files
from tests.factories import accounts, sanctions
from tests.factories import ratings as facts
from tests.factories.notices import Somebody

Advance = Callable[[timedelta], None]
DAY = timedelta(days=1)
WHY = "经核实，事实清楚，理由充分。"
SCRIPT = ROOT / "scripts" / "verify_ledger.py"


def _scores(organisation_id: int, days: list[date]) -> list[Decimal | None]:
    """The scores of some days, as the ledger has them now."""
    ledger = queries.ledger_of(organisation_id, accounts.CITY, Capacity.INTERMEDIARY)
    assert ledger is not None
    return [queries.score_on(ledger.subject, ledger.rows, day, clock.now()).total for day in days]


def _kept() -> list[tuple[object, ...]]:
    columns = GradeRecord.__table__.columns
    return [tuple(row) for row in db.session.execute(select(*columns).order_by(columns.id))]


def _verified_by_script(folder: Path) -> str:
    """What the independent script finds in both ledgers."""
    file = folder / "ledger.jsonl"
    file.write_text("".join(ledger_files.whole()), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-I", str(SCRIPT), str(file)], capture_output=True, text=True
    )
    return done.stdout.strip()


def test_a_card_repaired_and_revoked_later_is_as_if_it_never_was(
    app: Flask, advance: Advance, tmp_path: Path
) -> None:
    with app.app_context(), transaction():
        firm = accounts.firm()
        facts.evaluated(firm.organisation, 3, 4)
        firm_id, person = firm.organisation.id, Somebody.of(firm)
    advance(2 * DAY)
    with app.app_context(), transaction():
        party = accounts.Party(person.user, person.organisation, person.user)
        card = sanctions.corrected_card(party)
        card_id = card.id
        appeal_id = appeals.file_appeal(card, WHY, person.actor, clock.now()).id
        first = clock.local_day(clock.now())
    advance(4 * DAY)
    with app.app_context(), transaction():
        party = accounts.Party(person.user, person.organisation, person.user)
        operator, approver = map(accounts.officer, (Role.BUREAU_OPERATOR, Role.BUREAU_APPROVER))
        repair = sanctions.asked_repair(db.session.get_one(Card, card_id), party.actor)
        repairs.verify_repair(repair, True, WHY, operator.actor, clock.now())
        repairs.decide_repair(repair, True, WHY, approver.actor, clock.now())
    advance(3 * DAY)
    days = [first + number * DAY for number in (0, 1, 4, 5, 7)]
    with app.app_context():
        before = _scores(firm_id, days)
        clean, carded = before[0], before[1]
        assert clean is not None
        assert carded == clean - 5
        # a repair counts from the day after it
        assert before == [clean, carded, carded, clean, clean]
        stored = _kept()
        with transaction():
            found = db.session.get_one(Appeal, appeal_id)
            appeals.revoke(found, WHY, accounts.officer(Role.SUPERVISOR).actor, clock.now())
        assert db.session.get_one(Card, card_id).status is CardStatus.REVOKED
        assert _scores(firm_id, days) == [clean] * 5
        assert _kept() == stored
        fact, *reversals = db.session.scalars(
            select(RatingEntry)
            .where(RatingEntry.kind.in_((EntryKind.CONDUCT, EntryKind.REVERSAL)))
            .order_by(RatingEntry.id)
        ).all()
        assert [each.takes_effect_on for each in reversals] == [days[3], fact.takes_effect_on]
        assert {each.reverses_id for each in reversals} == {fact.id}
        assert effect_of(fact.id, days[1], clock.now()).hundredths == 0
        # there is no third time, neither of the same day nor of a later one
        for day in (fact.takes_effect_on, days[3], None):
            with pytest.raises(Conflict) as again, transaction():
                ratings.reverse_entry(fact.id, person.organisation, CLOCK, clock.now(), day)
            assert again.value.rule == "rating.reversed"
    advance(2 * DAY)
    with app.app_context():
        assert _kept()[: len(stored)] == stored
        assert list(map(str, ratings.replay())) == []
        assert [*audit.verify(), *verifying.findings()] == []
        assert _verified_by_script(tmp_path) == "0 differences"
        assert list(invariants.broken({"R06", "I16", "I18"})) == []


def test_the_database_itself_refuses_a_second_reversal_of_one_day(app: Flask) -> None:
    """Two officers who reverse one entry at once would otherwise both be posted."""
    with app.app_context():
        with transaction():
            firm = accounts.firm().organisation
            facts.evaluated(firm, 1, 4)
            entry = db.session.scalars(select(RatingEntry)).first()
            assert entry is not None
            ratings.reverse_entry(entry.id, firm, CLOCK, clock.now())
            reversal = db.session.query(RatingEntry).filter_by(kind=EntryKind.REVERSAL).one()
            columns = {
                column.key: getattr(reversal, column.key)
                for column in RatingEntry.__table__.columns
                if column.key != "id"
            }
        with pytest.raises(IntegrityError), transaction():
            put(insert(RatingEntry.__table__), columns)  # type: ignore[arg-type]
