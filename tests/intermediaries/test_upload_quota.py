"""What a firm may upload in a day and keep in all; offices are not bounded."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from marketplace.accounts.permissions import Role
from marketplace.foundation import clock, files
from marketplace.foundation.db import db
from marketplace.foundation.errors import Invalid, TooMany
from marketplace.foundation.files import StoredFile
from marketplace.foundation.transactions import transaction
from tests.factories import accounts as people
from tests.factories import intermediaries as firms
from tests.factories.filing import SignIn, made, read, send

PAPER = firms.PDF + b"%" + b"x" * 600_000


@pytest.fixture
def tight(app: Flask) -> Iterator[Flask]:
    """Two files and two megabytes a day, one megabyte in all."""
    settings = app.config["SETTINGS"]
    app.config["SETTINGS"] = replace(
        settings, firm_upload_files_per_day=2, firm_upload_mb_per_day=2, firm_upload_mb=1
    )
    yield app
    app.config["SETTINGS"] = settings


def test_a_firm_is_told_when_it_has_uploaded_enough(
    tight: Flask, sign_in_as: SignIn, advance: Callable[[timedelta], None]
) -> None:
    def cast() -> list[Any]:
        return [firms.listed(), people.officer(Role.BUREAU_OPERATOR)]

    def kept() -> int:
        with tight.app_context():
            own = StoredFile.organisation_id == party.organisation.id
            return db.session.scalar(select(func.count(StoredFile.id)).where(own)) or 0

    party, officer = made(tight, cast)
    advance(timedelta(days=1))
    firm, before = sign_in_as(party.user), kept()
    data = {
        "name": "欧阳经办",
        "phone": "13900001111",
        "scope": ["file"],
        "account": "",
        "document_number": "1 号",
        "starts_on": "2026-03-01",
        "ends_on": "2026-12-31",
    }
    for _n in range(2):
        send(firm, "/firm/agents", **data, paper="document")
    told = send(firm, "/firm/agents", 429, **data, paper="document")
    assert "今日已上传 2 份、1 KB，每日最多 2 份、2 MB" in told
    assert 'value="欧阳经办"' in told, "nothing typed is lost"
    assert kept() == before + 2
    assert re.search(rf"{before + 2} 份，共 [1-9]\d* KB，最多 1 MB", read(firm, "/firm"))

    # a day later, but no more than a megabyte in all
    advance(timedelta(days=1))
    with tight.app_context():
        now = clock.now()
        with transaction():
            first = files.store(io.BytesIO(PAPER), "大.pdf", party.actor, now, "document")
            with pytest.raises(Invalid, match=r"已存 5\d\d KB 材料，最多 1 MB"):
                files.store(io.BytesIO(PAPER + b"y"), "再.pdf", party.actor, now, "document")
            # what was erased makes room for the whole, not for the day
            files.erase(first, "test", party.actor, now)
            files.store(io.BytesIO(PAPER + b"z"), "三.pdf", party.actor, now, "document")
            with pytest.raises(TooMany):
                files.store(io.BytesIO(firms.PDF), "四.pdf", party.actor, now, "document")
            for n in range(3):
                content = PAPER + str(n).encode()
                files.store(io.BytesIO(content), "局.pdf", officer.actor, now, "document")
