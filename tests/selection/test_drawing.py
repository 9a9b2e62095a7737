"""Closing, public value, draw: by lottery and by ceremony, recomputed by the separate script."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import select

from marketplace.accounts.permissions import Role
from marketplace.foundation import clock, crypto
from marketplace.foundation.actor import CLOCK, Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Invalid, Missing
from marketplace.foundation.transactions import transaction
from marketplace.projects.models import DrawSource, Need, NeedStatus
from marketplace.selection import actions, drawing, queries, tasks
from marketplace.selection.methods import draw_proof
from marketplace.selection.methods.random_draw import Entrant, list_hash
from marketplace.selection.models import AwardStatus, EntryStatus, LotteryReading, RoundStatus
from tests.factories import accounts, selection
from tests.factories.intermediaries import resident_id
from tests.selection.vectors import load_script

Advance = Callable[[timedelta], None]
SCRIPT = load_script()


def need_again() -> Need:
    return db.session.scalars(select(Need).order_by(Need.id)).first()  # type: ignore[return-value]


def closed(app: Flask, advance: Advance, count: int = 3, **changes: object) -> None:
    """A need with entries, advanced past its deadline (Monday 9:00 → Tuesday 17:01)."""
    with app.app_context(), transaction():
        selection.entered_need(count, **changes)
    advance(timedelta(days=1, hours=8, minutes=1))


def check(key: str, message: bytes, signature: str) -> bool:
    return crypto.verify_signature(message, signature, key)


def test_closing_freezes_the_list_that_was_entered(app: Flask, advance: Advance) -> None:
    closed(app, advance)
    with app.app_context():
        need = need_again()
        running = queries.live_round(need)
        listed = queries.listed(running)
        assert need.status is NeedStatus.SELECTING
        assert running.status is RoundStatus.LISTED
        assert running.closed_at == need.entry_deadline
        entrants = [Entrant(e.organisation.credit_code or "", e.contribution) for e in listed]
        assert running.list_sha256 == list_hash(entrants)
        assert len(listed) == 3
        assert {check.stage.value for check in queries.checks_of(listed[0])} == {"entry", "closing"}
        assert running.drawn_at is None
        assert running.lottery_day == clock.local_day(running.closed_at)


def test_two_officers_must_read_the_lottery_alike(app: Flask, advance: Advance) -> None:
    closed(app, advance)
    with app.app_context():
        with transaction():
            awaited = queries.lotteries_due(clock.now())[0]
            day = awaited.day
            one = accounts.officer(Role.BUREAU_OPERATOR).actor
            two = accounts.officer(Role.BUREAU_APPROVER).actor

            def read(actor: object, numbers: list[list[int]], issue: str = "2026062") -> object:
                return actions.enter_lottery(
                    accounts.CITY,
                    day,
                    issue,
                    numbers,
                    "公告",
                    actor,
                    clock.now(),  # type: ignore[arg-type]
                )

            with pytest.raises(Conflict) as early:
                read(one, selection.KL8)
            assert early.value.rule == "lottery.early"
        advance(timedelta(hours=5))
        with transaction():
            with pytest.raises(Invalid) as wrong:
                read(one, [selection.KL8[0][:19]])
            assert wrong.value.field == "numbers"
            assert read(one, selection.KL8) is None
            assert read(one, selection.KL8) is None, "one officer twice is not two officers"
            assert read(two, [[*selection.KL8[0][:19], 2]]) is None
            assert queries.lottery_result(awaited.game, day, awaited.bureau_id) is None
            assert need_again().status is NeedStatus.SELECTING
            assert read(two, [list(reversed(selection.KL8[0]))]) is not None
            with pytest.raises(Conflict) as final:
                read(one, selection.KL8)
            assert final.value.rule == "lottery.final"
            assert db.session.scalars(select(LotteryReading)).all()
        advance(timedelta(seconds=1))
        need = need_again()
        assert need.status is NeedStatus.AWARDED
        assert queries.live_round(need).status is RoundStatus.DECIDED


def test_the_draw_is_recomputed_by_the_separate_script(
    app: Flask, advance: Advance, tmp_path: Path
) -> None:
    closed(app, advance, count=5)
    advance(timedelta(hours=5))
    with app.app_context(), transaction():
        selection.read_lottery("2026062")
    advance(timedelta(seconds=1))
    with app.app_context():
        need = need_again()
        running = queries.live_round(need)
        award = queries.award_of(need)
        assert running.proof is not None
        assert award is not None
        path = tmp_path / "proof.json"
        path.write_bytes(running.proof.encode())
        noted = ["--commitment", running.commitment, "--list-sha256", running.list_sha256]
        assert SCRIPT.main([str(path), *noted]) == 0
        drawn = draw_proof.verify(running.proof.encode(), check)
        assert award.organisation.credit_code == drawn.ranking[0]
        assert award.place == 1
        assert award.price_check_id is not None
        assert drawn.public_value.startswith("lottery:kl8:2026062:01,07")
        assert queries.public_proofs() == [(f"{need.number}-1.json", running.proof)]


def test_a_draw_lost_before_its_commit_comes_out_the_same(app: Flask, advance: Advance) -> None:
    closed(app, advance, count=6)
    advance(timedelta(hours=5))
    with app.app_context():
        with transaction():
            selection.read_lottery("2026062")
        orders = []
        for _ in range(3):
            need = need_again()
            running = queries.live_round(need)
            orders.append(drawing.make_draw(need, running, CLOCK, clock.now()))
            db.session.rollback()  # killed between computing and commit
        assert queries.live_round(need_again()).drawn_at is None
        assert orders[0] == orders[1] == orders[2]
        tasks.advance_due()
        assert drawing.ranking(queries.live_round(need_again())) == orders[0]


def test_related_firms_fall_but_the_earliest(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        same = resident_id(777)
        early = selection.firms(1, legal_identity=same)[0]
        late = selection.firms(1, legal_identity=same)[0]
        selection.entered_need(entrants=[early, late, *selection.firms(3)])
        early_id, late_id = early.organisation.id, late.organisation.id
    advance(timedelta(days=1, hours=8, minutes=1))
    with app.app_context():
        running = queries.live_round(need_again())
        fallen = queries.void(running)
        assert [entry.organisation_id for entry in fallen] == [late_id]
        assert "法定代表人" in (fallen[0].void_reason or "")
        assert early_id in [e.organisation_id for e in queries.listed(running)]


def test_without_entrants_the_need_fails(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        selection.open_need()
    advance(timedelta(days=2))
    with app.app_context():
        need = need_again()
        assert need.status is NeedStatus.FAILED
        assert need.outcome_reason
        assert queries.round_of(need).status is RoundStatus.FAILED  # type: ignore[union-attr]


def test_few_entrants_extend_once_and_then_decide(app: Flask, advance: Advance) -> None:
    closed(app, advance, count=2)
    with app.app_context():
        need = need_again()
        assert need.status is NeedStatus.PUBLISHED
        assert need.extensions_used == 1
        assert need.entry_deadline > clock.now()
    advance(timedelta(days=1))
    with app.app_context():
        need = need_again()
        assert need.status is NeedStatus.SELECTING
        assert len(queries.listed(queries.live_round(need))) == 2


CEREMONY = {"draw_source": DrawSource.CEREMONY}
ONE, TWO, THREE = "1" * 30, "2" * 30, "3" * 30


def ceremony_need(app: Flask, advance: Advance) -> dict[str, Actor]:
    with app.app_context(), transaction():
        owner = accounts.owner()
        firms = selection.firms(3)
        selection.entered_need(owner=owner, entrants=firms, **CEREMONY)
        parties = {
            "owner": owner.actor,
            "firm": firms[0].actor,
            "bureau": accounts.officer(Role.BUREAU_OPERATOR).actor,
            "stranger": accounts.firm().actor,
        }
    advance(timedelta(days=1, hours=8, minutes=1))
    return parties


def test_a_silent_participant_cannot_withhold_a_number(app: Flask, advance: Advance) -> None:
    parties = ceremony_need(app, advance)
    with app.app_context():
        with transaction():
            need = need_again()
            for name, number in (("owner", ONE), ("firm", TWO), ("bureau", THREE)):
                actions.commit_number(need, number, parties[name])
            with pytest.raises(Conflict):
                actions.commit_number(need, ONE, parties["owner"])
            with pytest.raises(Missing):
                actions.commit_number(need, ONE, parties["stranger"])
            rows = queries.ceremony_numbers(queries.live_round(need))
            assert all(row.number is None for row in rows)
            assert not any(ONE.encode().hex() in row.sealed for row in rows)
        advance(timedelta(minutes=30))
        with transaction():
            need = need_again()
            with pytest.raises(Conflict):
                actions.commit_number(need, ONE, parties["bureau"])
            with pytest.raises(Invalid) as other:
                actions.reveal_number(need, TWO, parties["owner"])
            assert other.value.field == "number"
            actions.reveal_number(need, ONE, parties["owner"])
            actions.reveal_number(need, THREE, parties["bureau"])
        advance(timedelta(minutes=30))
        assert need_again().status is NeedStatus.SELECTING, "the hour is not over"
        db.session.rollback()
        advance(timedelta(minutes=31))
        need = need_again()
        assert need.status is NeedStatus.AWARDED
        running = queries.live_round(need)
        opened = [row for row in queries.ceremony_numbers(running) if row.opened]
        assert [(row.number, row.participant[:7]) for row in opened] == [(TWO, "entrant")]
        draw_proof.verify((running.proof or "").encode(), check)


def test_when_all_have_revealed_the_draw_follows_at_once(app: Flask, advance: Advance) -> None:
    parties = ceremony_need(app, advance)
    with app.app_context():
        with transaction():
            actions.commit_number(need_again(), ONE, parties["owner"])
        advance(timedelta(minutes=30))
        with transaction():
            actions.reveal_number(need_again(), ONE, parties["owner"])
        advance(timedelta(seconds=1))
        assert need_again().status is NeedStatus.AWARDED


def test_an_unattended_ceremony_moves_twice_and_then_has_no_value(
    app: Flask, advance: Advance
) -> None:
    parties = ceremony_need(app, advance)
    with app.app_context():
        for times in (1, 2):
            with transaction():
                need = need_again()
                if times == 1:
                    actions.commit_number(need, ONE, parties["bureau"])
            advance(timedelta(minutes=31) if times == 1 else timedelta(days=1))
            running = queries.live_round(need_again())
            assert running.postponed == times
            assert running.drawn_at is None
        db.session.rollback()
        advance(timedelta(days=1))
        need = need_again()
        running = queries.live_round(need)
        assert need.status is NeedStatus.AWARDED
        assert running.public_value == ""
        assert '"kind":"none"' in (running.proof or "")


def test_a_proof_built_on_another_list_than_published_is_refused(
    app: Flask, advance: Advance
) -> None:
    closed(app, advance)
    advance(timedelta(hours=5))
    with app.app_context(), transaction():
        selection.read_lottery("2026062")
        need = need_again()
        running = queries.live_round(need)
        queries.listed(running)[0].contribution = "0" * 64
        db.session.flush()
        with pytest.raises((RuntimeError, draw_proof.ProofError)):
            drawing.make_draw(need, running, CLOCK, clock.now())
        db.session.rollback()


def test_one_award_lives_and_entries_stay_listed(app: Flask, advance: Advance) -> None:
    closed(app, advance)
    advance(timedelta(hours=5))
    with app.app_context(), transaction():
        selection.read_lottery("2026062")
    advance(timedelta(seconds=1))
    with app.app_context():
        need = need_again()
        award = queries.award_of(need)
        assert award is not None
        assert award.status is AwardStatus.ANNOUNCED
        assert award.entry.status is EntryStatus.LISTED
        assert queries.eligibility(need, award.organisation_id, clock.now()).ok


def test_another_citys_officers_decide_no_draw(app: Flask, advance: Advance) -> None:
    closed(app, advance)
    advance(timedelta(hours=5))
    with app.app_context():
        with transaction():
            day = queries.lotteries_due(clock.now())[0].day
            strangers = [
                accounts.officer(role, city="379800").actor
                for role in (Role.BUREAU_OPERATOR, Role.BUREAU_APPROVER)
            ]
            witness = accounts.officer(Role.DEPARTMENT_OFFICER, city="379800").actor
            own = accounts.officer(Role.DEPARTMENT_OFFICER).actor
        for stranger in strangers:
            with pytest.raises(Conflict) as wrong:
                actions.enter_lottery(
                    "379800", day, "2026062", selection.KL8, "公告", stranger, clock.now()
                )
            assert wrong.value.rule == "lottery.area"
            assert queries.lotteries_due(clock.now(), stranger.organisation_id) == []
        assert queries.ceremony_participant(need_again(), witness.organisation_id) is None
        assert queries.ceremony_participant(need_again(), own.organisation_id) is not None


def test_two_officers_at_the_same_moment_agree(app: Flask, advance: Advance) -> None:
    closed(app, advance)
    advance(timedelta(hours=5))
    with app.app_context(), transaction():
        day = queries.lotteries_due(clock.now())[0].day
        officers = [
            accounts.officer(role).actor for role in (Role.BUREAU_OPERATOR, Role.BUREAU_APPROVER)
        ]
    gate = Barrier(2)

    def read(actor: Actor) -> bool:
        with app.app_context():
            gate.wait()
            with transaction():
                done = actions.enter_lottery(
                    accounts.CITY, day, "2026062", selection.KL8, "公告", actor, clock.now()
                )
                return done is not None

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(read, officers)) == [False, True]


def test_a_need_closed_late_finds_the_issue_that_was_entered(
    app: Flask, advance: Advance, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed(app, advance)
    advance(timedelta(hours=5))
    with app.app_context():
        with transaction():
            # as if the clock had slept: the same need is not closed yet
            late = selection.entered_need(3)
            late.entry_deadline = queries.live_round(need_again()).closed_at
            late.choice_at = late.entry_deadline
            running = queries.live_round(late)
            running.opened_at -= timedelta(days=1)
            for entry in queries.standing(running):
                entry.received_at -= timedelta(days=1)
            late.next_check_at = None
            late_id = late.id
        with transaction():
            selection.read_lottery("2026062")
        with transaction():
            db.session.get_one(Need, late_id).next_check_at = clock.now()
        advance(timedelta(seconds=5))
        assert db.session.get_one(Need, late_id).status is NeedStatus.AWARDED
