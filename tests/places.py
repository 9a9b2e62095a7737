"""Opens a marketplace in one of the cities that ship as rules only, as that city would: a register,
a bureau with its departments, an item list; all else comes from the city's shipped editions."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.accounts import actions as accounts
from marketplace.accounts.models import Jurisdiction, Organisation, OrganisationKind
from marketplace.accounts.permissions import Role
from marketplace.catalogue import actions as catalogue
from marketplace.commands.editions import EDITIONS, INSTALLER
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.ratings.models import GradeProposal, ProposalStatus, RatingSubject
from tests.factories import accounts as people

MODEL = "379900"
ZOUCHENG, XINTAI, SHOUGUANG = "370883", "370982", "370783"


def open_marketplace(app: Flask, code: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the city run the marketplace, and all that the factories make be of it.

    Offices and items are those of the demo's city under the city's own code: the documents name
    none that could be shipped.
    """
    app.config["JURISDICTION"] = code
    with app.app_context(), transaction():
        now, area = clock.now(), db.session.get_one(Jurisdiction, code)
        area.is_register = True
        db.session.flush()
        offices = (EDITIONS / "offices" / f"{MODEL}.toml").read_text(encoding="utf-8")
        offices = offices.replace(MODEL, code).replace("青河市", area.name)
        # the station above is the province's and is there already
        offices = offices.split('[[office]]\ncode = "sjdz"')[0]
        offices = re.sub(
            r'credit_code = "\w+"',
            lambda _found: f'credit_code = "{people.new_credit_code(OrganisationKind.AGENCY)}"',
            offices,
        )
        accounts.load_offices(_written(folder / "offices.toml", offices), INSTALLER, now)
        items = (EDITIONS / "catalogue" / f"{MODEL}-2024-01-01.toml").read_text(encoding="utf-8")
        items = items.replace(MODEL, code).replace("青河市", area.name)
        catalogue.load_edition(_written(folder / "items.toml", items), INSTALLER, now)
    monkeypatch.setattr(people, "CITY", code)
    monkeypatch.setattr(people, "SEAT", code)


def _written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


class Stage:
    """People of a journey at their pages; everybody signs in anew, since days pass in between."""

    def __init__(
        self, app: Flask, sign_in_as: Callable[..., FlaskClient], advance: Callable[..., None]
    ) -> None:
        self.app = app
        self.advance = advance
        self._sign_in_as = sign_in_as
        self.operator = self.make(lambda: people.officer(Role.BUREAU_OPERATOR).user)
        self.approver = self.make(lambda: people.officer(Role.BUREAU_APPROVER).user)

    def make(self, build: Callable[[], Any]) -> Any:
        """Build something through the actions in a transaction of its own."""
        with self.app.app_context(), transaction():
            return build()

    def read(self, ask: Callable[[], Any]) -> Any:
        """Ask the database something."""
        with self.app.app_context():
            return ask()

    def at(self, user: Any) -> FlaskClient:
        """The browser of a person."""
        return self._sign_in_as(user)

    def anybody(self, address: str) -> str:
        """A page as the public reads it, whatever its status."""
        return self.app.test_client().get(address).text

    def inspect(self, code: str, result: str) -> None:
        """The yearly inspection of a firm, recorded by the operator on the page."""
        today = self.read(clock.today)
        answer = self.at(self.operator).post(
            "/supervision/ratings/inspections/new",
            data={
                "credit_code": code,
                "inspected_on": today.isoformat(),
                "document": f"联查〔{today:%Y%m%d}〕{code[-4:]}-{result}号",
                "result": result,
                "findings": "多部门按年度联合检查方案逐项检查",
            },
        )
        assert answer.status_code == 303, answer.text

    def confirm_grade(self, code: str, letter: str) -> None:
        """The open proposal of a firm confirmed on the page, and published: by an approver who had
        no hand in what it follows from."""

        def proposed() -> str:
            query = (
                select(GradeProposal.public_id)
                .join(RatingSubject, RatingSubject.id == GradeProposal.subject_id)
                .join(Organisation, Organisation.id == RatingSubject.organisation_id)
                .where(
                    Organisation.credit_code == code,
                    GradeProposal.grade == letter,
                    GradeProposal.status == ProposalStatus.PROPOSED,
                )
            )
            return str(db.session.scalars(query).one())

        page = f"/supervision/ratings/{self.read(proposed)}"
        assert self.at(self.operator).post(page).status_code == 403
        confirmer = self.make(lambda: people.officer(Role.BUREAU_APPROVER).user)
        assert self.at(confirmer).post(page).status_code == 303
