"""What a firm must do next about its file, and by when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from flask_babel import gettext as _
from sqlalchemy import and_, bindparam, exists, select

from marketplace.foundation import clock
from marketplace.foundation.calendar import moment
from marketplace.foundation.db import db, fetch

from ... import queries as register
from ...models import Firm, FirmStatus, Offering, Qualification
from .checks import waiting_check
from .people import agent_now, expiring_people, to_answer


@dataclass(frozen=True)
class Step:
    """What is to be done about what: on which page (``key``: the id it takes), since when, by
    when (None: no rule sets a limit)."""

    what: str
    about: str
    page: str
    key: str | None
    since: datetime
    due: datetime | None = None


def next_steps(firm: Firm, now: datetime) -> list[Step]:
    """All of it, the first deadline first."""
    day = clock.local_day(now)
    found = [
        *_application(firm),
        *_beginning(firm, day),
        *_papers(firm, day),
        *_people(firm, day),
        *_self_check(firm),
    ]
    return sorted(found, key=lambda each: (each.due is None, each.due or each.since))


def end_of(day: date) -> datetime:
    """The instant at which a last valid day is over."""
    return moment(day + timedelta(days=1), time(0, 0))


def renewing(firm_id: int) -> set[int]:
    """The certificates whose renewal is registered and waits to be verified."""
    rows = db.session.scalars(
        select(Qualification.renews_id).where(
            Qualification.firm_id == firm_id,
            Qualification.renews_id.is_not(None),
            Qualification.ended_at.is_(None),
            Qualification.verified_at.is_(None),
        )
    )
    return {each for each in rows if each is not None}


def _application(firm: Firm) -> Iterator[Step]:
    if firm.may_be_written:
        returned = firm.status is FirmStatus.RETURNED
        yield Step(
            _("按一次性告知书补正入驻申请") if returned else _("填报并提交入驻申请"),
            firm.organisation.name,
            "intermediaries.apply",
            None,
            firm.status_since,
        )


# what a firm offers, one row at least, and whether it holds any certificate
_STANDS = (
    select(
        Offering.item_code,
        exists()
        .where(Qualification.firm_id == Firm.id, Qualification.ended_at.is_(None))
        .label("certified"),
    )
    .select_from(Firm)
    .outerjoin(Offering, and_(Offering.firm_id == Firm.id, Offering.ended_at.is_(None)))
    .where(Firm.id == bindparam("firm_id"))
    .order_by(Offering.item_code)
)


def _beginning(firm: Firm, day: date) -> Iterator[Step]:
    """What a firm on the register still lacks to be found and to take orders."""
    if not firm.is_listed:
        return
    if firm.committed_at is None:
        # taken over from an older register: nobody has promised anything yet
        yield Step(
            _("核对承接的档案，签署入驻承诺"),
            firm.organisation.name,
            "intermediaries.claim",
            None,
            firm.status_since,
        )
        return
    rows = fetch(_STANDS, firm_id=firm.id)
    offered = {row.item_code for row in rows} - {None}
    if not offered:
        yield Step(
            _("登记承接事项，作出价格和时限承诺"),
            firm.organisation.name,
            "intermediaries.offerings",
            None,
            firm.committed_at,
        )
    if any(row.certified for row in rows):
        return
    if not offered or offered & set(register.items_asking(firm.register_code, day)):
        yield Step(
            _("登记资质证书，承接有资质要求的事项"),
            firm.organisation.name,
            "intermediaries.qualifications",
            None,
            firm.committed_at,
        )


def _papers(firm: Firm, day: date) -> Iterator[Step]:
    ending = register.expiring(firm.id, day)
    under_way = renewing(firm.id) if ending else set()
    for each in ending:
        if each.valid_until is not None and each.id not in under_way:
            yield Step(
                _("更新即将到期的资质") if each.valid_until >= day else _("更新已到期的资质"),
                f"{each.type} {each.number}",
                "intermediaries.renew" if firm.may_be_supplemented else "intermediaries.file",
                each.public_id if firm.may_be_supplemented else None,
                each.registered_at,
                end_of(each.valid_until),
            )


def _people(firm: Firm, day: date) -> Iterator[Step]:
    for person in expiring_people(firm.id, day):
        if person.valid_until is not None:
            yield Step(
                _("更新执业人员证书有效期"),
                person.profession,
                "intermediaries.extend_practitioner",
                person.public_id,
                person.registered_at,
                end_of(person.valid_until),
            )
    for each in to_answer(firm.id):
        yield Step(
            _("答复执业人员转出请求"),
            each.firm.organisation.name,
            "intermediaries.transfer",
            each.public_id,
            each.asked_at,
            each.answer_by,
        )
    agent = agent_now(firm.id)
    if agent is not None and agent.ends_on <= day + timedelta(days=60):
        yield Step(
            _("办理经办人授权续期或交接"),
            firm.organisation.name,
            "intermediaries.agents",
            None,
            agent.granted_at,
            end_of(agent.ends_on),
        )


def _self_check(firm: Firm) -> Iterator[Step]:
    check = waiting_check(firm.id)
    if check is not None and firm.status in (FirmStatus.LISTED, FirmStatus.QUESTIONED):
        yield Step(
            _("完成年度自查"),
            _("%(year)d 年度", year=check.year),
            "intermediaries.self_check",
            None,
            check.opened_at,
            check.due_at,
        )
