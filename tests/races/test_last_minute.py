"""Three hundred firms enter one need in its last minute, a hundred of them in its last second.

Over HTTP, by the product's own web server, while the clock's work goes on beside it, at full size
and in real time. (Issue: needs and selection; RELIABILITY section 4)
"""

from __future__ import annotations

import http.client
import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from random import Random
from urllib.parse import urlencode

import pytest
import waitress
from flask import Flask
from sqlalchemy import select

from marketplace import schedule
from marketplace.accounts.access import cookie_name
from marketplace.accounts.sessions import begin_session
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.projects.models import NeedStatus, SelectionMethod
from marketplace.selection.models import Entry, EntryStatus, SelectionRound
from tests.factories import selection
from tests.selection.scenes import the_need

pytestmark = pytest.mark.long

FIRMS, IN_THE_LAST_SECOND = 300, 100
BEFORE = 60.0
COMPETITION = {"method": SelectionMethod.PRICE_COMPETITION, "draw_source": None}


@contextmanager
def served(app: Flask) -> Iterator[int]:
    """The application under the product's web server, as many threads as there."""
    server = waitress.create_server(app, host="127.0.0.1", port=0, threads=8, backlog=1024)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield server.effective_port
    finally:
        server.close()
        thread.join(10)


@contextmanager
def the_clock_at_work(app: Flask) -> Iterator[list[str]]:
    """What a worker does each second; what it failed at."""
    over, failed = threading.Event(), []

    def work() -> None:
        while not over.wait(0.5):
            with app.app_context():
                try:
                    schedule.run_once(schedule.jobs_for(["needs"]))
                except Exception as error:
                    failed.append(repr(error))
                finally:
                    db.session.remove()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield failed
    finally:
        over.set()
        thread.join(60)


def test_three_hundred_firms_in_the_last_minute(app: Flask) -> None:
    with app.app_context(), transaction():
        firms = selection.firms(FIRMS)
        need = selection.open_need(**COMPETITION)
        public_id = need.public_id
        tokens = [
            begin_session(each.user, each.organisation, clock.now(), factor_passed=True)
            for each in firms
        ]
    with app.app_context(), transaction():
        deadline = the_need().entry_deadline
        assert deadline is not None
        clock.set_to(deadline - timedelta(seconds=BEFORE))
        cookie = cookie_name()
    began = time.monotonic()
    chance = Random(20261123)
    # the crowd: spread over the minute, the last hundred over the last second and just past it
    at = [chance.uniform(0, BEFORE - 1) for _firm in range(FIRMS - IN_THE_LAST_SECOND)]
    at += [chance.uniform(BEFORE - 1, BEFORE + 0.1) for _firm in range(IN_THE_LAST_SECOND)]
    answers: list[tuple[float, int, str]] = []
    guard = threading.Lock()

    def firm(number: int, port: int) -> None:
        fields = urlencode(
            {
                "price": f"{33000 + number * 9}",
                "contribution": secrets.token_hex(32),
                "deviation_reason": "已有相邻项目的资料，工作量较小",
                "agree": "y",
            }
        )
        time.sleep(max(0.0, began + at[number] - time.monotonic()))
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        connection.request(
            "POST",
            f"/needs/{public_id}/enter",
            fields,
            {
                "Cookie": f"{cookie}={tokens[number]}",
                "Content-Type": "application/x-www-form-urlencoded",
                "Origin": f"http://127.0.0.1:{port}",
            },
        )
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        with guard:
            answers.append((at[number], answer.status, text))

    with served(app) as port, the_clock_at_work(app) as failed:
        crowd = [threading.Thread(target=firm, args=(n, port)) for n in range(FIRMS)]
        for each in crowd:
            each.start()
        for each in crowd:
            each.join()
        listed_after = _wait_for_the_list(app, began + BEFORE)
    assert failed == []
    assert len(answers) == FIRMS
    statuses = Counter(status for _at, status, _text in answers)
    assert set(statuses) <= {303, 409}, statuses
    assert all("报名已于截止时间结束" in text for _at, status, text in answers if status == 409)
    with app.app_context():
        need, running = the_need(), db.session.scalars(select(SelectionRound)).one()
        entries = db.session.scalars(select(Entry)).all()
        # accepted is exactly who was received before the deadline, and all of them are listed
        assert len(entries) == statuses[303]
        assert all(each.received_at < need.entry_deadline for each in entries)
        assert {each.status for each in entries} == {EntryStatus.LISTED}
        assert need.status is NeedStatus.SELECTING
        assert running.list_text is not None
        assert running.list_text.count("\n") == len(entries)
        # those who came well before it were not made to wait beyond it
        early = [status for when, status, _text in answers if when < BEFORE - 1]
        assert set(early) == {303}
    assert listed_after < 60
    print(f"accepted {statuses[303]}, late {statuses[409]}, list after {listed_after:.1f} s")


def _wait_for_the_list(app: Flask, deadline: float) -> float:
    """Seconds from the deadline until the list's hash is there; at most a minute."""
    while time.monotonic() < deadline + 60:
        with app.app_context():
            found = db.session.scalar(select(SelectionRound.list_sha256))
            db.session.remove()
        if found is not None:
            return time.monotonic() - deadline
        time.sleep(0.2)
    return 60.0
