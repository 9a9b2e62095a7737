"""Who has entered, and another party's papers, tried from the side of whoever would like to know."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select

from marketplace.accounts.models import OrganisationKind
from marketplace.accounts.permissions import Role
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.foundation.web import PUBLIC, SIGNED_IN
from marketplace.projects import correcting
from marketplace.projects.models import Need
from marketplace.projects.models import SelectionMethod as Method
from marketplace.selection import actions, queries
from marketplace.selection.models import Entry
from tests.factories import accounts, selection
from tests.selection.scenes import GOVERNMENT, Advance, SignIn, again, key, the_need


def _addresses(app: Flask, need: str, *firms: str) -> dict[str, str]:
    """Every page of the site, of the need and of the firms, and who may open it.

    Public pages are the same for everybody, but for the need's own, which greet its parties.
    """
    found = {}
    for rule in app.url_map.iter_rules():
        names = set(rule.arguments)
        if "GET" not in (rule.methods or set()) or rule.endpoint in ("static", "accounts.sign_out"):
            continue
        declared = str(getattr(app.view_functions[rule.endpoint], "access", ""))
        if not names:
            found[rule.rule] = declared
        elif names == {"public_id"}:
            for each in (need, *firms):
                address = re.sub(r"<[^>]*public_id>", each, rule.rule)
                found[address] = SIGNED_IN if (declared, each) == (PUBLIC, need) else declared
    return found


@pytest.mark.parametrize(
    "engine_name", ["sqlite", pytest.param("postgresql", marks=pytest.mark.long)]
)
def test_who_has_entered_shows_on_no_page_of_anybody_else_before_closing(
    app: Flask, sign_in_as: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context(), transaction():
        one, other, bystander = selection.firms(3)
        owner = accounts.owner(kind=OrganisationKind.AGENCY)
        need = selection.open_need(owner, **GOVERNMENT)
        ids = (need.public_id, one.organisation.public_id, other.organisation.public_id)
        names = [
            word
            for firm in (one, other)
            for word in (firm.organisation.name, firm.organisation.credit_code or "")
        ]
        people = [bystander.user, owner.user, owner.approver]
        rights = [bystander.actor, owner.actor, owner.approving_actor]
        officers = [
            accounts.officer(role)
            for role in (
                Role.BUREAU_OPERATOR,
                Role.BUREAU_APPROVER,
                Role.DEPARTMENT_OFFICER,
                Role.AUDITOR,
                Role.SYSTEM_ADMIN,
            )
        ]
        people += [officer.user for officer in officers]
        rights += [officer.actor for officer in officers]
    browsers = [app.test_client(), *(sign_in_as(person) for person in people)]
    pages = _addresses(app, *ids)
    assert f"/results/{ids[0]}" in pages
    # what a role may never open is refused to it whole, see tests/architecture/test_access.py
    open_to = [
        (number, page)
        for number, actor in enumerate([None, *rights])
        for page, declared in pages.items()
        if (declared == PUBLIC and actor is None)
        or (declared == SIGNED_IN)
        or (actor is not None and actor.may(declared))
    ]
    assert len(open_to) > 200
    with app.app_context(), transaction():
        first = selection.enter(the_need(), again(one), Decimal("35123.45"))
        first_id = first.id
        secrets = [first.public_id, first.contribution, first.signature, "35123.45", "35,123.45"]
    with app.app_context():
        instant = clock.now() + timedelta(seconds=5)

    def look(where: list[tuple[int, str]]) -> dict[tuple[int, str], tuple[int, bytes]]:
        seen = {}
        monkeypatch.setattr(clock, "now", lambda: instant)
        for number, page in where:
            answer = browsers[number].get(page)
            seen[number, page] = answer.status_code, answer.data
        monkeypatch.undo()
        return seen

    before = look(open_to)
    for (number, page), (status, text) in before.items():
        assert status < 500, page
        told = [secret for secret in secrets if secret.encode() in text]
        assert told == [], f"{page} tells visitor {number} {told}"
    with app.app_context(), transaction():
        actions.withdraw_entry(db.session.get_one(Entry, first_id), again(one).actor)
        selection.enter(the_need(), again(other))
    after = look([at for at, (status, _text) in before.items() if status == 200])
    assert len(after) > 100
    for at, (_status, text) in after.items():
        counts = [[seen.count(name.encode()) for name in names] for seen in (before[at][1], text)]
        assert counts[0] == counts[1], f"{at} tells which of two firms has entered"


def test_a_pick_is_shown_to_the_firm_only_once_it_is_approved(
    app: Flask, advance: Advance, sign_in_as: SignIn
) -> None:
    with app.app_context(), transaction():
        owner = accounts.owner(kind=OrganisationKind.AGENCY)
        firms = selection.firms(3)
        selection.entered_need(owner=owner, entrants=firms, method=Method.DIRECT_PICK, **GOVERNMENT)
    advance(timedelta(days=1, hours=9))
    with app.app_context(), transaction():
        need = the_need()
        entry = queries.listed(queries.live_round(need))[0]
        actions.pick_entry(need, entry, "报价合理，时限承诺最短，人员齐备", again(owner).actor)
        address, organisation_id = f"/entries/{entry.public_id}", entry.organisation_id
    chosen = next(firm for firm in firms if key(firm) == organisation_id)
    page = sign_in_as(chosen.user).get(address).get_data(as_text=True)
    assert "待审批" not in page
    with app.app_context(), transaction():
        award = queries.award_of(the_need())
        assert award is not None
        actions.approve_pick(award, again(owner).approving_actor)
    assert "结果公示中" in sign_in_as(chosen.user).get(address).get_data(as_text=True)


def test_another_partys_objects_are_not_there(
    app: Flask, advance: Advance, sign_in_as: SignIn
) -> None:
    with app.app_context(), transaction():
        owner = accounts.owner()
        need = selection.entered_need(owner=owner, method=Method.DIRECT_PICK)
        correcting.propose_correction(
            need,
            correcting.Correction(need.scope, "青河市西城区", need.budget, need.days_wanted),
            "地点变更",
            owner.actor,
            clock.now(),
        )
        waiting = need.public_id
        correction = correcting.queries.open_correction(need.id)
        assert correction is not None
        ids = {waiting, correction.public_id}
        draft = selection.projects.draft(owner).public_id
        ids.add(draft)
        running = queries.live_round(need)
        ids |= {each.public_id for each in queries.standing(running)} | {running.public_id}
        other_owner, other_firm = accounts.owner().user, selection.firms(1)[0].user
    advance(timedelta(days=1, hours=9))
    with app.app_context(), transaction():
        need = db.session.scalars(select(Need).where(Need.public_id == waiting)).one()
        entry = queries.listed(queries.live_round(need))[0]
        award = actions.pick_entry(
            need, entry, "报价合理，时限承诺最短，人员齐备", again(owner).actor
        )
        ids.add(award.public_id)
    visitors = {"need.": sign_in_as(other_owner), "firm.": sign_in_as(other_firm)}
    visitors["key."] = visitors["need."]
    reached, tried = [], 0
    for rule in app.url_map.iter_rules():
        blueprint = rule.endpoint.partition(".")[0]
        declared = str(getattr(app.view_functions[rule.endpoint], "access", ""))
        visitor = next((each for key, each in visitors.items() if declared.startswith(key)), None)
        if blueprint not in ("projects", "selection", "ratings") or "public_id" not in (
            rule.arguments
        ):
            continue
        for public_id in ids:
            address = re.sub(r"<[^>]*>", public_id, rule.rule)
            if visitor is None:
                browsers = [*visitors.values(), app.test_client()]
                if public_id == waiting or "supervision" in address:
                    continue
            else:
                browsers = [visitor]
                # any firm may enter a need that is open, and ask about it in public
                if address in (f"/needs/{waiting}/enter", f"/needs/{waiting}/questions/new"):
                    continue
            for browser in browsers:
                for method in (rule.methods or set()) & {"GET", "POST"}:
                    tried += 1
                    answer = browser.open(address, method=method, data={"reason": "不应当看到"})
                    signed_out = answer.status_code in (302, 401) and browser is browsers[-1]
                    if answer.status_code != 404 and not (visitor is None and signed_out):
                        reached.append((method, address, answer.status_code))
    assert reached == []
    assert tried > 60
