"""The desk tells each person what is theirs to do, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Flask

from marketplace.accounts.models import OrganisationKind
from marketplace.accounts.permissions import Role
from marketplace.foundation import clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.transactions import transaction
from marketplace.workspace.todo import firms, gathering, officers, owners
from marketplace.workspace.todo.line import Line
from tests.factories import accounts, intermediaries, projects, sanctions

ALL = gathering.SOURCES


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


def test_an_application_waits_for_the_checking_officer_by_its_deadline(app: Flask) -> None:
    with app.app_context(), transaction():
        firm = intermediaries.submitted()
        (line,) = lines(accounts.officer(Role.BUREAU_OPERATOR).actor)
        assert (line.key, line.due) == (firm.firm.public_id, firm.firm.form_due_at)
        assert line.due is not None
        assert lines(accounts.officer(Role.BUREAU_APPROVER).actor) == []
        assert lines(firm.actor) == []


def test_a_draft_waits_for_the_firm_and_a_listed_firm_for_its_department(app: Flask) -> None:
    with app.app_context(), transaction():
        drafted = intermediaries.drafted()
        assert [line.page for line in lines(drafted.actor)] == ["intermediaries.apply"]
        listed = intermediaries.listed()
        assert lines(listed.actor, [firms.own_file]) == []
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
        assert lines(accounts.firm().actor) == []


def test_a_case_goes_from_the_firm_to_the_proposer_to_the_decider(app: Flask) -> None:
    with app.app_context(), transaction():
        firm = intermediaries.listed()
        operator = accounts.officer(Role.BUREAU_OPERATOR).actor
        approver = accounts.officer(Role.BUREAU_APPROVER).actor
        desk = [officers.sanction_cases]
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
