"""Reads about projects and needs; every list has a stable order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, bindparam, or_, select
from sqlalchemy.orm import joinedload

from marketplace.accounts import queries as accounts
from marketplace.fees.models import PriceCheck
from marketplace.foundation import policy
from marketplace.foundation.db import as_written, db, fetch
from marketplace.foundation.errors import Missing
from marketplace.foundation.finding import by_public_id

from .models import (
    CorrectionStatus,
    Need,
    NeedAttachment,
    NeedChannel,
    NeedCorrection,
    NeedRecusal,
    NeedStatus,
    Project,
)
from .packages.models import NeedPart
from .rules import SelectionPolicy, minimum_grade_of


def selection_policy(jurisdiction_code: str, day: date) -> policy.Edition[SelectionPolicy]:
    """The selection edition in force for a jurisdiction on a day."""
    return policy.in_force(SelectionPolicy, accounts.lineage(jurisdiction_code), day)


def policy_of(need: Need, day: date) -> policy.Edition[SelectionPolicy]:
    """The edition a need was published under; before that, the one in force on ``day``."""
    if need.selection_edition_id is not None:
        return policy.by_id(SelectionPolicy, need.selection_edition_id)
    return selection_policy(need.jurisdiction_code, day)


def lowest_grade(need: Need, day: date) -> str | None:
    """The lowest grade that may enter: the need's own or the edition's for government money."""
    return minimum_grade_of(
        policy_of(need, day).values, need.government_invested, need.minimum_grade
    )


def need(public_id: str) -> Need:
    """By its public id, whatever its status; raises Missing."""
    return by_public_id(Need, public_id)


def need_by_id(need_id: int) -> Need:
    """By key; raises Missing."""
    found = db.session.get(Need, need_id)
    if found is None:
        raise Missing(f"need {need_id}")
    return found


def need_by_number(number: str) -> Need | None:
    """By the number people read."""
    return db.session.scalar(select(Need).where(Need.number == number))


def published_needs() -> Select[Need]:
    """Everything ever published, newest first."""
    return (
        select(Need)
        .where(Need.published_at.is_not(None))
        .order_by(Need.published_at.desc(), Need.id.desc())
    )


def open_needs(now: datetime) -> Select[Need]:
    """What can be entered now, closing soonest first."""
    return (
        select(Need)
        .where(Need.status == NeedStatus.PUBLISHED, Need.entry_deadline > now)
        .order_by(Need.entry_deadline, Need.id)
    )


def names_one_of(item_codes: Sequence[str]) -> ColumnElement[bool]:
    """A need that buys one of these items, as its main one or as a part of a package."""
    further = select(NeedPart.need_id).where(NeedPart.item_code.in_(item_codes))
    return or_(Need.item_code.in_(item_codes), Need.id.in_(further))


def further_items(need_ids: Sequence[int]) -> dict[int, list[tuple[str, str]]]:
    """Code and name of the further items of packages, by need, in their order."""
    found: dict[int, list[tuple[str, str]]] = {}
    if need_ids:
        rows = db.session.execute(
            select(NeedPart.need_id, NeedPart.item_code, NeedPart.item_name)
            .where(NeedPart.need_id.in_(need_ids))
            .order_by(NeedPart.need_id, NeedPart.position)
        )
        for row in rows:
            found.setdefault(row.need_id, []).append((row.item_code, row.item_name))
    return found


def owner_needs(organisation_id: int) -> Select[Need]:
    """All needs of an owner, newest first; those behind orders once they are public."""
    return (
        select(Need)
        .where(
            Need.owner_id == organisation_id,
            or_(Need.channel == NeedChannel.OPEN, Need.published_at.is_not(None)),
        )
        .order_by(Need.created_at.desc(), Need.id.desc())
        .options(joinedload(Need.project))
    )


def latest_needs(organisation_id: int, limit: int = 8) -> list[Need]:
    """What an owner wrote down last, to begin a new need with, newest first."""
    return list(db.session.scalars(owner_needs(organisation_id).limit(as_written(limit))))


def next_call(need: Need) -> Need | None:
    """The need that posts a failed one again, given up ones aside."""
    return db.session.scalar(
        select(Need).where(Need.earlier_id == need.id, Need.status != NeedStatus.WITHDRAWN)
    )


def earlier_call(need: Need) -> Need | None:
    """The failed need that this one posts again."""
    return db.session.get(Need, need.earlier_id) if need.earlier_id is not None else None


def split_needs(jurisdiction_codes: Sequence[str]) -> Select[Need]:
    """Needs that may be parts of one purchase, newest first, for the bureau."""
    return (
        select(Need)
        .where(Need.split.is_not(None), Need.jurisdiction_code.in_(list(jurisdiction_codes)))
        .order_by(Need.id.desc())
    )


def drafts_of(organisation_id: int, limit: int = 50) -> list[Need]:
    """An owner's needs that were not sent on yet, newest first; not those behind orders."""
    return list(
        db.session.scalars(
            select(Need)
            .where(
                Need.owner_id == organisation_id,
                Need.status == NeedStatus.DRAFT,
                Need.channel == NeedChannel.OPEN,
            )
            .order_by(Need.id.desc())
            .limit(as_written(limit))
        )
    )


def needs_to_approve(organisation_id: int) -> list[Need]:
    """What waits for an owner's approver, oldest first."""
    return list(
        db.session.scalars(
            select(Need)
            .where(Need.owner_id == organisation_id, Need.status == NeedStatus.SUBMITTED)
            .order_by(Need.submitted_at, Need.id)
            .limit(100)
        )
    )


def corrections_to_approve(organisation_id: int) -> list[NeedCorrection]:
    """Corrections that wait for an owner's approver, oldest first."""
    return list(
        db.session.scalars(
            select(NeedCorrection)
            .join(Need, Need.id == NeedCorrection.need_id)
            .where(
                Need.owner_id == organisation_id,
                NeedCorrection.status == CorrectionStatus.PROPOSED,
            )
            .order_by(NeedCorrection.id)
            .limit(100)
        )
    )


def projects_of(organisation_id: int) -> list[Project]:
    """An owner's projects, newest first, at most 200."""
    return list(
        db.session.scalars(
            select(Project)
            .where(Project.owner_id == organisation_id)
            .order_by(Project.id.desc())
            .limit(200)
        )
    )


def project_of(organisation_id: int, public_id: str) -> Project | None:
    """One project of an owner."""
    return db.session.scalar(
        select(Project).where(Project.owner_id == organisation_id, Project.public_id == public_id)
    )


def project_by_code(organisation_id: int, code: str) -> Project | None:
    """An owner's project with a project code."""
    return db.session.scalar(
        select(Project).where(Project.owner_id == organisation_id, Project.code == code)
    )


_RECUSED = (
    select(NeedRecusal.organisation_id, NeedRecusal.reason)
    .where(NeedRecusal.need_id == bindparam("need_id"))
    .order_by(NeedRecusal.id)
)


def recused(need_id: int) -> Sequence[Row[Any]]:
    """Organisation and reason of the firms barred from a need, for a rule asked in crowds."""
    return fetch(_RECUSED, need_id=need_id)


def recusals(need_id: int) -> list[NeedRecusal]:
    """The firms barred from a need, with reasons."""
    return list(
        db.session.scalars(
            select(NeedRecusal).where(NeedRecusal.need_id == need_id).order_by(NeedRecusal.id)
        )
    )


def recusal(need_id: int, organisation_id: int) -> NeedRecusal | None:
    """The recusal of one firm from a need, if there is one."""
    return db.session.scalar(
        select(NeedRecusal).where(
            NeedRecusal.need_id == need_id, NeedRecusal.organisation_id == organisation_id
        )
    )


def attachments(need_id: int) -> list[NeedAttachment]:
    """The files of a need, in the order they were added."""
    return list(
        db.session.scalars(
            select(NeedAttachment)
            .where(NeedAttachment.need_id == need_id)
            .order_by(NeedAttachment.id)
        )
    )


def attachment(public_id: str) -> NeedAttachment:
    """One file of a need; raises Missing."""
    return by_public_id(NeedAttachment, public_id)


def corrections(need_id: int) -> list[NeedCorrection]:
    """The published corrections of a need, oldest first."""
    return list(
        db.session.scalars(
            select(NeedCorrection)
            .where(
                NeedCorrection.need_id == need_id,
                NeedCorrection.status == CorrectionStatus.PUBLISHED,
            )
            .order_by(NeedCorrection.id)
        )
    )


def open_correction(need_id: int) -> NeedCorrection | None:
    """The correction that waits for approval, if there is one."""
    return db.session.scalar(
        select(NeedCorrection).where(
            NeedCorrection.need_id == need_id, NeedCorrection.status == CorrectionStatus.PROPOSED
        )
    )


def correction(public_id: str) -> NeedCorrection:
    """By public id; raises Missing."""
    return by_public_id(NeedCorrection, public_id)


def price_check(need: Need) -> PriceCheck | None:
    """The stored answer of the price check about a need's budget."""
    return db.session.get(PriceCheck, need.price_check_id) if need.price_check_id else None
