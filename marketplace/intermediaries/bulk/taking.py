"""Taking a confirmed register over, a piece at a time: each piece a transaction of its own, its
rows marked in it, so that whoever goes on after a stop or a crash begins with the next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import (
    Organisation,
    OrganisationFunction,
    OrganisationKind,
)
from marketplace.accounts.welcoming import Officers, invite_firms
from marketplace.catalogue import queries as catalogue
from marketplace.fees.checking import PriceQuestion, check_promises
from marketplace.fees.rules.judging import Gate
from marketplace.foundation import audit, clock, epoch, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import moment, working_calendar
from marketplace.foundation.db import db, lock

from ..file.actions.certificates import REMIND_AT
from ..models import Firm, FirmStatus, Offering, Practitioner, Qualification, Recommendation
from ..queries import admission_policy
from ..rules import AdmissionPolicy, next_reminder
from . import queries
from .actions import finish_import
from .models import ImportRow, ImportStatus, RegisterImport, RowState
from .standing import Register, standing

PIECE = 50
_Record = Qualification | Practitioner | Offering


@dataclass(frozen=True)
class Piece:
    """What is the same for all rows of a piece."""

    found: RegisterImport
    values: AdmissionPolicy
    days: Mapping[str, int]  # the statutory days of every item in force
    ends_at: datetime
    today: date
    actor: Actor
    now: datetime


def take_piece(import_id: int, actor: Actor, now: datetime, size: int = PIECE) -> int:
    """Take the next ``size`` rows over, or finish; returns how many rows were done with (0: there
    is nothing left to do, or somebody stopped it)."""
    found = db.session.get_one(RegisterImport, import_id)
    lock(found)
    now = max(now, clock.now())
    if found.status is not ImportStatus.RUNNING:
        return 0
    rows = queries.next_rows(import_id, size)
    if not rows:
        finish_import(found, actor, now)
        return 0
    edition = admission_policy(found.jurisdiction_code, clock.local_day(now))
    piece = Piece(
        found,
        edition.values,
        _items(found.jurisdiction_code, clock.local_day(now)),
        working_calendar().deadline(now, edition.values.notice_working_days),
        clock.local_day(now),
        actor,
        now,
    )
    _take(piece, rows)
    found.next_check_at = now
    return len(rows)


def fail_row(import_id: int, number: int, why: str, now: datetime) -> None:
    """Note that a row could not be taken over, and go on with the next."""
    found = db.session.get_one(RegisterImport, import_id)
    lock(found)
    row = db.session.scalars(
        select(ImportRow).where(ImportRow.import_id == import_id, ImportRow.number == number)
    ).one()
    if row.state is RowState.PENDING:
        _fail(found, row, why, now)


def _fail(found: RegisterImport, row: ImportRow, why: str, now: datetime) -> None:
    row.state, row.failure, row.done_at, row.content = RowState.FAILED, why[:300], now, {}
    found.failed += 1


def _take(piece: Piece, rows: Sequence[ImportRow]) -> None:
    register = _register_now(piece, rows)
    fit = []
    for row in rows:
        why = _why_not(row, register)
        if why is None:
            fit.append(row)
        else:
            _fail(piece.found, row, why, piece.now)
    if not fit:
        return
    organisations = _organisations(piece, fit, register)
    firms = _firms(piece, fit, organisations)
    made = {row.id: _records(piece, row, firms[row.id]) for row in fit}
    db.session.flush()
    _tell(piece, [(firms[row.id], each) for row in fit for each in made[row.id]])
    _invite(piece, fit, organisations)
    for row in fit:
        row.state, row.firm_id, row.done_at = RowState.TAKEN, firms[row.id].id, piece.now
        row.content = {}
    piece.found.taken += len(fit)
    epoch.raise_public()
    db.session.flush()


def _register_now(piece: Piece, rows: Sequence[ImportRow]) -> Register:
    """What stands by now: hours may lie between the reading and this."""
    contents = [row.content for row in rows]
    return standing(
        [row.credit_code for row in rows],
        [(each["type"], each["number"]) for c in contents for each in c["certificates"]],
        [each["number"] for c in contents for each in c["people"]],
        piece.found.jurisdiction_code,
        piece.now,
    )


def _why_not(row: ImportRow, register: Register) -> str | None:
    code, content = row.credit_code, row.content
    stands = register.firms.get(code)
    if code in register.barred:
        return "该主体已被列入黑名单或国家严重失信主体名单"
    if stands is not None and stands.status is not None:
        return "该机构在确认之后已登记入本名录"
    if stands is not None and not stands.is_party:
        return "该统一社会信用代码属于管理机构或行业主管部门"
    if any(register.people.get(each["number"], code) != code for each in content["people"]):
        return "执业人员在确认之后已登记在其他机构"
    return None


def _organisations(
    piece: Piece, rows: Sequence[ImportRow], register: Register
) -> dict[int, Organisation]:
    made: dict[int, Organisation] = {}
    new = []
    for row in rows:
        stands = register.firms.get(row.credit_code)
        if stands is not None:
            made[row.id] = db.session.get_one(Organisation, stands.organisation_id)
            continue
        told = row.content["firm"]
        made[row.id] = Organisation(
            name=told["name"],
            kind=OrganisationKind(told["kind"]),
            function=OrganisationFunction.PARTY,
            credit_code=row.credit_code,
            jurisdiction_code=told.get("area", piece.found.jurisdiction_code),
            legal_representative=told.get("legal_representative"),
            address=told.get("address"),
            phone=told.get("phone"),
            email=told.get("email"),
            created_at=piece.now,
        )
        new.append(made[row.id])
    db.session.add_all(new)
    db.session.flush()
    for each in new:
        audit.record(
            "organisation.created",
            piece.actor,
            each,
            piece.now,
            credit_code=each.credit_code,
            kind=each.kind.value,
        )
    return made


def _firms(
    piece: Piece, rows: Sequence[ImportRow], organisations: dict[int, Organisation]
) -> dict[int, Firm]:
    found, firms = piece.found, {}
    for row in rows:
        told = row.content["firm"]
        firms[row.id] = Firm(
            organisation_id=organisations[row.id].id,
            register_code=found.jurisdiction_code,
            edition_id=found.edition_id,
            legal_digest=told.get("legal_digest"),
            agent_name=told.get("agent_name"),
            agent_phone=told.get("agent_phone"),
            introduction=told.get("introduction"),
            submitted_at=piece.now,
            checked_by=found.submitted_by,
            checked_at=found.submitted_at,
            recommendation=Recommendation.LIST,
            check_reason=f"承接原名录：{found.document}",
            decided_by=found.confirmed_by,
            decided_at=found.confirmed_at,
            listed_at=piece.now,
            publicity_ends_at=piece.ends_at,
            # nobody has promised anything yet: no orders before the firm has claimed its file
            paused=True,
        )
    lifecycle.begin_all(
        list(firms.values()),
        FirmStatus.LISTED,
        piece.actor,
        piece.now,
        check_at=piece.ends_at,
        reason=f"承接原名录：{found.document}",
        register_import=found.id,
    )
    return firms


def _records(piece: Piece, row: ImportRow, firm: Firm) -> list[_Record]:
    """Certificates (to be verified), professionals and promises of one firm."""
    content, now = row.content, piece.now
    made: list[_Record] = []
    for each in content["certificates"]:
        until = date.fromisoformat(each["valid_until"]) if "valid_until" in each else None
        made.append(
            Qualification(
                firm_id=firm.id,
                type=each["type"],
                grade=each.get("grade"),
                number=each["number"],
                issuer=each["issuer"],
                valid_from=date.fromisoformat(each["valid_from"]),
                valid_until=until,
                registered_at=now,
                next_check_at=_reminder(piece, until),
            )
        )
    made += [
        Practitioner(
            firm_id=firm.id,
            name=each["name"],
            profession=each["profession"],
            number=each["number"],
            registered_at=now,
        )
        for each in content["people"]
    ]
    made += [
        Offering(
            firm_id=firm.id,
            item_code=each["item"],
            discount=Decimal(each.get("discount", "0")) / 100,
            promised_days=int(Decimal(each.get("promised_days", piece.days[each["item"]]))),
            areas=[],
            committed_at=now,
        )
        for each in content["items"]
        if each["item"] in piece.days
    ]
    db.session.add_all(made)
    return made


def _reminder(piece: Piece, until: date | None) -> datetime | None:
    if until is None:
        return None
    day = next_reminder(until, piece.today, piece.values.reminder_days)
    return moment(day, REMIND_AT) if day else None


def _tell(piece: Piece, made: Sequence[tuple[Firm, _Record]]) -> None:
    """Write down what was registered, and what is to be said of the promised prices."""
    promised: dict[tuple[str, Decimal], list[tuple[Offering, Firm]]] = defaultdict(list)
    for firm, each in made:
        facts: dict[str, Any] = {"firm": firm.id}
        if isinstance(each, Qualification):
            action, facts = "qualification.registered", {**facts, "type": each.type}
        elif isinstance(each, Practitioner):
            action = "practitioner.registered"
        else:
            action = "offering.committed"
            facts |= {
                "item": each.item_code,
                "discount": each.discount,
                "days": each.promised_days,
            }
            promised[each.item_code, each.discount].append((each, firm))
        audit.record(action, piece.actor, each, piece.now, **facts)
    for (item, discount), those in promised.items():
        check_promises(
            PriceQuestion(
                stage=Gate.OFFERING,
                item_code=item,
                jurisdiction_code=piece.found.jurisdiction_code,
                day=piece.today,
                price=None,
                inputs={},
                commitment_discount=discount,
            ),
            those,
            piece.actor,
            piece.now,
        )


def _invite(
    piece: Piece, rows: Sequence[ImportRow], organisations: Mapping[int, Organisation]
) -> None:
    """Invite whoever the file gives an address of."""
    found = piece.found
    if found.submitted_by is None or found.confirmed_by is None:
        return
    told = [(organisations[row.id], row.content["firm"]) for row in rows]
    invite_firms(
        [
            (organisation, each.get("agent_name") or each["legal_representative"], each["email"])
            for organisation, each in told
            if each.get("email")
        ],
        Officers(found.submitted_by, found.confirmed_by),
        piece.actor,
        piece.now,
    )


def _items(register: str, day: date) -> dict[str, int]:
    return {
        item.code: item.statutory_days for item in catalogue.items(day, accounts.lineage(register))
    }
