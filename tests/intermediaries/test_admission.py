"""From an application to the register and off it again, by firm, officers, department, clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from marketplace.accounts import queries as accounts
from marketplace.accounts.permissions import Role
from marketplace.app import EDITIONS
from marketplace.foundation import clock, policy
from marketplace.foundation.actor import CLOCK
from marketplace.foundation.audit import AuditRow
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Invalid, Refused
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries import actions, queries
from marketplace.intermediaries.leaving.actions import take_off
from marketplace.intermediaries.models import (
    CheckStatus,
    Firm,
    FirmStatus,
    ProfessionalCheck,
    Recommendation,
)
from marketplace.intermediaries.rules import AdmissionPolicy
from marketplace.notices import actions as notices
from marketplace.notices import queries as notice_queries
from marketplace.notifications.models import Message
from tests.factories import accounts as people
from tests.factories import intermediaries as firms

CITY = people.CITY
Advance = Callable[[timedelta], None]


def the_firm() -> Firm:
    return db.session.scalars(select(Firm)).one()


def on_the_list() -> list[int]:
    return [firm.id for firm in db.session.scalars(queries.listed(CITY, clock.now()))]


def mended(**reasons: str) -> dict[str, actions.Finding]:
    found = firms.all_passed()
    found |= {code: actions.Finding(False, reason) for code, reason in reasons.items()}
    return found


def test_an_application_becomes_a_listing_by_two_officers(app: Flask) -> None:
    with app.app_context():
        with transaction():
            made = firms.submitted(("hpwj", "jsjl"))
            assert on_the_list() == []
            operator = people.officer(Role.BUREAU_OPERATOR)
            approver = people.officer(Role.BUREAU_APPROVER)
            now = clock.now()
            actions.pass_check(
                made.firm, firms.all_passed(), Recommendation.LIST, "", operator.actor, now
            )
            actions.list_firm(made.firm, approver.actor, now)
        firm = the_firm()
        assert on_the_list() == [firm.id]
        assert firm.checked_by != firm.decided_by
        notice = notice_queries.latest("admission", firm)
        assert notice is not None
        assert notice.ends_at == firm.publicity_ends_at
        # Monday 2 March plus five working days
        assert clock.local_day(notice.ends_at) == date(2026, 3, 9)
        checks = queries.professional_checks(firm)
        assert {check.organisation.office_code for check in checks} == {"sthj", "zjj"}
        assert len(queries.qualifications_valid_at(firm.id, clock.now())) == 2
        recorded = select(func.count()).where(AuditRow.action == "firms.listed")
        assert db.session.scalar(recorded) == 1


def test_an_incomplete_application_says_everything_it_lacks(app: Flask) -> None:
    with app.app_context(), transaction():
        party = people.firm()
        firm = actions.open_file(party.organisation, CITY, party.actor, clock.now())
        lacks = queries.missing(firm, clock.now())
        assert {part for part, _text in lacks} == {"subject", "offerings"}
        with pytest.raises(Invalid, match="脱钩"):
            actions.submit_application(firm, True, party.actor, clock.now())
        made = firms.drafted()
        with pytest.raises(Invalid) as refusal:
            actions.submit_application(made.firm, False, made.actor, clock.now())
        assert refusal.value.field == "committed"
        assert made.firm.status is FirmStatus.DRAFT


def test_an_item_without_its_certificate_cannot_be_sent(app: Flask) -> None:
    with app.app_context(), transaction():
        made = firms.drafted(("jsjl",))
        for row in queries.all_qualifications(made.firm.id):
            actions.end_record(row, made.actor, clock.now())
        with pytest.raises(Invalid, match="有效资质"):
            actions.submit_application(made.firm, True, made.actor, clock.now())


def test_it_is_returned_once_with_everything(app: Flask) -> None:
    with app.app_context():
        with transaction():
            made = firms.submitted()
            operator = people.officer(Role.BUREAU_OPERATOR).actor
            findings = mended(subject="证照复印件不清晰", practitioners="补充执业人员")
            actions.return_application(made.firm, findings, operator, clock.now())
            assert made.firm.status is FirmStatus.RETURNED
            assert "证照复印件不清晰" in (made.firm.return_notice or "")
            assert "补充执业人员" in (made.firm.return_notice or "")
            actions.submit_application(made.firm, True, made.actor, clock.now())
            with pytest.raises(Conflict) as refusal:
                actions.return_application(made.firm, findings, operator, clock.now())
            assert refusal.value.rule == "returned_once"
        with pytest.raises(Invalid), transaction():
            actions.pass_check(the_firm(), findings, Recommendation.LIST, "", operator, clock.now())
        assert the_firm().status is FirmStatus.SUBMITTED


def test_a_point_to_mend_needs_its_reason(app: Flask) -> None:
    with app.app_context(), transaction():
        made = firms.submitted()
        operator = people.officer(Role.BUREAU_OPERATOR).actor
        with pytest.raises(Invalid) as refusal:
            actions.return_application(made.firm, mended(subject=" "), operator, clock.now())
        assert refusal.value.field == "subject_reason"


def test_who_checked_may_not_approve(app: Flask) -> None:
    with app.app_context():
        with transaction():
            made = firms.submitted()
            operator = people.officer(Role.BUREAU_OPERATOR).actor
            actions.pass_check(
                made.firm, firms.all_passed(), Recommendation.LIST, "", operator, clock.now()
            )
            with pytest.raises(Refused):
                actions.list_firm(made.firm, operator, clock.now())
        with pytest.raises(IntegrityError), transaction():
            db.session.execute(update(Firm).values(decided_by=Firm.checked_by))


def test_a_refusal_has_reasons_and_a_new_application_may_follow(app: Flask) -> None:
    with app.app_context(), transaction():
        made = firms.submitted()
        operator = people.officer(Role.BUREAU_OPERATOR).actor
        approver = people.officer(Role.BUREAU_APPROVER).actor
        actions.pass_check(
            made.firm,
            mended(legal="不符"),
            Recommendation.REFUSE,
            "材料虚假",
            operator,
            clock.now(),
        )
        with pytest.raises(Conflict):
            actions.list_firm(made.firm, approver, clock.now())
        with pytest.raises(Invalid):
            actions.refuse_application(made.firm, "", approver, clock.now())
        actions.refuse_application(made.firm, "材料虚假", approver, clock.now())
        assert made.firm.status is FirmStatus.REFUSED
        actions.reopen_file(made.firm, made.actor, clock.now())
        assert made.firm.application == 2
        actions.submit_application(made.firm, True, made.actor, clock.now())
        assert made.firm.checked_by is None


def test_a_silent_department_does_not_object(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        firms.listed()
    advance(timedelta(days=6))
    with app.app_context():
        check = db.session.scalars(select(ProfessionalCheck)).one()
        assert check.status is CheckStatus.WAITING
    advance(timedelta(days=2))
    with app.app_context():
        check = db.session.scalars(select(ProfessionalCheck)).one()
        assert check.status is CheckStatus.SILENT
        assert the_firm().is_listed
        assert the_firm().publicity_closed_at is not None


def test_a_department_that_objects_takes_the_firm_off_the_lists(app: Flask) -> None:
    with app.app_context(), transaction():
        made = firms.listed()
        officer = people.officer(Role.DEPARTMENT_OFFICER, "sthj").actor
        approver = people.officer(Role.BUREAU_APPROVER).actor
        check = queries.professional_checks(made.firm)[0]
        with pytest.raises(Invalid):
            actions.department_opinion(check, True, "", officer, clock.now())
        actions.department_opinion(check, True, "工程师证书系挂靠", officer, clock.now())
        assert made.firm.status is FirmStatus.QUESTIONED
        assert on_the_list() == []
        with pytest.raises(Conflict):
            actions.department_opinion(check, False, "", officer, clock.now())
        actions.resolve_question(made.firm, True, "经核实不成立", approver, clock.now())
        assert on_the_list() == [made.firm.id]
        take_off(made.firm, "不再符合入驻条件", CLOCK, clock.now())
        assert on_the_list() == []


def test_an_answer_after_the_limit_is_refused(app: Flask) -> None:
    with app.app_context():
        with transaction():
            firms.listed()
        with transaction():
            clock.advance(timedelta(days=8))
        with transaction():
            check = db.session.scalars(select(ProfessionalCheck)).one()
            officer = people.officer(Role.DEPARTMENT_OFFICER, "sthj").actor
            with pytest.raises(Conflict) as refusal:
                actions.department_opinion(check, True, "迟到的异议", officer, clock.now())
            assert refusal.value.rule == "deadline"


def inbox(organisation_id: int, what: str) -> list[Message]:
    query = select(Message).where(
        Message.organisation_id == organisation_id, Message.subject.startswith(what)
    )
    return list(db.session.scalars(query))


def test_an_open_objection_holds_the_notice_and_an_upheld_one_questions(
    app: Flask, advance: Advance
) -> None:
    with app.app_context(), transaction():
        firms.listed()
        rival = people.firm()
        notice = notice_queries.latest("admission", the_firm())
        assert notice is not None
        clock.advance(timedelta(days=4))
        notices.file_objection(notice, "该机构与行政机关未脱钩", rival.actor, clock.now())
        told = inbox(the_firm().organisation_id, "公示收到异议")
        assert len(told) == 1, "the firm is told"
        assert notice.public_id in told[0].link
        for hidden in (rival.organisation.name, "未脱钩"):
            assert hidden not in told[0].subject + told[0].body
        assert inbox(rival.organisation.id, "公示收到异议") == []
    advance(timedelta(days=3, hours=9))
    with app.app_context(), transaction():
        assert the_firm().publicity_closed_at is None
        notice = notice_queries.latest("admission", the_firm())
        assert notice is not None
        operator = people.officer(Role.BUREAU_OPERATOR).actor
        notices.answer_objection(
            notice.objections[0], True, "经核查情况属实，异议成立", operator, clock.now()
        )
        (told,) = inbox(the_firm().organisation_id, "对公示的异议已答复")
        assert "异议成立" in told.body
    advance(timedelta(days=2))
    with app.app_context():
        assert the_firm().status is FirmStatus.QUESTIONED
        assert on_the_list() == []


def test_the_bureau_is_told_when_its_limit_is_over(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        firms.submitted()
    advance(timedelta(days=3))
    with app.app_context():
        assert the_firm().status is FirmStatus.SUBMITTED
        told = select(Message.subject).where(Message.organisation_id == accounts.bureau(CITY).id)
        assert [each for each in db.session.scalars(told) if "超时" in each] != []


def test_a_certificate_is_announced_and_ends_by_itself(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        made = firms.listed()
        row = actions.add_qualification(
            made.firm,
            type="安全评价机构资质",
            number="AQ1",
            issuer="发证机关",
            valid_from=date(2025, 1, 1),
            valid_until=date(2026, 3, 10),
            actor=made.actor,
            now=clock.now(),
        )
        assert row not in queries.qualifications_valid_at(made.firm.id, clock.now())
        actions.verify_qualification(row, CLOCK, clock.now())
        assert row in queries.qualifications_valid_at(made.firm.id, clock.now())
        with pytest.raises(Conflict):
            actions.verify_qualification(row, CLOCK, clock.now())
    advance(timedelta(days=10))
    with app.app_context():
        firm = the_firm()
        valid = {each.type for each in queries.qualifications_valid_at(firm.id, clock.now())}
        assert "安全评价机构资质" not in valid
        subjects = db.session.scalars(
            select(Message.subject).where(Message.organisation_id == firm.organisation_id)
        ).all()
        assert "资质将于 7 天后到期" in subjects
        assert "资质已到期" in subjects


@pytest.mark.parametrize(
    ("valid_from", "valid_until", "field"),
    [
        (date(2026, 3, 3), None, "valid_from"),
        (date(2025, 1, 1), date(2024, 12, 31), "valid_until"),
        (date(2025, 1, 1), date(2026, 3, 1), "valid_until"),
    ],
)
def test_an_impossible_period_is_refused(
    app: Flask, valid_from: date, valid_until: date | None, field: str
) -> None:
    with app.app_context(), transaction():
        made = firms.drafted()
        with pytest.raises(Invalid) as refusal:
            actions.add_qualification(
                made.firm,
                type="安全评价机构资质",
                number="AQ2",
                issuer="发证机关",
                valid_from=valid_from,
                valid_until=valid_until,
                actor=made.actor,
                now=clock.now(),
            )
        assert refusal.value.field == field


def test_where_the_edition_is_open_a_firm_is_listed_at_once_and_checked_afterwards(
    app: Flask,
) -> None:
    shipped = (EDITIONS / "policies/000000/admission-2024-01-01.toml").read_text("utf-8")
    local = shipped.replace('jurisdiction = "000000"', 'jurisdiction = "379900"')
    local = local.replace('mode = "review"', 'mode = "open"')
    with app.app_context(), transaction():
        today = clock.today().isoformat()
        local = local.replace("effective_from = 2024-01-01", f"effective_from = {today}")
        draft = policy.parse("open.toml", local, [AdmissionPolicy])
        edition = policy.publish(draft, CLOCK, clock.now())
        made = firms.submitted()
        assert on_the_list() == [made.firm.id]
        assert made.firm.edition_id == edition.id
        assert len(queries.professional_checks(made.firm)) == 1
        assert queries.qualifications(made.firm.id) == []
        operator = people.officer(Role.BUREAU_OPERATOR).actor
        certificate = queries.all_qualifications(made.firm.id)[0]
        actions.verify_qualification(certificate, operator, clock.now())
        assert queries.qualifications(made.firm.id) == [certificate]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('mode = "review"', 'mode = "lottery"', "values.mode"),
        ("returns = 1", "returns = 2", "values.returns"),
        ("returns = 1", "returns = 1\nquota = 9", "values.quota"),
        ("reminder_days = [60, 30, 7]", "reminder_days = [0]", "values.reminder_days"),
        ("conclusion =", "remark =", "review"),
    ],
)
def test_an_impossible_edition_is_refused_whole(before: str, after: str, words: str) -> None:
    shipped = (EDITIONS / "policies/000000/admission-2024-01-01.toml").read_text("utf-8")
    with pytest.raises(policy.PolicyError, match=words):
        policy.parse("wrong.toml", shipped.replace(before, after), [AdmissionPolicy])
