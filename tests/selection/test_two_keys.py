"""A key in three hands: two of its holders open the quotes at the hour, one or an early one cannot."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import combinations
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from marketplace.accounts.models import OrganisationKind, User
from marketplace.accounts.permissions import Role
from marketplace.foundation import crypto
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict
from marketplace.foundation.transactions import transaction
from marketplace.notifications.models import Message
from marketplace.projects.models import NeedStatus, SelectionMethod
from marketplace.selection import queries
from marketplace.selection.keyholding import actions, splitting
from marketplace.selection.keyholding import queries as holding
from marketplace.selection.keyholding.models import Capacity, HolderKey, KeyShare
from marketplace.selection.models import RoundStatus
from marketplace.selection.sealing import sealed
from marketplace.supervision.invariants import asking
from tests.factories import accounts, selection
from tests.selection.scenes import GOVERNMENT, Advance, SignIn, again, the_need

COMPETITION = {"method": SelectionMethod.PRICE_COMPETITION, "draw_source": None, "two_keys": True}
PHRASES = {each: f"{each.value}-柳岸晓风-4821" for each in Capacity}
PRICES = ("36000", "33519.07", "38000")
TO_OPENING = timedelta(days=1, hours=8, minutes=31)
ROLES = {
    Capacity.OWNER: Role.OWNER_APPROVER,
    Capacity.BUREAU: Role.BUREAU_APPROVER,
    Capacity.PLATFORM: Role.SECURITY_ADMIN,
}


@dataclass
class Holders:
    """Three people with their browsers, and the need's public id."""

    owner: accounts.Party
    people: dict[Capacity, User]
    browsers: dict[Capacity, FlaskClient]
    public_id: str = ""

    def share(self, app: Flask, capacity: Capacity) -> str:
        """The public id of a holder's share."""
        with app.app_context():
            query = select(KeyShare.public_id).where(KeyShare.capacity == capacity)
            return str(db.session.scalars(query.order_by(KeyShare.id.desc())).first())

    def hand_in(self, app: Flask, capacity: Capacity, phrase: str | None = None) -> int:
        """Hand in through the page; the status of its answer."""
        answer = self.browsers[capacity].post(
            f"/key-shares/{self.share(app, capacity)}/hand-in",
            data={"passphrase": phrase or PHRASES[capacity]},
        )
        return answer.status_code


def holders(app: Flask, sign_in_as: SignIn, *, without: Capacity | None = None) -> Holders:
    """An agency and its bureau whose three holders set their passphrases."""
    with app.app_context(), transaction():
        owner = accounts.owner(kind=OrganisationKind.AGENCY)
        people = {
            Capacity.OWNER: owner.approver,
            Capacity.BUREAU: accounts.officer(Role.BUREAU_APPROVER).user,
            Capacity.PLATFORM: accounts.officer(Role.SECURITY_ADMIN).user,
        }
    made = Holders(owner, people, {each: sign_in_as(person) for each, person in people.items()})
    for capacity, browser in made.browsers.items():
        if capacity is not without:
            fields = {"passphrase": PHRASES[capacity], "again": PHRASES[capacity]}
            assert browser.post("/key-holding", data=fields).status_code == 303
    return made


def published(app: Flask, made: Holders, prices: tuple[str, ...] = PRICES) -> None:
    """Publish a need of the holders' agency, and let firms quote."""
    with app.app_context(), transaction():
        need = selection.open_need(again(made.owner), **{**COMPETITION, **GOVERNMENT})
        for firm, price in zip(selection.firms(len(prices)), prices, strict=True):
            selection.enter(need, firm, Decimal(price))
        made.public_id = need.public_id


# ---- the parts themselves ---------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(st.binary(min_size=32, max_size=32))
def test_any_two_of_three_parts_make_the_key_again(seed: bytes) -> None:
    private, public = crypto.seal_keys_of(seed)
    parts = splitting.parted(private)
    assert len(set(parts)) == 3
    for pair in combinations(parts, 2):
        assert splitting.joined(pair, public) == private
        assert splitting.joined(pair[::-1], public) == private
    for part in parts:
        assert private not in part
        with pytest.raises(splitting.NotTheKey):
            splitting.joined([part], public)
        with pytest.raises(splitting.NotTheKey):
            splitting.joined([part, part], public)


def test_parts_of_another_key_or_altered_ones_are_told() -> None:
    private, public = crypto.new_seal_keys()
    _other, other_public = crypto.new_seal_keys()
    first, second, _third = splitting.parted(private)
    with pytest.raises(splitting.NotTheKey):
        splitting.joined([first, second], other_public)
    for place in range(len(first)):
        altered = bytearray(first)
        altered[place] ^= 1
        with pytest.raises(splitting.NotTheKey):
            splitting.joined([bytes(altered), second], public)


def test_a_passphrase_always_makes_the_same_key_and_another_one_does_not(app: Flask) -> None:
    with app.app_context():
        cost, salt = "argon2id t=1 m=8", b"0123456789abcdef"
        private, public = splitting.made_of("柳岸晓风残月", salt, cost)
        assert (private, public) == splitting.made_of("柳岸晓风残月", salt, cost)
        assert public != splitting.made_of("柳岸晓风残月 ", salt, cost)[1]
        assert public != splitting.made_of("柳岸晓风残月", b"x" * 16, cost)[1]
        part = splitting.enciphered(b"p" * 33, public, "here")
        assert splitting.deciphered(part, private, "here") == b"p" * 33
        with pytest.raises(crypto.SealBroken):
            splitting.deciphered(part, private, "elsewhere")


# ---- a whole selection ------------------------------------------------------------------------


def test_two_holders_open_at_the_hour_and_one_cannot(
    app: Flask, advance: Advance, sign_in_as: SignIn
) -> None:
    made = holders(app, sign_in_as)
    published(app, made)
    with app.app_context():
        running = queries.live_round(the_need())
        assert running.two_keys
        # the server kept no key: neither in the store, nor in clear in the database
        store = Path(app.config["KEY_DIR"], "sealed", f"quotes-{running.public_id}")
        assert not store.exists()
        with pytest.raises(FileNotFoundError):
            sealed.release_key(running)
    # before the hour nobody can hand in, whatever they know
    assert made.hand_in(app, Capacity.OWNER) == 409
    advance(TO_OPENING)
    with app.app_context():
        assert queries.live_round(the_need()).unsealed_at is None
    page = made.browsers[Capacity.OWNER].get("/workspace").get_data(as_text=True)
    assert "交出密钥份额" in page
    assert made.hand_in(app, Capacity.OWNER, "不是这个口令-1234") == 422
    assert made.hand_in(app, Capacity.OWNER) == 303
    assert made.hand_in(app, Capacity.OWNER) == 409
    advance(timedelta(minutes=5))
    with app.app_context():
        # one share: still sealed, and the database holds no price
        running = queries.live_round(the_need())
        assert running.unsealed_at is None
        assert all(each.price is None for each in queries.listed(running))
        with pytest.raises(splitting.NotTheKey):
            actions.joined_key(running)
        db.session.rollback()
    text = made.browsers[Capacity.BUREAU].get(f"/results/{made.public_id}").get_data(as_text=True)
    assert "三方分管的密钥" in text
    assert "已交出" in text
    assert made.hand_in(app, Capacity.PLATFORM) == 303
    advance(timedelta(seconds=5))
    with app.app_context():
        running = queries.round_of(the_need())
        assert running is not None
        assert queries.in_place_order(running)[0].quoted == Decimal("33519.07")
        assert the_need().status is NeedStatus.AWARDED
        # what was handed in is erased once the quotes are open
        assert all(each.handed is None for each in holding.shares(running))
        assert not list(asking.broken({"I10d"}))
    # the third has nothing left to do
    assert made.hand_in(app, Capacity.BUREAU) == 409


@pytest.mark.parametrize("absent", list(Capacity))
def test_any_one_holder_may_be_absent(
    app: Flask, advance: Advance, sign_in_as: SignIn, absent: Capacity
) -> None:
    made = holders(app, sign_in_as)
    published(app, made)
    lost = made.browsers[absent].post(
        f"/key-shares/{made.share(app, absent)}/lost", data={"reason": "口令记录本遗失，已找寻两日"}
    )
    assert lost.status_code == 303
    advance(TO_OPENING)
    assert made.hand_in(app, absent) == 409
    for capacity in Capacity:
        if capacity is not absent:
            assert made.hand_in(app, capacity) == 303
    advance(timedelta(seconds=5))
    with app.app_context():
        assert the_need().status is NeedStatus.AWARDED


def test_with_two_lost_the_selection_fails_and_says_why(
    app: Flask, advance: Advance, sign_in_as: SignIn
) -> None:
    made = holders(app, sign_in_as)
    published(app, made)
    for capacity in (Capacity.OWNER, Capacity.PLATFORM):
        answer = made.browsers[capacity].post(
            f"/key-shares/{made.share(app, capacity)}/lost", data={"reason": "口令遗失"}
        )
        assert answer.status_code == 422  # too short to tell anything
        made.browsers[capacity].post(
            f"/key-shares/{made.share(app, capacity)}/lost", data={"reason": "口令遗失，无法找回"}
        )
    advance(TO_OPENING)
    with app.app_context():
        assert the_need().status is NeedStatus.FAILED
        assert the_need().outcome_reason == "两方以上的密钥份额遗失，报价不能开启"
        running = queries.round_of(the_need())
        assert running is not None
        assert running.status is RoundStatus.FAILED
        assert all(each.price is None for each in queries.listed(running))
        told = select(Message).where(Message.subject.startswith("选取失败"))
        assert len(db.session.scalars(told).all()) == 4  # owner and three firms


def test_who_stays_silent_lets_the_selection_fail_at_the_published_time(
    app: Flask, advance: Advance, sign_in_as: SignIn
) -> None:
    made = holders(app, sign_in_as)
    published(app, made)
    advance(TO_OPENING)
    assert made.hand_in(app, Capacity.BUREAU) == 303
    with app.app_context():
        need = the_need()
        last = holding.hand_in_by(need, queries.live_round(need))
        assert need.choice_at is not None
        assert last - need.choice_at > timedelta(days=1)
    advance(last - need.choice_at - timedelta(minutes=5))
    with app.app_context():
        assert the_need().status is NeedStatus.SELECTING
    advance(timedelta(minutes=10))
    with app.app_context():
        assert the_need().status is NeedStatus.FAILED
        assert "不足两方" in (the_need().outcome_reason or "")
    # too late is refused, and nothing is opened
    assert made.hand_in(app, Capacity.OWNER) == 409


def test_nothing_is_published_while_a_holder_is_missing(app: Flask, sign_in_as: SignIn) -> None:
    made = holders(app, sign_in_as, without=Capacity.PLATFORM)
    with (
        app.app_context(),
        pytest.raises(Conflict, match="平台运行方尚无人设置保管口令"),
        transaction(),
    ):
        selection.open_need(again(made.owner), **{**COMPETITION, **GOVERNMENT})
    with app.app_context():
        assert db.session.scalar(select(KeyShare.id)) is None


def test_a_large_purchase_is_parted_by_the_edition_whatever_its_owner_asks(
    app: Flask, sign_in_as: SignIn
) -> None:
    made = holders(app, sign_in_as)
    with app.app_context(), transaction():
        asked = {**COMPETITION, **GOVERNMENT, "two_keys": False}
        need = selection.open_need(again(made.owner), **asked)
        assert not queries.live_round(need).two_keys
        need.budget = Decimal("499999.99")
        assert not actions.needs_two_keys(need, queries.live_round(need).opened_at)
        need.budget = Decimal(500000)
        assert actions.needs_two_keys(need, queries.live_round(need).opened_at)
        need.method = SelectionMethod.DIRECT_PICK
        assert not actions.needs_two_keys(need, queries.live_round(need).opened_at)
        db.session.rollback()


# ---- holders ----------------------------------------------------------------------------------


def test_a_new_passphrase_serves_new_shares_and_the_old_one_the_old(
    app: Flask, advance: Advance, sign_in_as: SignIn
) -> None:
    made = holders(app, sign_in_as)
    published(app, made)
    fields = {"passphrase": "换过的口令-山高月小-77", "again": "换过的口令-山高月小-77"}
    assert made.browsers[Capacity.OWNER].post("/key-holding", data=fields).status_code == 303
    advance(TO_OPENING)
    assert made.hand_in(app, Capacity.OWNER, fields["passphrase"]) == 422
    assert made.hand_in(app, Capacity.OWNER) == 303
    with app.app_context():
        keys = db.session.scalars(
            select(HolderKey).where(HolderKey.capacity == Capacity.OWNER).order_by(HolderKey.id)
        ).all()
        assert [each.ended_at is None for each in keys] == [False, True]


def test_passphrases_are_refused_in_words(app: Flask, sign_in_as: SignIn) -> None:
    with app.app_context(), transaction():
        person = accounts.officer(Role.BUREAU_APPROVER).user
    browser = sign_in_as(person)
    for first, second, said in (
        ("短口令", "短口令", "保管口令应为 12 至 128 个字符"),
        ("aaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaa", "重复的字符过多"),
        ("柳岸晓风残月-48213", "柳岸晓风残月-48214", "两次填写的保管口令不一致"),
        ("", "", "请填写保管口令"),
        (accounts.PASSWORD, accounts.PASSWORD, "保管口令不能与登录密码相同"),
    ):
        answer = browser.post("/key-holding", data={"passphrase": first, "again": second})
        assert answer.status_code == 422
        text = answer.get_data(as_text=True)
        assert said in text
        # a passphrase is never sent back
        assert not first or first not in re.sub(r"<p[^>]*>.*?</p>", "", text)
    with app.app_context():
        assert db.session.scalar(select(HolderKey.id)) is None


def test_nobody_sees_or_hands_in_anothers_share(app: Flask, sign_in_as: SignIn) -> None:
    made = holders(app, sign_in_as)
    published(app, made)
    share = made.share(app, Capacity.OWNER)
    assert made.browsers[Capacity.OWNER].get(f"/key-shares/{share}").status_code == 200
    with app.app_context(), transaction():
        others = [
            *(made.people[each] for each in (Capacity.BUREAU, Capacity.PLATFORM)),
            accounts.officer(Role.BUREAU_APPROVER).user,
            accounts.owner().user,
        ]
    for person in others:
        browser = sign_in_as(person)
        assert browser.get(f"/key-shares/{share}").status_code == 404
        for act, fields in (
            ("hand-in", {"passphrase": PHRASES[Capacity.OWNER]}),
            ("lost", {"reason": "不是我的份额，也来报遗失"}),
        ):
            assert browser.post(f"/key-shares/{share}/{act}", data=fields).status_code == 404
    with app.app_context(), transaction():
        firm = accounts.firm()
    assert sign_in_as(firm.user).get("/key-holding").status_code == 403
