"""Off the register: of one's own will once nothing runs, by a decision after a hearing; and back."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.accounts.models import Organisation
from marketplace.accounts.permissions import Role
from marketplace.contracts import delivery
from marketplace.foundation import clock
from marketplace.foundation.actor import CLOCK
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Invalid, Refused
from marketplace.foundation.files import StoredFile
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries import actions as register
from marketplace.intermediaries import queries as registered
from marketplace.intermediaries.leaving import actions as leaving
from marketplace.intermediaries.leaving import queries
from marketplace.intermediaries.leaving.models import (
    Departure,
    DepartureFile,
    DepartureStatus,
    Ground,
)
from marketplace.intermediaries.leaving.rules import Contracts, days_without
from marketplace.intermediaries.likeness import queries as likeness
from marketplace.intermediaries.models import Firm, FirmStatus, Practitioner
from marketplace.sanctions.queries import bars
from marketplace.selection.models import Entry, EntryStatus
from marketplace.supervision.leaving import actions
from tests.factories import accounts, contracts, intermediaries, sanctions, selection

CITY = accounts.CITY
Advance = Callable[[timedelta], None]
SignIn = Callable[..., FlaskClient]


def paper(name: str, content: bytes = intermediaries.PDF) -> tuple[io.BytesIO, str]:
    """A paper chosen in a form."""
    return io.BytesIO(content), name


def _firm(organisation_id: int) -> Firm:
    found = registered.firm_of(organisation_id, CITY)
    assert found is not None
    return found


def test_a_firm_leaves_through_the_pages_once_its_contract_is_over(
    app: Flask, advance: Advance, sign_in_as: SignIn, client: FlaskClient
) -> None:
    deal = contracts.signed(app, advance)
    with app.app_context(), transaction():
        party = deal.party()
        public = f"/firms/{party.organisation.public_id}"
        name = party.organisation.name
        need = selection.open_need()
        selection.enter(need, party)
        entry_page, user, owner_need = f"/needs/{need.public_id}/enter", party.user, need.id
    firm = sign_in_as(user)
    assert client.get(public).status_code == 200
    page = firm.get("/firm/leaving")
    assert "履行中的合同" in page.text
    assert firm.post("/firm/leaving", data={}).status_code == 422
    sent = firm.post("/firm/leaving", data={"contracts": "finish", "reason": "业务调整"})
    assert sent.status_code == 303
    where = sent.headers["Location"]
    # gone the same second: list, page, search, entries
    assert client.get(public).status_code == 404
    assert name not in client.get("/firms").text
    assert public not in client.get(f"/search?q={name}").text
    with app.app_context():
        entry = db.session.scalars(select(Entry).where(Entry.need_id == owner_need)).one()
        assert entry.status is EntryStatus.WITHDRAWN
        assert _firm(deal.firm_id).status is FirmStatus.LEAVING
    assert firm.post(entry_page, data={}).status_code in (403, 409, 422)
    assert "还有 1 份合同未办结" in firm.get(where).text
    # it may stay after all
    assert firm.post(f"{where}/withdrawal", data={}).status_code == 303
    assert client.get(public).status_code == 200
    assert firm.post("/firm/leaving", data={"contracts": "finish"}).status_code == 303
    with app.app_context(), transaction():
        version = contracts.deliver(deal)
        delivery.accept_deliverable(version, deal.actor("editor"), clock.now())
    advance(timedelta(minutes=1))
    with app.app_context():
        assert _firm(deal.firm_id).status is FirmStatus.LEFT
    assert "已退出" in firm.get("/firm/leaving").text
    # and may come back at once, as the edition has it
    assert firm.post("/firm/opening", data={}).status_code == 303
    with app.app_context():
        assert _firm(deal.firm_id).status is FirmStatus.DRAFT


def test_contracts_go_to_their_owners_where_the_firm_asks_so(app: Flask, advance: Advance) -> None:
    deal = contracts.signed(app, advance)
    with app.app_context(), transaction():
        departure = actions.declare_leaving(
            _firm(deal.firm_id), Contracts.OWNERS, "", deal.actor("firm"), clock.now()
        )
        assert deal.contract.flagged_at is not None
        assert departure.status is DepartureStatus.DECLARED


def test_a_firm_chosen_and_not_signed_yet_cannot_leave(app: Flask, advance: Advance) -> None:
    deal = contracts.awarded(app, advance)
    with app.app_context(), transaction():
        with pytest.raises(Conflict) as refusal:
            actions.declare_leaving(
                _firm(deal.firm_id), Contracts.FINISH, "", deal.actor("firm"), clock.now()
            )
        assert refusal.value.rule == "leaving.award"


def _professional(
    made: intermediaries.RegisteredFirm, number: str
) -> intermediaries.RegisteredFirm:
    register.add_practitioner(
        made.firm,
        name="钱工",
        profession="工程师",
        number=number,
        actor=made.actor,
        now=clock.now(),
    )
    return made


def test_without_contracts_it_leaves_at_once_and_frees_its_people(app: Flask) -> None:
    with app.app_context():
        with transaction():
            made = _professional(intermediaries.listed(), "ZY0001")
        with transaction():
            departure = actions.declare_leaving(
                made.firm, Contracts.FINISH, "", made.actor, clock.now()
            )
            assert (departure.status, made.firm.status) == (DepartureStatus.LEFT, FirmStatus.LEFT)
            assert registered.organisations_offering(CITY, "hpwj") == []
        with transaction():
            # the professional is free for another firm, whose application then is asked about
            other = _professional(intermediaries.drafted(), "ZY0001")
            register.submit_application(other.firm, True, other.actor, clock.now())
            (match,) = likeness.of_firm(other.firm.id)
            assert match.standings == ["left"]


def test_a_removal_is_heard_decided_and_reviewed_through_the_pages(
    app: Flask, advance: Advance, sign_in_as: SignIn, client: FlaskClient
) -> None:
    with app.app_context(), transaction():
        made = intermediaries.listed(("stbc",))
        need = selection.open_need()
        selection.enter(need, made)
        _professional(made, "ZY0002")
        firm_page, key = made.firm.public_id, made.organisation.id
        public = f"/firms/{made.organisation.public_id}"
        need_id, user = need.id, made.user
        people = [
            accounts.officer(role).user
            for role in (Role.BUREAU_OPERATOR, Role.BUREAU_APPROVER, Role.SUPERVISOR)
        ]
    firm, operator, approver, superior = map(sign_in_as, [user, *people])
    begin = f"/supervision/firms/{firm_page}/removal"
    assert firm.get(begin).status_code == 403
    valid = {"ground": "no_qualification", "facts": "经核查无有效资质"}
    refused = operator.post(begin, data=valid)
    assert refused.status_code == 409
    assert "所承接事项不要求资质" in refused.text
    notice = {"ground": "licence", "facts": "营业执照已被吊销"}
    script = paper("页面.pdf", b"<html>")
    wrong = operator.post(begin, data={**notice, "papers": [paper("吊销决定.pdf"), script]})
    assert wrong.status_code == 422
    assert "与扩展名 .pdf 不符" in wrong.text
    many = operator.post(begin, data={**notice, "papers": [paper(f"{n}.pdf") for n in range(11)]})
    assert many.status_code == 422
    assert "最多上传 10 份" in many.text
    both = [paper("吊销决定.pdf"), paper("核查笔录.pdf")]
    told = operator.post(begin, data={**notice, "papers": both})
    assert told.status_code == 303
    page = told.headers["Location"]
    # both sides read them, nobody else: not another firm, not another city's officer, not staff
    with app.app_context(), transaction():
        rival = intermediaries.listed(("stbc",)).user
        clerk = accounts.user(db.session.get_one(Organisation, key), Role.FIRM_STAFF)
        elsewhere = accounts.officer(Role.BUREAU_OPERATOR, city="379800").user
        papers = [
            f"/departures/files/{each}"
            for each in db.session.scalars(
                select(StoredFile.public_id).join(
                    DepartureFile, DepartureFile.file_id == StoredFile.id
                )
            )
        ]
    assert len(papers) == 2
    assert "核查笔录.pdf" in firm.get(page).text
    for reader, status in (
        (firm, 200),
        (operator, 200),
        *((sign_in_as(user), 404) for user in (rival, clerk, elsewhere)),
    ):
        assert {reader.get(each).status_code for each in papers} == {status}
    assert client.get(papers[0]).status_code == 302
    assert "核查笔录.pdf" not in sign_in_as(clerk).get(page).text
    # heard before anything is proposed; it stands meanwhile
    assert operator.post(f"{page}/proposal", data={"reason": "移出"}).status_code == 409
    assert client.get(public).status_code == 200
    assert firm.post(f"{page}/statement", data={"hearing": "y"}).status_code == 422
    said = {"statement": "已申请行政复议", "hearing": "y", "papers": [paper("复议受理.pdf")]}
    assert firm.post(f"{page}/statement", data=said).status_code == 303
    assert "已申请听证" in operator.get(page).text
    assert "复议受理.pdf" in operator.get(page).text
    early = {"at": f"{clock_day(app, 2)}T09:00"}
    soon = operator.post(f"{page}/hearing", data=early)
    assert soon.status_code == 422
    assert "须提前 7 个工作日通知" in soon.text
    held = {"at": f"{clock_day(app, 21)}T09:00"}
    assert operator.post(f"{page}/hearing", data=held).status_code == 303
    assert operator.post(f"{page}/record", data={"record": "到场陈述"}).status_code == 409
    advance(timedelta(days=22))
    firm, operator, approver, superior = map(sign_in_as, [user, *people])
    held_at = {"record": "到场陈述", "papers": [paper("听证笔录.pdf")]}
    assert operator.post(f"{page}/record", data=held_at).status_code == 303
    assert "听证笔录.pdf" in firm.get(page).text
    assert operator.post(f"{page}/proposal", data={"reason": "不予采纳"}).status_code == 303
    decision = {"conclusion": "remove", "reason": "事实清楚"}
    assert operator.post(f"{page}/decision", data=decision).status_code == 403
    assert approver.post(f"{page}/decision", data=decision).status_code == 303
    assert client.get(public).status_code == 404
    assert "移出名录的公告" in client.get("/notices").text
    with app.app_context():
        entry = db.session.scalars(select(Entry).where(Entry.need_id == need_id)).one()
        assert entry.status is not EntryStatus.STANDING
        assert _firm(key).status is FirmStatus.REMOVED
    # not back before its time, but the superior office may take the decision back
    opened = firm.post("/firm/opening", data={})
    assert opened.status_code == 409
    assert firm.post(f"{page}/appeal", data={"grounds": "吊销决定已被撤销"}).status_code == 303
    assert approver.post(f"{page}/review", data={}).status_code == 403
    revoked = {"outcome": "revoke", "reason": "原据以移出的决定已撤销"}
    assert superior.post(f"{page}/review", data=revoked).status_code == 303
    assert client.get(public).status_code == 200
    with app.app_context():
        assert [each.number for each in registered.practitioners(_firm(key).id)] == ["ZY0002"]


def clock_day(app: Flask, ahead: int) -> str:
    with app.app_context():
        return (clock.today() + timedelta(days=ahead)).isoformat()


def _removed(made: intermediaries.RegisteredFirm) -> Departure:
    operator, approver = (
        accounts.officer(role).actor for role in (Role.BUREAU_OPERATOR, Role.BUREAU_APPROVER)
    )
    departure = leaving.notice_removal(
        made.firm, Ground.FALSE_MATERIALS, "材料经核实为伪造", operator, clock.now()
    )
    leaving.state(departure, "无异议", False, made.actor, clock.now())
    leaving.propose(departure, "应予移出", operator, clock.now())
    with pytest.raises(Refused):
        actions.remove(departure, "同意", operator, clock.now())
    actions.remove(departure, "同意", approver, clock.now())
    return departure


def test_who_was_removed_returns_after_its_time_with_what_it_had(
    app: Flask, advance: Advance
) -> None:
    with app.app_context(), transaction():
        made = intermediaries.listed()
        sanctions.blacklisted(made, months=12)
        _removed(made)
        firm_id, key = made.firm.id, made.organisation.id
        with pytest.raises(Conflict) as refusal:
            register.reopen_file(made.firm, made.actor, clock.now())
        assert refusal.value.rule == "leaving.return"
    advance(timedelta(days=190))
    with app.app_context(), transaction():
        firm = db.session.get_one(Firm, firm_id)
        register.reopen_file(firm, CLOCK, clock.now())
        assert firm.status is FirmStatus.DRAFT
        # the same body: what bars it bars it still, a return does not list it
        assert bars(key, CITY, None, clock.now())


def test_one_departure_at_a_time_and_only_from_the_register(app: Flask) -> None:
    with app.app_context(), transaction():
        made = intermediaries.listed()
        operator = accounts.officer(Role.BUREAU_OPERATOR).actor
        departure = leaving.notice_removal(
            made.firm, Ground.LICENCE, "营业执照已注销", operator, clock.now()
        )
        for act in (
            lambda: actions.declare_leaving(
                made.firm, Contracts.FINISH, "", made.actor, clock.now()
            ),
            lambda: leaving.notice_removal(
                made.firm, Ground.LICENCE, "再次启动", operator, clock.now()
            ),
        ):
            with pytest.raises(Conflict) as refusal:
                act()
            assert refusal.value.rule == "leaving.under_way"
        with pytest.raises(Invalid):
            leaving.state(departure, " ", False, made.actor, clock.now())
        drafted = intermediaries.drafted()
        with pytest.raises(Conflict):
            leaving.notice_removal(drafted.firm, Ground.LICENCE, "未入驻", operator, clock.now())
        with pytest.raises(Conflict):
            actions.declare_leaving(drafted.firm, Contracts.FINISH, "", drafted.actor, clock.now())


def test_silence_ends_with_the_period_and_the_firm_may_stay(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        made = intermediaries.listed()
        operator = accounts.officer(Role.BUREAU_OPERATOR).actor
        departure = leaving.notice_removal(
            made.firm, Ground.CONDITIONS, "场所不符", operator, clock.now()
        )
        key = departure.id
    advance(timedelta(days=12))
    with app.app_context(), transaction():
        departure = db.session.get_one(Departure, key)
        assert departure.status is DepartureStatus.HEARD
        approver = accounts.officer(Role.BUREAU_APPROVER).actor
        leaving.propose(departure, "应予移出", operator, clock.now())
        leaving.dismiss(departure, "已整改", approver, clock.now())
        assert departure.firm.status is FirmStatus.LISTED
        assert queries.under_way(departure.firm_id) is None
        assert db.session.scalars(select(Practitioner)).all() == []


def test_days_without_a_certificate() -> None:
    today = date(2026, 11, 23)
    assert days_without([date(2026, 11, 23)], today) is None
    assert days_without([None, date(2020, 1, 1)], today) is None
    assert days_without([date(2026, 8, 25), date(2026, 8, 1)], today) == 90
