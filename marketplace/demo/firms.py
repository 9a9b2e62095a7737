"""How the demo's firms came onto the register."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import select
from stdnum.cn import ric

from marketplace.accounts.models import Organisation
from marketplace.catalogue.models import ServiceItem
from marketplace.foundation import clock, files
from marketplace.foundation.db import db
from marketplace.foundation.spreadsheets import Sheet, workbook
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries import applying, promising, queries, reviewing
from marketplace.intermediaries.decoupling import actions as decoupling
from marketplace.intermediaries.decoupling import queries as tied
from marketplace.intermediaries.decoupling.columns import COLUMNS, SHEET
from marketplace.intermediaries.file.actions import (
    add_practitioner,
    add_qualification,
    verify_qualification,
)
from marketplace.intermediaries.leaving import actions as leaving
from marketplace.intermediaries.leaving.models import Ground
from marketplace.intermediaries.leaving.rules import Contracts
from marketplace.intermediaries.likeness import actions as likeness
from marketplace.intermediaries.likeness import queries as likeness_queries
from marketplace.intermediaries.likeness.models import MatchStatus
from marketplace.intermediaries.models import (
    CheckStatus,
    Firm,
    FirmStatus,
    ProfessionalCheck,
    Recommendation,
)
from marketplace.intermediaries.reviewing import POINTS, Finding
from marketplace.orders.models import LIVE_ORDERS, Order, OrderAsk
from marketplace.supervision.leaving import queries as departing
from marketplace.supervision.leaving.actions import declare_leaving
from marketplace.supervision.related.deciding import decide_match

from .papers import pdf
from .people import CITY, Cast, FirmSketch

INTRODUCTION = "演示机构：名称、人员和业绩均为虚构，仅用于展示业务流程。"


def apply(cast: Cast, login: str, register: str | None = None) -> int:
    """A firm fills in its application and sends it; returns the firm's id."""
    firm_id = prepare(cast, login, register)
    with transaction():
        applying.submit_application(
            db.session.get_one(Firm, firm_id), True, cast.firms[login].actor, clock.now()
        )
    return firm_id


def prepare(cast: Cast, login: str, register: str | None = None) -> int:
    """A firm fills in its application for a register, its own city's unless another is named;
    returns the id of its file there."""
    number, sketch = cast.number_of(login), cast.firm_sketches[login]
    with transaction():
        actor, now = cast.firms[login].actor, clock.now()
        organisation = db.session.get_one(Organisation, cast.firms[login].organisation_id)
        firm = applying.open_file(organisation, register or sketch.city, actor, now)
        licence = files.store(pdf("licence"), "登记证照.pdf", actor, now, "licence")
        applying.save_file(
            firm,
            legal_representative=sketch.legal_representative,
            legal_identity=identity(number),
            agent_name=sketch.agent,
            agent_phone=f"1390000{sketch.phone_of or number:04d}",
            introduction=INTRODUCTION,
            decoupled=True,
            licence=licence,
            actor=actor,
            now=now,
        )
        items = queries.items_of(firm, clock.local_day(now))
        offered = [items[code] for code in sketch.items if code in items]
        _add_papers(firm, number, sketch, offered, cast)
        for item in offered:
            days = min(sketch.days, item.statutory_days)
            promising.save_offering(
                firm,
                item.code,
                Decimal(sketch.discount),
                days,
                actor,
                now,
                deviation_reason="业务量稳定，自有人员和设备，让利给业主",
            )
        return firm.id


def identity(number: int) -> str:
    """An invented identity number with a valid check digit."""
    first = f"11010119800101{number:03d}"
    return first + str(ric.calc_check_digit(first + "0"))


def _add_papers(
    firm: Firm, number: int, sketch: FirmSketch, offered: Sequence[ServiceItem], cast: Cast
) -> None:
    """The certificates the items ask for, each once, and one professional.

    A number stands on one register only, so a branch elsewhere has papers of its own.
    """
    mark = f"{number:03d}" if firm.register_code == sketch.city else f"{number:03d}-2"
    actor, now = cast.firms[sketch.login].actor, clock.now()
    today = clock.local_day(now)
    until = date(today.year + 2, 12, 31)
    if sketch.expires_in is not None:
        # counted from the day the demo's past ends, which is today for whoever looks at it
        until = clock.local_day(now - clock.offset()) + timedelta(days=sketch.expires_in)
    held: set[str] = set()
    for item in offered:
        for demand in item.requirements:
            if demand.type in held:
                continue
            held.add(demand.type)
            add_qualification(
                firm,
                type=demand.type,
                grade=_grade(demand.grades),
                number=f"演示-{item.code}-{mark}",
                issuer="演示发证机关",
                valid_from=date(2024, 1, 8),
                valid_until=until,
                file=files.store(pdf("certificate"), "资质证书.pdf", actor, now, "file"),
                actor=actor,
                now=now,
            )
    add_practitioner(
        firm,
        name=sketch.agent,
        profession=sketch.profession,
        number=f"演示执业-{mark}",
        actor=actor,
        now=now,
    )


def _grade(grades: Sequence[str]) -> str | None:
    """A good grade, not always the very best."""
    return grades[1 if len(grades) > 2 else 0] if grades else None


def check(cast: Cast, firm_id: int) -> None:
    """The officer passes every point and proposes to list the firm."""
    with transaction():
        firm = db.session.get_one(Firm, firm_id)
        reviewing.pass_check(
            firm,
            {code: Finding(True) for code in POINTS},
            Recommendation.LIST,
            "材料齐全，符合入驻条件",
            cast.desk(firm.register_code, "operator").actor,
            clock.now(),
        )


def return_once(
    cast: Cast, firm_id: int, words: str = "登记证照影像不清晰，请重新上传原件扫描件"
) -> None:
    """The officer returns an application, once, with everything to be mended."""
    with transaction():
        firm = db.session.get_one(Firm, firm_id)
        findings = {code: Finding(True) for code in POINTS}
        findings[next(iter(findings))] = Finding(False, words)
        reviewing.return_application(
            firm, findings, cast.desk(firm.register_code, "operator").actor, clock.now()
        )


def send_again(cast: Cast, login: str, firm_id: int) -> None:
    """The firm has mended its application and sends it again."""
    with transaction():
        applying.submit_application(
            db.session.get_one(Firm, firm_id), True, cast.firms[login].actor, clock.now()
        )


def import_tied(cast: Cast, logins: Sequence[str], others: Sequence[tuple[str, str]] = ()) -> None:
    """The bureau takes in the list of bodies not decoupled, with these firms and others, by name
    and credit code, on it."""
    operator, approver = (cast.desk(CITY, place).actor for place in ("operator", "approver"))
    firms = [
        db.session.get_one(Organisation, cast.firms[login].organisation_id) for login in logins
    ]
    bodies = [(firm.name, firm.credit_code or "") for firm in firms] + list(others)
    rows = [
        {
            "name": name,
            "credit_code": code,
            "department": "青河市水利局下属单位（演示）",
            "tie": "staff",
            "note": "法定代表人为在编人员（演示）",
        }
        for name, code in bodies
    ]
    with transaction():
        now = clock.now()
        file = files.store(
            io.BytesIO(workbook([Sheet(SHEET, COLUMNS, rows)])),
            "未脱钩中介机构名单.xlsx",
            operator,
            now,
            "file",
            decoupling.KINDS,
        )
        found = decoupling.upload_list(file, "青编办〔2026〕7号（演示）", CITY, operator, now)
        decoupling.confirm_upload(found, approver, now)


def propose_refusal(cast: Cast, firm_id: int) -> None:
    """The officer ends the check with a recommendation to refuse."""
    with transaction():
        firm = db.session.get_one(Firm, firm_id)
        officer, now = cast.desk(firm.register_code, "operator").actor, clock.now()
        for match in tied.uncleared(firm):
            decoupling.decide_match(
                firm,
                match.entry.public_id,
                False,
                "法定代表人仍在编，与名单一致（演示）",
                officer,
                now,
            )
        findings = {code: Finding(True) for code in POINTS}
        findings["decoupling"] = Finding(False, "法定代表人仍在主管部门下属单位任职，未脱钩")
        reviewing.pass_check(
            firm,
            findings,
            Recommendation.REFUSE,
            "法定代表人仍在主管部门下属单位任职，不符合脱钩要求",
            cast.desk(firm.register_code, "operator").actor,
            clock.now(),
        )


def refuse(cast: Cast, firm_id: int) -> None:
    """Another officer refuses a checked application, with reasons."""
    with transaction():
        firm = db.session.get_one(Firm, firm_id)
        reviewing.refuse_application(
            firm,
            "经核实未与主管部门脱钩，不予入驻；整改后可重新申请",
            cast.desk(firm.register_code, "approver").actor,
            clock.now(),
        )


def admit(cast: Cast, firm_id: int) -> None:
    """Another officer lists a checked firm."""
    with transaction():
        firm = db.session.get_one(Firm, firm_id)
        reviewing.list_firm(firm, cast.desk(firm.register_code, "approver").actor, clock.now())


def verify_papers(cast: Cast, firm_id: int) -> None:
    """Where firms are listed at once, an officer compares their certificates afterwards."""
    with transaction():
        firm = db.session.get_one(Firm, firm_id)
        officer = cast.desk(firm.register_code, "operator").actor
        for row in queries.all_qualifications(firm.id):
            if row.verified_at is None:
                verify_qualification(row, officer, clock.now())


SILENT = "shuili"


def departments_answer(cast: Cast) -> None:
    """The departments that answer say that they have no objection; one stays silent."""
    for login, person in cast.officers.items():
        if login == SILENT:
            continue
        with transaction():
            waiting = db.session.scalars(
                queries.checks_of_department(person.organisation_id).where(
                    ProfessionalCheck.status == CheckStatus.WAITING
                )
            ).all()
            for row in waiting:
                reviewing.department_opinion(row, False, "", person.actor, clock.now())


def department_objects(cast: Cast, login: str, firm_id: int, reason: str) -> None:
    """A department objects to a listed firm: it is off the lists until it is decided."""
    person = cast.officers[login]
    with transaction():
        row = db.session.scalars(
            queries.checks_of_department(person.organisation_id).where(
                ProfessionalCheck.firm_id == firm_id
            )
        ).one()
        reviewing.department_opinion(row, True, reason, person.actor, clock.now())


def resolve(cast: Cast, firm_id: int, keep: bool, reason: str) -> None:
    """The approver decides on a department's objection."""
    with transaction():
        firm = db.session.get_one(Firm, firm_id)
        reviewing.resolve_question(
            firm, keep, reason, cast.desk(firm.register_code, "approver").actor, clock.now()
        )


def leave(cast: Cast, login: str, firm_id: int) -> None:
    """A firm leaves the register of its own will."""
    with transaction():
        declare_leaving(
            db.session.get_one(Firm, firm_id),
            Contracts.FINISH,
            "业务调整，不再承接本市业务",
            cast.firms[login].actor,
            clock.now(),
        )


def finishing(cast: Cast, login: str) -> int | None:
    """The listing of a firm with one contract running and nothing else to sign."""
    with transaction():
        firm = queries.firm_of(cast.firms[login].organisation_id, CITY)
        if firm is None or firm.status is not FirmStatus.LISTED:
            return None
        ordered = (
            select(OrderAsk.id)
            .join(Order, Order.id == OrderAsk.order_id)
            .where(OrderAsk.organisation_id == firm.organisation_id, Order.status.in_(LIVE_ORDERS))
        )
        busy = departing.unsigned(firm) or db.session.scalars(ordered.limit(1)).first()
        return firm.id if len(departing.running(firm)) == 1 and not busy else None


def decide_likeness(cast: Cast, firm_id: int) -> None:
    """What a firm shares with one that is barred is found to be of no consequence."""
    with transaction():
        match = likeness_queries.of_firm(firm_id)[0]
        likeness.state_view(
            match,
            "经办人为兼职代理记账人员，同时服务多家企业，与该单位无投资和人员关系",
            cast.firms["shuncheng"].actor,
            clock.now(),
        )
        likeness.propose(
            match,
            MatchStatus.RELATED,
            "仅经办人电话相同，经核实为代理记账人员；股东、法定代表人、执业人员均不同",
            cast.desk(CITY, "operator").actor,
            clock.now(),
        )
    with transaction():
        match = likeness_queries.of_firm(firm_id)[0]
        decide_match(match, "同意核查意见", cast.desk(CITY, "approver").actor, clock.now())


def notice_removal(cast: Cast, login: str, facts: str) -> None:
    """An officer tells a firm that it is to be removed; it has its days to speak."""
    with transaction():
        firm = queries.firm_of(cast.firms[login].organisation_id, CITY)
        assert firm is not None
        leaving.notice_removal(
            firm, Ground.CONDITIONS, facts, cast.desk(CITY, "operator").actor, clock.now()
        )
