"""Other people's things are not there: every address that names one, asked by strangers.

Strangers are firms and owners that have dealt with nobody, and every office of the other city.
The things are several of each kind in each state; ``objects.py`` says which an address may name.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.accounts import agency, inviting, queries
from marketplace.accounts.models import FactorReset, Organisation, OrganisationFunction, User
from marketplace.accounts.permissions import HOME_OF_ROLE, Permission, Role
from marketplace.contracts import amending
from marketplace.contracts.models import Contract, ContractStatus, Side
from marketplace.evaluations.assessors.models import (
    AppointmentStatus,
    AssessorAppointment,
    AssessorKind,
)
from marketplace.evaluations.queries import edition_of
from marketplace.evaluations.screens.models import EvaluationFlag, FlagStatus, ScreenRun
from marketplace.evaluations.screens.rules import Screen
from marketplace.fees.lists import actions as fee_lists
from marketplace.fees.lists import importing
from marketplace.foundation import clock, files, lifecycle, policy
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.foundation.web import PUBLIC
from marketplace.intermediaries import queries as register
from marketplace.intermediaries.file import actions as filing
from marketplace.intermediaries.file.models import ChangeKind
from marketplace.intermediaries.leaving.models import (
    CertificateLapse,
    Departure,
    DepartureFile,
    Part,
)
from marketplace.notices import actions as notices
from marketplace.notices.models import NoticeStatus, PublicNotice
from marketplace.projects import correcting, drafting
from marketplace.projects.models import Need, NeedStatus
from marketplace.ratings import actions as ratings
from marketplace.ratings.rules.entries import Grade
from marketplace.ratings.rules.policy import RatingPolicy
from marketplace.sanctions.actions import cards, cases
from marketplace.sanctions.models import Breach, Cause
from marketplace.sanctions.rules import SanctionsPolicy
from marketplace.selection.models import DrawAnnulment, SelectionRound
from marketplace.supervision import sampling
from marketplace.supervision.findings import actions as findings
from marketplace.supervision.findings.models import FindingKind, FindingSeverity
from marketplace.supervision.inspections import actions as inspections
from marketplace.supervision.inspections.models import ContractInspection, InspectionStatus
from marketplace.supervision.models import SampleKind
from marketplace.supervision.trials import actions as trials
from marketplace.supervision.trials.queries import numbers_of
from marketplace.supervision.unusual import actions as unusual
from marketplace.supervision.unusual.models import UnusualKind
from tests.access_matrix import Line, lines
from tests.architecture.objects import NOBODYS, SUBJECTS, Thing, things
from tests.conftest import sign_in
from tests.factories import accounts, intermediaries, orders, registers
from tests.factories.charges import audited, charge_file, given, supervision
from tests.factories.fee_lists import OWN, file_of
from tests.factories.intermediaries import PDF

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"])
OTHER_CITY = "379800"
FACTS = "经核查，该机构未按承诺时限提交成果，且未说明理由。"
PARTIES = [Role.FIRM_ADMIN, Role.OWNER_EDITOR, Role.OWNER_APPROVER]
OFFICES = [role for role in Role if HOME_OF_ROLE[role] != "party"]
# What a stranger may call with somebody else's id, and why: everything else answers 404
OPEN_TO_STRANGERS = {
    ("selection.enter", "Need"): "any qualified firm may enter an open need",
    ("selection.ask", "Need"): "any qualified firm may ask about it in public",
    ("notices.object_to", "PublicNotice"): "an objection may come from any organisation",
    ("orders.listing", "Offering"): "any owner may order from a listed firm",
}
# asked last of all, since somebody's roles, sessions or invitations end with them
ENDING = (
    "accounts.disable_official",
    "accounts.end_membership",
    "accounts.remove_person",
    "accounts.withdraw_invitation",
)
# what the small demo has nobody for: deliveries under a 小额快选 (tests/orders has them), objections,
# appeals and repairs that are decided
ABSENT = {
    ("orders.accept", "Deliverable"),
    ("evaluations.rate_service", "Objection"),
    ("evaluations.rate_service", "Appeal"),
    ("evaluations.rate_service", "CreditRepair"),
    # the demo's cities give assessors no part
    ("evaluations.assess", "Contract"),
    ("evaluations.stand_aside", "Contract"),
    # its village committees were there before they had to show a paper
    ("accounts.organisation_certificate", "Organisation"),
    # nor has a year of it ended
    ("evaluations.department_certificate", "Organisation"),
    ("evaluations.department_code", "Organisation"),
}
ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>")


def test_every_argument_of_every_address_is_covered(app: Flask) -> None:
    missing = []
    for line in lines(app):
        for argument in ARGUMENT.findall(line.rule):
            if line.endpoint not in SUBJECTS and (line.endpoint, argument) not in NOBODYS:
                missing.append((line.endpoint, argument))
    assert missing == [], "say in objects.py what it names, or why nobody's thing"
    endpoints = {line.endpoint for line in lines(app) if "<" in line.rule}
    assert set(SUBJECTS) | {endpoint for endpoint, _argument in NOBODYS} == endpoints


# ---- things the small demo has none of -----------------------------------------------------


def _demo(login: str) -> Actor:
    user = queries.user_by_login(login)
    assert user is not None
    home = queries.home_of(user)
    assert home is not None
    return queries.actor_for(user, home)


def _home(actor: Actor) -> Organisation:
    return queries.organisation(actor.organisation_id or 0)


def _complete_files(now: datetime) -> None:
    """A branch, an agent, a change and a professional asked for on the files of two firms."""
    here, there = _demo("zhongxin"), _demo("lanjing")
    firm, asking = (register.firm_of(each.organisation_id or 0, "379900") for each in (here, there))
    assert firm is not None
    assert asking is not None
    person = register.practitioners(firm.id)[0]
    filing.ask_transfer(
        asking,
        name=person.name,
        number=person.number,
        valid_until=None,
        statement=None,
        actor=there,
        now=now,
    )
    filing.add_branch(
        firm,
        name="东城分公司",
        credit_code=accounts.new_credit_code(),
        address="东城区",
        head_name="某负责",
        head_phone=None,
        actor=here,
        now=now,
    )
    paper = files.store(io.BytesIO(PDF), "授权书.pdf", here, now, "document")
    today = clock.local_day(now)
    authority = filing.Authority("1 号", paper, True, True, True, today, today)
    filing.appoint_agent(firm, "某经办", "0399-6660001", authority, None, here, now)
    filing.state_change(
        firm, filing.Statement(ChangeKind.NAME, "改名待核有限公司", None, paper), here, now
    )
    db.session.add(CertificateLapse(firm_id=firm.id, since=today, found_at=now))
    departure = db.session.scalars(select(Departure).order_by(Departure.id)).first()
    assert departure is not None
    proof = files.store(io.BytesIO(PDF), "移出依据.pdf", here, now, "papers")
    db.session.add(
        DepartureFile(departure_id=departure.id, file_id=proof.id, part=Part.NOTICE, at=now)
    )


def _complete() -> None:
    """Make one of each kind that the demo lacks, by its own people and through the actions."""
    now = clock.now()
    _complete_files(now)
    operator, auditor, system = _demo("jingban"), _demo("jijian"), _demo("xitong")
    approver = _demo("jiaotong-sp")
    paper = files.store(io.BytesIO(PDF), "授权书.pdf", approver, now, "document")
    agency.authorise_agent(
        _home(approver),
        agent_name="代小办",
        document_number="授权〔2026〕1号",
        document=paper,
        scope=agency.Scope(prepare=True, evaluate=True, objections=True),
        starts_on=clock.local_day(now),
        ends_on=clock.local_day(now) + timedelta(days=30),
        actor=approver,
        now=now,
    )
    inviting.propose_official(
        _home(operator), "新来人", Role.BUREAU_OPERATOR, system, now, email=None
    )
    lost = queries.user_by_login("jingban2")
    assert lost is not None
    db.session.add(
        FactorReset(user_id=lost.id, reason="遗失手机", proposed_by=system.user_id, proposed_at=now)
    )
    draft = db.session.scalars(select(Need).where(Need.status == NeedStatus.DRAFT)).first()
    assert draft is not None
    drafting.attach_file(draft, io.BytesIO(PDF), "附件.pdf", _editor(draft), now)
    need = db.session.scalars(select(Need).where(Need.status == NeedStatus.PUBLISHED)).first()
    assert need is not None
    correcting.propose_correction(
        need,
        correcting.Correction(
            f"{need.scope}，另交电子文本", need.place, need.budget, need.days_wanted
        ),
        "补充成果形式",
        _editor(need),
        now,
    )
    contract = db.session.scalars(
        select(Contract).where(Contract.status == ContractStatus.ACTIVE).order_by(Contract.id)
    ).first()
    assert contract is not None
    amending.propose_amendment(
        contract,
        contract.price,
        contract.ends_on + timedelta(days=7),
        "业主资料迟交，顺延完成日期",
        Side.OWNER,
        _editor(contract.need),
        now,
    )
    notice = db.session.scalars(
        select(PublicNotice).where(
            PublicNotice.status == NoticeStatus.OPEN, PublicNotice.objectable
        )
    ).first()
    if notice is None:
        # those of the demo end at 17:00 of the day it was made
        notice = notices.publish_notice(
            kind="admission",
            subject=contract,
            title="公示",
            body="供异议",
            ends_at=now + timedelta(days=1),
            jurisdiction_code=operator.jurisdiction or "",
            actor=operator,
            now=now,
        )
    notices.file_objection(notice, "对公示内容有异议，请核实相关资质。", _demo("shipin"), now)
    drawn = db.session.scalars(
        select(SelectionRound).where(SelectionRound.drawn_at.is_not(None))
    ).first()
    assert drawn is not None
    assert operator.user_id is not None
    db.session.add(
        DrawAnnulment(
            round_id=drawn.id,
            reason="名单固定后发现一家机构的资质在报名前已经失效。",
            proposed_by=operator.user_id,
            proposed_at=now,
        )
    )
    sample = sampling.take_sample(SampleKind.CONTRACTS, 2, auditor, now)
    kind, severity = FindingKind.PROCEDURE, FindingSeverity.SLIGHT
    findings.raise_finding(sample, 1, kind, severity, FACTS, "合同文本", None, auditor, now)
    numbers = numbers_of(RatingPolicy())
    trials.draft_trial("本市评定规则试算", numbers, clock.local_day(now), operator, now)
    firm = _home(_demo("mingyuan"))
    unusual.note(UnusualKind.REVERSED, "1", now, organisation_id=operator.organisation_id)
    proof = files.store(io.BytesIO(PDF), "证据.pdf", operator, now, "evidence")
    cards.propose_card(firm, accounts.CITY, Breach.LATE, FACTS, operator, now, evidence_file=proof)
    cases.report_case(firm, accounts.CITY, Cause.BREACH, FACTS, operator, now, evidence_file=proof)
    ratings.propose_grade(
        firm.id, accounts.CITY, Grade.D, "一年内第三次红牌", contract, operator, now
    )
    _flagged(firm, operator, now)
    _inspected(contract, operator, now)
    _appointed(firm, operator, now)
    sheet = files.store(io.BytesIO(file_of([OWN])), "清单.xlsx", operator, now, "file")
    importing.upload_list(
        sheet, accounts.CITY, fee_lists.draft_list(accounts.CITY, operator, now), operator, now
    )
    orders.asked(
        accounts.owner(), intermediaries.listed(("dazl",)), intermediaries.listed(("dazl",))
    )


def _flagged(firm: Organisation, actor: Actor, now: datetime) -> None:
    """A pattern in marks that a night found."""
    run = ScreenRun(
        register=accounts.CITY,
        day=clock.local_day(now) - timedelta(days=500),
        at=now,
        edition_id=edition_of(accounts.CITY, clock.local_day(now)).id,
        firms=1,
        marks=5,
        counts={Screen.BURST.value: 1},
        cursor=0,
    )
    db.session.add(run)
    db.session.flush()
    flag = EvaluationFlag(
        register=accounts.CITY,
        screen=Screen.BURST,
        key=str(firm.id),
        organisation_id=firm.id,
        others=[],
        evidence=[],
        facts={"marks": 5, "days": 7, "all": 5},
        run_id=run.id,
        raised_at=now,
    )
    lifecycle.begin(flag, FlagStatus.RAISED, actor, now)


def _appointed(organisation: Organisation, actor: Actor, now: datetime) -> None:
    """An assessor proposed as if the city's edition gave assessors a part."""
    today = clock.local_day(now)
    made = AssessorAppointment(
        organisation_id=organisation.id,
        kind=AssessorKind.SOCIAL,
        jurisdiction_code=accounts.CITY,
        item_codes=[],
        starts_on=today,
        ends_on=today + timedelta(days=30),
        basis="公开遴选",
        proposed_by=actor.user_id,
        proposed_at=now,
        edition_id=edition_of(accounts.CITY, today).id,
    )
    lifecycle.begin(made, AppointmentStatus.PROPOSED, actor, now)


def _inspected(contract: Contract, actor: Actor, now: datetime) -> None:
    """A contract inspected as if its firm stood under key supervision."""
    code = contract.jurisdiction_code
    made = ContractInspection(
        contract_id=contract.id,
        organisation_id=contract.firm_id,
        jurisdiction_code=code,
        grade=Grade.C,
        grade_since=clock.local_day(now),
        opened_at=now,
        due_at=now + timedelta(days=20),
        edition_id=policy.in_force(SanctionsPolicy, queries.lineage(code), clock.local_day(now)).id,
    )
    lifecycle.begin(made, InspectionStatus.DUE, actor, now)
    proof = files.store(io.BytesIO(PDF), "检查记录.pdf", actor, now, "evidence")
    inspections.record_outcome(
        made, InspectionStatus.FAULTS, "青检〔2026〕9号", FACTS, proof, actor, now
    )


def _editor(need: Need) -> Actor:
    """Somebody who prepares a need for its owner."""
    people = (row.user for row in queries.people_in([need.owner_id]))
    actors = (queries.actor_for(user, need.owner) for user in people)
    return next(each for each in actors if each.may(Permission.NEED_EDIT))


# ---- who asks ------------------------------------------------------------------------------


def _stranger(role: Role) -> User:
    """A firm or an owner that has dealt with nobody; of offices one of the other city's."""
    if role is Role.FIRM_ADMIN:
        return accounts.firm().user
    if role in PARTIES:
        return accounts.user(accounts.owner().organisation, role)
    return accounts.officer(role, city=OTHER_CITY).user


def _calls(line: Line, rows: dict[str, list[Thing]]) -> Iterator[tuple[str, Thing]]:
    """Every address of a line with the things it may name."""
    for kind in SUBJECTS[line.endpoint]:
        for thing in rows[kind]:
            for arguments in thing.arguments(line.endpoint):
                address = ARGUMENT.sub(lambda found: str(arguments[found[1]]), line.rule)  # noqa: B023
                yield address, thing


def _addressed(app: Flask, public: bool) -> list[Line]:
    return [
        line for line in lines(app) if line.endpoint in SUBJECTS and (line.need == PUBLIC) is public
    ]


@pytest.fixture
def peopled(demo_app: Flask) -> Flask:
    """The small demo with at least one thing of every kind an address may name."""
    with demo_app.app_context(), transaction():
        _complete()
        db.session.flush()
    with demo_app.app_context():
        audited([supervision("371200")], _demo("jingban"))
        with transaction():
            given(charge_file([supervision("371200")]), _demo("jingban"))
        registers.uploaded([registers.firm(accounts.new_credit_code(), "某公司")], _demo("jingban"))
        # somebody who may be signed in twice: an official's first session ends with the second
        someone = queries.user_by_login("mingyuan")
        assert someone is not None
    sign_in(demo_app, someone)
    return demo_app


def _reached(
    app: Flask, role: Role, rows: dict[str, list[Thing]], one_in: int = 1
) -> tuple[int, list[tuple[str, ...]]]:
    """How many calls a stranger of a role made, and those that were not answered with 404.

    Of all there are, one in so many is made, others by each role.
    """
    with app.app_context():
        calls = [
            (line, method, address, thing)
            for line in _addressed(app, public=False)
            if line.lets_in(role)
            for address, thing in _calls(line, rows)
            if role not in PARTIES or (line.endpoint, thing.kind) not in OPEN_TO_STRANGERS
            for method in line.methods
        ]
    turn = list(Role).index(role)
    with app.app_context(), transaction():
        person = _stranger(role)
        home = queries.home_of(person)
        assert home is not None
        own = home.public_id
    browser = sign_in(app, person)
    made, reached = 0, set()
    for place, (line, method, address, thing) in enumerate(calls):
        if (place + turn) % one_in or thing.public_id == own:
            continue
        made += 1
        status = browser.open(address, method=method).status_code
        if status != 404:
            reached.add((method, line.endpoint, thing.kind, thing.state, str(status)))
    return made, sorted(reached)


def _things(app: Flask) -> dict[str, list[Thing]]:
    """The things of the demo's city, before any stranger comes; some of every kind."""
    with app.app_context():
        rows = things()
    assert [kind for kind, found in rows.items() if not found] == []
    return rows


@on_sqlite
def test_some_of_other_peoples_things_are_not_there(peopled: Flask) -> None:
    """Whoever has dealt with nobody, and every office of the other city, finds nothing of the
    demo's city, in reading as in writing, in whatever state it is: one call in nine."""
    made, rows = 0, _things(peopled)
    for role in (*PARTIES, *OFFICES):
        asked, reached = _reached(peopled, role, rows, one_in=9)
        assert not reached, f"{role} reaches {reached}"
        made += asked
    assert made > 200


@on_sqlite
@pytest.mark.long
@pytest.mark.parametrize("role", [*PARTIES, *OFFICES])
def test_other_peoples_things_are_not_there(peopled: Flask, role: Role) -> None:
    """The same with every call there is."""
    made, reached = _reached(peopled, role, _things(peopled))
    assert not reached, f"reached {reached}"
    assert made > 20


@on_sqlite
def test_the_public_pages_show_strangers_what_they_show_visitors(peopled: Flask) -> None:
    app = peopled
    with app.app_context():
        rows = things()
        calls = [
            (address, thing)
            for line in _addressed(app, public=True)
            for address, thing in _calls(line, rows)
        ]
    with app.app_context(), transaction():
        people = {role: _stranger(role) for role in (Role.FIRM_ADMIN, *OFFICES)}
    visitor = app.test_client()
    shown = {address: visitor.get(address).status_code for address, _thing in calls}
    assert {404, 200} <= set(shown.values())
    for role, person in people.items():
        browser = sign_in(app, person)
        more = [
            (address, thing.kind, thing.state)
            for address, thing in calls
            if browser.get(address).status_code != shown[address]
        ]
        assert (role, more) == (role, [])


@on_sqlite
@pytest.mark.long
def test_every_address_is_there_for_somebody(peopled: Flask) -> None:
    """The table names the right things: the people of the demo reach each address with one."""
    app = peopled
    with app.app_context():
        rows = things(each_state=6)
        calls = {line: list(_calls(line, rows)) for line in _addressed(app, public=False)}
        people = [
            (membership.role, membership.user, membership.organisation)
            for membership in queries.people_in(list(db.session.scalars(select(Organisation.id))))
        ]
        db.session.expunge_all()
    browsers: dict[int, FlaskClient] = {}

    def reaches(line: Line, kind: str) -> bool:
        for address, thing in calls[line]:
            if thing.kind != kind:
                continue
            for role, user, place in people:
                if not line.lets_in(role):
                    continue
                if user.id not in browsers:
                    browsers[user.id] = sign_in(app, user, place)
                if browsers[user.id].open(address, method=line.methods[0]).status_code not in (
                    404,
                    401,
                ):
                    return True
        return False

    lost = [
        (line.endpoint, kind)
        for line in sorted(calls, key=lambda line: line.endpoint in ENDING)
        for kind in SUBJECTS[line.endpoint]
        if (line.endpoint, kind) not in ABSENT and not reaches(line, kind)
    ]
    assert not lost, f"nobody reaches {lost}"


# ---- lists ---------------------------------------------------------------------------------

# lists that belong to no city, and why
OF_NO_CITY = {"workspace.demo_mail": "invented mails, in demos only"}


def _lists(browser: FlaskClient, app: Flask, role: Role) -> Iterator[tuple[str, str]]:
    """Every page a role may open that names nothing: where it is and what it says."""
    for line in lines(app):
        named = "<" in line.rule or "GET" not in line.methods
        if named or line.need == PUBLIC or line.endpoint in OF_NO_CITY or not line.lets_in(role):
            continue
        yield line.rule, browser.get(line.rule).get_data().decode(errors="replace")


@on_sqlite
def test_the_lists_of_offices_hold_their_own_citys_things_only(peopled: Flask) -> None:
    app = peopled
    with app.app_context(), transaction():
        parties = select(Organisation.name).where(
            Organisation.function == OrganisationFunction.PARTY
        )
        names = {*db.session.scalars(parties), *db.session.scalars(select(Need.title))}
        there = {role: _stranger(role) for role in OFFICES}
        here = {role: accounts.officer(role).user for role in OFFICES}
    shown, foreign = set(), []
    for role in OFFICES:
        for address, text in _lists(sign_in(app, there[role]), app, role):
            foreign += [(role, address, name) for name in names if name in text]
        for address, text in _lists(sign_in(app, here[role]), app, role):
            if any(name in text for name in names):
                shown.add(address)
    assert foreign == []
    assert {
        "/supervision",
        "/supervision/lamps",
        "/supervision/applications",
        "/supervision/cases",
        "/supervision/ratings",
        "/department/applications",
        "/workspace",
        "/workspace/messages",
    } <= shown, "the same lists are full for the city whose things they are"


@on_sqlite
def test_officers_judge_and_inspect_their_own_citys_firms_only(app: Flask) -> None:
    with app.app_context(), transaction():
        firm = accounts.firm().organisation
        code, name = firm.credit_code, firm.name
        here, there = (
            accounts.officer(Role.BUREAU_OPERATOR, city=city).user
            for city in (accounts.CITY, OTHER_CITY)
        )
    forms = {
        "/supervision/cards/new": {"breach": Breach.LATE.value, "item_code": "", "facts": FACTS},
        "/supervision/cases/new": {"cause": Cause.BREACH.value, "facts": FACTS},
        "/supervision/ratings/inspections/new": {
            "inspected_on": "2026-03-01",
            "document": "检查〔2026〕1号",
            "result": "80",
            "findings": "成果规范，时限符合承诺。",
        },
    }
    assert code is not None
    assert name
    for address, fields in forms.items():
        for officer, status in ((there, 422), (here, 303)):
            data = {"credit_code": code, "idempotency_key": f"{address}{status}", **fields}
            answer = sign_in(app, officer).post(address, data=data)
            assert answer.status_code == status, (address, answer.text)
