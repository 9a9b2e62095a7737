"""The register as a spreadsheet or as comma-separated text: what its public pages show, and for
officers the people behind it masked. A file written here can be read in again."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, select

from marketplace.accounts.masking import masked, masked_mobile
from marketplace.accounts.models import Organisation
from marketplace.foundation.db import as_written, db
from marketplace.foundation.languages import for_storing
from marketplace.foundation.spreadsheets import Column, Sheet, workbook

from ..models import Firm, FirmStatus, Offering, Practitioner, Qualification
from ..queries import listed
from .columns import CERTIFICATES, FIRMS, ITEMS, Known, sheets

_SOME = 500
PUBLIC = ("credit_code", "name", "kind", "area", "legal_representative", "address", "phone")
MASKED = "人员与联系方式（隐去部分字符）"
_PEOPLE = (
    Column(key="credit_code", title="统一社会信用代码", width=24),
    Column(key="part", title="身份", width=14),
    Column(key="name", title="姓名"),
    Column(key="contact", title="电话或证书编号", width=22),
)
_COLUMNS: tuple[Any, ...] = (
    Firm.id,
    Firm.agent_name,
    Firm.agent_phone,
    Organisation.credit_code,
    Organisation.name,
    Organisation.kind,
    Organisation.jurisdiction_code.label("area"),
    Organisation.legal_representative,
    Organisation.address,
    Organisation.phone,
)
# a spreadsheet takes what begins so for a formula
_FORMULA = tuple("=+-@\t\r＝＋－＠")


def _columns(known: Known) -> dict[str, list[Column]]:
    """The columns of the files: those of the template that are public."""
    found = {name: list(those) for name, those in sheets(known).items()}
    found[FIRMS] = [column for column in found[FIRMS] if column.key in PUBLIC]
    return found


def _firms(register: str, now: datetime, public_only: bool) -> Iterator[Row[Any]]:
    """The listed firms by key, some at a time; ``public_only``: those the public may see now."""
    query = (
        listed(register, now)
        if public_only
        else select(Firm)
        .join(Organisation, Organisation.id == Firm.organisation_id)
        .where(
            Firm.register_code == register,
            Firm.status.in_((FirmStatus.LISTED, FirmStatus.QUESTIONED)),
        )
    ).with_only_columns(*_COLUMNS, maintain_column_froms=True)
    last = 0
    while part := db.session.execute(
        query.where(Firm.id > last).order_by(Firm.id).limit(as_written(_SOME))
    ).all():
        yield from part
        last = part[-1].id


def _told(firm: Row[Any]) -> dict[str, Any]:
    told = {key: getattr(firm, key) for key in PUBLIC} | {"kind": firm.kind.value}
    # a mobile number is somebody's own; an office's line is public
    return told | {"phone": firm.phone if masked_mobile(firm.phone) == firm.phone else None}


def as_text(register: str, now: datetime, known: Known, public_only: bool) -> Iterator[str]:
    """The firms as comma-separated text, line by line, so that no reader waits for the last."""
    columns = _columns(known)[FIRMS]
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([column.title for column in columns])
    yield "\ufeff" + _taken(buffer)
    titles = {c.key: {choice.code: choice.title for choice in c.choices} for c in columns}
    for firm in _firms(register, now, public_only):
        told = _told(firm)
        words = (titles[c.key].get(told[c.key], told[c.key]) for c in columns)
        writer.writerow([harmless(str(word or "")) for word in words])
        yield _taken(buffer)


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def harmless(text: str) -> str:
    """A cell of comma-separated text no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


@for_storing()
def as_workbook(register: str, now: datetime, known: Known, head: list[tuple[str, str]]) -> bytes:
    """The register as the template's sheets, and the people behind it masked."""
    columns = _columns(known)
    return workbook(
        [
            Sheet(FIRMS, columns[FIRMS], _firm_rows(register, now), head=head),
            Sheet(CERTIFICATES, columns[CERTIFICATES], _certificates(register, now)),
            Sheet(ITEMS, columns[ITEMS], _items(register, now)),
            Sheet(MASKED, _PEOPLE, _people(register, now)),
        ],
        at_once=False,
    )


def _firm_rows(register: str, now: datetime) -> Iterator[dict[str, Any]]:
    return (_told(firm) for firm in _firms(register, now, False))


def _of_firms(register: str, now: datetime, model: Any) -> Iterator[tuple[Row[Any], Row[Any]]]:
    """What stands with each firm of a kind of record, some firms at a time, as columns."""
    firms: dict[int, Row[Any]] = {}

    def records() -> Iterator[tuple[Row[Any], Row[Any]]]:
        query = (
            select(*model.__table__.c)
            .where(model.firm_id.in_(list(firms)), model.ended_at.is_(None))
            .order_by(model.firm_id, model.id)
        )
        for record in db.session.execute(query):
            yield firms[record.firm_id], record
        firms.clear()

    for firm in _firms(register, now, False):
        firms[firm.id] = firm
        if len(firms) == _SOME:
            yield from records()
    yield from records()


def _certificates(register: str, now: datetime) -> Iterator[dict[str, Any]]:
    for firm, each in _of_firms(register, now, Qualification):
        yield {
            "credit_code": firm.credit_code,
            "type": each.type,
            "grade": each.grade,
            "number": each.number,
            "issuer": each.issuer,
            "valid_from": each.valid_from,
            "valid_until": each.valid_until,
        }


def _items(register: str, now: datetime) -> Iterator[dict[str, Any]]:
    for firm, each in _of_firms(register, now, Offering):
        yield {
            "credit_code": firm.credit_code,
            "item": each.item_code,
            "discount": Decimal(each.discount) * 100,
            "promised_days": each.promised_days,
        }


def _people(register: str, now: datetime) -> Iterator[dict[str, Any]]:
    for firm in _firms(register, now, False):
        if firm.agent_name or firm.agent_phone:
            yield {
                "credit_code": firm.credit_code,
                "part": "经办人",
                "name": masked(firm.agent_name, "name"),
                "contact": masked(firm.agent_phone, "phone"),
            }
    for firm, each in _of_firms(register, now, Practitioner):
        yield {
            "credit_code": firm.credit_code,
            "part": "执业人员",
            "name": masked(each.name, "name"),
            "contact": masked(each.number, "certificate"),
        }
