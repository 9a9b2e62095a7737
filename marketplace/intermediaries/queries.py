"""Reads of the register."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Row, Select, bindparam, exists, not_, or_, select

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import Organisation
from marketplace.catalogue import queries as catalogue
from marketplace.catalogue.models import ServiceItem
from marketplace.fees.rules.limits import Commitment
from marketplace.foundation import clock, policy
from marketplace.foundation.crypto import keyed_digest
from marketplace.foundation.db import as_written, db, fetch
from marketplace.foundation.errors import Missing
from marketplace.foundation.lifecycle import StatusChange
from marketplace.foundation.policy import Edition
from marketplace.ratings.models import Capacity, RatingSubject
from marketplace.ratings.rules.entries import Grade
from marketplace.sanctions import queries as sanctions

from .models import (
    CheckStatus,
    Firm,
    FirmStatus,
    Offering,
    PointResult,
    Practitioner,
    ProfessionalCheck,
    Qualification,
    ReviewPoint,
    Shareholder,
)
from .rules import AdmissionPolicy


def admission_policy(register: str, day: date) -> Edition[AdmissionPolicy]:
    """The admission edition in force for a register on a day."""
    return policy.in_force(AdmissionPolicy, accounts.lineage(register), day)


def firm_of(organisation_id: int, register: str) -> Firm | None:
    """The registration of an organisation on a register, in whatever status."""
    return db.session.scalar(
        select(Firm).where(Firm.organisation_id == organisation_id, Firm.register_code == register)
    )


_FIRMS_OF = (
    select(
        Firm.id,
        Firm.organisation_id,
        Firm.status,
        Firm.listed_at,
        Firm.paused,
        Firm.capacity,
        Organisation.credit_code,
    )
    .join(Organisation, Organisation.id == Firm.organisation_id)
    .where(
        Firm.organisation_id.in_(bindparam("organisation_ids", expanding=True)),
        Firm.register_code == bindparam("register"),
    )
)


def firms_of(organisation_ids: Sequence[int], register: str) -> dict[int, Row[Any]]:
    """What bears on taking on work of the registrations of many organisations on a register, by
    organisation."""
    rows = fetch(_FIRMS_OF, organisation_ids=list(organisation_ids), register=register)
    return {row.organisation_id: row for row in rows}


def firm_by_public_id(public_id: str) -> Firm | None:
    """By the random id used in addresses."""
    return db.session.scalar(select(Firm).where(Firm.public_id == public_id))


def listed(register: str, now: datetime) -> Select[Firm]:
    """Firms the public may see on a register at this instant, without an order.

    Barred firms and firms with a D in force are left out by the query itself, so that they are
    gone the same second. ``Organisation`` is joined, for conditions on its columns.
    """
    in_d = select(RatingSubject.organisation_id).where(
        RatingSubject.register == register,
        RatingSubject.capacity == Capacity.INTERMEDIARY,
        RatingSubject.grade == Grade.D,
    )
    return (
        select(Firm)
        .join(Organisation, Organisation.id == Firm.organisation_id)
        .where(
            Firm.register_code == register,
            Firm.status == FirmStatus.LISTED,
            Firm.organisation_id.not_in(
                sanctions.barred_organisation_ids(now, jurisdiction_code=register)
            ),
            Firm.organisation_id.not_in(in_d),
        )
    )


_IS_BLACKLISTED, _HAS_CARD = sanctions.standing(Organisation.id, bindparam("now"))
_LISTED_FIRM = (
    select(
        Organisation.id,
        Organisation.public_id,
        Organisation.name,
        Organisation.kind,
        Organisation.credit_code,
        Organisation.jurisdiction_code,
        Organisation.legal_representative,
        Organisation.address,
        Organisation.phone,
        Organisation.is_demo,
        Firm.id.label("firm_id"),
        Firm.register_code,
        Firm.listed_at,
        Firm.paused,
        Firm.introduction,
        _IS_BLACKLISTED.label("is_blacklisted"),
        _HAS_CARD.label("has_card"),
    )
    .join(Firm, Firm.organisation_id == Organisation.id)
    .where(
        Organisation.public_id == bindparam("public_id"),
        Firm.register_code == bindparam("register"),
        Firm.status == FirmStatus.LISTED,
        not_(
            sanctions.barring(Organisation.id, bindparam("now"), bindparam("codes", expanding=True))
        ),
        not_(
            exists().where(
                RatingSubject.organisation_id == Organisation.id,
                RatingSubject.register == bindparam("register"),
                RatingSubject.capacity == Capacity.INTERMEDIARY,
                RatingSubject.grade == Grade.D,
            )
        ),
    )
)


def listed_firm(organisation_public_id: str, register: str, now: datetime) -> Row[Any] | None:
    """A firm the public may see on a register at this instant, by its organisation's public id:
    what its page shows of organisation and registration (``firm_id``), as one row."""
    found = fetch(
        _LISTED_FIRM,
        public_id=organisation_public_id,
        register=register,
        now=now,
        codes=list(accounts.lineage(register)),
    )
    return found[0] if found else None


def offering(firm_id: int, item_code: str) -> Offering | None:
    """What a firm promises for an item now, if it offers it."""
    return db.session.scalar(
        select(Offering).where(
            Offering.firm_id == firm_id,
            Offering.item_code == item_code,
            Offering.ended_at.is_(None),
        )
    )


_PROMISES = select(
    Offering.firm_id,
    Offering.discount,
    Offering.amount,
    Offering.base_from,
    Offering.base_to,
    Offering.committed_at,
).where(
    Offering.firm_id.in_(bindparam("firm_ids", expanding=True)),
    Offering.item_code == bindparam("item_code"),
    Offering.ended_at.is_(None),
)


def promises(firm_ids: Sequence[int], item_code: str) -> dict[int, Row[Any]]:
    """What those of the firms that offer an item now promise for it, by firm, as `promise`
    takes it."""
    rows = fetch(_PROMISES, firm_ids=list(firm_ids), item_code=item_code)
    return {row.firm_id: row for row in rows}


def offering_by_public_id(public_id: str) -> Offering:
    """A promise by the id in its address, ended ones too; raises Missing."""
    found = db.session.scalar(select(Offering).where(Offering.public_id == public_id))
    if found is None:
        raise Missing(f"offering {public_id}")
    return found


def promised(firm_id: int, item_code: str) -> Row[Any] | None:
    """The price a firm promises for an item now, as `promise` takes it, if it offers it."""
    return promises([firm_id], item_code).get(firm_id)


def promise(offered: Offering | Row[Any] | None) -> Commitment | None:
    """What binds the firm's own prices for an item: its discount, or its price within the range;
    None where it promises nothing."""
    if offered is None:
        return None
    if offered.amount is not None:
        return Commitment(
            "机构承诺",
            amount=offered.amount,
            base_from=offered.base_from,
            base_to=offered.base_to,
            since=clock.local_day(offered.committed_at),
        )
    if not offered.discount:
        return None
    since = clock.local_day(offered.committed_at)
    return Commitment("机构承诺", discount=offered.discount, since=since)


def commitment_of(offered: Offering) -> Commitment:
    """What an order of a listing is priced by: the amount, or the discount, be it 0."""
    return promise(offered) or Commitment("机构承诺", discount=offered.discount)


def listings(register: str, item_code: str, now: datetime) -> list[Offering]:
    """What the firms on a register's lists promise for an item, barred firms left out, in the
    order they were listed."""
    return list(
        db.session.scalars(
            listed(register, now)
            .with_only_columns(Offering)
            .join(Offering, Offering.firm_id == Firm.id)
            .where(Offering.item_code == item_code, Offering.ended_at.is_(None))
            .order_by(Firm.listed_at, Firm.id)
            .limit(500)
        )
    )


_SHOWN_OFFERINGS = (
    select(
        Offering.public_id,
        Offering.item_code,
        Offering.discount,
        Offering.amount,
        Offering.base_unit,
        Offering.base_from,
        Offering.base_to,
        Offering.promised_days,
        Offering.paused,
    )
    .where(Offering.firm_id == bindparam("firm_id"), Offering.ended_at.is_(None))
    .order_by(Offering.item_code, Offering.id)
)
_SHOWN_QUALIFICATIONS = (
    select(
        Qualification.type,
        Qualification.grade,
        Qualification.number,
        Qualification.issuer,
        Qualification.valid_until,
    )
    .where(
        Qualification.firm_id == bindparam("firm_id"),
        Qualification.ended_at.is_(None),
        Qualification.verified_at.is_not(None),
    )
    .order_by(Qualification.type, Qualification.id)
)


def shown_offerings(firm_id: int) -> Sequence[Row[Any]]:
    """What a firm offers now as its page shows it, by item."""
    return fetch(_SHOWN_OFFERINGS, firm_id=firm_id)


def shown_qualifications(firm_id: int) -> Sequence[Row[Any]]:
    """The verified certificates of a firm as its page shows them, expired ones included."""
    return fetch(_SHOWN_QUALIFICATIONS, firm_id=firm_id)


def offerings(firm_id: int) -> list[Offering]:
    """Everything a firm offers now, by item."""
    return list(
        db.session.scalars(
            select(Offering)
            .where(Offering.firm_id == firm_id, Offering.ended_at.is_(None))
            .order_by(Offering.item_code, Offering.id)
        )
    )


def organisations_offering(register: str, item_code: str) -> list[int]:
    """Keys of the organisations listed on a register that offer an item, in listing order."""
    return list(
        db.session.scalars(
            select(Firm.organisation_id)
            .join(Offering, Offering.firm_id == Firm.id)
            .where(
                Firm.register_code == register,
                Firm.status == FirmStatus.LISTED,
                Offering.item_code == item_code,
                Offering.ended_at.is_(None),
            )
            .order_by(Firm.listed_at, Firm.id)
        )
    )


def all_qualifications(firm_id: int) -> list[Qualification]:
    """The certificates registered now, verified or not, expired ones included."""
    return list(
        db.session.scalars(
            select(Qualification)
            .where(Qualification.firm_id == firm_id, Qualification.ended_at.is_(None))
            .order_by(Qualification.type, Qualification.id)
        )
    )


def qualifications(firm_id: int) -> list[Qualification]:
    """The verified certificates of a firm, expired ones included (a page says so)."""
    return [each for each in all_qualifications(firm_id) if each.verified_at is not None]


_QUALIFICATIONS_OF = (
    select(
        Qualification.firm_id,
        Qualification.type,
        Qualification.grade,
        Qualification.valid_from,
        Qualification.valid_until,
    )
    .where(
        Qualification.firm_id.in_(bindparam("firm_ids", expanding=True)),
        Qualification.ended_at.is_(None),
        Qualification.verified_at.is_not(None),
    )
    .order_by(Qualification.type, Qualification.id)
)


def qualifications_of(firm_ids: Sequence[int]) -> dict[int, list[Row[Any]]]:
    """The verified certificates of many firms, expired ones included, by firm: type, grade and
    the days they are valid."""
    found: dict[int, list[Row[Any]]] = {}
    for row in fetch(_QUALIFICATIONS_OF, firm_ids=list(firm_ids)):
        found.setdefault(row.firm_id, []).append(row)
    return found


def qualifications_valid_at(firm_id: int, instant: datetime) -> list[Qualification]:
    """The certificates that serve at an instant: verified by then and within their days."""
    day = clock.local_day(instant)
    return list(
        db.session.scalars(
            select(Qualification)
            .where(
                Qualification.firm_id == firm_id,
                Qualification.verified_at <= instant,
                or_(Qualification.ended_at.is_(None), Qualification.ended_at > instant),
                Qualification.valid_from <= day,
                or_(Qualification.valid_until.is_(None), Qualification.valid_until >= day),
            )
            .order_by(Qualification.type, Qualification.id)
        )
    )


def practitioners(firm_id: int) -> list[Practitioner]:
    """The professionals registered with a firm now, by name."""
    return list(
        db.session.scalars(
            select(Practitioner)
            .where(Practitioner.firm_id == firm_id, Practitioner.ended_at.is_(None))
            .order_by(Practitioner.name, Practitioner.id)
        )
    )


def controller(firm_id: int) -> Shareholder | None:
    """The shareholder with more than half, if one is registered."""
    return db.session.scalar(
        select(Shareholder).where(Shareholder.firm_id == firm_id, Shareholder.ended_at.is_(None))
    )


@dataclass(frozen=True)
class RelationKeys:
    """Digests that tell whether two firms are related; equal digest, same person or body."""

    organisation: str | None
    legal_representative: str | None
    shareholders: frozenset[str]
    practitioners: frozenset[str]


def person_digest(identity: str) -> str:
    """The keyed digest of an identity number or credit code."""
    return keyed_digest("person", identity.strip().upper())


def relation_keys(firm_id: int) -> RelationKeys:
    """Legal representative, holder of more than half, professionals: as digests, never names."""
    firm = db.session.get_one(Firm, firm_id)
    holder = controller(firm_id)
    code = firm.organisation.credit_code
    return RelationKeys(
        organisation=person_digest(code) if code else None,
        legal_representative=firm.legal_digest,
        shareholders=frozenset({holder.identity_digest} if holder else ()),
        practitioners=frozenset(
            keyed_digest("practitioner", each.number) for each in practitioners(firm_id)
        ),
    )


def points(firm: Firm) -> list[ReviewPoint]:
    """The points of the newest form check of the present application, in their order."""
    rows = db.session.scalars(
        select(ReviewPoint)
        .where(ReviewPoint.firm_id == firm.id, ReviewPoint.application == firm.application)
        .order_by(ReviewPoint.round.desc(), ReviewPoint.id)
    ).all()
    return [row for row in rows if row.round == rows[0].round]


@dataclass(frozen=True)
class ReviewRound:
    """One form check of one sending: when, and the answer on every point with its reason."""

    application: int
    number: int
    at: datetime
    points: tuple[ReviewPoint, ...]

    @property
    def to_mend(self) -> list[ReviewPoint]:
        """The points that were sent back."""
        return [point for point in self.points if point.result is PointResult.MEND]


def rounds(firm: Firm) -> list[ReviewRound]:
    """Every form check of a firm's applications, the latest first."""
    groups: dict[tuple[int, int], list[ReviewPoint]] = {}
    for row in db.session.scalars(
        select(ReviewPoint).where(ReviewPoint.firm_id == firm.id).order_by(ReviewPoint.id)
    ):
        groups.setdefault((row.application, row.round), []).append(row)
    found = [
        ReviewRound(application, number, rows[0].at, tuple(rows))
        for (application, number), rows in groups.items()
    ]
    return sorted(found, key=lambda each: (each.application, each.number), reverse=True)


def steps_of(firm: Firm) -> list[StatusChange]:
    """Where an application went, step by step, oldest first."""
    return list(
        db.session.scalars(
            select(StatusChange)
            .where(
                StatusChange.subject_type == Firm.__tablename__, StatusChange.subject_id == firm.id
            )
            .order_by(StatusChange.id)
        )
    )


def professional_checks(firm: Firm) -> list[ProfessionalCheck]:
    """The departments' checks of the present application."""
    return list(
        db.session.scalars(
            select(ProfessionalCheck)
            .where(
                ProfessionalCheck.firm_id == firm.id,
                ProfessionalCheck.application == firm.application,
            )
            .order_by(ProfessionalCheck.id)
        )
    )


def checks_of_department(organisation_id: int) -> Select[ProfessionalCheck]:
    """A department's checks, the waiting ones first, by deadline."""
    waiting = ProfessionalCheck.status == CheckStatus.WAITING
    return (
        select(ProfessionalCheck)
        .where(ProfessionalCheck.organisation_id == organisation_id)
        .order_by(waiting.desc(), ProfessionalCheck.due_at, ProfessionalCheck.id)
    )


WITH_BUREAU = (FirmStatus.SUBMITTED, FirmStatus.CHECKED, FirmStatus.QUESTIONED)


def applications(registers: Sequence[str], waiting_only: bool = False) -> Select[Firm]:
    """Applications on these registers for their officers: what waits first, by deadline."""
    waits = Firm.status.in_(WITH_BUREAU)
    query = select(Firm).where(Firm.register_code.in_(registers), Firm.status != FirmStatus.DRAFT)
    if waiting_only:
        query = query.where(waits)
    return query.order_by(waits.desc(), Firm.form_due_at, Firm.id)


def items_of(firm: Firm, day: date) -> dict[str, ServiceItem]:
    """The service items in force on ``day`` for the firm's register, by code."""
    return {item.code: item for item in catalogue.items(day, accounts.lineage(firm.register_code))}


def missing(firm: Firm, now: datetime) -> list[tuple[str, str]]:
    """What an application still lacks before it can be sent: (part of the page, sentence)."""
    day = clock.local_day(now)
    values = admission_policy(firm.register_code, day).values
    lacks: list[tuple[str, str]] = []
    if not firm.organisation.legal_representative or not firm.legal_digest:
        lacks.append(("subject", _("填写法定代表人姓名和身份证件号码")))
    if not firm.agent_name or not firm.agent_phone:
        lacks.append(("subject", _("填写经办人姓名和联系电话")))
    if firm.licence_file_id is None:
        lacks.append(("subject", _("上传登记证照")))
    if values.decoupling_required and not firm.decoupled:
        lacks.append(("subject", _("声明与行政机关在人员、资金、管理上脱钩")))
    own = offerings(firm.id)
    if not own:
        lacks.append(("offerings", _("至少承接一个服务事项")))
    certificates = held(firm.id, day)
    items = items_of(firm, day)
    for each in own:
        item = items.get(each.item_code)
        if item is not None and not catalogue.meets(item, certificates):
            lacks.append(("qualifications", _("登记“%(item)s”所需的有效资质", item=item.name)))
    return lacks


def held(firm_id: int, day: date) -> list[tuple[str, str]]:
    """(type, grade) of the certificates valid on a day, verified or not."""
    return [
        (each.type, each.grade or "")
        for each in all_qualifications(firm_id)
        if each.valid_from <= day and (each.valid_until is None or day <= each.valid_until)
    ]


def expiring(firm_id: int, day: date, within_days: int = 60) -> list[Qualification]:
    """Certificates that end within so many natural days, or have ended already."""
    edge = day + timedelta(days=within_days)
    return [
        each
        for each in all_qualifications(firm_id)
        if each.valid_until is not None and each.valid_until <= edge
    ]


def waiting_checks(register_codes: Sequence[str], limit: int) -> list[ProfessionalCheck]:
    """Professional checks on these registers that wait for a department, by deadline."""
    return list(
        db.session.scalars(
            select(ProfessionalCheck)
            .join(Firm, Firm.id == ProfessionalCheck.firm_id)
            .where(
                Firm.register_code.in_(register_codes),
                ProfessionalCheck.status == CheckStatus.WAITING,
            )
            .order_by(ProfessionalCheck.due_at, ProfessionalCheck.id)
            .limit(as_written(limit))
        )
    )
