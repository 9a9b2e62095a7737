"""The screens for gaming: what each finds, what it leaves alone, how flags are remembered."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.accounts.models import Organisation
from marketplace.accounts.permissions import Role
from marketplace.evaluations.rules import EvaluationPolicy
from marketplace.evaluations.screens import actions, finding, rules
from marketplace.evaluations.screens.models import EvaluationFlag, FlagStatus, ScreenRun
from marketplace.evaluations.screens.rules import Finding, Mark, Screen
from marketplace.foundation import clock
from marketplace.foundation.actor import CLOCK
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Invalid
from marketplace.foundation.transactions import transaction
from marketplace.ratings.models import RatingEntry
from tests.factories import accounts, ratings

Advance = Callable[[timedelta], None]
SignIn = Callable[..., FlaskClient]
POLICY = EvaluationPolicy()
FULL, GOOD = 10_000, 8_000
DAY = timedelta(days=1)


def marks(*given: tuple[int, int, int] | tuple[int, int, int, int]) -> list[Mark]:
    """Marks on firms as (rater, firm, hundredths[, day]), each on a contract of its own."""
    return [
        Mark(
            number,
            each[0],
            each[1],
            number,
            True,
            each[2],
            each[3] if len(each) > 3 else 10 * number,
        )
        for number, each in enumerate(given, 1)
    ]


def firms_of(found: Sequence[Finding]) -> list[int]:
    return [each.about for each in found]


def test_a_ring_is_a_circle_of_full_marks_and_nothing_less() -> None:
    ring = marks((1, 2, FULL), (2, 3, FULL), (3, 1, FULL), (9, 1, FULL))
    (found,) = rules.rings(ring, POLICY)
    assert (found.about, found.others, found.evidence) == (1, (2, 3), (1, 2, 3))
    assert not list(rules.rings(ring[:2], POLICY))
    once_less = [*ring, *marks((3, 1, GOOD))]
    assert not list(rules.rings(once_less, POLICY))


def test_circles_are_found_however_deep_the_graph() -> None:
    chain = {node: [node + 1] for node in range(20_000)}
    assert rules.circles(chain) == []
    chain[20_000] = [0]
    (circle,) = rules.circles(chain)
    assert len(circle) == 20_001


def _both(owner: int, firm: int, count: int, back: int = FULL) -> list[Mark]:
    made = []
    for number in range(count):
        made.append(Mark(2 * number + 1, owner, firm, number, True, FULL, number))
        made.append(Mark(2 * number + 2, firm, owner, number, False, back, number))
    return made


def test_a_pair_gives_each_other_full_marks_every_time_and_is_much_of_the_firm() -> None:
    (found,) = rules.pairs(_both(1, 2, 3), POLICY)
    assert (found.about, found.others, found.facts["contracts"]) == (2, (1,), 3)
    assert not list(rules.pairs(_both(1, 2, 2), POLICY))
    assert not list(rules.pairs(_both(1, 2, 3, GOOD), POLICY))
    silent = Mark(90, 1, 2, 90, True, FULL, 1)
    assert len(list(rules.pairs([*_both(1, 2, 3), silent], POLICY))) == 1
    poor = Mark(91, 1, 2, 91, True, GOOD, 1)
    assert not list(rules.pairs([*_both(1, 2, 3), poor], POLICY))
    others = [Mark(100 + n, 50 + n, 2, 100 + n, True, GOOD, n) for n in range(4)]
    assert not list(rules.pairs([*_both(1, 2, 3), *others], POLICY))


def test_a_burst_is_dense_and_much_of_the_whole() -> None:
    dense = marks(*[(n, 1, FULL, 100 + n) for n in range(5)])
    (found,) = rules.bursts(rules.by_firm(dense), POLICY)
    assert (found.facts["marks"], found.facts["days"]) == (5, 7)
    spread = marks(*[(n, 1, FULL, 100 + 2 * n) for n in range(5)])
    assert not list(rules.bursts(rules.by_firm(spread), POLICY))
    usual = marks(*[(n, 1, FULL, 100 + n) for n in range(5)], *[(n, 1, GOOD, n) for n in range(6)])
    assert not list(rules.bursts(rules.by_firm(usual), POLICY))


def seen(day: int, hundredths: int = FULL) -> Mark:
    """An assessor's mark of a day on firm 1."""
    return Mark(1000 + day, 77, 1, 1000 + day, True, hundredths, day, by_assessor=True)


def test_the_night_looks_through_assessors_marks_as_well(app: Flask) -> None:
    with app.app_context():
        now = clock.now()
        day = clock.local_day(now)
        given = [replace(seen(500), entry=2000 + n) for n in range(10)]
        found = finding.find(accounts.CITY, given, POLICY, day, day, now)
    assert [each.screen for each in found] == [Screen.ASSESSOR_BURST]


def test_a_burst_of_assessors_is_a_series_of_its_own() -> None:
    owned = marks(*[(n, 1, FULL, 10 * n) for n in range(20)])
    round_of_ten = [replace(seen(500 + n // 2), entry=2000 + n) for n in range(10)]
    firms = rules.by_firm([*owned, *round_of_ten])
    assert not list(rules.bursts(rules.by_owners(firms), POLICY)), "owners came one by one"
    (found,) = rules.assessor_bursts(rules.by_assessors(firms), POLICY)
    assert (found.screen, found.about) == (Screen.ASSESSOR_BURST, 1)
    assert found.facts == {"marks": 10, "days": 7, "all": 10}, "owners' marks do not thin it"
    assert not list(rules.assessor_bursts(rules.by_assessors(rules.by_firm(owned)), POLICY))
    fewer = rules.by_assessors(rules.by_firm(round_of_ten[1:]))
    assert not list(rules.assessor_bursts(fewer, POLICY)), "nine on one round are a round"
    assert list(rules.assessor_bursts(fewer, replace(POLICY, assessor_burst_marks=9)))
    before = [seen(n, GOOD) for n in range(11)]
    usual = rules.by_assessors(rules.by_firm([*before, *round_of_ten]))
    assert not list(rules.assessor_bursts(usual, POLICY)), "less than half of all they gave"


def test_dominance_needs_enough_marks_and_most_of_them() -> None:
    most = marks(*[(1, 7, GOOD)] * 3, (2, 7, GOOD), (3, 7, GOOD))
    (found,) = rules.dominances(rules.by_firm(most), POLICY)
    assert (found.about, found.others, found.evidence) == (7, (1,), (1, 2, 3))
    assert not list(rules.dominances(rules.by_firm(most[:4]), POLICY))
    mixed = marks(*[(1, 7, GOOD)] * 2, *[(2, 7, GOOD)] * 2, (3, 7, GOOD))
    assert not list(rules.dominances(rules.by_firm(mixed), POLICY))


def test_what_many_share_tells_nothing() -> None:
    own = rules.by_firm(marks((1, 2, FULL), (3, 2, GOOD)))
    same = {1: [("phone", "5")], 2: [("phone", "5")], 3: [("phone", "5")]}
    (found,) = rules.same_devices(own, same, POLICY)
    assert (found.about, found.others, found.facts["shared"]) == (2, (1,), ["phone"])
    crowd = same | {number: [("phone", "5")] for number in range(10, 14)}
    assert not list(rules.same_devices(own, crowd, POLICY))


def test_a_night_over_200000_marks_on_20000_firms_takes_seconds() -> None:
    many = [
        Mark(n, 30_000 + n * 7919 % 9000, n % 20_000, n, True, (FULL, GOOD)[n % 3 > 0], n % 700)
        for n in range(200_000)
    ]
    begun = time.process_time()
    own = rules.by_firm(many)
    found = [*rules.rings(many, POLICY), *rules.pairs(many, POLICY)]
    found += [*rules.bursts(own, POLICY), *rules.dominances(own, POLICY)]
    assert len(own) == 20_000
    assert time.process_time() - begun < 15


# ---- flags ----------------------------------------------------------------------------------


def _firm_marked(times: int, owner: Organisation, firm: Organisation) -> None:
    for _each in range(times):
        ratings.marked(firm, owner, 5)


def _night(register: str = accounts.CITY) -> ScreenRun:
    with transaction():
        return actions.screen(register, CLOCK, clock.now())


def _flags(*screens: Screen) -> list[EvaluationFlag]:
    return list(
        db.session.scalars(
            select(EvaluationFlag)
            .where(EvaluationFlag.screen.in_(screens))
            .order_by(EvaluationFlag.id)
        )
    )


def test_a_cleared_flag_comes_back_only_with_new_marks(app: Flask, advance: Advance) -> None:
    """An innocent look-alike: one owner that simply buys most of a small firm's work."""
    with app.app_context(), transaction():
        firm, owner, other = (accounts.firm(), accounts.owner(), accounts.owner())
        keys = firm.organisation.id, owner.organisation.id
        _firm_marked(5, owner.organisation, firm.organisation)
        _firm_marked(1, other.organisation, firm.organisation)
        officer = accounts.officer(Role.BUREAU_OPERATOR).actor
    advance(2 * DAY)
    advance(timedelta(minutes=1))
    with app.app_context():
        flag = _flags(Screen.DOMINANCE)[0]
        assert (flag.organisation_id, flag.others) == (keys[0], [keys[1]])
        assert flag.run.firms == 1
        assert flag.run.counts["dominance"] == 1
        with pytest.raises(Invalid), transaction():
            actions.decide(flag, False, "好", officer, clock.now())
        with transaction():
            reason = "该业主为园区管理单位，统一采购，合同和验收资料齐全"
            actions.decide(flag, False, reason, officer, clock.now())
        with pytest.raises(Conflict), transaction():
            actions.decide(flag, True, "改口再作一次决定", officer, clock.now())
    for _night_after in range(2):
        advance(8 * DAY)
        advance(timedelta(minutes=1))
    with app.app_context():
        assert len(db.session.scalars(select(ScreenRun)).all()) >= 2
        assert [each.status for each in _flags(Screen.DOMINANCE)] == [FlagStatus.CLEARED]
        with transaction():
            buyer = db.session.get_one(Organisation, keys[1])
            _firm_marked(1, buyer, db.session.get_one(Organisation, keys[0]))
    advance(2 * DAY)
    advance(timedelta(minutes=1))
    with app.app_context():
        first, second = _flags(Screen.DOMINANCE)
        assert (first.status, second.status) == (FlagStatus.CLEARED, FlagStatus.RAISED)
        assert len(set(second.evidence) - set(first.evidence)) == 1


def test_a_flag_lapses_when_the_marks_no_longer_stand(app: Flask, advance: Advance) -> None:
    from marketplace.ratings.actions import reverse_entry

    with app.app_context(), transaction():
        firm, owner = accounts.firm().organisation, accounts.owner().organisation
        _firm_marked(5, owner, firm)
    advance(2 * DAY)
    advance(timedelta(minutes=1))
    with app.app_context():
        assert [each.status for each in _flags(Screen.DOMINANCE)] == [FlagStatus.RAISED]
        entry = db.session.scalars(select(RatingEntry).order_by(RatingEntry.id)).first()
        assert entry is not None
        with transaction():
            reverse_entry(entry.id, entry, CLOCK, clock.now())
    advance(2 * DAY)
    advance(timedelta(minutes=1))
    with app.app_context():
        assert [each.status for each in _flags(Screen.DOMINANCE)] == [FlagStatus.LAPSED]


def test_leaving_one_owner_out_shows_who_carries_a_grade(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        firm = accounts.firm().organisation
        owners = [accounts.owner().organisation for _each in range(6)]
        for owner in owners[:4]:
            ratings.marked(firm, owner, 1)
        key = firm.id, owners[5].id
        for owner in (owners[4], *[owners[5]] * 8):
            ratings.marked(firm, owner, 5)
    advance(2 * DAY)
    advance(timedelta(minutes=1))
    with app.app_context():
        found = {tuple(each.others): each for each in _flags(Screen.INFLUENCE)}
        for flag in found.values():
            assert flag.organisation_id == key[0]
            assert flag.facts["grade"] != flag.facts["grade_without"]
        assert set(found) == {(key[1],)}


def test_the_page_of_a_flag_says_what_and_how_common_and_takes_a_decision(
    app: Flask, advance: Advance, sign_in_as: SignIn
) -> None:
    with app.app_context(), transaction():
        firm, owner = accounts.firm(), accounts.owner()
        _firm_marked(5, owner.organisation, firm.organisation)
        name = owner.organisation.name
        firm_user = firm.user
        officer = accounts.officer(Role.BUREAU_OPERATOR).user
        watcher = accounts.officer(Role.AUDITOR).user
        stranger = accounts.officer(Role.BUREAU_OPERATOR, city="379800").user
    advance(2 * DAY)
    advance(timedelta(minutes=1))
    with app.app_context():
        page = f"/supervision/flags/{_flags(Screen.DOMINANCE)[0].public_id}"
    desk = sign_in_as(officer)
    told = desk.get(page).text
    assert f"全部 5 次业主评价中有 5 次来自{name}" in told
    assert "名录上有评价的 1 家机构中，1 家有同样情形（100.0%）" in told
    assert page in desk.get("/supervision/flags").text
    assert sign_in_as(firm_user).get(page).status_code == 403
    assert sign_in_as(stranger).get(page).status_code == 404
    sent = {"outcome": "clear", "reason": "长期合作，资料齐全", "idempotency_key": "a"}
    assert sign_in_as(watcher).post(f"{page}/decision", data=sent).status_code == 403
    assert desk.post(f"{page}/decision", data=sent).status_code == 303
    assert "长期合作，资料齐全" in desk.get(page).text
