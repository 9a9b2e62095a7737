"""Call-backs on both engines: what is called back, how the sample is drawn, what follows."""

from __future__ import annotations

import hashlib
import hmac
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date, time, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.accounts.models import User
from marketplace.accounts.permissions import Role
from marketplace.evaluations.callbacks import actions, listing, queries, rules, tasks
from marketplace.evaluations.callbacks.models import (
    AttemptOutcome,
    CallbackCause,
    CallbackDraw,
    CallbackList,
    CallbackStatus,
    EvaluationCallback,
)
from marketplace.evaluations.models import Evaluation
from marketplace.evaluations.reviews import actions as reviewing
from marketplace.evaluations.reviews.models import ReviewCause, ReviewStatus
from marketplace.evaluations.rules import EvaluationPolicy
from marketplace.foundation import calendar, clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Invalid, Refused
from marketplace.foundation.transactions import transaction
from marketplace.supervision import ledger_files
from marketplace.supervision.models import ClockKind, RunningClock
from tests.factories import accounts, contracts, evaluations
from tests.factories.contracts import Deal

Advance = Callable[[timedelta], None]
SignIn = Callable[..., FlaskClient]
DAY = timedelta(days=1)
LOW = "成果有两处计算错误，退回后仍未改正"
SAID = ["已接受服务", "本人打分", "与实际一致", "没有"]


@pytest.fixture
def deal(app: Flask, advance: Advance) -> Deal:
    """A contract on which the firm got 2s and the owner 5s."""
    made = contracts.completed(app, advance)
    with app.app_context(), transaction():
        evaluations.give(made, "editor", 2, LOW)
        assert db.session.scalars(select(EvaluationCallback)).all() == []
        evaluations.give(made, "firm", 5)
    return made


def only() -> EvaluationCallback:
    return db.session.scalars(select(EvaluationCallback)).one()


def officer(role: Role = Role.BUREAU_OPERATOR) -> Actor:
    with transaction():
        return accounts.officer(role).actor


def _conclude(outcome: CallbackStatus, actor: Actor, note: str = "") -> EvaluationCallback:
    return actions.conclude(only(), outcome, SAID, note, None, actor, clock.now())


def test_every_low_mark_is_called_back_from_its_reveal_on(
    app: Flask, deal: Deal, advance: Advance
) -> None:
    advance(timedelta(minutes=2))
    with app.app_context():
        found = only()
        assert found.cause is CallbackCause.LOW
        assert found.evaluation.about_organisation_id == deal.firm_id
        assert len(found.questions) == 4
        lamp = db.session.scalars(
            select(RunningClock).where(RunningClock.kind == ClockKind.CALLBACK)
        ).one()
        assert lamp.due_at == found.due_at
        operator = officer()
        with pytest.raises(Invalid) as refusal, transaction():
            actions.conclude(
                only(), CallbackStatus.CONFIRMED, ["", *SAID[1:]], "", None, operator, clock.now()
            )
        assert refusal.value.field == "answer_0"
        with transaction():
            _conclude(CallbackStatus.CONFIRMED, operator)
        assert only().answers == SAID
        with pytest.raises(Conflict), transaction():
            _conclude(CallbackStatus.DENIED, operator, "事后又说不属实，前后矛盾")
    advance(timedelta(minutes=2))
    with app.app_context():
        assert (
            db.session.scalars(
                select(RunningClock).where(
                    RunningClock.kind == ClockKind.CALLBACK, RunningClock.ended_at.is_(None)
                )
            ).all()
            == []
        )


def test_unreached_takes_attempts_on_three_days(app: Flask, deal: Deal, advance: Advance) -> None:
    with app.app_context():
        operator = officer()
    for day in range(3):
        with app.app_context():
            for _twice in range(2):
                with transaction():
                    actions.note_attempt(
                        only(), AttemptOutcome.NO_ANSWER, "", operator, clock.now()
                    )
            if day < 2:
                with pytest.raises(Invalid) as refusal, transaction():
                    _conclude(CallbackStatus.UNREACHED, operator)
                assert refusal.value.rule == "callback.attempts"
        advance(DAY)
    with app.app_context(), transaction():
        assert _conclude(CallbackStatus.UNREACHED, operator).answers is None


def test_untrue_proposes_an_exclusion_that_another_decides(app: Flask, deal: Deal) -> None:
    with app.app_context():
        operator, approver = officer(), officer(Role.BUREAU_APPROVER)
        with pytest.raises(Invalid), transaction():
            _conclude(CallbackStatus.DENIED, operator)
        with transaction():
            _conclude(CallbackStatus.DENIED, operator, "业主称经办人员并未作出该评价")
        review = only().review
        assert review is not None
        assert (review.cause, review.status) == (ReviewCause.CALLBACK, ReviewStatus.PROPOSED)
        assert review.reversal_entry_id is None
        with pytest.raises(Refused), transaction():
            reviewing.exclude(review, "自己回访自己决定", operator, clock.now())
        with transaction():
            reviewing.exclude(review, "经核实评价不是业主作出", approver, clock.now())
        assert only().evaluation.rating_entry_id is not None


def test_the_share_and_the_seed_are_what_the_page_says() -> None:
    policy = EvaluationPolicy()
    assert [rules.sample_size(n, policy) for n in (0, 1, 10, 11, 200)] == [0, 1, 1, 2, 20]
    full = rules.Listed(3, "b", rules.Standing.FULL, 2, "ab")
    token = hashlib.sha256(b"zjcs-callback-line/1\n3\tb\tfull\t2\tab\n").hexdigest()
    assert full.line() == f"{token}\tfull"
    low = rules.Listed(7, "a", rules.Standing.LOW, 2, "cd")
    assert low.line() == f"{low.token}\t-"
    assert rules.Listed.opened(low.opening()) == low
    lines = [full.line(), low.line()]
    listed = hashlib.sha256(f"{lines[0]}\n{lines[1]}\n".encode()).hexdigest()
    assert rules.list_sha256(lines) == listed
    text = f"zjcs-callback/3\n379900\n2026-03\n{listed}\n7\n{'f' * 64}\n"
    said = hashlib.sha256(text.encode()).hexdigest()
    assert rules.seed_of("379900", date(2026, 3, 1), listed, 7, "f" * 64) == said


def _again(seed: str, names: list[str]) -> list[str]:
    """The shuffle as the rules of the draw describe it, written once more."""
    order, index = sorted(names, key=str.encode), 0
    for last in range(len(order) - 1, 0, -1):
        limit = 2**256 - 2**256 % (last + 1)
        while True:
            block = hmac.new(seed.encode(), index.to_bytes(8, "big"), hashlib.sha256).digest()
            index += 1
            if int.from_bytes(block, "big") < limit:
                break
        other = int.from_bytes(block, "big") % (last + 1)
        order[last], order[other] = order[other], order[last]
    return order


def _to_month_end(app: Flask, advance: Advance) -> date:
    """Move to a minute into the next month; the month that is over then."""
    with app.app_context():
        now = clock.now()
        month = clock.local_day(now).replace(day=1)
        begins = calendar.moment(listing.next_month(month), time(0))
    advance(begins - now + timedelta(seconds=30))
    return month


def _verified(record: bytes, ledger: str | None, tmp_path: Path) -> tuple[int, str]:
    """What the independent script says of a record."""
    kept = tmp_path / "record.json"
    kept.write_bytes(record)
    asked = [sys.executable, "scripts/verify_callbacks.py", str(kept)]
    if ledger is not None:
        rows = tmp_path / "ledger"
        rows.write_text(ledger)
        asked += ["--ledger", str(rows)]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def _whole_ledger() -> str:
    return "".join(ledger_files.whole())


def _month_listed(app: Flask, advance: Advance) -> date:
    """Move on until the month before is listed, and nothing is drawn from it yet."""
    month = _to_month_end(app, advance)
    with app.app_context():
        assert db.session.scalars(select(CallbackList)).all() == []
    advance(timedelta(minutes=3))
    advance(timedelta(minutes=1))
    return month


def _drawn(advance: Advance) -> None:
    advance(DAY)
    advance(timedelta(minutes=1))


def test_nobody_outside_learns_who_is_called_before_the_calls_nor_whose_mark_a_line_is(
    app: Flask, deal: Deal, advance: Advance, tmp_path: Path, sign_in_as: SignIn
) -> None:
    month = _month_listed(app, advance)
    with app.app_context():
        listed = db.session.scalars(select(CallbackList)).one()
        given = {each.public_id: each for each in db.session.scalars(select(Evaluation))}
        opened = [rules.Listed.opened(each) for each in listed.openings or ()]
        assert {each.evaluation: (each.entry, each.standing.value) for each in opened} == {
            key: (each.rating_entry_id, "full" if rules.is_full(each.latest.marks) else "low")
            for key, each in given.items()
        }
        assert listed.lines == sorted(each.line() for each in opened)
        assert len({each.salt for each in opened}) == 2
        assert (listed.month, db.session.scalars(select(CallbackDraw)).all()) == (month, [])
        key, secrets = listed.public_id, [each.salt for each in opened]
    visitor = app.test_client()
    assert "待抽取" in visitor.get("/data/callbacks").text
    address = f"/data/callbacks/lists/{key}.json"
    early = visitor.get(address).data
    assert _verified(early, None, tmp_path) == (0, "nothing is drawn yet\n0 differences\n")
    _drawn(advance)
    with app.app_context():
        drawn = db.session.scalars(select(CallbackDraw)).one()
        assert drawn.population_sha256 == json.loads(early)["list_sha256"]
        assert drawn.drawn == _again(drawn.seed, drawn.population)[:1]
        sampled = db.session.scalars(
            select(EvaluationCallback).where(EvaluationCallback.cause == CallbackCause.SAMPLED)
        ).one()
        assert sampled.evaluation.about_organisation_id == deal.owner_id
        assert sampled.month == month
        tokens = [*drawn.population, *drawn.drawn]
        seed, called, order = drawn.seed, sampled.id, list(drawn.drawn)
        operator = officer()
        with transaction():
            auditor = accounts.officer(Role.AUDITOR).user
    # before the call: the hash and the seed, not a line of the list, nor how many were drawn
    page = visitor.get("/data/callbacks").text
    assert "回访中" in page
    assert "补列补抽" not in page
    waiting = visitor.get(address)
    told = json.loads(waiting.data)
    assert told["calls_waiting"] == 1
    assert told["draw"]["seed"] == seed
    assert not [each for each in (*tokens, *given, *secrets) if each in waiting.text]
    assert {"lines", "drawn", "openings"}.isdisjoint(told)
    status, said = _verified(waiting.data, None, tmp_path)
    assert (status, said.splitlines()[-1]) == (0, "0 differences")
    with app.app_context(), transaction():
        found = db.session.get_one(EvaluationCallback, called)
        actions.conclude(found, CallbackStatus.CONFIRMED, SAID, "", None, operator, clock.now())
    # after it: anybody computes the draw again, and still cannot tell whose marks these were
    record = visitor.get(address)
    with app.app_context():
        ledger = _whole_ledger()
    assert json.loads(record.data)["drawn"] == order
    assert not [each for each in (*given, *secrets) if each in record.text]
    assert _verified(record.data, ledger, tmp_path) == (0, "0 differences\n")
    told = json.loads(record.data)
    assert told["row"]["seq"] <= told["draw"]["head_seq"]
    told["drawn"] = [line.split("\t")[0] for line in told["lines"] if line.endswith("-")]
    status, said = _verified(json.dumps(told).encode(), ledger, tmp_path)
    assert (status, said.splitlines()[0]) == (
        1,
        "the 1 drawn are not those that the seed gives",
    )
    private = f"/supervision/callbacks/lists/{key}.json"
    assert visitor.get(private).status_code == 302
    assert sign_in_as(auditor).get(private).status_code == 200


def test_an_auditor_sees_whether_the_list_is_complete(
    app: Flask, deal: Deal, advance: Advance, tmp_path: Path, sign_in_as: SignIn
) -> None:
    _month_listed(app, advance)
    _drawn(advance)
    with app.app_context():
        key = db.session.scalars(select(CallbackList)).one().public_id
        ledger = _whole_ledger()
        gone = next(
            each.rating_entry_id
            for each in db.session.scalars(select(Evaluation))
            if rules.is_full(each.latest.marks)
        )
        with transaction():
            auditor = accounts.officer(Role.AUDITOR).user
    record = sign_in_as(auditor).get(f"/supervision/callbacks/lists/{key}.json").data
    assert _verified(record, ledger, tmp_path) == (0, "0 differences\n")

    # left out of the list after the fact, with every hash of the record made anew
    short = json.loads(record)
    kept = [
        (line, opening)
        for line, opening in zip(short["lines"], short["openings"], strict=True)
        if not line.endswith("full")
    ]
    short["lines"], short["openings"] = [one[0] for one in kept], [one[1] for one in kept]
    short["count"] = len(kept)
    short["list_sha256"] = rules.list_sha256(short["lines"])
    status, said = _verified(json.dumps(short).encode(), ledger, tmp_path)
    assert status == 1
    assert "the ledger's row says list" in said

    # an opening that is not that of its line
    other = json.loads(record)
    other["openings"] = other["openings"][::-1]
    status, said = _verified(json.dumps(other).encode(), ledger, tmp_path)
    assert status == 1
    assert "the opening is not its own" in said

    # a mark that was never listed
    rows = []
    for line in ledger.splitlines():
        each = json.loads(line)
        if each.get("rating") == gone:
            each["rating"] += 900
        rows.append(json.dumps(each))
    status, said = _verified(record, "\n".join(rows), tmp_path)
    assert status == 1
    assert f"rating_ledger {gone + 900}: the mark is not on the list" in said


def test_what_was_low_is_told_by_the_edition_of_the_reveal(
    app: Flask, advance: Advance, tmp_path: Path, sign_in_as: SignIn
) -> None:
    """A mark of 3 that was called back stays low where the edition of the list's day calls 2 low."""
    with app.app_context(), transaction():
        today = clock.today()
        evaluations.publish_edition(accounts.CITY, {"callback_up_to": "3"}, today)
    made = contracts.completed(app, advance)
    with app.app_context(), transaction():
        evaluations.give(made, "editor", 3)
        evaluations.give(made, "firm", 5)
    with app.app_context(), transaction():
        month = clock.today().replace(day=1)
        evaluations.publish_edition(
            accounts.CITY, {"callback_up_to": "2"}, listing.next_month(month)
        )
    _month_listed(app, advance)
    _drawn(advance)
    with app.app_context():
        listed = db.session.scalars(select(CallbackList)).one()
        standings = {
            each.low_up_to: each.standing
            for each in map(rules.Listed.opened, listed.openings or ())
            if each.standing is not rules.Standing.FULL
        }
        assert standings == {3: rules.Standing.LOW}
        key, ledger = listed.public_id, _whole_ledger()
        with transaction():
            auditor = accounts.officer(Role.AUDITOR).user
    record = sign_in_as(auditor).get(f"/supervision/callbacks/lists/{key}.json").data
    assert _verified(record, ledger, tmp_path) == (0, "0 differences\n")


def test_a_month_that_was_missed_is_drawn_late_and_says_so(
    app: Flask, deal: Deal, monkeypatch: pytest.MonkeyPatch, advance: Advance
) -> None:
    monkeypatch.setattr(tasks, "draw_due", lambda: 0)
    month = _to_month_end(app, advance)
    advance(45 * DAY)
    with app.app_context():
        assert listing.month_before(clock.today()) != month
        assert db.session.scalars(select(CallbackList)).all() == []
    monkeypatch.undo()
    advance(timedelta(minutes=10))
    advance(DAY)
    advance(timedelta(minutes=1))
    with app.app_context():
        drawn = db.session.scalars(select(CallbackDraw)).one()
        assert drawn.month == month
        sampled = db.session.scalars(
            select(EvaluationCallback).where(EvaluationCallback.cause == CallbackCause.SAMPLED)
        ).one()
        assert sampled.month == month
    assert "补列补抽" in app.test_client().get("/data/callbacks").text
    advance(3 * DAY)
    with app.app_context():
        assert len(db.session.scalars(select(CallbackDraw)).all()) == 1


def test_the_desk_masks_whom_to_call_and_opens_it_on_a_reason(
    app: Flask, deal: Deal, sign_in_as: SignIn
) -> None:
    with app.app_context():
        key = only().public_id
        contact = queries.contact_of(only())
        with transaction():
            users: list[User] = [
                accounts.officer(role).user for role in (Role.BUREAU_OPERATOR, Role.AUDITOR)
            ]
    desk, auditor = (sign_in_as(user) for user in users)
    page = f"/supervision/callbacks/{key}"
    assert key in desk.get("/supervision/callbacks").text
    told = desk.get(page).text
    assert LOW in told
    assert contact.name not in told
    assert contact.phone
    assert contact.phone not in told
    assert contact.name not in auditor.get(page).text
    reveal = f"/personal/callback/{key}/contact"
    assert reveal in told
    assert reveal not in auditor.get(page).text
    answer = desk.post(reveal, data={"reason": "电话回访核实评价", "idempotency_key": "a"})
    assert answer.status_code == 303
    assert contact.name in desk.get(page).text
    assert auditor.post(f"{page}/result", data={"idempotency_key": "b"}).status_code == 403
    sent = {f"answer_{number}": said for number, said in enumerate(SAID)}
    refused = desk.post(
        f"{page}/result", data={**sent, "outcome": "denied", "idempotency_key": "c"}
    )
    assert refused.status_code == 422
    done = desk.post(
        f"{page}/result",
        data={
            **sent,
            "outcome": "denied",
            "note": "业主称经办人员并未作出该评价",
            "idempotency_key": "d",
        },
    )
    assert done.status_code == 303
    told = desk.get(page).text
    assert "剔除建议及其决定" in told
    assert reveal not in told
