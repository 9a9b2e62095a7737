"""Twelve at once on one need: one award, the others a clear refusal, on both engines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from marketplace.accounts.models import OrganisationKind
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.projects.models import InvestmentKind, Need, SelectionMethod
from marketplace.selection import actions, awarding, queries
from marketplace.selection.actions import choosing
from marketplace.selection.models import LIVE_AWARDS, Award
from tests.factories import accounts, selection

CLICKS = 12
REASON = "同类报告经验最多，时限承诺最短，报价合理"
Advance = Callable[[timedelta], None]


def need_to_pick(app: Flask, advance: Advance) -> tuple[str, list[str], Actor, accounts.Party]:
    """An agency's need whose list is frozen: a pick waits for approval, so its state stays."""
    with app.app_context(), transaction():
        owner = accounts.owner(kind=OrganisationKind.AGENCY)
        need = selection.entered_need(
            3,
            owner=owner,
            method=SelectionMethod.DIRECT_PICK,
            investment=InvestmentKind.GOVERNMENT,
        )
        public_id, actor = need.public_id, owner.actor
    advance(timedelta(days=1, hours=9))
    with app.app_context():
        need = db.session.scalars(select(Need)).one()
        entries = [each.public_id for each in queries.listed(queries.live_round(need))]
    return public_id, entries, actor, owner


def live_awards(app: Flask) -> int:
    with app.app_context():
        found = db.session.scalar(select(func.count(Award.id)).where(Award.status.in_(LIVE_AWARDS)))
        return found or 0


def test_twelve_clicks_make_one_award(
    app: Flask, advance: Advance, sign_in_as: Callable[..., FlaskClient]
) -> None:
    public_id, entries, _actor, owner = need_to_pick(app, advance)
    cookie = next(iter(sign_in_as(owner.user)._cookies.values()))
    browsers = [app.test_client() for _ in range(CLICKS)]
    for browser in browsers:
        browser.set_cookie(cookie.key, cookie.value)
    gate = Barrier(CLICKS)

    def click(number: int) -> tuple[int, str]:
        gate.wait()
        answer = browsers[number].post(
            f"/owner/needs/{public_id}/selection",
            data={
                "entry": entries[number % 3],
                "reason": REASON,
                "idempotency_key": f"click-{number}",
            },
        )
        return answer.status_code, answer.get_data(as_text=True)

    with ThreadPoolExecutor(CLICKS) as pool:
        answers = list(pool.map(click, range(CLICKS)))
    assert Counter(status for status, _page in answers) == {303: 1, 409: CLICKS - 1}
    assert all("已有中选机构" in page for status, page in answers if status == 409)
    assert live_awards(app) == 1


def click_without_the_code(app: Flask, entries: list[str], actor: Actor) -> Counter[str]:
    """Twelve at once with the lock and the check taken out of the code."""
    gate = Barrier(CLICKS)

    def click(number: int) -> str:
        with app.app_context():
            gate.wait()
            try:
                with transaction():
                    need = db.session.scalars(select(Need)).one()
                    actions.pick_entry(need, queries.entry(entries[number % 3]), REASON, actor)
            except IntegrityError:
                return "refused by the database"
            finally:
                db.session.remove()
            return "awarded"

    with ThreadPoolExecutor(CLICKS) as pool:
        return Counter(pool.map(click, range(CLICKS)))


@pytest.mark.parametrize("dropped", [False, True])
def test_the_index_holds_alone_and_without_it_nothing_does(
    app: Flask, advance: Advance, monkeypatch: pytest.MonkeyPatch, dropped: bool
) -> None:
    _public_id, entries, actor, _owner = need_to_pick(app, advance)
    monkeypatch.setattr(choosing, "lock", lambda row: row)
    monkeypatch.setattr(awarding.queries, "award_of", lambda need: None)
    # numbers of letters are unique as well; apart from the index nothing else may refuse
    numbers = iter(range(10_000))
    made = awarding._new_award
    monkeypatch.setattr(
        awarding, "_new_award", lambda *given: _renumbered(made(*given), next(numbers))
    )
    if dropped:
        with app.app_context(), transaction():
            db.session.execute(text("DROP INDEX uq_awards_live"))
    outcome = click_without_the_code(app, entries, actor)
    if dropped:
        assert outcome["awarded"] > 1, "without its index the rule does not hold"
        assert live_awards(app) > 1
    else:
        assert outcome == {"awarded": 1, "refused by the database": CLICKS - 1}
        assert live_awards(app) == 1


def _renumbered(award: Award, number: int) -> Award:
    award.letter_number = f"race-{number}"
    return award
