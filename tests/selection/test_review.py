"""What the rules of choosing promise, tried from the side of whoever would like to break them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from marketplace.accounts.permissions import Role
from marketplace.foundation import clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict
from marketplace.foundation.transactions import transaction
from marketplace.notifications.models import Message
from marketplace.projects import correcting
from marketplace.projects.models import Need, NeedStatus
from marketplace.selection import actions, queries
from marketplace.selection.models import Entry, EntryStatus, RoundStatus
from tests.factories import accounts, selection
from tests.selection.scenes import (
    CEREMONY,
    DAY,
    TO_CLOSING,
    TO_LOTTERY,
    Advance,
    SignIn,
    again,
    asleep_until,
    drawn,
    key,
    the_need,
)


def test_the_page_takes_an_entry_until_the_last_millisecond_and_no_longer(
    app: Flask, sign_in_as: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context(), transaction():
        firms = selection.firms(3)
        need = selection.open_need()
        public_id, deadline = need.public_id, need.entry_deadline
        assert deadline is not None
    asleep_until(app, 31.9)
    browsers = [sign_in_as(firm.user) for firm in firms]
    answers = []
    for browser, late in zip(browsers, (-1, 0, 1), strict=True):
        instant = deadline + timedelta(milliseconds=late)
        monkeypatch.setattr(clock, "now", lambda instant=instant: instant)
        form = {"price": "36000", "contribution": "ab" * 32, "agree": "y"}
        answers.append(browser.post(f"/needs/{public_id}/enter", data=form).status_code)
    monkeypatch.undo()
    assert answers == [303, 409, 409]
    with app.app_context():
        standing = queries.standing(queries.live_round(the_need()))
        assert [entry.organisation_id for entry in standing] == [key(firms[0])]


def test_entrants_are_told_of_a_correction_and_must_confirm(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        owner = accounts.owner()
        confirms, silent, *others = selection.firms(4)
        selection.entered_need(owner=owner, entrants=[confirms, silent, *others])
    advance(timedelta(minutes=1))
    with app.app_context(), transaction():
        need = the_need()
        correction = correcting.propose_correction(
            need,
            correcting.Correction(need.scope, "青河市西城区", need.budget, need.days_wanted),
            "服务地点变更",
            again(owner).actor,
            clock.now(),
        )
        correcting.publish_correction(correction, again(owner).approving_actor, clock.now())
    advance(timedelta(minutes=1))
    with app.app_context(), transaction():
        for firm in (confirms, *others):
            selection.enter(the_need(), again(firm))
    advance(timedelta(minutes=1))
    with app.app_context():
        told = db.session.scalars(
            select(Message.organisation_id).where(Message.subject.like("需求已更正%"))
        ).all()
        assert sorted(told) == sorted(key(firm) for firm in (confirms, silent, *others))
    advance(2 * DAY)
    with app.app_context():
        running = queries.live_round(the_need())
        assert [each.organisation_id for each in queries.void(running)] == [key(silent)]
        assert len(queries.listed(running)) == 3


def test_the_list_of_an_annulled_draw_stays_as_it_was_published(
    app: Flask, advance: Advance
) -> None:
    drawn(app, advance)
    with app.app_context(), transaction():
        need = the_need()
        entry = queries.listed(queries.live_round(need))[0]
        entry_id = entry.id
        proposed = actions.propose_annulment(
            need,
            "经查公示名单所用的核对口径与公布的规则不一致，应予撤销",
            accounts.officer(Role.BUREAU_OPERATOR).actor,
        )
        actions.approve_annulment(proposed, accounts.officer(Role.SUPERVISOR).actor)
    with app.app_context(), transaction():
        entry = db.session.get_one(Entry, entry_id)
        person = accounts.user(entry.organisation, Role.FIRM_ADMIN)
        with pytest.raises(Conflict):
            actions.withdraw_entry(entry, accounts.queries.actor_for(person, entry.organisation))
    with app.app_context():
        first = queries.rounds_of(the_need())[0]
        assert first.status is RoundStatus.ANNULLED
        assert {each.status for each in queries.listed(first)} == {EntryStatus.LISTED}
        assert len(queries.listed(first)) == 3


def test_a_list_frozen_after_its_lottery_was_read_is_drawn_by_the_named_issue(
    app: Flask, advance: Advance
) -> None:
    with app.app_context(), transaction():
        firms = selection.firms(3)
        prompt = selection.entered_need(entrants=firms)
        late = selection.entered_need(entrants=firms)
        late.next_check_at = late.entry_deadline + timedelta(hours=20)  # type: ignore[operator]
        prompt_id, late_id = prompt.id, late.id
    advance(TO_CLOSING)
    advance(TO_LOTTERY)
    with app.app_context(), transaction():
        selection.read_lottery("2026062")
    advance(timedelta(hours=16))
    with app.app_context():
        first, second = db.session.get_one(Need, prompt_id), db.session.get_one(Need, late_id)
        assert (first.status, second.status) == (NeedStatus.AWARDED, NeedStatus.AWARDED)
        rounds = [queries.live_round(each) for each in (first, second)]
        assert rounds[0].lottery_day == rounds[1].lottery_day
        assert rounds[0].public_value == rounds[1].public_value
        assert rounds[0].list_sha256 != rounds[1].list_sha256


@pytest.mark.parametrize("changes", [CEREMONY, {}])
def test_nobody_loses_a_chance_while_the_clock_stood_still(
    app: Flask, advance: Advance, changes: dict[str, Any]
) -> None:
    with app.app_context(), transaction():
        selection.entered_need(3 if changes else 2, **changes)
    asleep_until(app, 24 * 8)
    advance(timedelta(seconds=2))
    with app.app_context():
        need = the_need()
        running = queries.live_round(need)
        if changes:
            assert need.status is NeedStatus.SELECTING
            assert running.drawn_at is None
            assert running.postponed == 0
            assert running.commit_ends_at is not None
            assert running.commit_ends_at > clock.now()
        else:
            assert need.status is NeedStatus.PUBLISHED
            assert need.extensions_used == 1
            assert need.entry_deadline is not None
            assert need.entry_deadline > clock.now()


def test_two_officers_reading_at_the_same_moment_see_each_other(
    app: Flask, advance: Advance
) -> None:
    with app.app_context(), transaction():
        selection.entered_need(3)
        officers = [
            accounts.officer(role).actor for role in (Role.BUREAU_OPERATOR, Role.BUREAU_APPROVER)
        ]
    advance(TO_CLOSING)
    advance(TO_LOTTERY)
    with app.app_context():
        awaited = queries.lotteries_due(clock.now())[0]
    gate = Barrier(2)

    def read(actor: Actor) -> bool:
        with app.app_context():
            gate.wait()
            with transaction():
                done = actions.enter_lottery(
                    accounts.CITY, awaited.day, "2026062", selection.KL8, "公告", actor, clock.now()
                )
                return done is not None

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(read, officers)) == [False, True]
    with app.app_context():
        assert queries.lottery_result(awaited.game, awaited.day, awaited.bureau_id) is not None
