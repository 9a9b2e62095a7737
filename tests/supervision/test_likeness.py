"""Who comes back under another name is asked about before he is listed, and once."""

from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.accounts.models import Organisation
from marketplace.accounts.permissions import Role
from marketplace.foundation import clock, files
from marketplace.foundation.actor import CLOCK
from marketplace.foundation.audit import AuditRow
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, DomainError, Refused
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries import actions as register
from marketplace.intermediaries import queries as registered
from marketplace.intermediaries.file.actions.people import put_controller
from marketplace.intermediaries.likeness import actions, features, queries
from marketplace.intermediaries.likeness.features import person_digest
from marketplace.intermediaries.likeness.models import Match, MatchStatus
from marketplace.intermediaries.likeness.reasons import reasons
from marketplace.intermediaries.likeness.tasks import keep_lacking
from marketplace.intermediaries.models import Firm, FirmStatus, Recommendation
from marketplace.notices import queries as notices
from marketplace.ratings import actions as ratings
from marketplace.ratings.queries import grade_on, open_proposal, subject_of
from marketplace.ratings.rules.entries import Grade
from marketplace.sanctions import queries as sanctions_of
from marketplace.sanctions.actions import cards, succession
from marketplace.sanctions.appeals import actions as appeals
from marketplace.sanctions.models import Blacklisting, Card, CardStatus
from marketplace.sanctions.national import actions as national
from marketplace.sanctions.rules import Colour
from marketplace.supervision import actions as supervision
from marketplace.supervision.related.deciding import decide_match
from tests.factories import accounts, intermediaries, sanctions

CITY = accounts.CITY
SignIn = Callable[..., FlaskClient]
Advance = Callable[[timedelta], None]
HOLDER = intermediaries.resident_id(777)
LEGAL = intermediaries.resident_id(888)
CERTIFICATE = "鲁工2024001"


def _barred() -> intermediaries.RegisteredFirm:
    """A listed firm, blacklisted for a year, with something of every kind."""
    made = intermediaries.drafted(legal_identity=LEGAL, controller=("控股人", HOLDER))
    made.organisation.address = "山东省德州市德城区创业路12号3栋501室"
    made.organisation.phone = "0534-2345678"
    register.add_practitioner(
        made.firm,
        name="赵工",
        profession="工程师",
        number=CERTIFICATE,
        actor=made.actor,
        now=clock.now(),
    )
    register.submit_application(made.firm, True, made.actor, clock.now())
    _list(made.firm)
    sanctions.blacklisted(made)
    for row in registered.practitioners(made.firm.id):
        register.end_record(row, made.actor, clock.now())
    return made


def _list(firm: Firm) -> None:
    now = clock.now()
    operator, approver = (
        accounts.officer(role).actor for role in (Role.BUREAU_OPERATOR, Role.BUREAU_APPROVER)
    )
    if firm.status is FirmStatus.SUBMITTED:
        register.pass_check(
            firm, intermediaries.all_passed(), Recommendation.LIST, "", operator, now
        )
    register.list_firm(firm, approver, now)


def _with(kept: str) -> intermediaries.RegisteredFirm:
    """Another firm that kept one thing of the barred one, written otherwise."""
    made = intermediaries.drafted(
        legal_identity=LEGAL if kept == "legal_person" else None,
        controller=("别名", HOLDER) if kept == "shareholder" else None,
    )
    if kept == "address":
        made.organisation.address = "德城区创业路１２号（3幢）501"
    if kept == "phone":
        made.firm.agent_phone = "+86 534 2345678"
    if kept == "practitioner":
        register.add_practitioner(
            made.firm,
            name="赵工",
            profession="工程师",
            number="鲁工 2024001 号",
            actor=made.actor,
            now=clock.now(),
        )
    if kept == "control":
        barred = db.session.scalars(
            select(Organisation).where(Organisation.phone == "0534-2345678")
        ).one()
        register.set_controller(made.firm, barred.name, barred.credit_code, made.actor, clock.now())
    register.submit_application(made.firm, True, made.actor, clock.now())
    return made


def _ties(firm: Firm) -> list[str]:
    return [tie["tie"] for match in queries.of_firm(firm.id) for tie in match.ties]


def test_each_single_thing_kept_is_found_and_nothing_kept_is_not(app: Flask) -> None:
    with app.app_context(), transaction():
        _barred()
        for kept in ("legal_person", "shareholder", "address", "phone", "practitioner", "control"):
            made = _with(kept)
            assert _ties(made.firm) == [kept]
            with pytest.raises(Conflict) as refusal:
                _list(made.firm)
            assert refusal.value.rule == "likeness.undecided"
            # out of the way of the next
            for match in queries.of_firm(made.firm.id):
                assert match.standings == ["barred"]
                db.session.delete(match)
            db.session.flush()
            made.firm.legal_digest = made.firm.agent_phone = None
            made.organisation.address = f"别处 {made.firm.id} 号"
            register_rows = [registered.controller(made.firm.id)]
            register_rows += registered.practitioners(made.firm.id)  # type: ignore[arg-type]
            for row in filter(None, register_rows):
                row.ended_at = clock.now()
            features.keep([made.organisation.id], clock.now())
            for feature in db.session.scalars(
                select(features.Feature).where(
                    features.Feature.organisation_id == made.organisation.id,
                    features.Feature.ended_at.is_not(None),
                )
            ):
                db.session.delete(feature)
        clean = _with("nothing")
        assert _ties(clean.firm) == []
        _list(clean.firm)
        assert clean.firm.status is FirmStatus.LISTED


def test_a_decision_is_remembered_until_something_new_is_found(app: Flask) -> None:
    with app.app_context(), transaction():
        _barred()
        made = _with("address")
        (match,) = queries.of_firm(made.firm.id)
        operator, approver = (
            accounts.officer(role).actor for role in (Role.BUREAU_OPERATOR, Role.BUREAU_APPROVER)
        )
        now = clock.now()
        # the same subject only after the firm was heard
        with pytest.raises(Conflict) as refusal:
            actions.propose(match, MatchStatus.SAME, "同一地址", operator, now)
        assert refusal.value.rule == "likeness.hearing"
        actions.propose(match, MatchStatus.RELATED, "同一创业园", operator, now)
        with pytest.raises(Refused):
            actions.decide(match, "同意", operator, now)
        decide_match(match, "同意", approver, now)
        assert match.status is MatchStatus.RELATED
        assert not sanctions_of.bars(made.organisation.id, CITY, None, clock.now())
        _list(made.firm)
        # the same again is not asked, something new is
        assert actions.look(made.firm, operator, clock.now()) == []
        put_controller(made.firm, "控股人", person_digest(HOLDER), made.actor, clock.now())
        (again,) = actions.look(made.firm, operator, clock.now())
        assert {reason.tie.value: reason.new for reason in reasons(again)} == {
            "shareholder": True,
            "address": False,
        }
        assert queries.decided_with(made.firm, again.other, None) == [match]


def test_the_same_subject_bears_what_its_former_name_bore(app: Flask) -> None:
    with app.app_context(), transaction():
        former = _barred()
        made = _with("legal_person")
        (match,) = queries.of_firm(made.firm.id)
        operator, approver = (
            accounts.officer(role).actor for role in (Role.BUREAU_OPERATOR, Role.BUREAU_APPROVER)
        )
        actions.state_view(match, "系另行投资设立", made.actor, clock.now())
        actions.propose(match, MatchStatus.SAME, "同一法定代表人", operator, clock.now())
        decide_match(match, "属更名再入驻", approver, clock.now())
        rows = {row.organisation_id: row for row in db.session.scalars(select(Blacklisting)).all()}
        own, before = rows[made.organisation.id], rows[former.organisation.id]
        assert (own.follows_id, own.until_at, own.cause) == (
            before.id,
            before.until_at,
            before.cause,
        )
        assert sanctions_of.bars(made.organisation.id, CITY, None, clock.now())
        with pytest.raises(Conflict) as refusal:
            _list(made.firm)
        assert refusal.value.rule == "firm.barred"


def test_cards_and_grade_d_follow_to_the_new_name_and_go_with_the_old(
    app: Flask, advance: Advance
) -> None:
    """A yellow and a red card that run, and a D in force; later revoked, corrected, re-rated."""
    with app.app_context(), transaction():
        former = intermediaries.drafted(legal_identity=LEGAL)
        register.submit_application(former.firm, True, former.actor, clock.now())
        _list(former.firm)
        before, speaker = former.organisation.id, former.actor
        officer = accounts.officer(Role.BUREAU_OPERATOR).actor
        proposal = ratings.propose_grade(
            before, CITY, Grade.D, "行贿", former.organisation, officer, clock.now()
        )
        approver = accounts.officer(Role.BUREAU_APPROVER).actor
        ratings.confirm_grade(proposal, approver, clock.now())
        fact = proposal.triggers[0]
    advance(timedelta(days=12))
    with app.app_context(), transaction():
        assert grade_on(before, CITY, clock.today()).grade is Grade.D
        sanctions.card(db.session.get_one(Organisation, before))
        sanctions.card(db.session.get_one(Organisation, before))
        made = _with("legal_person")
        (match,) = queries.of_firm(made.firm.id)
        assert match.standings == ["barred"]
        operator, approver = (
            accounts.officer(role).actor for role in (Role.BUREAU_OPERATOR, Role.BUREAU_APPROVER)
        )
        actions.state_view(match, "系另行投资设立", made.actor, clock.now())
        actions.propose(match, MatchStatus.SAME, "同一法定代表人", operator, clock.now())
        decide_match(match, "属更名再入驻", approver, clock.now())
        own = made.organisation.id
        yellow, red = (_pair(before, own, colour) for colour in (Colour.YELLOW, Colour.RED))
        assert (yellow[1].correct_by, yellow[1].status) == (
            yellow[0].correct_by,
            CardStatus.CORRECTING,
        )
        assert (red[1].until_at, red[1].status) == (red[0].until_at, CardStatus.SUSPENDED)
        assert red[1].decided_at == match.decided_at, "appealed against in its own time"
        assert [bar.kind for bar in sanctions_of.bars(own, CITY, None, clock.now())] == ["red_card"]
        assert notices.latest("sanction", red[1]) is not None
        subject = subject_of(own, CITY)
        assert subject is not None
        asked = open_proposal(subject)
        assert asked is not None
        assert (asked.grade, asked.proposed_by) == (Grade.D, approver.user_id)
        # carried once, however often it is decided
        assert match.other is not None
        assert (
            succession.carry_cards_over(
                made.organisation, match.other, _finding(match), CITY, approver, clock.now()
            )
            == []
        )

        # the red one is revoked on appeal, the yellow one put right: so for both names
        against = appeals.file_appeal(red[0], "事实不清，证据不足", speaker, clock.now())
        reviewer = accounts.officer(Role.SUPERVISOR).actor
        appeals.revoke(against, "认定事实不清，撤销原决定", reviewer, clock.now())
        cards.report_correction(yellow[0], "已全部整改到位", speaker, clock.now())
        cards.judge_correction(yellow[0], True, "整改情况属实", operator, clock.now())
        assert [card.status for card in red] == [CardStatus.REVOKED] * 2
        assert [card.status for card in yellow] == [CardStatus.CORRECTED] * 2
        assert sanctions_of.bars(own, CITY, None, clock.now()) == []
        ratings.reverse_entry(fact, match, CLOCK, clock.now())
    advance(timedelta(days=10))
    with app.app_context():
        assert grade_on(before, CITY, clock.today()).grade is not Grade.D
        (match,) = db.session.scalars(select(Match)).all()
        assert match.grade_ended_at is not None
        subject = subject_of(own, CITY)
        assert subject is not None
        assert open_proposal(subject) is None
        assert not list(ratings.replay())


def _pair(before: int, own: int, colour: Colour) -> tuple[Card, Card]:
    rows = {
        row.organisation_id: row
        for row in db.session.scalars(select(Card).where(Card.colour == colour))
    }
    assert rows[own].succeeds_id == rows[before].id
    return rows[before], rows[own]


def _finding(match: Match) -> succession.Finding:
    assert match.proposed_at is not None
    return succession.Finding(
        "再次认定", None, None, match.statement_due_at, match.proposed_by, match.proposed_at
    )


def test_who_is_barred_later_holds_up_an_application_under_way(app: Flask) -> None:
    with app.app_context(), transaction():
        first = intermediaries.listed(legal_identity=LEGAL)
        second = intermediaries.submitted(legal_identity=LEGAL)
        assert queries.of_firm(second.firm.id) == []
        case = sanctions.proposed_case(first)
        approver = accounts.officer(Role.BUREAU_APPROVER).actor
        supervision.blacklist_and_withdraw(case, sanctions.REASON, approver, clock.now())
        assert _ties(second.firm) == ["legal_person"]


def test_a_listed_firm_is_compared_when_its_file_says_something_new(
    app: Flask, advance: Advance
) -> None:
    with app.app_context(), transaction():
        _barred()
        made = intermediaries.listed()
        put_controller(made.firm, "控股人", person_digest(HOLDER), made.actor, clock.now())
        firm_id = made.firm.id
    advance(timedelta(seconds=30))
    with app.app_context():
        firm = db.session.get_one(Firm, firm_id)
        assert _ties(firm) == ["shareholder"]
        # it stands meanwhile: nobody is barred for being related
        assert firm.status is FirmStatus.LISTED
        assert list(features.differences()) == []


def test_what_is_kept_of_a_body_follows_its_file(app: Flask) -> None:
    with app.app_context():
        with transaction():
            made = intermediaries.listed()
            key = made.organisation.id
        with transaction():
            db.session.get_one(Organisation, key).phone = "0399-1112223"
        assert list(features.differences()) == []
        with transaction():
            rows = db.session.scalars(
                select(features.Feature).where(
                    features.Feature.organisation_id == key, features.Feature.kind == "phone"
                )
            ).all()
            # the agent's, the one before and the one now
            assert sorted(row.ended_at is None for row in rows) == [False, True, True]
            for row in rows:
                db.session.delete(row)
        assert list(features.differences()) == [f"organisations {key}"]
        with transaction():
            for row in db.session.scalars(
                select(features.Feature).where(features.Feature.organisation_id == key)
            ):
                db.session.delete(row)
        keep_lacking()
        assert list(features.differences()) == []


def test_a_firm_held_by_a_body_on_the_national_list_is_asked_about(
    app: Flask, advance: Advance
) -> None:
    outside = accounts.new_credit_code()
    day = "2026-01-05"
    content = (
        "主体名称,统一社会信用代码,名单名称,认定机关,认定文书号,列入日期,截止日期\n"
        f"外地某公司,{outside},重大税收违法失信主体名单,税务局,税稽〔2026〕1号,{day},2029-01-05\n"
    ).encode()
    with app.app_context(), transaction():
        made = intermediaries.submitted(controller=("外地某公司", outside))
        uploader = accounts.officer(Role.BUREAU_OPERATOR).actor
        now = clock.now()
        file = files.store(io.BytesIO(content), "名单.csv", uploader, now, "file", national.KINDS)
        found = national.upload_list(file, CITY, uploader, now)
        assert found.problem_count == 0
        approver = accounts.officer(Role.BUREAU_APPROVER).actor
        supervision.take_national_list_over(found, approver, clock.now())
        assert _ties(made.firm) == ["control"]
        (match,) = queries.of_firm(made.firm.id)
        assert (match.other_name, match.standings) == ("外地某公司", ["national"])
        # found the same, it bears the listing until its end
        actions.state_view(match, "已于去年退出", made.actor, clock.now())
        actions.propose(match, MatchStatus.SAME, "由其更名", uploader, clock.now())
        decide_match(match, "同意", approver, clock.now())
        (row,) = db.session.scalars(select(Blacklisting)).all()
        assert clock.local_day(row.until_at) == date(2029, 1, 6)


def test_the_clock_tells_of_a_matter_past_its_time(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        _barred()
        match_id = queries.of_firm(_with("phone").firm.id)[0].id
    advance(timedelta(days=30))
    with app.app_context():
        match = db.session.get_one(Match, match_id)
        assert match.status is MatchStatus.OPEN
        told = select(AuditRow).where(AuditRow.action == "likeness_matches.overdue")
        assert len(db.session.scalars(told).all()) == 1


def test_listing_and_opening_a_matter_at_once_leave_no_listing_beside_it(app: Flask) -> None:
    with app.app_context(), transaction():
        first = intermediaries.listed(legal_identity=LEGAL)
        second = intermediaries.submitted(legal_identity=LEGAL)
        operator = accounts.officer(Role.BUREAU_OPERATOR).actor
        register.pass_check(
            second.firm,
            intermediaries.all_passed(),
            Recommendation.LIST,
            "",
            operator,
            clock.now(),
        )
        case_id, firm_id = sanctions.proposed_case(first).id, second.firm.id
        people = [accounts.officer(Role.BUREAU_APPROVER).actor for _each in range(2)]
    gate = Barrier(2)

    def at_once(act: Callable[[], Any]) -> str:
        with app.app_context():
            gate.wait()
            try:
                with transaction():
                    act()
            except DomainError as refusal:
                return str(refusal.rule)
            finally:
                db.session.remove()
            return "done"

    def bar() -> None:
        case = db.session.get_one(sanctions.Case, case_id)
        supervision.blacklist_and_withdraw(case, sanctions.REASON, people[0], clock.now())

    def enlist() -> None:
        register.list_firm(db.session.get_one(Firm, firm_id), people[1], clock.now())

    with ThreadPoolExecutor(2) as pool:
        barred, listed = pool.map(at_once, (bar, enlist))
    assert barred == "done"
    assert listed in ("done", "likeness.undecided")
    with app.app_context():
        firm = db.session.get_one(Firm, firm_id)
        matters = queries.of_firm(firm_id)
        assert (firm.status is FirmStatus.LISTED) == (listed == "done")
        assert len(matters) == (0 if listed == "done" else 1)


def test_both_sides_read_and_act_through_the_pages(app: Flask, sign_in_as: SignIn) -> None:
    with app.app_context(), transaction():
        former = _barred()
        made = _with("phone")
        (match,) = queries.of_firm(made.firm.id)
        public_id, firm_page = match.public_id, made.firm.public_id
        name, hidden = made.organisation.name, former.organisation.name
        officers = [
            accounts.officer(role).user
            for role in (Role.BUREAU_OPERATOR, Role.BUREAU_APPROVER, Role.AUDITOR)
        ]
        stranger = intermediaries.drafted().user
        user = made.user
    firm, other, operator, approver, auditor = map(sign_in_as, [user, stranger, *officers])
    assert "个人信息处理告知" in firm.get("/firm/likeness").text
    own = firm.get(f"/firm/likeness/{public_id}")
    assert "联系电话相同" in own.text
    assert hidden not in own.text
    assert other.get(f"/firm/likeness/{public_id}").status_code == 404
    assert firm.post(f"/firm/likeness/{public_id}", data={"statement": " "}).status_code == 422
    said = firm.post(f"/firm/likeness/{public_id}", data={"statement": "电话为园区总机"})
    assert said.status_code == 303
    assert name in operator.get("/supervision/likeness").text
    page = operator.get(f"/supervision/likeness/{public_id}")
    assert hidden in page.text
    assert "电话为园区总机" in page.text
    assert "1 件待认定" in operator.get(f"/supervision/applications/{firm_page}").text
    assert f"/supervision/likeness/{public_id}" in operator.get("/supervision").text
    assert auditor.get(f"/supervision/likeness/{public_id}").status_code == 200
    assert firm.get(f"/supervision/likeness/{public_id}").status_code == 403
    finding = f"/supervision/likeness/{public_id}/finding"
    assert operator.post(finding, data={"outcome": "same"}).status_code == 422
    assert approver.post(finding, data={}).status_code == 403
    data = {"outcome": "unrelated", "reason": "园区总机，多家共用"}
    assert operator.post(finding, data=data).status_code == 303
    decision = f"/supervision/likeness/{public_id}/decision"
    back = {"conclusion": "return", "reason": "请补充园区证明"}
    assert approver.post(decision, data=back).status_code == 303
    assert operator.post(finding, data=data).status_code == 303
    agreed = {"conclusion": "decide", "reason": "同意"}
    assert approver.post(decision, data=agreed).status_code == 303
    assert approver.post(decision, data=agreed).status_code == 409
    assert "无关联" in firm.get(f"/firm/likeness/{public_id}").text
