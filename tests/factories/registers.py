"""Files of registers kept elsewhere, as officers fill them in, and the officers who work on them."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import xlsxwriter
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.accounts.permissions import Role
from marketplace.foundation import clock, files
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries.bulk import actions
from marketplace.intermediaries.bulk.columns import CERTIFICATES, FIRMS, ITEMS, PEOPLE, sheets
from marketplace.intermediaries.bulk.models import ImportStatus, RegisterImport
from marketplace.intermediaries.bulk.standing import known
from marketplace.intermediaries.bulk.tasks import work_on_imports
from tests.factories import accounts as people

DESK = "/supervision/register"
KIND = "公司"
# what hpwj asks for
CERTIFICATE = "环境影响评价工程师登记"


def firm(code: str, name: str, **more: Any) -> dict[str, Any]:
    """A row of the firms' sheet."""
    return {
        "credit_code": code,
        "name": name,
        "kind": KIND,
        "legal_representative": "李承接",
        "address": "东城区示范路 1 号",
        "phone": "0399-6667777",
        **more,
    }


def certificate(code: str, number: str, type: str, **more: Any) -> dict[str, Any]:
    """A row of the certificates' sheet."""
    return {
        "credit_code": code,
        "type": type,
        "number": number,
        "issuer": "发证机关",
        "valid_from": date(2024, 1, 1),
        **more,
    }


def file_of(
    firms: Sequence[Mapping[str, Any]],
    certificates: Sequence[Mapping[str, Any]] = (),
    practitioners: Sequence[Mapping[str, Any]] = (),
    items: Sequence[Mapping[str, Any]] = (),
    change: Callable[[Any, dict[str, Any]], None] | None = None,
) -> bytes:
    """A workbook as the template has it, in an application context. ``change(book, pages)`` is
    called before it is closed."""
    rows = {FIRMS: firms, CERTIFICATES: certificates, PEOPLE: practitioners, ITEMS: items}
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    pages = {}
    for name, columns in sheets(known(people.CITY, clock.today())).items():
        page = pages[name] = book.add_worksheet(name)
        for place, column in enumerate(columns):
            page.write_string(0, place, column.title)
        for line, row in enumerate(rows[name], start=1):
            for place, column in enumerate(columns):
                value = row.get(column.key)
                if isinstance(value, date):
                    page.write_datetime(line, place, value, day)
                elif isinstance(value, str):
                    page.write_string(line, place, value)
                elif value is not None:
                    page.write(line, place, value)
    if change is not None:
        change(book, pages)
    book.close()
    return buffer.getvalue()


class Bureau:
    """The officers of the bureau, each at a browser."""

    def __init__(self, app: Flask, sign_in_as: Callable[..., FlaskClient]) -> None:
        self.app = app
        roles = (Role.BUREAU_OPERATOR, Role.BUREAU_APPROVER)
        with app.app_context(), transaction():
            made = [people.officer(role).user for role in roles]
        self.operator, self.approver = (sign_in_as(user) for user in made)
        self.public = app.test_client()

    def upload(self, content: bytes, name: str = "名录.xlsx") -> str:
        """Upload a file; the address of its page."""
        answer = self.operator.post(
            f"{DESK}/imports/new",
            data={"file": (io.BytesIO(content), name)},
            content_type="multipart/form-data",
        )
        assert answer.status_code == 303, answer.text
        return str(answer.headers["Location"])

    def read(self, content: bytes, name: str = "名录.xlsx") -> tuple[str, str]:
        """Upload a file and have it read: its address and its page."""
        address = self.upload(content, name)
        self.work()
        return address, self.operator.get(address).text

    def work(self) -> int:
        """What the worker does."""
        with self.app.app_context():
            return work_on_imports()

    def submit(self, address: str, status: int = 303, **more: str) -> str:
        """Ask the approver to confirm."""
        answer = self.operator.post(
            f"{address}/submit",
            data={
                "title": "青河市中介机构备案名录",
                "document": "青政服〔2025〕12号",
                "legal_basis": "《青河市中介服务管理办法》第八条",
                **more,
            },
        )
        assert answer.status_code == status, answer.text
        return str(answer.text)

    def confirm(self, address: str, status: int = 303) -> str:
        """Confirm."""
        answer = self.approver.post(f"{address}/confirm")
        assert answer.status_code == status, answer.text
        return str(answer.text)

    def take_over(self, content: bytes) -> str:
        """All of it: uploaded, submitted, confirmed, taken over."""
        address, _page = self.read(content)
        self.submit(address)
        self.confirm(address)
        self.work()
        assert self.state(address) is ImportStatus.DONE
        return address

    def state(self, address: str) -> ImportStatus:
        """Where an upload stands."""
        with self.app.app_context():
            name = address.rsplit("/", 1)[1]
            return db.session.scalars(
                select(RegisterImport.status).where(RegisterImport.public_id == name)
            ).one()


def uploaded(firms: Sequence[Mapping[str, Any]], actor: Actor) -> None:
    """A file uploaded by an officer and read; in an application context, not in a transaction."""
    content = file_of(firms)
    db.session.rollback()
    with transaction():
        now = clock.now()
        file = files.store(io.BytesIO(content), "名录.xlsx", actor, now, "file", actions.KINDS)
        actions.upload_register(file, people.CITY, actor, now)
    work_on_imports()
