"""Owners that registered with a certificate: the officers of their area look it through."""

from __future__ import annotations

from flask import render_template, request
from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from marketplace.accounts.models import Organisation, OrganisationCertificate
from marketplace.accounts.overseeing import area_of
from marketplace.accounts.permissions import Permission
from marketplace.foundation.db import paginate
from marketplace.foundation.web import access, require_actor

from .blueprint import bp


@bp.get("/supervision/owner-certificates")
@access(Permission.SUPERVISION_VIEW)
def owner_certificates() -> str:
    """Village committees of the area with the certificate they registered with, newest first."""
    found = (
        select(OrganisationCertificate)
        .join(OrganisationCertificate.organisation)
        .where(Organisation.jurisdiction_code.in_(area_of(require_actor())))
        .options(contains_eager(OrganisationCertificate.organisation))
        .order_by(OrganisationCertificate.id.desc())
    )
    page = paginate(found, request.args.get("page", 1, type=int))
    return render_template("supervision/owner_certificates.html", page=page)
