"""Whose file, whose application: the object, or Missing."""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy import select

from marketplace.accounts import queries as accounts
from marketplace.accounts.overseeing import oversees, supervises
from marketplace.accounts.permissions import Permission
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Missing
from marketplace.foundation.files import StoredFile

from . import queries
from .file.access import firms_of_file
from .file.models import Branch
from .models import Firm, FirmStatus, Offering, Practitioner, ProfessionalCheck, Qualification

R = TypeVar("R", Qualification, Practitioner, Offering, Branch)


def register_here(actor: Actor) -> str:
    """The register the actor's organisation works with."""
    return accounts.register_for(actor.jurisdiction)


def own_firm(actor: Actor) -> Firm | None:
    """The file of the actor's own organisation, if one is begun."""
    if actor.organisation_id is None:
        return None
    return queries.firm_of(actor.organisation_id, register_here(actor))


def own_file(actor: Actor) -> Firm:
    """The same; Missing where none is begun."""
    firm = own_firm(actor)
    if firm is None:
        raise Missing("no file")
    return firm


def own_record(actor: Actor, kind: type[R], public_id: str) -> R:
    """A certificate, professional or offering of the actor's own file; Missing otherwise."""
    firm = own_file(actor)
    found = db.session.scalar(
        select(kind).where(kind.firm_id == firm.id, kind.public_id == public_id)
    )
    if found is None:
        raise Missing(public_id)
    return found


def application_for(actor: Actor, public_id: str) -> Firm:
    """An application that has been sent, on the officer's register or one below; or Missing."""
    firm = queries.firm_by_public_id(public_id)
    if firm is None or firm.submitted_at is None or firm.status is FirmStatus.DRAFT:
        raise Missing(public_id)
    if not oversees(actor, firm.register_code):
        raise Missing(public_id)
    return firm


def professional_check_for(actor: Actor, public_id: str) -> ProfessionalCheck:
    """A check of the officer's own department; Missing otherwise."""
    found = db.session.scalar(
        select(ProfessionalCheck).where(
            ProfessionalCheck.public_id == public_id,
            ProfessionalCheck.organisation_id == actor.organisation_id,
        )
    )
    if found is None:
        raise Missing(public_id)
    return found


def file_for(actor: Actor, public_id: str) -> StoredFile:
    """A licence or certificate of the actor's own firm, or of one the actor's office reviews."""
    stored = db.session.scalar(select(StoredFile).where(StoredFile.public_id == public_id))
    if stored is None:
        raise Missing(public_id)
    firm = db.session.scalar(
        select(Firm)
        .outerjoin(Qualification, Qualification.firm_id == Firm.id)
        .where((Firm.licence_file_id == stored.id) | (Qualification.file_id == stored.id))
        .limit(1)
    )
    for each in [firm] if firm is not None else firms_of_file(stored.id):
        if actor.organisation_id == each.organisation_id and actor.may(Permission.FIRM_FILE):
            return stored
        if supervises(actor, each.register_code):
            application_for(actor, each.public_id)
            return stored
    raise Missing(public_id)
