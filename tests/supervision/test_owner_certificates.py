"""Officers look through the certificates owners of their area registered with, and nobody else."""

from __future__ import annotations

import io
from typing import Any

from flask import Flask

from marketplace.accounts.models import OrganisationCertificate
from marketplace.accounts.permissions import Role
from marketplace.foundation import clock, files
from marketplace.foundation.db import db
from tests.factories import accounts as people
from tests.factories.filing import SignIn, made, read
from tests.factories.intermediaries import PDF

PAGE = "/supervision/owner-certificates"


def test_the_certificates_of_the_own_area_are_read_there(app: Flask, sign_in_as: SignIn) -> None:
    def cast() -> list[Any]:
        owner = people.owner()
        paper = files.store(io.BytesIO(PDF), "东关村证书.pdf", owner.actor, clock.now(), "papers")
        db.session.add(
            OrganisationCertificate(
                organisation_id=owner.organisation.id, file_id=paper.id, stored_at=clock.now()
            )
        )
        officers = [people.officer(Role.BUREAU_OPERATOR, city=city) for city in (None, "379800")]
        return [owner, *officers, people.firm()]

    owner, own, elsewhere, firm = made(app, cast)
    address = f"/organisations/{owner.organisation.public_id}/certificate"
    officer = sign_in_as(own.user)
    page = read(officer, PAGE)
    assert owner.organisation.name in page
    assert address in page
    assert officer.get(address).data == PDF
    stranger = sign_in_as(elsewhere.user)
    assert "没有以登记证书注册的业主" in read(stranger, PAGE)
    assert stranger.get(address).status_code == 404
    read(sign_in_as(firm.user), PAGE, 403)
