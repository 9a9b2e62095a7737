"""The offices that work on fee lists, each at a browser, for the tests of their pages."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from marketplace.accounts.permissions import Role
from marketplace.fees.lists.tasks import read_uploads
from marketplace.foundation import clock
from marketplace.foundation.transactions import transaction
from tests.factories import accounts as people
from tests.factories.fee_lists import OWN, file_of, rows_in

DESK = "/supervision/fee-lists"


class Office:
    """The drafter, the approver and the public, each at a browser."""

    def __init__(self, app: Flask, sign_in_as: Callable[..., FlaskClient]) -> None:
        self.app = app
        with app.app_context():
            with transaction():
                made = [
                    people.officer(role).user
                    for role in (Role.BUREAU_OPERATOR, Role.BUREAU_APPROVER)
                ]
            drafter, approver = made
        self.drafter, self.approver = sign_in_as(drafter), sign_in_as(approver)
        self.public = app.test_client()

    def template(self) -> list[dict[str, Any]]:
        """The rows of the downloaded template."""
        answer = self.drafter.get(f"{DESK}/template.xlsx")
        assert answer.status_code == 200
        with self.app.test_request_context():
            return rows_in(answer.data)

    def upload(self, content: bytes, name: str = "清单.xlsx", to: str = "") -> str:
        """Upload a file; the address of its page."""
        answer = self.drafter.post(
            f"{DESK}/import{to}",
            data={"file": (io.BytesIO(content), name)},
            content_type="multipart/form-data",
        )
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]

    def read(self, content: bytes) -> tuple[str, str]:
        """Upload a file and let it be read; the address and the page that tells what came of it."""
        address = self.upload(content)
        with self.app.app_context():
            assert read_uploads() == 1
            assert read_uploads() == 0
        return address, self.drafter.get(address).text

    def draft(self, rows: list[dict[str, Any]], day: date) -> str:
        """A draft made of a file, with its head; the address of its page."""
        address, page = self.read(file_of(rows))
        assert "待确认" in page
        made = self.drafter.post(f"{address}/confirm")
        assert made.status_code == 303, made.text
        page_address = made.headers["Location"].removesuffix("/facts")
        self.facts(page_address, day)
        return page_address

    def facts(self, address: str, day: date, status: int = 303) -> str:
        """State the head of a draft."""
        answer = self.drafter.post(
            f"{address}/facts",
            data={
                "title": "青河市收费目录清单（测试版）",
                "document": "青河发改价〔2026〕12号",
                "legal_basis": "山东省定价目录",
                "effective_from": day.isoformat(),
            },
        )
        assert answer.status_code == status, answer.text
        return answer.text

    def submit(self, address: str) -> None:
        """Lay a draft before the approver."""
        answer = self.drafter.post(f"{address}/submit")
        assert answer.status_code == 303, answer.text

    def seen(self, address: str) -> dict[str, str]:
        """What the approve button of a list sends along."""
        found = re.search(r'name="seen"[^>]*value="(\w{64})"', self.approver.get(address).text)
        assert found is not None
        return {"seen": found[1]}

    def approve(self, address: str) -> TestResponse:
        """Approve a list as its page shows it."""
        return self.approver.post(f"{address}/approve", data=self.seen(address))

    def publish(self, rows: list[dict[str, Any]], day: date) -> int:
        """A list in force from ``day`` on; the key of its edition."""
        address = self.draft(rows, day)
        self.submit(address)
        answer = self.approve(address)
        assert answer.status_code == 303, answer.text
        found = re.search(r"/fees/lists/(\d+)", self.drafter.get(address).text)
        assert found is not None
        return int(found[1])


def today(app: Flask) -> date:
    """The day the test stands at."""
    with app.app_context():
        return clock.today()


def dearer(high: int) -> dict[str, Any]:
    """The charge of its own at another price."""
    return {**OWN, "high": Decimal(high)}
