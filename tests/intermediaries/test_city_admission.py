"""The cities' admission rules run as data: each admits one firm it should and refuses one it
should not, saying why; no edition can ask where a firm is from."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import OrganisationKind
from marketplace.accounts.permissions import Role
from marketplace.commands.editions import EDITIONS
from marketplace.foundation import clock, policy
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Invalid
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries import actions, queries
from marketplace.intermediaries.models import FirmStatus, Qualification
from marketplace.intermediaries.rules import AdmissionPolicy
from tests.factories import accounts as people
from tests.factories import intermediaries
from tests.places import XINTAI, open_marketplace

DEZHOU, LINYI, QINGDAO, ZIBO = "371400", "371300", "370200", "370300"
SHANXIAN = "371722"


def _usual() -> Decimal:
    """What is usual off the standard: 新泰 measures charges against half of it."""
    return Decimal("0.5") if people.CITY == XINTAI else Decimal("0.1")


def _not_decoupled() -> None:
    made = intermediaries.drafted(("hpwj",), discount=_usual())
    made.firm.decoupled = False
    actions.submit_application(made.firm, True, made.actor, clock.now())


def _without_commitment() -> None:
    made = intermediaries.drafted(("hpwj",), discount=_usual())
    actions.submit_application(made.firm, False, made.actor, clock.now())


def _without_certificate() -> None:
    made = intermediaries.drafted(("hpwj",), discount=_usual())
    held = db.session.scalars(
        select(Qualification).where(Qualification.firm_id == made.firm.id)
    ).one()
    actions.end_record(held, made.actor, clock.now())
    actions.submit_application(made.firm, True, made.actor, clock.now())


def _agency() -> None:
    intermediaries.drafted(("hpwj",), party=people.owner(kind=OrganisationKind.AGENCY))


@pytest.mark.parametrize(
    ("city", "mode", "refused", "why"),
    [
        (DEZHOU, "open", _without_commitment, "请阅读并勾选入驻承诺"),
        (LINYI, "review", _not_decoupled, "脱钩"),
        (XINTAI, "review", _not_decoupled, "脱钩"),
        (QINGDAO, "review", _agency, "机关、村（居）民委员会和自然人不能入驻"),
        (ZIBO, "review", _without_certificate, "登记“环境影响评价文件编制”所需的有效资质"),
    ],
)
def test_a_city_admits_whom_it_should_and_refuses_whom_it_should_not(
    app: Flask,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    city: str,
    mode: str,
    refused: Callable[[], None],
    why: str,
) -> None:
    open_marketplace(app, city, tmp_path, monkeypatch)
    with app.app_context(), transaction():
        edition = policy.in_force(
            AdmissionPolicy, accounts.lineage(city), clock.local_day(clock.now())
        )
        assert (edition.jurisdiction, edition.values.mode) == (city, mode)
        # a firm registered in another province stands like any other
        party = people.firm("杭州湖畔环境科技有限公司")
        party.organisation.jurisdiction_code = "000000"
        made = intermediaries.submitted(("hpwj",), party=party, discount=_usual())
        if mode == "review":
            assert made.firm.status is FirmStatus.SUBMITTED
            operator, approver = (
                people.officer(role).actor for role in (Role.BUREAU_OPERATOR, Role.BUREAU_APPROVER)
            )
            passed = intermediaries.all_passed()
            actions.pass_check(
                made.firm, passed, intermediaries.Recommendation.LIST, "", operator, clock.now()
            )
            actions.list_firm(made.firm, approver, clock.now())
        assert made.firm.status is FirmStatus.LISTED
        assert made.firm.edition_id == edition.id
        assert queries.firm_of(party.organisation.id, city) is made.firm
    with app.app_context(), pytest.raises((Conflict, Invalid), match=why), transaction():
        refused()


def test_a_county_without_rules_of_its_own_follows_others_and_says_so(
    app: Flask,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sign_in_as: Callable[..., FlaskClient],
) -> None:
    open_marketplace(app, SHANXIAN, tmp_path, monkeypatch)
    with app.app_context(), transaction():
        edition = policy.in_force(
            AdmissionPolicy, accounts.lineage(SHANXIAN), clock.local_day(clock.now())
        )
        assert edition.jurisdiction != SHANXIAN
        made = intermediaries.drafted(())
    page = sign_in_as(made.user).get("/firm/application").text
    assert edition.title in page
    assert "单县没有另行规定，沿用这一版" in page


@pytest.mark.parametrize(
    "line",
    [
        "local_registration = true",
        'registered_in = ["371300"]',
        "local_branch_required = true",
        "local_results = 3",
        "quota = 40",
        "deposit = 10000",
    ],
)
def test_no_edition_can_ask_where_a_firm_is_from(line: str) -> None:
    files = sorted((EDITIONS / "policies").glob("*/admission-*.toml"))
    assert len(files) >= 7
    for path in files:
        text = path.read_text("utf-8")
        policy.parse(path.name, text, [AdmissionPolicy])
        with pytest.raises(policy.PolicyError, match=f"values.{line.split(' ')[0]}"):
            policy.parse(path.name, f"{text}{line}\n", [AdmissionPolicy])
