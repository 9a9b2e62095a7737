"""What the rules of choosing promise, tried from the side of whoever would like to break them."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import inspect, select

from marketplace.accounts.models import OrganisationKind
from marketplace.accounts.permissions import Role
from marketplace.foundation import clock
from marketplace.foundation.actor import CLOCK, Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Missing, Refused
from marketplace.foundation.transactions import transaction
from marketplace.foundation.web import PUBLIC, SIGNED_IN
from marketplace.notifications.models import Message
from marketplace.projects import correcting
from marketplace.projects.models import DrawSource, InvestmentKind, Need, NeedStatus
from marketplace.projects.models import SelectionMethod as Method
from marketplace.ratings import actions as ratings_actions
from marketplace.ratings.models import EntryKind, RatingEntry
from marketplace.ratings.rules.entries import Grade, VetoKind
from marketplace.sanctions.models import Cause
from marketplace.selection import actions, ceremony, drawing, queries
from marketplace.selection.models import AwardStatus, Entry, EntryStatus, RoundStatus
from tests.factories import accounts, intermediaries, ratings, sanctions, selection

Advance = Callable[[timedelta], None]
SignIn = Callable[..., FlaskClient]
DAY = timedelta(days=1)
TO_CLOSING = timedelta(days=1, hours=8, minutes=1)
TO_LOTTERY = timedelta(hours=5)
CEREMONY = {"draw_source": DrawSource.CEREMONY}
GOVERNMENT = {"investment": InvestmentKind.GOVERNMENT}


def the_need() -> Need:
    return db.session.scalars(select(Need).order_by(Need.id)).one()


def key(party: accounts.Party) -> int:
    """The organisation of a party, also when the session it came from has ended."""
    return int(inspect(party.organisation).identity[0])


def again(party: accounts.Party) -> accounts.Party:
    """The same party in the present session."""
    user, organisation, approver = (
        db.session.get_one(type(row), inspect(row).identity[0])
        for row in (party.user, party.organisation, party.approver)
    )
    return accounts.Party(user, organisation, approver)


def drawn(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        selection.entered_need(3)
    advance(TO_CLOSING)
    advance(TO_LOTTERY)
    with app.app_context(), transaction():
        selection.read_lottery("2026062")
    advance(timedelta(seconds=1))


def asleep_until(app: Flask, hours: float) -> None:
    """Time passes while nobody looks at what becomes due."""
    with app.app_context(), transaction():
        clock.set_to(clock.now() + timedelta(hours=hours))


# the deadline


def test_the_page_takes_an_entry_until_the_last_millisecond_and_no_longer(
    app: Flask, sign_in_as: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context(), transaction():
        firms = selection.firms(3)
        need = selection.open_need()
        public_id, deadline = need.public_id, need.entry_deadline
        assert deadline is not None
    asleep_until(app, 31.9)
    browsers = [sign_in_as(firm.user) for firm in firms]
    answers = []
    for browser, late in zip(browsers, (-1, 0, 1), strict=True):
        instant = deadline + timedelta(milliseconds=late)
        monkeypatch.setattr(clock, "now", lambda instant=instant: instant)
        form = {"price": "36000", "contribution": "ab" * 32, "agree": "y"}
        answers.append(browser.post(f"/needs/{public_id}/enter", data=form).status_code)
    monkeypatch.undo()
    assert answers == [303, 409, 409]
    with app.app_context():
        standing = queries.standing(queries.live_round(the_need()))
        assert [entry.organisation_id for entry in standing] == [key(firms[0])]


# who has entered


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


# other people's objects


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
                if address == f"/needs/{waiting}/enter":
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


def test_a_firm_cannot_enter_the_need_of_its_own_organisation(app: Flask) -> None:
    with app.app_context(), transaction():
        both = selection.firms(1)[0]
        person = accounts.user(both.organisation, Role.OWNER_EDITOR, Role.OWNER_APPROVER)
        need = selection.open_need(accounts.Party(person, both.organisation, person))
        with pytest.raises(Refused) as refused:
            selection.enter(need, both)
        assert refused.value.rule == "eligible.recusal"


# bars, asked at every gate


def test_bars_and_a_d_are_asked_at_entry_closing_and_award(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        vetoed, graded, carded, fit, also = selection.firms(5)
        for firm in (graded,):
            ratings.evaluated(firm.organisation, 3)
        need = selection.open_need(entry_working_days=10)
        sanctions.reported_case(vetoed, Cause.COLLUSION)
        with pytest.raises(Refused) as refused:
            selection.enter(need, vetoed)
        assert refused.value.rule == "eligible.bar"
        for firm in (graded, carded, fit, also):
            selection.enter(need, firm)
        proposed = ratings_actions.propose_grade(
            graded.organisation.id,
            accounts.CITY,
            Grade.D,
            "经查串通报价",
            graded.organisation,
            accounts.officer(Role.BUREAU_OPERATOR).actor,
            clock.now(),
            VetoKind.COLLUSION,
        )
        approver = accounts.officer(Role.BUREAU_APPROVER).actor
        ratings_actions.confirm_grade(proposed, approver, clock.now())
    advance(14 * DAY + timedelta(hours=8, minutes=1))
    with app.app_context():
        running = queries.live_round(the_need())
        fallen = queries.void(running)
        assert [entry.organisation_id for entry in fallen] == [key(graded)]
        assert "D" in (fallen[0].void_reason or "")
        frozen = running.list_sha256
    with app.app_context(), transaction():
        sanctions.blacklisted(again(carded))
        sanctions.blacklisted(again(fit))
    advance(TO_LOTTERY)
    with app.app_context(), transaction():
        selection.read_lottery("2026075")
    advance(timedelta(seconds=1))
    with app.app_context():
        need = the_need()
        award = queries.award_of(need)
        assert award is not None
        assert award.organisation_id == key(also)
        assert queries.live_round(need).list_sha256 == frozen
        assert len(drawing.ranking(queries.live_round(need))) == 3


def test_a_winner_barred_from_accepting_is_not_charged_with_abandoning(
    app: Flask, advance: Advance
) -> None:
    drawn(app, advance)
    advance(DAY)
    with app.app_context(), transaction():
        award = queries.award_of(the_need())
        assert award is not None
        assert award.status is AwardStatus.OFFERED
        first = award.id
        person = accounts.user(award.organisation, Role.FIRM_ADMIN)
        actor = accounts.queries.actor_for(person, award.organisation)
        party = accounts.Party(person, award.organisation, person)
        sanctions.reported_case(party, Cause.BRIBERY)
        with pytest.raises(Refused) as refused:
            actions.accept_award(award, actor)
        assert refused.value.rule == "award.eligible"
    advance(3 * DAY)
    with app.app_context():
        awards = queries.awards_of(the_need())
        assert awards[0].id == first
        assert awards[0].status is AwardStatus.BARRED
        assert awards[1].status is AwardStatus.OFFERED
        posted = db.session.scalars(
            select(RatingEntry).where(RatingEntry.kind == EntryKind.CONDUCT)
        ).all()
        assert posted == []


def test_the_minimum_grade_is_that_of_the_publication_day(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        falls, rises = selection.firms(2)
        ratings.inspected(falls.organisation, 80)
        ratings.inspected(rises.organisation, 65)
    advance(2 * DAY)
    with app.app_context(), transaction():
        owner = accounts.owner(kind=OrganisationKind.AGENCY)
        selection.open_need(owner, entry_working_days=10, **GOVERNMENT)
        ratings.inspected(again(falls).organisation, 65)
        ratings.inspected(again(rises).organisation, 80)
    advance(3 * DAY)
    with app.app_context(), transaction():
        today = clock.today()
        grades = [
            queries.ratings.grade_on(key(firm), accounts.CITY, today).grade
            for firm in (falls, rises)
        ]
        assert grades == [Grade.C, Grade.B]
        need = the_need()
        entry = selection.enter(need, again(falls))
        with pytest.raises(Refused) as refused:
            selection.enter(need, again(rises))
        assert refused.value.rule == "eligible.grade"
        stored = next(check for check in queries.checks_of(entry) if check.rule == "grade")
        assert stored.grade == "B"
        assert stored.grade_record_id is not None


# corrections and annulled rounds


def test_entrants_are_told_of_a_correction_and_must_confirm(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        owner = accounts.owner()
        confirms, silent, *others = selection.firms(4)
        selection.entered_need(owner=owner, entrants=[confirms, silent, *others])
    advance(timedelta(minutes=1))
    with app.app_context(), transaction():
        need = the_need()
        correction = correcting.propose_correction(
            need,
            correcting.Correction(need.scope, "青河市西城区", need.budget, need.days_wanted),
            "服务地点变更",
            again(owner).actor,
            clock.now(),
        )
        correcting.publish_correction(correction, again(owner).approving_actor, clock.now())
    advance(timedelta(minutes=1))
    with app.app_context(), transaction():
        for firm in (confirms, *others):
            selection.enter(the_need(), again(firm))
    advance(timedelta(minutes=1))
    with app.app_context():
        told = db.session.scalars(
            select(Message.organisation_id).where(Message.subject.like("需求已更正%"))
        ).all()
        assert sorted(told) == sorted(key(firm) for firm in (confirms, silent, *others))
    advance(2 * DAY)
    with app.app_context():
        running = queries.live_round(the_need())
        assert [each.organisation_id for each in queries.void(running)] == [key(silent)]
        assert len(queries.listed(running)) == 3


def test_the_list_of_an_annulled_draw_stays_as_it_was_published(
    app: Flask, advance: Advance
) -> None:
    drawn(app, advance)
    with app.app_context(), transaction():
        need = the_need()
        entry = queries.listed(queries.live_round(need))[0]
        entry_id = entry.id
        proposed = actions.propose_annulment(
            need,
            "经查公示名单所用的核对口径与公布的规则不一致，应予撤销",
            accounts.officer(Role.BUREAU_OPERATOR).actor,
        )
        actions.approve_annulment(proposed, accounts.officer(Role.SUPERVISOR).actor)
    with app.app_context(), transaction():
        entry = db.session.get_one(Entry, entry_id)
        person = accounts.user(entry.organisation, Role.FIRM_ADMIN)
        with pytest.raises(Conflict):
            actions.withdraw_entry(entry, accounts.queries.actor_for(person, entry.organisation))
    with app.app_context():
        first = queries.rounds_of(the_need())[0]
        assert first.status is RoundStatus.ANNULLED
        assert {each.status for each in queries.listed(first)} == {EntryStatus.LISTED}
        assert len(queries.listed(first)) == 3


# a clock that stood still


def test_a_list_frozen_after_its_lottery_was_read_is_drawn_by_the_named_issue(
    app: Flask, advance: Advance
) -> None:
    with app.app_context(), transaction():
        firms = selection.firms(3)
        prompt = selection.entered_need(entrants=firms)
        late = selection.entered_need(entrants=firms)
        late.next_check_at = late.entry_deadline + timedelta(hours=20)  # type: ignore[operator]
        prompt_id, late_id = prompt.id, late.id
    advance(TO_CLOSING)
    advance(TO_LOTTERY)
    with app.app_context(), transaction():
        selection.read_lottery("2026062")
    advance(timedelta(hours=16))
    with app.app_context():
        first, second = db.session.get_one(Need, prompt_id), db.session.get_one(Need, late_id)
        assert (first.status, second.status) == (NeedStatus.AWARDED, NeedStatus.AWARDED)
        rounds = [queries.live_round(each) for each in (first, second)]
        assert rounds[0].lottery_day == rounds[1].lottery_day
        assert rounds[0].public_value == rounds[1].public_value
        assert rounds[0].list_sha256 != rounds[1].list_sha256


@pytest.mark.parametrize("changes", [CEREMONY, {}])
def test_nobody_loses_a_chance_while_the_clock_stood_still(
    app: Flask, advance: Advance, changes: dict[str, Any]
) -> None:
    with app.app_context(), transaction():
        selection.entered_need(3 if changes else 2, **changes)
    asleep_until(app, 24 * 8)
    advance(timedelta(seconds=2))
    with app.app_context():
        need = the_need()
        running = queries.live_round(need)
        if changes:
            assert need.status is NeedStatus.SELECTING
            assert running.drawn_at is None
            assert running.postponed == 0
            assert running.commit_ends_at is not None
            assert running.commit_ends_at > clock.now()
        else:
            assert need.status is NeedStatus.PUBLISHED
            assert need.extensions_used == 1
            assert need.entry_deadline is not None
            assert need.entry_deadline > clock.now()


# ceremony and lottery


def _ceremony(app: Flask, advance: Advance) -> dict[str, Actor]:
    with app.app_context(), transaction():
        owner, firms = accounts.owner(), selection.firms(3)
        selection.entered_need(owner=owner, entrants=firms, **CEREMONY)
        parties = {
            "owner": owner.actor,
            "firm": firms[0].actor,
            "bureau": accounts.officer(Role.BUREAU_OPERATOR).actor,
            "auditor": accounts.officer(Role.AUDITOR).actor,
            "administrator": accounts.officer(Role.SYSTEM_ADMIN).actor,
            "witness": accounts.officer(Role.SUPERVISOR).actor,
        }
    advance(TO_CLOSING)
    return parties


def test_whoever_only_reads_takes_no_part_in_a_ceremony(app: Flask, advance: Advance) -> None:
    parties = _ceremony(app, advance)
    with app.app_context(), transaction():
        for name in ("auditor", "administrator"):
            with pytest.raises(Missing):
                actions.commit_number(the_need(), "7" * 30, parties[name])
        row = actions.commit_number(the_need(), "7" * 30, parties["witness"])
        assert row.participant.startswith("witness-")


def test_silence_cannot_change_what_a_ceremony_gives(app: Flask, advance: Advance) -> None:
    parties = _ceremony(app, advance)
    numbers = {"owner": "1" * 30, "firm": "2" * 30, "bureau": "3" * 30}
    with app.app_context():
        with transaction():
            for name, number in numbers.items():
                actions.commit_number(the_need(), number, parties[name])
        advance(timedelta(minutes=30))
        orders = []
        for silent in (None, *numbers):
            need = the_need()
            running = queries.live_round(need)
            for name, number in numbers.items():
                if name != silent:
                    actions.reveal_number(need, number, parties[name])
            ceremony.open_missing(running, CLOCK, clock.now())
            orders.append(tuple(drawing.make_draw(need, running, CLOCK, clock.now())))
            db.session.rollback()
        assert len(set(orders)) == 1
        advance(timedelta(minutes=61))
        assert tuple(drawing.ranking(queries.live_round(the_need()))) == orders[0]


def test_two_officers_reading_at_the_same_moment_see_each_other(
    app: Flask, advance: Advance
) -> None:
    with app.app_context(), transaction():
        selection.entered_need(3)
        officers = [
            accounts.officer(role).actor for role in (Role.BUREAU_OPERATOR, Role.BUREAU_APPROVER)
        ]
    advance(TO_CLOSING)
    advance(TO_LOTTERY)
    with app.app_context():
        game, day = queries.lotteries_due(clock.now())[0]
    gate = Barrier(2)

    def read(actor: Actor) -> bool:
        with app.app_context():
            gate.wait()
            with transaction():
                done = actions.enter_lottery(
                    accounts.CITY, day, "2026062", selection.KL8, "公告", actor, clock.now()
                )
                return done is not None

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(read, officers)) == [False, True]
    with app.app_context():
        assert queries.lottery_result(game, day) is not None


def test_of_related_firms_the_earliest_receipt_stands_whichever_registered_first(
    app: Flask, advance: Advance
) -> None:
    with app.app_context(), transaction():
        same = intermediaries.resident_id(778)
        registered_first, entered_first = (
            selection.firms(1, legal_identity=same)[0] for _ in range(2)
        )
        selection.entered_need(entrants=[entered_first, *selection.firms(3), registered_first])
        code = registered_first.organisation.credit_code or ""
    advance(TO_CLOSING)
    with app.app_context():
        running = queries.live_round(the_need())
        fallen = queries.void(running)
        assert [each.organisation_id for each in fallen] == [key(registered_first)]
        assert "法定代表人" in (fallen[0].void_reason or "")
        assert key(entered_first) in [each.organisation_id for each in queries.listed(running)]
        assert code not in (running.list_text or "")
