"""Sealed quotes: nobody reads them before the hour, all are opened at once, low ones explained."""

from __future__ import annotations

import json
import secrets
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import make_url, select, text, update

from marketplace.accounts.models import OrganisationKind
from marketplace.accounts.permissions import Role
from marketplace.fees.models import PriceCheck
from marketplace.foundation import clock, crypto
from marketplace.foundation.actor import CLOCK, Actor
from marketplace.foundation.audit import AuditRow
from marketplace.foundation.db import Base, db
from marketplace.foundation.errors import Conflict, Invalid
from marketplace.foundation.transactions import transaction
from marketplace.notifications.models import Message
from marketplace.projects.models import Need, NeedStatus, SelectionMethod
from marketplace.selection import actions, closing, queries
from marketplace.selection.methods import draw_proof
from marketplace.selection.models import Award, AwardStatus, Entry, EntryStatus, SelectionRound
from marketplace.selection.sealing import low, opening, sealed
from marketplace.selection.sealing.models import LowStatus
from tests.factories import accounts, selection
from tests.selection.scenes import GOVERNMENT, Advance, SignIn, again, the_need

COMPETITION = {"method": SelectionMethod.PRICE_COMPETITION, "draw_source": None}
AVERAGE = {"method": SelectionMethod.AVERAGE_PRICE, "draw_source": None}
SENTINEL = "33519.07"
TO_OPENING = timedelta(days=1, hours=8, minutes=31)
SOON = timedelta(seconds=2)
CHEAPER = sealed.Quoted(Decimal(34000), "人员设备已在当地")


def quoted(prices: list[str], **changes: object) -> Need:
    """A sealed need with a firm for each price, in the order of the prices."""
    firms = selection.firms(len(prices))
    need = selection.open_need(**{**COMPETITION, **changes})
    for firm, price in zip(firms, prices, strict=True):
        selection.enter(need, firm, Decimal(price))
    return need


def prices_in_order() -> list[Decimal]:
    running = queries.round_of(the_need())
    assert running is not None
    return [each.quoted for each in queries.in_place_order(running)]


def winner() -> Award:
    found = queries.award_of(the_need())
    assert found is not None
    return found


def lows() -> list[low.LowQuote]:
    running = queries.round_of(the_need())
    assert running is not None
    return low.of_round(running)


def actor_of(entry: Entry) -> Actor:
    person = accounts.user(entry.organisation, Role.FIRM_ADMIN)
    return accounts.queries.actor_for(person, entry.organisation)


def everything_stored(app: Flask) -> str:
    """Every cell of every table, as text."""
    with app.app_context():
        rows = [
            str(row)
            for table in Base.metadata.sorted_tables
            for row in db.session.execute(text(f'SELECT * FROM "{table.name}"'))
        ]
        db.session.rollback()
    return "\n".join(rows)


def test_the_lowest_quote_wins_when_all_are_opened_at_the_hour(
    app: Flask, advance: Advance
) -> None:
    with app.app_context(), transaction():
        need = quoted(["36000", SENTINEL, "38000"])
        assert need.choice_at is not None
        assert all(each.price is None for each in queries.standing(queries.live_round(need)))
    advance(TO_OPENING - timedelta(minutes=2))
    with app.app_context():
        assert the_need().status is NeedStatus.SELECTING
        assert queries.live_round(the_need()).unsealed_at is None
        assert all(each.price is None for each in queries.listed(queries.live_round(the_need())))
    advance(timedelta(minutes=2))
    with app.app_context():
        assert prices_in_order() == [Decimal(SENTINEL), Decimal(36000), Decimal(38000)]
        assert winner().price == Decimal(SENTINEL)
        assert winner().status is AwardStatus.ANNOUNCED
        running = queries.live_round(the_need())
        assert running.unsealed_at is not None
        assert the_need().choice_at is not None
        late = running.unsealed_at - (the_need().choice_at or running.unsealed_at)
        assert timedelta(0) <= late < timedelta(minutes=1)
        assert len(running.ranking or []) == 3
        # each is checked against the fee standard at the opening, and the check can be read
        entries = queries.listed(running)
        assert all(db.session.get_one(PriceCheck, each.price_check_id) for each in entries)
    advance(timedelta(days=1, hours=2))
    with app.app_context():
        assert winner().status is AwardStatus.OFFERED


def test_no_price_stands_anywhere_before_the_opening(
    app: Flask, advance: Advance, sign_in_as: SignIn, capfd: pytest.CaptureFixture[str]
) -> None:
    with app.app_context(), transaction():
        firms = selection.firms(3)
        owner = accounts.owner(kind=OrganisationKind.AGENCY)
        need = selection.open_need(owner, **COMPETITION, **GOVERNMENT)
        public_id = need.public_id
        people = [firm.user for firm in firms]
    pages = [sign_in_as(person) for person in people]
    fen = SENTINEL.replace(".", "")
    for browser, price in zip(pages, ("36000", SENTINEL, "37000"), strict=True):
        form = browser.get(f"/needs/{public_id}/enter").get_data(as_text=True)
        assert "报价收到后立即密封" in form
        fields = {
            "price": price,
            "contribution": secrets.token_hex(32),
            "deviation_reason": "已有相邻项目的资料，工作量较小",
            "agree": "y",
        }
        answer = browser.post(f"/needs/{public_id}/enter", data=fields)
        assert answer.status_code == 303, answer.get_data(as_text=True)
        own = browser.get(answer.headers["Location"]).get_data(as_text=True)
        assert "已密封" in own
        assert price not in own
        assert "33,519.07" not in own
        again_form = browser.get(f"/needs/{public_id}/enter").get_data(as_text=True)
        assert price not in again_form
    # a quote above the budget is refused and leaves nothing behind
    refused = pages[0].post(
        f"/needs/{public_id}/enter",
        data={"price": "73519.07", "contribution": secrets.token_hex(32), "agree": "y"},
    )
    assert refused.status_code == 422
    with app.app_context():
        data = app.config["SETTINGS"].data_dir
        database = make_url(app.config["SQLALCHEMY_DATABASE_URI"])
        officers = [accounts.officer(role).user for role in (Role.BUREAU_OPERATOR, Role.AUDITOR)]
        db.session.commit()
        looks = [owner.user, owner.approver, *officers]
    told = everything_stored(app)
    for word in (SENTINEL, fen, "7351907", "73519.07"):
        assert word not in told
    addresses = (f"/needs/{public_id}", f"/results/{public_id}", "/firm/entries", "/workspace")
    for person in (None, *looks, *people):
        browser = sign_in_as(person) if person is not None else app.test_client()
        for address in (*addresses, f"/owner/needs/{public_id}/selection"):
            page = browser.get(address).get_data(as_text=True)
            assert "33,519.07" not in page
            assert SENTINEL not in page
    out, err = capfd.readouterr()
    assert SENTINEL not in out + err
    files = [each for each in data.rglob("*") if each.is_file()]
    if database.drivername.startswith("sqlite"):
        file = Path(database.database or "")
        files += file.parent.glob(f"{file.name}*")
        assert file in files
    for each in files:
        content = each.read_bytes()
        assert SENTINEL.encode() not in content, each
        assert fen.encode() not in content, each
    advance(TO_OPENING)
    with app.app_context():
        assert winner().price == Decimal(SENTINEL)
    assert "33,519.07" in app.test_client().get(f"/results/{public_id}").get_data(as_text=True)


def test_how_many_have_quoted_shows_nowhere_before_closing(app: Flask, advance: Advance) -> None:
    def shown() -> list[str]:
        browser = app.test_client()
        pages = (f"/needs/{public_id}", f"/results/{public_id}", "/needs", "/")
        return [browser.get(page).get_data(as_text=True) for page in pages]

    with app.app_context(), transaction():
        firms = selection.firms(5)
        public_id = selection.open_need(**COMPETITION).public_id
    before = shown()
    assert "报名家数和名单截止前都不公开" in before[0]
    assert all("家报名" not in page and "None" not in page for page in before[:2])
    for count in (1, 4):
        with app.app_context(), transaction():
            for firm in firms[:1] if count == 1 else firms[1:]:
                selection.enter(the_need(), again(firm), Decimal(36000))
        assert shown() == before
    advance(TO_OPENING - timedelta(minutes=2))
    assert "共 5 家" in shown()[0]


def test_equal_quotes_are_drawn_with_a_proof_anybody_checks(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        need = quoted(["36000", "35000", "35000", "38000", "38000"])
        public_id = need.public_id
    advance(TO_OPENING)
    with app.app_context():
        running = queries.live_round(the_need())
        assert running.unsealed_at is not None
        assert running.ranking is None
        assert queries.award_of(the_need()) is None
    assert "并列机构待" in app.test_client().get(f"/results/{public_id}").get_data(as_text=True)
    advance(timedelta(hours=5))
    with app.app_context(), transaction():
        selection.read_lottery("2026062")
    advance(SOON)
    with app.app_context():
        first, second = (json.loads(each.proof) for each in opening.tie_draws(round_again()))
        assert first["need"] == f"{the_need().number}#tie-1"
        assert winner().organisation.credit_code == first["order"][0]
        assert winner().price == Decimal(35000)
        assert prices_in_order() == [Decimal(p) for p in (35000, 35000, 36000, 38000, 38000)]
        assert (round_again().ranking or [])[3:] == second["order"]
        names = [name for name, _proof in queries.public_proofs()]
        assert names == [f"{the_need().number}-1-tie-{number}.json" for number in (1, 2)]
        for each in opening.tie_draws(round_again()):
            assert draw_proof.verify(each.proof.encode()).draw_id.endswith(f"#tie-{each.number}")
    answer = app.test_client().get(f"/results/{public_id}/ties/1.json")
    assert draw_proof.verify(answer.data).ranking[0] == first["order"][0]
    assert app.test_client().get(f"/results/{public_id}/ties/3.json").status_code == 404
    # and the page that checks in the reader's browser opens with it
    result = app.test_client().get(f"/results/{public_id}").get_data(as_text=True)
    assert f"/verify?need={public_id}&amp;tie=2" in result
    page = app.test_client().get(f"/verify?need={public_id}&tie=2").get_data(as_text=True)
    assert "#tie-2" in page
    assert app.test_client().get(f"/verify?need={public_id}&tie=3").status_code == 404


def round_again() -> SelectionRound:
    running = queries.round_of(the_need())
    assert running is not None
    return running


def test_the_quote_nearest_to_the_mean_wins_an_average_price(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        need = quoted(["30000", "36000", "37000", "39900", "35500"], **AVERAGE)
        public_id = need.public_id
    advance(TO_OPENING)
    with app.app_context():
        # 30000 and 39900 are left out of the mean
        assert opening.shown_middle(the_need(), round_again()) == Decimal("36166.67")
        assert winner().price == Decimal(36000)
        assert lows() == []
    page = app.test_client().get(f"/results/{public_id}").get_data(as_text=True)
    assert "平均价 36,166.67 元" in page
    assert "已去掉一个最高价和一个最低价" in page


def test_a_quote_far_below_all_others_is_explained_and_decided_in_public(
    app: Flask, advance: Advance, sign_in_as: SignIn
) -> None:
    with app.app_context(), transaction():
        firms = selection.firms(3)
        owner = accounts.owner(kind=OrganisationKind.AGENCY)
        need = selection.open_need(owner, **COMPETITION, **GOVERNMENT)
        for firm, price in zip(firms, ("24000", "36000", "37000"), strict=True):
            selection.enter(need, firm, Decimal(price))
        public_id = need.public_id
    advance(TO_OPENING)
    with app.app_context():
        (asked,) = lows()
        assert asked.status is LowStatus.ASKED
        assert asked.mean == Decimal("36500.00")
        assert queries.award_of(the_need()) is None
        entry_id, low_id = asked.entry.public_id, asked.public_id
    firm, other = sign_in_as(firms[0].user), sign_in_as(firms[1].user)
    short = firm.post(f"/low-quotes/{low_id}/explanation", data={"explanation": "便宜"})
    assert short.status_code == 422
    assert "不少于 10 个字" in short.get_data(as_text=True)
    said = {"explanation": "本机构在同一流域有三个在编项目，现场调查数据可以共用"}
    assert other.post(f"/low-quotes/{low_id}/explanation", data=said).status_code == 404
    done = firm.post(f"/low-quotes/{low_id}/explanation", data=said)
    assert done.status_code == 303
    assert done.headers["Location"].endswith(f"/entries/{entry_id}")
    assert firm.post(f"/low-quotes/{low_id}/explanation", data=said).status_code == 409
    advance(timedelta(days=2))
    with app.app_context():
        # the owner has not decided: nothing goes on by itself
        assert lows()[0].status is LowStatus.EXPLAINED
        assert queries.award_of(the_need()) is None
    operator, approver = sign_in_as(owner.user), sign_in_as(owner.approver)
    word = {"verdict": "refused", "reason": "现场数据不能替代本项目的实地调查，质量无法保证"}
    assert operator.post(f"/low-quotes/{low_id}/decision", data=word).status_code == 403
    assert firm.post(f"/low-quotes/{low_id}/decision", data=word).status_code in (403, 404)
    assert "公布认定" in approver.get(f"/owner/needs/{public_id}/selection").get_data(as_text=True)
    assert approver.post(f"/low-quotes/{low_id}/decision", data=word).status_code == 303
    assert approver.post(f"/low-quotes/{low_id}/decision", data=word).status_code == 409
    advance(SOON)
    with app.app_context():
        assert winner().price == Decimal(36000)
        assert winner().place == 2
    page = app.test_client().get(f"/results/{public_id}").get_data(as_text=True)
    for words in (said["explanation"], word["reason"], "说明不成立", "36,500.00"):
        assert words in page


def test_a_low_quote_found_explained_wins(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        owner = accounts.owner()
        firms = selection.firms(2)
        need = selection.open_need(owner, **COMPETITION)
        for firm, price in zip(firms, ("24000", "36000"), strict=True):
            selection.enter(need, firm, Decimal(price))
    # two are too few: entries are open one working day longer
    advance(TO_OPENING + timedelta(days=1))
    with app.app_context(), transaction():
        (asked,) = lows()
        low.explain(asked, "同一流域的现场调查数据可以共用，人工少一半", actor_of(asked.entry))
        with pytest.raises(Invalid):
            low.decide(asked, True, "成立", again(owner).approving_actor)
        low.decide(asked, True, "说明与公开的在编项目相符，予以认定", again(owner).approving_actor)
    advance(SOON)
    with app.app_context():
        assert winner().price == Decimal(24000)
        assert lows()[0].status is LowStatus.UPHELD


def test_silence_about_a_low_quote_passes_it_by(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        quoted(["24000", "36000", "37000"])
    advance(TO_OPENING)
    with app.app_context():
        assert lows()[0].status is LowStatus.ASKED
    advance(timedelta(days=1, hours=1))
    with app.app_context():
        assert lows()[0].status is LowStatus.SILENT
        assert winner().price == Decimal(36000)
        assert winner().place == 2
        with pytest.raises(Conflict):
            low.explain(lows()[0], "现场调查数据可以共用，人工少一半", actor_of(lows()[0].entry))


def test_a_reserve_whose_quote_is_low_is_asked_when_its_turn_comes(
    app: Flask, advance: Advance
) -> None:
    with app.app_context(), transaction():
        # both low ones fall below 70 % of the mean of all others
        quoted(["15000", "16000", "39000", "39500", "39900"])
    advance(TO_OPENING)
    with app.app_context(), transaction():
        (first,) = lows()
        low.explain(first, "现场调查数据可以共用，人工少一半", actor_of(first.entry))
        low.decide(first, True, "说明与公开的在编项目相符，予以认定", owner_actor())
    advance(timedelta(days=1, hours=1))
    with app.app_context(), transaction():
        award = winner()
        assert award.status is AwardStatus.OFFERED
        actions.decline_award(award, "人员安排有变，不能按期完成", actor_of(award.entry))
    with app.app_context():
        assert the_need().status is NeedStatus.SELECTING
        second = lows()[1]
        assert second.status is LowStatus.ASKED
    advance(timedelta(days=4))
    with app.app_context():
        assert lows()[1].status is LowStatus.SILENT
        assert winner().price == Decimal(39000)


def owner_actor() -> Actor:
    need = the_need()
    person = accounts.user(need.owner, Role.OWNER_APPROVER)
    return accounts.queries.actor_for(person, need.owner)


@pytest.mark.parametrize("how", ["altered", "swapped", "made anew"])
def test_a_quote_that_is_not_the_one_received_ends_the_selection_unopened(
    app: Flask, advance: Advance, how: str
) -> None:
    with app.app_context(), transaction():
        quoted(["36000", "35000", "38000"])
    advance(TO_OPENING - timedelta(minutes=2))
    with app.app_context(), transaction():
        one, other, _third = queries.listed(queries.live_round(the_need()))
        if how == "altered":
            body = (one.sealed or "")[:-2] + ("00" if (one.sealed or "")[-2:] != "00" else "01")
            told = {"sealed": body}
        elif how == "made anew":
            # the round's public key is public, and so is whose entry it is
            running = queries.live_round(the_need())
            kept = one.sealed_signature
            sealed.seal(the_need(), running, one, closing.credit_code(one), CHEAPER)
            told = {
                "sealed": one.sealed,
                "sealed_sha256": one.sealed_sha256,
                "sealed_signature": kept,
            }
            db.session.rollback()
        else:
            told = {"sealed": other.sealed, "sealed_sha256": other.sealed_sha256}
        db.session.execute(update(Entry).where(Entry.id == one.id).values(told))
    advance(timedelta(minutes=3))
    with app.app_context():
        need, running = the_need(), queries.round_of(the_need())
        assert running is not None
        assert all(each.price is None for each in queries.listed(running))
        assert need.status is NeedStatus.FAILED
        assert "密文与收到时登记的不一致" in (need.outcome_reason or "")
        assert queries.awards_of(need) == []
        told_bureau = select(Message).where(Message.subject.startswith("请核查密封报价"))
        assert db.session.scalars(told_bureau).one().organisation_id == queries.bureau_of(need)
        acts = set(db.session.scalars(select(AuditRow.action)))
        assert "quotes.broken" in acts
        assert "quotes.key_released" not in acts


def test_nothing_opens_a_quote_before_the_hour(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        quoted(["36000", "35000", "38000"])
    advance(TO_OPENING - timedelta(minutes=2))
    with app.app_context():
        need = the_need()
        with pytest.raises(RuntimeError, match="not be opened yet"):
            opening.open_quotes(need, queries.live_round(need), CLOCK, clock.now())
        entry = queries.listed(queries.live_round(need))[0]
        wrong = crypto.new_seal_keys()[0]
        code = entry.organisation.credit_code or ""
        with pytest.raises(crypto.SealBroken):
            sealed.unseal(wrong, queries.live_round(need), entry, code)


def test_a_quote_changed_in_time_replaces_the_one_before_and_both_stay_sealed(
    app: Flask, advance: Advance
) -> None:
    with app.app_context(), transaction():
        firms = selection.firms(3)
        need = selection.open_need(**COMPETITION)
        for firm, price in zip(firms, (36000, 37000, 38000), strict=True):
            selection.enter(need, firm, Decimal(price))
        selection.enter(need, firms[2], Decimal("34500.50"))
        lengths = {len(each.sealed or "") for each in db.session.scalars(select(Entry))}
        assert len(lengths) == 1
        commitments = [each.sealed_sha256 for each in db.session.scalars(select(Entry))]
        assert len(set(commitments)) == 4
        receipt = sealed.receipt_text(queries.standing(queries.live_round(need))[-1])
        entry = queries.standing(queries.live_round(need))[-1]
        assert receipt is not None
        assert entry.sealed_sha256 in receipt
        assert crypto.verify_signature(
            receipt.encode(), entry.sealed_signature or "", crypto.signing_public_key()
        )
    with app.app_context():
        rows = db.session.scalars(
            select(AuditRow).where(AuditRow.action == "entry.received").order_by(AuditRow.seq)
        )
        assert [row.facts["sealed_sha256"] for row in rows] == commitments
    advance(TO_OPENING)
    with app.app_context():
        assert winner().price == Decimal("34500.50")
        replaced = db.session.scalars(
            select(Entry).where(Entry.status == EntryStatus.REPLACED)
        ).one()
        assert replaced.price is None


def test_without_a_quote_the_need_fails(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        selection.open_need(**COMPETITION)
    advance(TO_OPENING)
    with app.app_context():
        assert the_need().status is NeedStatus.FAILED
