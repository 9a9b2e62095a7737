"""One list of what waits: the desk of each officer and the overview of the area agree on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from marketplace.accounts.permissions import Role
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.notices import actions as notices
from marketplace.sanctions.appeals import actions as appeals
from marketplace.supervision.waiting.gathering import in_area, of_officer
from marketplace.workspace.todo import officers
from tests.factories import accounts, intermediaries, sanctions
from tests.factories.notices import Somebody, notice
from tests.sanctions.test_national import csv, line, uploaded

SignIn = Callable[..., FlaskClient]
GROUNDS = "期间的延误由业主未提供基础资料造成，有往来函件为证。"
ROLES = (
    Role.BUREAU_OPERATOR,
    Role.BUREAU_APPROVER,
    Role.SUPERVISOR,
    Role.AUDITOR,
    Role.DEPARTMENT_OFFICER,
)


def _much_waits() -> dict[Role, Somebody]:
    """Matters of many kinds, and somebody new in each part."""
    intermediaries.submitted()
    intermediaries.listed()
    sanctions.proposed_case(accounts.firm())
    sanctions.reported_case(accounts.firm())
    firm = accounts.firm()
    appeals.file_appeal(sanctions.card(firm.organisation), GROUNDS, firm.actor, clock.now())
    notices.file_objection(notice(), "资质证书已过期，请核实。", accounts.firm().actor, clock.now())
    uploaded(csv(line(accounts.new_credit_code())))
    people = {role: accounts.officer(role) for role in ROLES[:-1]}
    people[Role.DEPARTMENT_OFFICER] = accounts.officer(Role.DEPARTMENT_OFFICER, "sthj")
    return {role: Somebody.of(party) for role, party in people.items()}


@contextmanager
def _statements() -> Iterator[list[str]]:
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        sent.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def test_the_desk_is_the_readers_part_of_the_overview(app: Flask) -> None:
    with app.app_context():
        with transaction():
            people = _much_waits()
        shown = {}
        for role, person in people.items():
            overview = in_area(person.actor, clock.now())
            desk = list(officers.matters(person.actor, clock.now()))
            own = [each.matter for each in overview if each.own]
            assert sorted((str(each.what), each.about) for each in own) == sorted(
                (str(each.what), each.about) for each in desk
            ), role
            assert {each.page for each in overview if each.own} == {
                (each.page, each.key) for each in desk
            }
            shown[role] = {str(each.matter.what) for each in overview}
        bureau = {
            "形式审查入驻申请",
            "专业核查入驻机构",
            "决定案件",
            "答复异议",
            "确认国家名单",
        }
        assert bureau <= shown[Role.BUREAU_OPERATOR]
        # what only the superior decides is counted by the superior and read by its auditors
        assert [role for role in ROLES if "复核申诉" in shown[role]] == [
            Role.SUPERVISOR,
            Role.AUDITOR,
        ]
        counts = {role: len(of_officer(people[role].actor, clock.now())) for role in ROLES}
        assert counts == {
            Role.BUREAU_OPERATOR: 2,
            Role.BUREAU_APPROVER: 2,
            Role.SUPERVISOR: 1,
            Role.AUDITOR: 0,
            Role.DEPARTMENT_OFFICER: 1,
        }


def test_whoever_had_a_part_is_not_asked_for_the_next_step(app: Flask) -> None:
    with app.app_context(), transaction():
        case = sanctions.proposed_case(accounts.firm())
        both = accounts.officer(Role.BUREAU_APPROVER)
        (line,) = officers.matters(both.actor, clock.now())
        assert line.key == case.public_id
        case.proposed_by = both.user.id
        db.session.flush()
        assert list(officers.matters(both.actor, clock.now())) == []
        (seen,) = in_area(both.actor, clock.now())
        assert (seen.own, seen.page) == (False, ("sanctions.case", case.public_id))


def test_the_page_reads_the_list_once_for_itself_and_for_its_rail(
    app: Flask, sign_in_as: SignIn
) -> None:
    with app.app_context(), transaction():
        people = _much_waits()
        person = people[Role.BUREAU_APPROVER].user
    officer = sign_in_as(person)
    page = officer.get("/supervision").text
    assert "其中由本人办理 2 件" in page
    assert page.count("由本人办理</span>") == 2
    # the desk of cases counts an appeal for who decides it
    assert "申诉（" not in officer.get("/supervision/cases").text
    with app.app_context():
        superior = people[Role.SUPERVISOR].user
    assert "申诉（1）" in sign_in_as(superior).get("/supervision/cases").text
    with app.test_request_context("/supervision"), _statements() as sent:
        actor, now = people[Role.BUREAU_APPROVER].actor, clock.now()
        in_area(actor, now)
        before = len(sent)
        assert len(of_officer(actor, now)) == 2
        assert len(sent) == before
