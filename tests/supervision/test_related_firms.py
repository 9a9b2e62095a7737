"""Who may stand behind a firm: found by what they share, shown to officers, no bar by itself."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.accounts.models import Organisation, OrganisationKind, WebSession
from marketplace.accounts.permissions import Role
from marketplace.foundation import clock
from marketplace.foundation.audit import AuditRow
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries.likeness import features
from marketplace.intermediaries.likeness.rules import TieKind
from marketplace.intermediaries.models import Firm, Shareholder
from marketplace.intermediaries.queries import person_digest
from marketplace.sanctions import queries as sanctions_of
from marketplace.supervision.related.queries import related_to
from tests.factories import accounts, intermediaries, sanctions
from tests.factories.notices import Somebody

SignIn = Callable[..., FlaskClient]


def _signed_in(organisation: Organisation, user_id: int, address: str, agent: str) -> None:
    now = clock.now()
    db.session.add(
        WebSession(
            token_digest=f"{organisation.id}-{address}-{agent}",
            user_id=user_id,
            organisation_id=organisation.id,
            created_at=now,
            last_seen_at=now,
            expires_at=now,
            address=address,
            agent=agent,
        )
    )


def _held(firm: Firm, identity: str, name: str) -> None:
    now = clock.now()
    db.session.add(
        Shareholder(
            firm_id=firm.id, name=name, identity_digest=person_digest(identity), registered_at=now
        )
    )


def _file(party: accounts.Party) -> Firm:
    return db.session.scalars(
        select(Firm).where(Firm.organisation_id == party.organisation.id)
    ).one()


def test_every_tie_is_found_and_bars_nobody(app: Flask) -> None:
    with app.app_context(), transaction():
        firm, owned, sister, twin, neighbour, guest = (
            intermediaries.listed(("stbc",)) for _each in range(6)
        )
        crowd = [accounts.firm() for _each in range(6)]
        parties = (firm, owned, sister, twin, neighbour, guest, *crowd)
        for number, each in enumerate(parties):
            each.organisation.phone = f"0399-{number:07d}"
            each.organisation.address = f"演示路 {number} 号"
            each.organisation.legal_representative = f"代表{number}"
            if each not in crowd:
                _file(each).legal_digest = person_digest(f"representative {number}")
        _held(_file(owned), firm.organisation.credit_code or "", firm.organisation.name)
        _held(_file(firm), "H", "某股东")
        _held(_file(sister), "H", "某股东")
        _file(twin).legal_digest = _file(firm).legal_digest
        neighbour.organisation.phone = firm.organisation.phone
        neighbour.organisation.address = firm.organisation.address
        guest.organisation.legal_representative = firm.organisation.legal_representative
        for each in (firm, twin):
            _signed_in(each.organisation, each.user.id, "203.0.113.7", "browser")
        for each in (firm, *crowd):
            # a hall's machine: more sign in from it than could be one in truth
            _signed_in(each.organisation, each.user.id, "203.0.113.8", "hall")
        features.keep([each.organisation.id for each in parties], clock.now())
        found = {
            each.organisation.id: set(each.ties)
            for each in related_to(firm.organisation, clock.now())
        }
        assert found == {
            owned.organisation.id: {TieKind.CONTROL},
            sister.organisation.id: {TieKind.SHAREHOLDER},
            twin.organisation.id: {TieKind.LEGAL_PERSON, TieKind.DEVICE},
            neighbour.organisation.id: {TieKind.PHONE, TieKind.ADDRESS},
            guest.organisation.id: {TieKind.LEGAL_NAME},
        }
        back = related_to(owned.organisation, clock.now())
        assert [(each.organisation.id, set(each.ties)) for each in back] == [
            (firm.organisation.id, {TieKind.CONTROL})
        ]
        # one is blacklisted, and nobody else with it
        sanctions.blacklisted(firm)
        now = clock.now()
        assert all(not sanctions_of.bars(key, accounts.CITY, None, now) for key in found)
        (shown,) = [
            each
            for each in related_to(twin.organisation, now)
            if each.organisation.id == firm.organisation.id
        ]
        assert [bar.title for bar in shown.bars] == ["列入本平台黑名单"]


def test_an_officer_looks_from_the_case_and_the_look_is_noted(
    app: Flask, sign_in_as: SignIn
) -> None:
    with app.app_context(), transaction():
        firm, sister = intermediaries.listed(("stbc",)), intermediaries.listed(("stbc",))
        sister.organisation.phone = firm.organisation.phone = "0399-7654321"
        case = sanctions.reported_case(firm)
        page, key = f"/cases/{case.public_id}", firm.organisation.id
        officers = [accounts.officer(role).user for role in (Role.BUREAU_OPERATOR, Role.AUDITOR)]
        people = [*officers, firm.user]
        address = f"/supervision/related/{firm.organisation.public_id}"
        review = f"/supervision/applications/{_file(firm).public_id}"
        name, phone = sister.organisation.name, "0399-7654321"
    operator, auditor, own = map(sign_in_as, people)
    assert address in operator.get(page).text
    assert address in operator.get(review).text
    shown = operator.get(address).text
    assert name in shown
    assert "联系电话相同" in shown
    assert "仅供核查" in shown
    assert phone not in shown
    assert auditor.get(address).status_code == 200
    assert own.get(address).status_code == 403
    assert address not in own.get(page).text
    with app.app_context():
        rows = db.session.scalars(
            select(AuditRow).where(AuditRow.action == "related_firms.seen")
        ).all()
        assert [(row.subject_type, row.subject_id) for row in rows] == [
            ("organisations", str(key))
        ] * 2


def test_a_card_leads_to_the_check_of_a_body_not_of_a_person(
    app: Flask, sign_in_as: SignIn
) -> None:
    with app.app_context():
        with transaction():
            person = accounts.owner(kind=OrganisationKind.NATURAL_PERSON)
            cards = [sanctions.card(each.organisation) for each in (accounts.firm(), person)]
            pages = [f"/cards/{each.public_id}" for each in cards]
            officer = Somebody.of(accounts.officer(Role.BUREAU_OPERATOR))
        user = officer.user
    browser = sign_in_as(user)
    assert ["/supervision/related/" in browser.get(page).text for page in pages] == [True, False]
