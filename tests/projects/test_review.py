"""Two persons, and what may not be posted, tried on the pages and below them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from marketplace.accounts.permissions import Role
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.errors import Invalid, Refused
from marketplace.foundation.transactions import transaction
from marketplace.projects import correcting
from marketplace.projects.models import CorrectionStatus, InvestmentKind, Need, NeedStatus
from marketplace.selection import queries as selection_queries
from tests.factories import accounts, selection
from tests.factories import projects as factory

SignIn = Callable[..., FlaskClient]
GOVERNMENT = {"investment": InvestmentKind.GOVERNMENT}


def one_with_both_roles() -> accounts.Party:
    """A company's person who may draft and approve, and a colleague who approves as well."""
    made = accounts.owner()
    colleague = accounts.user(made.organisation, Role.OWNER_EDITOR, Role.OWNER_APPROVER)
    return accounts.Party(made.user, made.organisation, colleague)


def test_whoever_proposed_a_need_cannot_publish_it_on_the_page_either(
    app: Flask, sign_in_as: SignIn
) -> None:
    with app.app_context(), transaction():
        owner = one_with_both_roles()
        public_id = factory.submitted(owner, **GOVERNMENT).public_id
    address = f"/owner/needs/{public_id}/publish"
    refused = sign_in_as(owner.user).post(address)
    assert refused.status_code == 403
    assert "另一位审批人" in refused.get_data(as_text=True)
    with app.app_context():
        need = db.session.scalars(select(Need)).one()
        assert need.status is NeedStatus.SUBMITTED
        assert selection_queries.round_of(need) is None
    assert sign_in_as(owner.approver).post(address).status_code == 303
    with app.app_context():
        need = db.session.scalars(select(Need)).one()
        assert need.approver_id != need.proposer_id
        assert selection_queries.live_round(need).commitment


def test_the_database_itself_keeps_proposer_and_approver_apart(app: Flask) -> None:
    with app.app_context(), transaction():
        owner = one_with_both_roles()
        selection.open_need(owner, **GOVERNMENT)
    with app.app_context(), pytest.raises(IntegrityError), transaction():
        db.session.execute(text("UPDATE needs SET approver_id = proposer_id"))


def test_a_correction_is_not_published_by_whoever_proposed_it(app: Flask) -> None:
    with app.app_context(), transaction():
        owner = one_with_both_roles()
        need = selection.open_need(owner, **GOVERNMENT)
        before = (need.place, need.entry_deadline)
        row = correcting.propose_correction(
            need,
            correcting.Correction(need.scope, "青河市西城区", need.budget, need.days_wanted),
            "服务地点变更",
            owner.actor,
            clock.now(),
        )
        with pytest.raises(Refused):
            correcting.publish_correction(row, owner.actor, clock.now())
        assert (need.place, need.entry_deadline) == before
        assert row.status is CorrectionStatus.PROPOSED
        correcting.publish_correction(row, owner.approving_actor, clock.now())
        assert need.place == "青河市西城区"
        assert need.entry_deadline >= before[1]  # type: ignore[operator]


def test_an_owner_bars_at_most_as_many_firms_as_the_edition_says(app: Flask) -> None:
    with app.app_context(), transaction():
        firms = [accounts.firm().organisation.id for _ in range(4)]
        barred = tuple((firm, "承担过本项目前期工作") for firm in firms)
        assert factory.draft(recusals=barred[:3]).id
        with pytest.raises(Invalid) as refused:
            factory.draft(recusals=barred)
        assert (refused.value.field, refused.value.rule) == ("recusals", "recusal.most")
        assert "3" in refused.value.message
