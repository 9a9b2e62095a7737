"""The desk tells each person what is theirs to do, and nobody else's."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import html5lib
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts import actions as people
from marketplace.accounts.models import OrganisationKind
from marketplace.accounts.permissions import Role
from marketplace.foundation import clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.transactions import transaction
from marketplace.workspace.todo import firms, gathering, officers, owners
from marketplace.workspace.todo.line import Line
from tests.factories import accounts, intermediaries, projects, sanctions

ALL = gathering.SOURCES
SignIn = Callable[..., FlaskClient]


def lines(actor: Actor, sources: Iterable[gathering.Source] = ALL) -> list[Line]:
    """Everything the sources find for an actor, whether its page is served here or not."""
    return [line for source in sources for line in source(actor, clock.now())]


def test_a_need_waits_for_the_approver_and_not_for_its_author(app: Flask) -> None:
    with app.app_context(), transaction():
        owner = accounts.owner(kind=OrganisationKind.PUBLIC_INSTITUTION)
        stranger = accounts.owner()
        need = projects.submitted(owner)
        (line,) = lines(owner.approving_actor)
        assert (line.about, line.key) == (need.title, need.public_id)
        assert lines(owner.actor) == []
        assert lines(stranger.actor) == []


def test_a_draft_waits_for_its_author_until_it_is_sent_on(app: Flask) -> None:
    with app.app_context(), transaction():
        owner = accounts.owner(kind=OrganisationKind.PUBLIC_INSTITUTION)
        need = projects.draft(owner)
        (line,) = lines(owner.actor)
        assert (line.page, line.key, line.due) == ("projects.need", need.public_id, None)
        assert lines(owner.approving_actor) == []


def test_an_application_waits_for_the_checking_officer_by_its_deadline(app: Flask) -> None:
    with app.app_context(), transaction():
        firm = intermediaries.submitted()
        (line,) = lines(accounts.officer(Role.BUREAU_OPERATOR).actor)
        assert (line.key, line.due) == (firm.firm.public_id, firm.firm.form_due_at)
        assert line.due is not None
        assert lines(accounts.officer(Role.BUREAU_APPROVER).actor) == []
        assert lines(firm.actor) == []


def test_who_registered_a_firm_is_told_to_apply(app: Flask) -> None:
    with app.app_context(), transaction():
        newcomer = accounts.firm()
        (line,) = lines(newcomer.actor, [firms.own_firm])
        assert (line.page, line.where, line.due) == ("intermediaries.file", firms.FILE, None)
        assert lines(accounts.owner().actor, [firms.own_firm]) == []


def test_a_draft_waits_for_the_firm_and_a_listed_firm_for_its_department(app: Flask) -> None:
    with app.app_context(), transaction():
        drafted = intermediaries.drafted()
        assert [line.page for line in lines(drafted.actor)] == ["intermediaries.apply"]
        listed = intermediaries.listed()
        assert lines(listed.actor, [firms.own_firm]) == []
        department = accounts.officer(Role.DEPARTMENT_OFFICER, "sthj")
        (line,) = lines(department.actor)
        assert line.about == listed.organisation.name
        assert line.due is not None
        other = accounts.officer(Role.DEPARTMENT_OFFICER, "slj")
        assert lines(other.actor) == []


def test_a_yellow_card_waits_for_the_firm_until_it_must_be_corrected(app: Flask) -> None:
    with app.app_context(), transaction():
        firm = intermediaries.listed()
        card = sanctions.card(firm.organisation)
        (line,) = lines(firm.actor, [firms.own_sanctions])
        assert (line.key, line.due) == (card.public_id, card.correct_by)
        assert lines(accounts.firm().actor, [firms.own_sanctions]) == []


def test_a_case_goes_from_the_firm_to_the_proposer_to_the_decider(app: Flask) -> None:
    with app.app_context(), transaction():
        firm = intermediaries.listed()
        operator = accounts.officer(Role.BUREAU_OPERATOR).actor
        approver = accounts.officer(Role.BUREAU_APPROVER).actor
        desk = [officers.matters]
        case = sanctions.reported_case(firm)
        (line,) = lines(firm.actor, [firms.own_sanctions])
        assert (line.key, line.due) == (case.public_id, case.statement_due_at)
        assert lines(operator, desk) == lines(approver, desk) == []
        sanctions.proposed_case(accounts.firm())
        assert lines(operator, desk) == []
        assert len(lines(approver, desk)) == 1


def test_the_first_deadline_stands_first_and_what_has_none_last(app: Flask) -> None:
    with app.app_context(), transaction():
        owner = accounts.owner()
        projects.submitted(owner)
        now = clock.now()
        (undated,) = lines(owner.actor, [owners.needs_to_approve])
        due = [
            Line("a", "", "portal.home", None, "x", now, now),
            undated,
        ]
        found = gathering.ordered(due, owner.actor, now)
        assert [each.line.due is None for each in found] == [False, True]
        assert [each.lamp.value for each in found] == ["red", "off"]


def test_the_rail_counts_what_the_desk_lists_and_marks_where_one_is(
    app: Flask, sign_in_as: SignIn
) -> None:
    with app.app_context(), transaction():
        operator = accounts.officer(Role.BUREAU_OPERATOR)
        firm = intermediaries.submitted().firm
        intermediaries.submitted()
        address = f"/supervision/applications/{firm.public_id}"
        listed = len(lines(operator.actor))
    officer = sign_in_as(operator.user)
    home = officer.get("/workspace").text
    assert f"有 {listed} 件事项待办" in home
    rail = {page: _rail(officer.get(page).text) for page in ("/workspace", address)}
    assert rail["/workspace"]["入驻审核"] == ("2", "")
    assert rail[address]["入驻审核"] == ("2", "true")
    assert rail[address]["工作台首页"] == ("", "")
    assert rail["/workspace"]["工作台首页"] == ("", "page")
    assert "管理机构和主管部门在办 2 件" in officer.get("/supervision").text


def _rail(page: str) -> dict[str, tuple[str, str]]:
    """Label → (count, aria-current) of every entry of the rail."""
    tree = html5lib.parse(page, namespaceHTMLElements=False)
    (rail,) = [nav for nav in tree.iter("nav") if nav.get("class") == "rail"]
    found = {}
    for link in rail.iter("a"):
        counts = [each.text or "" for each in link.iter("span") if "count" in each.get("class", "")]
        count = counts[0].strip() if counts else ""
        found[(link.text or "").strip()] = (count, link.get("aria-current", ""))
    return found


def test_a_proposed_account_waits_for_the_other_administrator(app: Flask) -> None:
    with app.app_context(), transaction():
        system = accounts.officer(Role.SYSTEM_ADMIN)
        security = accounts.officer(Role.SECURITY_ADMIN)
        invitation = people.propose_official(
            system.organisation, "唐新", Role.BUREAU_OPERATOR, system.actor, clock.now()
        )
        (line,) = lines(security.actor)
        assert "唐新" in line.about
        assert line.where == "accounts.officials"
        assert lines(system.actor) == []
        people.approve_official(invitation, security.actor, clock.now())
        assert lines(security.actor) == []
