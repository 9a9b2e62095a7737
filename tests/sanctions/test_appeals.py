"""Appeals from filing to what they undo."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.accounts.permissions import Role
from marketplace.accounts.queries import bureau
from marketplace.foundation import clock, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Invalid, Refused
from marketplace.foundation.transactions import transaction
from marketplace.notices import queries as notices
from marketplace.notices.models import NoticeStatus, PublicNotice
from marketplace.notifications.models import Message
from marketplace.ratings.models import EntryKind, GradeProposal, ProposalStatus, RatingEntry
from marketplace.sanctions import queries
from marketplace.sanctions.actions import cards
from marketplace.sanctions.appeals import actions as appeals
from marketplace.sanctions.appeals.models import Appeal, AppealStatus
from marketplace.sanctions.models import (
    Blacklisting,
    BlacklistingStatus,
    Breach,
    Card,
    CardStatus,
    Case,
    Cause,
)
from marketplace.sanctions.repairs import actions as repairs
from marketplace.sanctions.rules import Colour
from tests.factories import accounts, sanctions, selection
from tests.factories.notices import Somebody
from tests.selection.scenes import again

Advance = Callable[[timedelta], None]
SignIn = Callable[..., FlaskClient]
GROUNDS = "期间的延误由业主未提供基础资料造成，有往来函件为证。"
PDF = b"%PDF-1.7\nevidence"


def _superior() -> Actor:
    return accounts.officer(Role.SUPERVISOR).actor


def _reversed() -> int:
    kind = RatingEntry.kind == EntryKind.REVERSAL
    return len(db.session.scalars(select(RatingEntry).where(kind)).all())


def test_an_appeal_through_its_pages_with_a_stay_and_a_revocation(
    app: Flask, client: FlaskClient, sign_in_as: SignIn
) -> None:
    with app.app_context():
        with transaction():
            firm, other = selection.firms(2)
            row = sanctions.blacklisted(firm, Cause.FALSE_MATERIALS)
            people = [
                Somebody.of(each)
                for each in (
                    firm,
                    other,
                    accounts.officer(Role.SUPERVISOR),
                    accounts.officer(Role.BUREAU_APPROVER),
                )
            ]
            case, name, firm_id = row.case.public_id, firm.organisation.name, firm.organisation.id
        users = [each.user for each in people]
    one, stranger, superior, bureau = (sign_in_as(user) for user in users)
    filing = f"/cases/{case}/appeal"
    assert name in client.get("/sanctions").text
    assert "提出申诉" in one.get("/workspace/sanctions").text
    assert stranger.get(filing).status_code == 404
    assert bureau.get(filing).status_code == 403
    assert one.get(filing).status_code == 200
    assert one.post(filing, data={"grounds": "不服"}).status_code == 422
    sent = one.post(filing, data={"grounds": GROUNDS, "evidence": (io.BytesIO(PDF), "函件.pdf")})
    assert sent.status_code == 303
    page = sent.headers["Location"]
    assert one.post(filing, data={"grounds": GROUNDS}).status_code == 409
    # the decision stands meanwhile; both sides and the superior read it, nobody else
    assert "复核期间不停止执行原决定" in one.get(page).text
    assert [each.get(page).status_code for each in (superior, bureau, stranger)] == [200, 200, 404]
    assert superior.get(f"{page}/evidence").data == PDF
    assert name in superior.get("/supervision/appeals").text
    assert "复核申诉" in superior.get("/workspace").text
    assert name in client.get("/sanctions").text
    # a stay: off the list and free to enter the same second; taken back: barred again
    stay = {"conclusion": "stay", "reason": "证据存疑，先行停止执行。"}
    assert bureau.post(f"{page}/stay", data=stay).status_code == 403
    assert superior.post(f"{page}/stay", data={**stay, "reason": ""}).status_code == 422
    assert superior.post(f"{page}/stay", data=stay).status_code == 303
    assert name not in client.get("/sanctions").text
    with app.app_context(), transaction():
        need = selection.open_need(entry_working_days=10)
        entry = selection.enter(need, again(firm))
        entry_page = f"/entries/{entry.public_id}"
    again_on = {"conclusion": "go_on", "reason": "新证据已核实，恢复执行。"}
    assert superior.post(f"{page}/stay", data=again_on).status_code == 303
    assert name in client.get("/sanctions").text
    assert "报名已被撤下" in one.get(entry_page).text
    # revoked: off every list, the notice is down, what was posted is reversed, D falls
    review = {
        "outcome": "revoke",
        "reason": "认定事实的证据不足，撤销原决定。",
        "panel": "甲、乙、丙",
    }
    assert superior.get(f"{page}/decision").status_code == 200
    assert superior.post(f"{page}/decision", data={**review, "outcome": ""}).status_code == 422
    assert superior.post(f"{page}/decision", data=review).status_code == 303
    assert superior.post(f"{page}/decision", data=review).status_code == 409
    assert name not in client.get("/sanctions").text
    assert "撤销原决定" in one.get(page).text
    with app.app_context():
        row = db.session.query(Blacklisting).one()
        assert row.status is BlacklistingStatus.REVOKED
        notice = notices.latest("sanction", row)
        assert notice is not None
        assert notice.status is NoticeStatus.WITHDRAWN
        assert queries.bars(firm_id, accounts.CITY, None, clock.now()) == []
        assert _reversed() == 1
        reversal = db.session.query(RatingEntry).filter_by(kind=EntryKind.REVERSAL).one()
        veto = db.session.query(RatingEntry).filter_by(kind=EntryKind.VETO).one()
        assert reversal.takes_effect_on == veto.takes_effect_on
        assert db.session.query(GradeProposal).one().status is ProposalStatus.REJECTED


def test_what_a_review_may_do_and_who_may_not_make_it(app: Flask, advance: Advance) -> None:
    with app.app_context():
        with transaction():
            firm = accounts.firm()
            row = sanctions.blacklisted(firm, months=12)
            appeal = appeals.file_appeal(row.case, GROUNDS, firm.actor, clock.now())
            superior = _superior()
            before = row.until_at
        for months, wrong in ((12, Invalid), (13, Invalid), (0, Invalid)):
            with pytest.raises(wrong) as harder, transaction():
                appeals.change(appeal, months, GROUNDS, superior, clock.now())
            assert harder.value.field == "shorter"
        db.session.expire_all()
        assert appeal.status is AppealStatus.FILED
        decider = replace(superior, user_id=row.case.decided_by)
        with pytest.raises(Refused) as same, transaction():
            appeals.revoke(appeal, GROUNDS, decider, clock.now())
        assert same.value.rule == "two_officers"
        with transaction():
            appeals.change(appeal, 3, "情节较轻，予以变更。", superior, clock.now())
        assert row.status is BlacklistingStatus.IN_FORCE
        assert row.until_at < before
        notice = notices.latest("sanction", row)
        assert notice is not None
        assert notice.ends_at == row.until_at
        left = row.until_at - clock.now()
        key = row.id
        with transaction():
            late = sanctions.blacklisted(accounts.firm())
            person = accounts.user(late.organisation, Role.FIRM_ADMIN)
            late_case = late.case.id
            party = Somebody.of(accounts.Party(person, late.organisation, person))
    advance(timedelta(days=25))
    with app.app_context():
        found = db.session.get_one(Case, late_case)
        with pytest.raises(Conflict) as over, transaction():
            appeals.file_appeal(found, GROUNDS, party.actor, clock.now())
        assert over.value.rule == "appeal.period"
    advance(left)
    with app.app_context():
        assert db.session.get_one(Blacklisting, key).status is BlacklistingStatus.ENDED


def test_what_ended_or_was_repaired_meanwhile_can_be_revoked_but_not_shortened(
    app: Flask, advance: Advance
) -> None:
    with app.app_context(), transaction():
        firm, other = accounts.firm(), accounts.firm()
        row = sanctions.blacklisted(firm, months=1)
        repaired = sanctions.blacklisted(other, months=1)
        ended = appeals.file_appeal(row.case, GROUNDS, firm.actor, clock.now()).id
        mended = appeals.file_appeal(repaired.case, GROUNDS, other.actor, clock.now()).id
        lifecycle.move(repaired, BlacklistingStatus.REPAIRED, firm.actor, clock.now())
    advance(timedelta(days=32))
    with app.app_context():
        with transaction():
            superior = _superior()
        for key in (ended, mended):
            appeal = db.session.get_one(Appeal, key)
            with pytest.raises(Conflict) as over, transaction():
                appeals.change(appeal, 1, GROUNDS, superior, clock.now())
            assert over.value.rule == "appeal.change"
            with transaction():
                appeals.revoke(appeal, GROUNDS, superior, clock.now())
        assert {each.status for each in db.session.query(Blacklisting)} == {
            BlacklistingStatus.REVOKED
        }


def test_a_revoked_yellow_card_takes_the_red_one_of_the_clock_along(
    app: Flask, advance: Advance
) -> None:
    with app.app_context(), transaction():
        firm = accounts.firm()
        card = sanctions.card(firm.organisation)
        assert card.status is CardStatus.CORRECTING
        filed = appeals.file_appeal(card, GROUNDS, firm.actor, clock.now())
        appeal_id, firm_id = filed.id, firm.organisation.id
    advance(timedelta(days=15))
    with app.app_context():
        assert queries.bars(firm_id, accounts.CITY, None, clock.now())
        with transaction():
            found = db.session.get_one(Appeal, appeal_id)
            appeals.revoke(found, "事实不清，予以撤销。", _superior(), clock.now())
        states = {each.status for each in db.session.query(Card)}
        assert states == {CardStatus.REVOKED}
        assert queries.bars(firm_id, accounts.CITY, None, clock.now()) == []
        assert _reversed() == 2
        with transaction():
            # nothing of it counts on the ladder: the next one is the first again
            organisation = db.session.get_one(accounts.Organisation, firm_id)
            assert sanctions.card(organisation).status is CardStatus.CORRECTING


def test_a_yellow_card_is_revoked_after_the_red_one_it_led_to(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        firm = accounts.firm()
        card = sanctions.card(firm.organisation)
        yellow_id = appeals.file_appeal(card, GROUNDS, firm.actor, clock.now()).id
        person = Somebody.of(firm)
    advance(timedelta(days=15))
    with app.app_context(), transaction():
        red = db.session.scalars(select(Card).where(Card.colour == Colour.RED)).one()
        red_id = appeals.file_appeal(red, GROUNDS, person.actor, clock.now()).id
        for number in (red_id, yellow_id):
            found = db.session.get_one(Appeal, number)
            appeals.revoke(found, "事实不清，予以撤销。", _superior(), clock.now())
        assert {each.status for each in db.session.query(Card)} == {CardStatus.REVOKED}
        assert {each.status for each in db.session.query(Appeal)} == {AppealStatus.REVOKED}
        assert _reversed() == 2


def test_an_appeal_against_the_red_card_ends_with_that_against_the_yellow_one(
    app: Flask, advance: Advance
) -> None:
    with app.app_context(), transaction():
        firm = accounts.firm()
        card = sanctions.card(firm.organisation)
        yellow_id = appeals.file_appeal(card, GROUNDS, firm.actor, clock.now()).id
        person = Somebody.of(firm)
    advance(timedelta(days=15))
    with app.app_context():
        with transaction():
            red = db.session.scalars(select(Card).where(Card.colour == Colour.RED)).one()
            red_id = appeals.file_appeal(red, GROUNDS, person.actor, clock.now()).id
            found, superior = db.session.get_one(Appeal, yellow_id), _superior()
            appeals.revoke(found, "事实不清，予以撤销。", superior, clock.now())
        closed = db.session.get_one(Appeal, red_id)
        assert (closed.status, closed.decided_by) == (AppealStatus.REVOKED, superior.user_id)
        assert closed.next_check_at is None
        assert "黄牌" in (closed.decision_reason or "")
        assert "事实不清" in (closed.decision_reason or "")
        told = db.session.scalars(
            select(Message.organisation_id).where(
                Message.link == f"/appeals/{closed.public_id}",
                Message.subject.startswith("申诉复核结论：撤销原决定"),
            )
        ).all()
        assert sorted(told) == sorted([person.organisation_id, bureau(accounts.CITY).id])
        with pytest.raises(Conflict), transaction():
            appeals.uphold(closed, GROUNDS, superior, clock.now())


def test_what_is_changed_while_it_is_stayed_is_announced_once(app: Flask) -> None:
    with app.app_context():
        with transaction():
            firm = accounts.firm()
            row = sanctions.blacklisted(firm, months=12)
            appeal = appeals.file_appeal(row.case, GROUNDS, firm.actor, clock.now())
            superior = _superior()
            appeals.decide_stay(appeal, True, GROUNDS, superior, clock.now())
        before = db.session.query(PublicNotice).count()
        with transaction():
            resumed = appeals.change(appeal, 3, "情节较轻，予以变更。", superior, clock.now())
        assert resumed is row
        assert row.status is BlacklistingStatus.IN_FORCE
        assert db.session.query(PublicNotice).count() == before + 1
        notice = notices.latest("sanction", row)
        assert notice is not None
        assert (notice.status, notice.ends_at) == (NoticeStatus.OPEN, row.until_at)
        assert "停止执行" not in notice.title
        assert "期限变更为至" in notice.body
        assert "起恢复执行" in notice.body


def _running_notices(subject: Card | Blacklisting) -> list[PublicNotice]:
    return list(
        db.session.scalars(
            select(PublicNotice).where(
                PublicNotice.subject_type == subject.__tablename__,
                PublicNotice.subject_id == subject.id,
                PublicNotice.status == NoticeStatus.OPEN,
            )
        )
    )


def test_the_notice_tells_a_stay_and_that_it_is_over(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), transaction():
        firm, superior = accounts.firm(), _superior()
        row = sanctions.blacklisted(firm)
        appeal = appeals.file_appeal(row.case, GROUNDS, firm.actor, clock.now())
        appeals.decide_stay(appeal, True, GROUNDS, superior, clock.now())
        (notice,) = _running_notices(row)
        assert notice.title.endswith("（停止执行）")
        assert "起停止执行本决定" in notice.body
        key, address = row.id, f"/notices/{notice.public_id}"
    assert "（停止执行）" in client.get(address).text
    with app.app_context(), transaction():
        row = db.session.get_one(Blacklisting, key)
        appeal = db.session.query(Appeal).one()
        # while it is stayed there is nothing to repair, and the answer says so
        with pytest.raises(Conflict) as stayed:
            repairs.file_repair(row.case, GROUNDS, None, appeal_firm(appeal), clock.now())
        assert stayed.value.rule == "repair.stayed"
        assert "停止执行" in stayed.value.message
        appeals.uphold(appeal, GROUNDS, _superior(), clock.now())
        (notice,) = _running_notices(row)
        assert "停止执行）" not in notice.title
        assert notice.body.endswith("起恢复执行本决定。")
        assert notice.ends_at == row.until_at
    assert client.get(address).status_code == 404


def appeal_firm(appeal: Appeal) -> Actor:
    """Somebody of the firm that appealed."""
    return Actor(None, "", organisation_id=appeal.organisation_id)


def test_who_waited_for_a_lock_decides_at_the_instant_he_held_it(
    app: Flask, advance: Advance
) -> None:
    with app.app_context(), transaction():
        firm, other, superior = accounts.firm(), accounts.firm(), _superior()
        row = sanctions.blacklisted(firm, months=2)
        second = sanctions.blacklisted(other, months=2)
        first = appeals.file_appeal(row.case, GROUNDS, firm.actor, clock.now())
        last = appeals.file_appeal(second.case, GROUNDS, other.actor, clock.now())
        early = clock.now()
        # meanwhile the month to which the first shall be shortened went by
        clock.advance(timedelta(days=40))
        appeals.change(first, 1, GROUNDS, superior, early)
        assert row.status is BlacklistingStatus.ENDED
        appeals.decide_stay(last, True, GROUNDS, superior, early)
        proposed = cards.propose_card(
            other.organisation,
            accounts.CITY,
            Breach.LATE,
            sanctions.FACTS,
            accounts.officer(Role.BUREAU_OPERATOR).actor,
            clock.now(),
        )
        cards.issue_card(proposed, accounts.officer(Role.BUREAU_APPROVER).actor, early)
        told = [first.decided_at, last.stay_decided_at, proposed.decided_at]
        assert all(at is not None and at > early + timedelta(days=39) for at in told)
