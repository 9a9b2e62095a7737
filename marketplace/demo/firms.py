"""How the demo's firms came onto the register."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from stdnum.cn import ric

from marketplace.accounts.models import Organisation
from marketplace.foundation import clock, files
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries import applying, promising, queries, reviewing
from marketplace.intermediaries.models import Firm, Recommendation
from marketplace.intermediaries.reviewing import POINTS, Finding

from .papers import pdf
from .people import CITY, FIRMS, QUALIFICATIONS, Cast, FirmSketch

INTRODUCTION = "演示机构:名称、人员和业绩均为虚构,仅用于展示业务流程。"


def apply(cast: Cast, login: str) -> int:
    """A firm fills in its application and sends it; returns the firm's id."""
    number, sketch = next(
        (number, one) for number, one in enumerate(FIRMS, start=1) if one.login == login
    )
    with transaction():
        actor, now = cast.firms[login].actor, clock.now()
        organisation = db.session.get_one(Organisation, cast.firms[login].organisation_id)
        firm = applying.open_file(organisation, CITY, actor, now)
        licence = files.store(pdf("licence"), "登记证照.pdf", actor, now, "licence")
        applying.save_file(
            firm,
            legal_representative=sketch.legal_representative,
            legal_identity=identity(number),
            agent_name=sketch.agent,
            agent_phone=f"1390000{number:04d}",
            introduction=INTRODUCTION,
            decoupled=True,
            licence=licence,
            actor=actor,
            now=now,
        )
        _add_papers(firm, number, sketch, cast)
        for item in sketch.items:
            promising.save_offering(firm, item, Decimal(sketch.discount), sketch.days, actor, now)
        applying.submit_application(firm, True, actor, now)
        return firm.id


def identity(number: int) -> str:
    """An invented identity number with a valid check digit."""
    first = f"11010119800101{number:03d}"
    return first + str(ric.calc_check_digit(first + "0"))


def _add_papers(firm: Firm, number: int, sketch: FirmSketch, cast: Cast) -> None:
    actor, now = cast.firms[sketch.login].actor, clock.now()
    for item in sketch.items:
        if item not in QUALIFICATIONS:
            continue
        kind, grade = QUALIFICATIONS[item]
        applying.add_qualification(
            firm,
            type=kind,
            grade=grade,
            number=f"演示-{item}-{number:03d}",
            issuer="演示发证机关",
            valid_from=date(2024, 1, 8),
            valid_until=date(clock.local_day(now).year + 2, 12, 31),
            file=files.store(pdf("certificate"), "资质证书.pdf", actor, now, "file"),
            actor=actor,
            now=now,
        )
    applying.add_practitioner(
        firm,
        name=sketch.agent,
        profession="注册咨询工程师",
        number=f"演示执业-{number:03d}",
        actor=actor,
        now=now,
    )


def check(cast: Cast, firm_id: int) -> None:
    """The officer passes every point and proposes to list the firm."""
    with transaction():
        reviewing.pass_check(
            db.session.get_one(Firm, firm_id),
            {code: Finding(True) for code in POINTS},
            Recommendation.LIST,
            "材料齐全,符合入驻条件",
            cast.officers["jingban"].actor,
            clock.now(),
        )


def return_once(cast: Cast, firm_id: int) -> None:
    """The officer returns an application, once, with everything to be mended."""
    with transaction():
        findings = {code: Finding(True) for code in POINTS}
        first = next(iter(findings))
        findings[first] = Finding(False, "登记证照影像不清晰,请重新上传原件扫描件")
        reviewing.return_application(
            db.session.get_one(Firm, firm_id),
            findings,
            cast.officers["jingban"].actor,
            clock.now(),
        )


def admit(cast: Cast, firm_id: int) -> None:
    """Another officer lists a checked firm."""
    with transaction():
        reviewing.list_firm(
            db.session.get_one(Firm, firm_id), cast.officers["shenpi"].actor, clock.now()
        )


def departments_answer(cast: Cast) -> None:
    """The departments that answer say that they have no objection; one stays silent."""
    answering = {"zhujian", "huanbao", "ziran", "fagai"}
    for login in sorted(answering):
        person = cast.officers[login]
        with transaction():
            waiting = [
                row
                for row in db.session.scalars(queries.checks_of_department(person.organisation_id))
                if row.status == "waiting"
            ]
            for row in waiting:
                reviewing.department_opinion(row, False, "", person.actor, clock.now())
