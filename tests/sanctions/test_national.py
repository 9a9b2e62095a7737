"""The national list: read by cell, taken over by a second officer, followed in both directions."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.accounts.permissions import Role
from marketplace.foundation import clock, files
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Refused
from marketplace.foundation.showing import show_date
from marketplace.foundation.spreadsheets import Problem, Sheet, workbook
from marketplace.foundation.transactions import transaction
from marketplace.ratings.models import EntryKind, GradeProposal, ProposalStatus, RatingEntry
from marketplace.sanctions import queries
from marketplace.sanctions.actions import cases
from marketplace.sanctions.models import Blacklisting, BlacklistingStatus, CaseStatus, Cause
from marketplace.sanctions.national import actions as national
from marketplace.sanctions.national.columns import COLUMNS, SHEET
from marketplace.sanctions.national.models import NationalImport, NationalImportStatus
from marketplace.sanctions.queries import BarKind
from marketplace.sanctions.repairs import actions as repairs
from marketplace.sanctions.rules import Severity
from marketplace.selection.models import Entry, EntryStatus
from marketplace.supervision.actions import take_national_list_over
from tests.factories import accounts, sanctions, selection
from tests.factories import intermediaries as firms
from tests.factories.notices import Somebody
from tests.sanctions.test_bars import COUNTY, ELSEWHERE, HERE, asked_every_way

SignIn = Callable[..., FlaskClient]
HEAD = ",".join(column.title for column in COLUMNS)


def line(
    code: str, name: str = "某公司", last: int = 300, document: str = "税稽罚〔2026〕1号"
) -> str:
    """A row of the list: listed a month ago, until ``last`` days from now."""
    today = clock.today()
    days = (today - timedelta(days=30), today + timedelta(days=last))
    return ",".join(
        [name, code, "重大税收违法失信主体名单", "省税务局", document, *(str(day) for day in days)]
    )


def csv(*lines: str) -> bytes:
    """The file as a Chinese spreadsheet saves it."""
    return "\r\n".join([HEAD, *lines]).encode("gb18030")


def uploaded(content: bytes, name: str = "list.csv") -> NationalImport:
    """An upload by a new operator."""
    actor, now = accounts.officer(Role.BUREAU_OPERATOR).actor, clock.now()
    file = files.store(io.BytesIO(content), name, actor, now, "file", national.KINDS)
    return national.upload_list(file, HERE, actor, now)


def taken_over(*lines: str) -> NationalImport:
    """A list uploaded by one officer and taken over by another."""
    found = uploaded(csv(*lines))
    assert found.status is NationalImportStatus.READY, found.problems
    take_national_list_over(found, accounts.officer(Role.BUREAU_APPROVER).actor, clock.now())
    return found


def test_every_bad_cell_is_named_and_nothing_listed(app: Flask) -> None:
    with app.app_context(), transaction():
        good = accounts.new_credit_code()
        wrong = good[:-1] + ("A" if good[-1] != "A" else "B")
        today = clock.today()
        found = uploaded(
            csv(
                line(good),
                line(wrong),
                line(good),
                line(accounts.new_credit_code(), last=-1),
                f"某公司,{accounts.new_credit_code()},名单,机关,文号,{today + timedelta(days=1)},昨天",
            )
        )
        assert found.status is NationalImportStatus.FAULTY
        assert [Problem.from_record(each).cell for each in found.problems] == [
            "B3",
            "E4",
            "G5",
            "F6",
            "G6",
        ]
        assert found.rows == []
        with pytest.raises(Conflict):
            national.take_over(found, accounts.officer(Role.BUREAU_APPROVER).actor, clock.now())


def test_who_is_listed_is_barred_every_way_and_freed_when_the_list_lets_go(
    app: Flask,
) -> None:
    with app.app_context():
        with transaction():
            listed = accounts.firm()
            later_code = accounts.new_credit_code()
            keys = {listed.organisation.id}
            found = uploaded(csv(line(listed.organisation.credit_code or ""), line(later_code)))
            uploader = dataclasses.replace(
                accounts.officer(Role.BUREAU_APPROVER).actor, user_id=found.uploaded_by
            )
            with pytest.raises(Refused):
                national.take_over(found, uploader, clock.now())
            assert not queries.bars(listed.organisation.id, HERE, None, clock.now())
            take_national_list_over(
                found, accounts.officer(Role.BUREAU_APPROVER).actor, clock.now()
            )
            # it is heard, and bars as a veto meanwhile
            (case,) = queries.cases_of(listed.organisation.id)
            assert case.cause is Cause.DISHONESTY_LIST
            assert case.suspended_until is not None
            kinds = [
                b.kind for b in queries.bars(listed.organisation.id, HERE, "jsjl", clock.now())
            ]
            assert kinds == [BarKind.VETO, BarKind.NATIONAL]
        assert asked_every_way(COUNTY) == [keys] * 3
        assert asked_every_way(ELSEWHERE) == [set()] * 3
        # what a later registration brings is barred as well
        with transaction():
            newcomer = accounts.firm().organisation
            newcomer.credit_code = later_code
            db.session.flush()
            assert asked_every_way(HERE) == [keys | {newcomer.id}] * 4
        # decided here, for longer than the list holds it
        with transaction():
            cases.state_case(case, "情况属实，正在缴纳。", listed.actor, clock.now())
            cases.propose_decision(
                case,
                Severity.SERIOUS,
                36,
                [],
                sanctions.REASON,
                accounts.officer(Role.BUREAU_OPERATOR).actor,
                clock.now(),
            )
            row = cases.decide_case(
                case, sanctions.REASON, accounts.officer(Role.BUREAU_APPROVER).actor, clock.now()
            )
            assert clock.local_day(row.until_at) == clock.today() + timedelta(days=301)
        with transaction():
            taken_over(line(later_code))
            assert row.status is BlacklistingStatus.ENDED
            assert not queries.bars(listed.organisation.id, HERE, None, clock.now())
            assert asked_every_way(HERE) == [{newcomer.id}] * 4
        # over by its own days, to the instant
        with transaction():
            clock.advance(timedelta(days=302))
        assert asked_every_way(HERE) == [set()] * 4


def test_an_older_list_is_not_taken_over_after_a_newer(app: Flask) -> None:
    with app.app_context(), transaction():
        old = uploaded(csv(line(accounts.new_credit_code())))
        taken_over(line(accounts.new_credit_code()))
        with pytest.raises(Conflict) as refused:
            national.take_over(old, accounts.officer(Role.BUREAU_APPROVER).actor, clock.now())
        assert refused.value.rule == "national.outdated"


def test_the_list_through_its_pages(app: Flask, client: FlaskClient, sign_in_as: SignIn) -> None:
    with app.app_context():
        with transaction():
            people = {
                "operator": accounts.officer(Role.BUREAU_OPERATOR),
                "approver": accounts.officer(Role.BUREAU_APPROVER),
                "department": accounts.officer(Role.DEPARTMENT_OFFICER),
            }
            firm = firms.listed((selection.ITEM,))
            code, name = firm.organisation.credit_code or "", firm.organisation.name
            organisation_id, public_id = firm.organisation.id, firm.organisation.public_id
            selection.entered_need(entrants=[firm])
            keys = {who: Somebody.of(party) for who, party in people.items()}
        users = {who: somebody.user for who, somebody in keys.items()}
        first, second = clock.today() - timedelta(days=3), clock.today() + timedelta(days=90)
    browser = {who: sign_in_as(user) for who, user in users.items()}
    assert client.get(f"/firms/{public_id}").status_code == 200
    new = "/supervision/national-list/import"
    assert browser["department"].get(new).status_code == 403
    assert browser["operator"].get("/supervision/national-list/template.xlsx").status_code == 200
    row = {
        "name": name,
        "credit_code": code,
        "list_name": "重大税收违法失信主体名单",
        "authority": "省税务局",
        "document": "税稽罚〔2026〕7号",
        "listed_on": first,
        "until_on": second,
    }
    content = workbook([Sheet(SHEET, COLUMNS, [row])])
    refused = browser["operator"].post(new, data={"file": (io.BytesIO(b"%PDF-1"), "a.pdf")})
    assert refused.status_code == 422
    sent = browser["operator"].post(new, data={"file": (io.BytesIO(content), "名单.xlsx")})
    assert sent.status_code == 303
    there = sent.headers["Location"]
    assert name in browser["operator"].get(there).text
    assert "/confirm" not in browser["operator"].get(there).text
    assert browser["operator"].post(f"{there}/confirm").status_code == 403
    page = browser["approver"].get(there)
    assert f'action="{there}/confirm"' in page.text
    with app.app_context():
        assert not queries.bars(organisation_id, HERE, None, clock.now())
    assert browser["approver"].post(f"{there}/confirm").status_code == 303
    assert client.get(f"/firms/{public_id}").status_code == 404
    listed = browser["department"].get("/supervision/national-list")
    assert name in listed.text
    with app.app_context():
        (case,) = queries.cases_of(organisation_id)
        assert case.status is CaseStatus.REPORTED
        (entry,) = db.session.scalars(select(Entry)).all()
        assert entry.status is EntryStatus.WITHDRAWN
    assert browser["approver"].post(f"{there}/confirm").status_code == 409


def _decided(listed: accounts.Party, months: int = 6) -> Blacklisting:
    (case,) = queries.cases_of(listed.organisation.id)
    operator = accounts.officer(Role.BUREAU_OPERATOR).actor
    approver = accounts.officer(Role.BUREAU_APPROVER).actor
    cases.state_case(case, "情况属实，正在缴纳。", listed.actor, clock.now())
    cases.propose_decision(
        case, Severity.ORDINARY, months, [], sanctions.REASON, operator, clock.now()
    )
    return cases.decide_case(case, sanctions.REASON, approver, clock.now())


def test_the_veto_stands_as_long_as_the_listing_and_no_longer(app: Flask) -> None:
    with app.app_context(), transaction():
        listed = accounts.firm()
        code = listed.organisation.credit_code or ""
        taken_over(line(code, last=500))
        row = _decided(listed)
        veto = db.session.scalars(
            select(RatingEntry).where(RatingEntry.kind == EntryKind.VETO)
        ).one()
        # longer than the edition's twelve months, as long as its source
        assert veto.ends_on == clock.today() + timedelta(days=501)
        with pytest.raises(Conflict) as elsewhere:
            repairs.file_repair(row.case, sanctions.REASON, None, listed.actor, clock.now())
        assert elsewhere.value.rule == "repair.source"
        taken_over(line(accounts.new_credit_code()))
        reversal = db.session.scalars(
            select(RatingEntry).where(RatingEntry.kind == EntryKind.REVERSAL)
        ).one()
        assert reversal.reverses_id == veto.id
        assert reversal.takes_effect_on == clock.today() + timedelta(days=1)
        assert db.session.query(GradeProposal).one().status is ProposalStatus.REJECTED
        assert row.status is BlacklistingStatus.ENDED


def test_a_case_that_follows_its_source_promises_no_repair_here(
    app: Flask, sign_in_as: SignIn
) -> None:
    with app.app_context():
        with transaction():
            listed, other = accounts.firm(), accounts.firm()
            taken_over(line(listed.organisation.credit_code or ""))
            rows = (_decided(listed), sanctions.blacklisted(other))
            pages = [f"/cases/{row.case.public_id}" for row in rows]
            people = [Somebody.of(each) for each in (listed, other)]
        users = [each.user for each in people]
    told = [
        "可申请信用修复" in sign_in_as(user).get(page).text
        for user, page in zip(users, pages, strict=True)
    ]
    assert told == [False, True]


def test_an_open_case_suspends_no_longer_and_comes_to_nothing(app: Flask) -> None:
    with app.app_context(), transaction():
        listed = accounts.firm()
        taken_over(line(listed.organisation.credit_code or ""))
        assert queries.bars(listed.organisation.id, HERE, None, clock.now())
        taken_over(line(accounts.new_credit_code()))
        assert not queries.bars(listed.organisation.id, HERE, None, clock.now())
        with pytest.raises(Conflict) as over:
            _decided(listed)
        assert over.value.rule == "case.listing_over"
        (case,) = queries.cases_of(listed.organisation.id)
        cases.dismiss_case(
            case, sanctions.REASON, accounts.officer(Role.BUREAU_APPROVER).actor, clock.now()
        )


def test_the_public_reads_source_date_and_end_and_the_approver_is_told_of_an_upload(
    app: Flask, client: FlaskClient, sign_in_as: SignIn
) -> None:
    with app.app_context(), transaction():
        code = accounts.new_credit_code()
        found = uploaded(csv(line(code, "临河远山公司")))
        address = f"/supervision/national-list/imports/{found.public_id}"
        people = [
            accounts.officer(role).user for role in (Role.BUREAU_APPROVER, Role.BUREAU_OPERATOR)
        ]
        last = show_date(clock.today() + timedelta(days=300))
    approver, operator = map(sign_in_as, people)
    assert address in approver.get("/workspace").text
    assert address not in operator.get("/workspace").text
    assert address in approver.get("/supervision").text
    assert code not in client.get("/sanctions").text
    assert approver.post(f"{address}/confirm").status_code == 303
    assert address not in approver.get("/workspace").text
    for page in ("/sanctions", "/sanctions/national"):
        shown = client.get(page).text
        for each in (code, "临河远山公司", "省税务局", "税稽罚〔2026〕1号", last):
            assert each in shown, (page, each)
    with app.app_context(), transaction():
        taken_over(line(accounts.new_credit_code()))
    assert code not in client.get("/sanctions").text
