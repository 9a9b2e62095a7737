"""Who stands aside from a contract, found for many assessors in as many statements as for one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from sqlalchemy import event

from marketplace.accounts.models import Membership
from marketplace.accounts.permissions import Role
from marketplace.evaluations.assessors.ties import relation, relations
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from tests.factories import accounts, contracts, intermediaries

Advance = Callable[[timedelta], None]


def test_every_tie_is_found_for_all_at_once(app: Flask, advance: Advance) -> None:
    deal = contracts.signed(app, advance)
    sent: list[str] = []
    with app.app_context():
        with transaction():
            contract, firm = deal.contract, deal.party()
            alike, rival, stranger, former = (accounts.firm() for _each in range(4))
            alike.organisation.phone = firm.organisation.phone
            works_for_both = accounts.firm()
            for party, until in ((works_for_both, None), (former, clock.now())):
                db.session.add(
                    Membership(
                        user_id=firm.user.id,
                        organisation_id=party.organisation.id,
                        role=Role.FIRM_STAFF,
                        since=clock.now(),
                        until=until,
                    )
                )
            rival = intermediaries.listed((contract.need.item_code,))
            elsewhere = intermediaries.listed(("dazl",))
            expected = {
                deal.owner_id: "party",
                deal.firm_id: "party",
                alike.organisation.id: "same",
                works_for_both.organisation.id: "person",
                rival.organisation.id: "rival",
                stranger.organisation.id: None,
                former.organisation.id: None,
                elsewhere.organisation.id: None,
            }
        assert contract.need.item_code != "dazl"
        assert {each: relation(each, contract) for each in expected} == expected

        def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
            sent.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            found = relations(list(expected), [contract])
            # traits, people, offers: what else is read are the places, which are remembered
            assert len([each for each in sent if "jurisdictions" not in each]) <= 3, sent
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        assert found == {(each, contract.id): why for each, why in expected.items() if why}
