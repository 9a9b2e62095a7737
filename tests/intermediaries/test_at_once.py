"""What several people click at the same moment happens once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from marketplace.accounts.models import Organisation
from marketplace.accounts.permissions import Role
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.lifecycle import StatusChange
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries import actions
from marketplace.intermediaries.models import ProfessionalCheck, Recommendation
from marketplace.notices.models import PublicNotice
from tests.factories import accounts as people
from tests.factories import intermediaries as firms

SignIn = Callable[..., FlaskClient]


def counted(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_eight_approvals_list_a_firm_once(app: Flask, sign_in_as: SignIn) -> None:
    with app.app_context(), transaction():
        made = firms.submitted()
        operator = people.officer(Role.BUREAU_OPERATOR)
        actions.pass_check(
            made.firm, firms.all_passed(), Recommendation.LIST, "", operator.actor, clock.now()
        )
        address = f"/supervision/applications/{made.firm.public_id}/decision"
        approvers = [people.officer(Role.BUREAU_APPROVER).user for _each in range(8)]
    browsers = [sign_in_as(user) for user in approvers]

    def approve(browser: FlaskClient) -> int:
        return browser.post(address, data={"outcome": "list"}).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = Counter(pool.map(approve, browsers))
    assert answers == {303: 1, 409: 7}
    with app.app_context():
        assert counted(PublicNotice) == 1
        assert counted(ProfessionalCheck) == 1
        listings = select(func.count()).where(
            StatusChange.subject_type == "firms", StatusChange.to_status == "listed"
        )
        assert db.session.scalar(listings) == 1


def test_one_body_that_registers_six_times_at_once_exists_once(app: Flask) -> None:
    code = people.new_credit_code()

    def register(n: int) -> int:
        data = {
            "name": "青河明远咨询有限公司",
            "kind": "company",
            "credit_code": code,
            "legal_representative": "郑法人",
            "phone": "0399-6660001",
            "person_name": "周经办",
            "login": f"mingyuan{n}",
            "password": "Lantern-7-quay-drift",
            "password_again": "Lantern-7-quay-drift",
            "agreed": "y",
        }
        return app.test_client().post("/register?side=firm", data=data).status_code

    with ThreadPoolExecutor(6) as pool:
        answers = Counter(pool.map(register, range(6)))
    assert answers == {303: 1, 409: 5}
    with app.app_context():
        same = select(func.count()).where(Organisation.credit_code == code)
        assert db.session.scalar(same) == 1
