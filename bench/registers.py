"""`scripts/bench register`: how long it takes to take a former register over, and to write one out.

Each of the firms has a certificate, a professional, an item and an address to be invited at.
"""

from __future__ import annotations

import argparse
import io
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from flask import Flask
from sqlalchemy import func, select

import config
from marketplace.accounts import credit_code
from marketplace.accounts import queries as accounts
from marketplace.accounts.models import User
from marketplace.accounts.permissions import Role
from marketplace.app import create_app
from marketplace.commands import editions, setting_up
from marketplace.foundation import clock, files
from marketplace.foundation.db import db
from marketplace.foundation.spreadsheets import Sheet, workbook
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries.bulk import actions, exporting
from marketplace.intermediaries.bulk.columns import CERTIFICATES, FIRMS, ITEMS, PEOPLE, sheets
from marketplace.intermediaries.bulk.models import ImportStatus, RegisterImport
from marketplace.intermediaries.bulk.standing import known
from marketplace.intermediaries.bulk.tasks import work_on_imports
from marketplace.intermediaries.models import Firm
from tests.factories import accounts as people
from tests.servers import PostgresServer

from . import sites

REGISTER = "379900"
TARGET = 120.0


@dataclass(frozen=True)
class Measured:
    """Seconds of each step for so many firms."""

    firms: int
    read: float
    taken: float
    text: float
    book: float


def register_file(count: int, first: int = 0) -> bytes:
    """A file of ``count`` firms, in an application context."""
    told = known(REGISTER, clock.today())
    codes = [credit_code.complete(f"91379902MAB{n:06d}") for n in range(first, first + count)]
    kind, item = told.certificates[0], next(iter(told.items))
    columns = sheets(told)
    return workbook(
        [
            Sheet(
                FIRMS,
                columns[FIRMS],
                [
                    {
                        "credit_code": code,
                        "name": f"承接第{n}号工程咨询有限公司",
                        "kind": "company",
                        "legal_representative": "李承接",
                        "address": f"东城区示范路 {n} 号",
                        "phone": "0399-6660000",
                        "agent_name": "王经办",
                        "agent_phone": "0399-6660001",
                        "email": f"firm{n}@example.cn",
                    }
                    for n, code in enumerate(codes, start=first)
                ],
            ),
            Sheet(
                CERTIFICATES,
                columns[CERTIFICATES],
                [
                    {
                        "credit_code": code,
                        "type": kind,
                        "number": f"ZSB{n:08d}",
                        "issuer": "发证机关",
                        "valid_from": date(2024, 1, 1),
                    }
                    for n, code in enumerate(codes, start=first)
                ],
            ),
            Sheet(
                PEOPLE,
                columns[PEOPLE],
                [
                    {
                        "credit_code": code,
                        "name": "钱执业",
                        "profession": "注册咨询工程师",
                        "number": f"PXB{n:08d}",
                    }
                    for n, code in enumerate(codes, start=first)
                ],
            ),
            Sheet(ITEMS, columns[ITEMS], [{"credit_code": code, "item": item} for code in codes]),
        ]
    )


def uploaded(uploader: int, count: int) -> int:
    """Upload a file of ``count`` firms; its key. The uploader is the key of an account."""
    actor = accounts.actor_for(db.session.get_one(User, uploader), accounts.bureau(REGISTER))
    content = register_file(count)
    with transaction():
        now = clock.now()
        file = files.store(io.BytesIO(content), "a.xlsx", actor, now, "file", actions.KINDS)
        return actions.upload_register(file, REGISTER, actor, now).id


def confirm(key: int, uploader: int, approver: int) -> None:
    """Have an upload submitted by one and confirmed by the other."""
    bureau = accounts.bureau(REGISTER)
    one, other = (
        accounts.actor_for(db.session.get_one(User, person), bureau)
        for person in (uploader, approver)
    )
    with transaction():
        actions.submit_import(
            db.session.get_one(RegisterImport, key),
            title="备案名录",
            document="青政服〔2025〕12号",
            legal_basis="办法第八条",
            leave_out=False,
            actor=one,
            now=clock.now(),
        )
    with transaction():
        actions.confirm_import(db.session.get_one(RegisterImport, key), other, clock.now())


def confirmed(app: Flask, uploader: int, approver: int, count: int) -> int:
    """An upload of ``count`` firms read and confirmed, nothing of it taken over; its key."""
    with app.app_context():
        key = uploaded(uploader, count)
        _until(key, ImportStatus.READY)
        confirm(key, uploader, approver)
        return key


def measure(app: Flask, uploader: int, approver: int, count: int) -> Measured:
    """Upload, read, confirm and take over ``count`` firms; write them out again. The two are keys
    of accounts of the bureau."""
    with app.app_context():
        key = uploaded(uploader, count)
        read = _timed(lambda: _until(key, ImportStatus.READY))
        confirm(key, uploader, approver)
        taken = _timed(lambda: _until(key, ImportStatus.DONE))
        told, now = known(REGISTER, clock.today()), clock.now()
        text = _timed(lambda: sum(1 for _l in exporting.as_text(REGISTER, now, told, True)))
        book = _timed(lambda: exporting.as_workbook(REGISTER, now, told, []))
        db.session.rollback()
        listed = db.session.scalar(select(func.count()).select_from(Firm)) or 0
        db.session.rollback()
        if listed < count:
            raise RuntimeError(f"{listed} of {count} firms were taken over")
    return Measured(count, read, taken, text, book)


def _until(key: int, status: ImportStatus) -> None:
    while True:
        work_on_imports()
        found = db.session.get_one(RegisterImport, key)
        reached, at = found.status is status, found.status
        db.session.rollback()
        if reached:
            return
        if at not in (ImportStatus.WAITING, ImportStatus.READING, ImportStatus.RUNNING):
            raise RuntimeError(f"the import stands at {at}")


def _timed(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


@contextmanager
def site(engine: str) -> Iterator[tuple[Flask, int, int]]:
    """A database of its own with the shipped editions, and the keys of two officers."""
    folder = Path(tempfile.mkdtemp(prefix="bench-register-"))
    server = PostgresServer(settings=sites.DURABLE) if engine == "postgresql" else None
    if server is not None:
        server.create("register")
    url = server.url("register") if server is not None else f"sqlite:///{folder / 'site.db'}"
    settings = config.from_environment(sites.environment(folder, url, "test"))
    app = create_app(settings, TESTING=True, PASSWORD_PROFILE="cheap")  # noqa: S106 a profile, no password
    try:
        with app.app_context():
            setting_up.migrate_database()
            editions.load_shipped_editions()
            with transaction():
                keys = [
                    people.officer(role).user.id
                    for role in (Role.BUREAU_OPERATOR, Role.BUREAU_APPROVER)
                ]
        yield app, keys[0], keys[1]
    finally:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
        if server is not None:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def main(arguments: list[str]) -> int:
    """Measure and print; 0 when it was done in two minutes."""
    parser = argparse.ArgumentParser(prog="scripts/bench register", description=__doc__)
    parser.add_argument("--firms", type=int, default=10_000)
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    given = parser.parse_args(arguments)
    with site(given.engine) as (app, uploader, approver):
        found = measure(app, uploader, approver, given.firms)
    for what, seconds in (
        ("read and checked", found.read),
        ("taken over", found.taken),
        ("written out as text", found.text),
        ("written out as a workbook", found.book),
    ):
        sys.stdout.write(f"{what:28}{seconds:8.1f} s\n")
    whole = found.read + found.taken
    sys.stdout.write(f"{found.firms} firms, 4 rows each: {whole:.1f} s (at most {TARGET:.0f} s)\n")
    return 0 if whole <= TARGET else 1
