"""What a firm keeps on its file: people, promises, relations, leaving."""

from __future__ import annotations

from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError

from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Invalid
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries import actions, queries
from marketplace.intermediaries.models import Practitioner
from tests.factories import accounts as people
from tests.factories import intermediaries as firms

CITY = people.CITY


def test_a_professional_stands_with_one_firm(app: Flask) -> None:
    person = {"name": "赵工", "profession": "环评工程师", "number": "HP-1"}
    with app.app_context():
        with transaction():
            one, other = firms.drafted(), firms.drafted()
            row = actions.add_practitioner(one.firm, **person, actor=one.actor, now=clock.now())
            with pytest.raises(Invalid):
                actions.add_practitioner(other.firm, **person, actor=other.actor, now=clock.now())
            actions.end_record(row, one.actor, clock.now())
            actions.add_practitioner(other.firm, **person, actor=other.actor, now=clock.now())
            firm_id = one.firm.id
        with pytest.raises(IntegrityError), transaction():
            db.session.add(Practitioner(firm_id=firm_id, **person, registered_at=clock.now()))


def test_a_new_promise_replaces_the_old_one(app: Flask) -> None:
    with app.app_context(), transaction():
        made = firms.listed()
        actions.save_offering(made.firm, "hpwj", Decimal("0.2"), 20, made.actor, clock.now())
        live = queries.offering(made.firm.id, "hpwj")
        assert live is not None
        assert live.discount == Decimal("0.2")
        assert queries.organisations_offering(CITY, "hpwj") == [made.organisation.id]


@pytest.mark.parametrize(
    ("discount", "days", "field"),
    [
        ("1", 20, "discount"),
        ("-0.1", 20, "discount"),
        ("0.12345", 20, "discount"),
        ("NaN", 20, "discount"),
        ("0.2", 0, "promised_days"),
        ("0.2", 31, "promised_days"),
    ],
)
def test_an_impossible_promise_is_refused(app: Flask, discount: str, days: int, field: str) -> None:
    with app.app_context(), transaction():
        made = firms.drafted()
        with pytest.raises(Invalid) as refusal:
            actions.save_offering(
                made.firm, "hpwj", Decimal(discount), days, made.actor, clock.now()
            )
        assert refusal.value.field == field


def test_a_listed_firm_asks_another_department_for_its_new_item(app: Flask) -> None:
    with app.app_context(), transaction():
        made = firms.listed()
        assert len(queries.professional_checks(made.firm)) == 1
        with pytest.raises(Invalid):
            actions.save_offering(made.firm, "jsjl", Decimal("0.1"), 9, made.actor, clock.now())
        firms.offer(made.firm, "jsjl", made.actor)
        assert len(queries.professional_checks(made.firm)) == 2


def test_relations_are_told_by_digests(app: Flask) -> None:
    with app.app_context(), transaction():
        mother = firms.drafted(legal_identity=firms.resident_id(7))
        code = mother.organisation.credit_code
        assert code
        daughter = firms.drafted(controller=(mother.organisation.name, code))
        twin = firms.drafted(legal_identity=firms.resident_id(7))
        keys = [queries.relation_keys(each.firm.id) for each in (mother, daughter, twin)]
        assert keys[0].organisation in keys[1].shareholders
        assert keys[0].shareholders == frozenset()
        assert keys[0].legal_representative == keys[2].legal_representative
        assert keys[0].legal_representative != keys[1].legal_representative
        assert code not in str(keys)


def test_agencies_and_persons_cannot_be_firms(app: Flask) -> None:
    with app.app_context(), transaction():
        agency = people.owner(kind=people.OrganisationKind.AGENCY)
        with pytest.raises(Conflict):
            actions.open_file(agency.organisation, CITY, agency.actor, clock.now())


def test_what_lies_with_the_bureau_cannot_be_changed(app: Flask) -> None:
    with app.app_context(), transaction():
        made = firms.submitted()
        with pytest.raises(Conflict):
            actions.save_offering(made.firm, "hpwj", Decimal("0.3"), 9, made.actor, clock.now())
        with pytest.raises(Conflict):
            actions.submit_application(made.firm, True, made.actor, clock.now())
