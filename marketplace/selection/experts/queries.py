"""Reads of the expert pool."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import Select, bindparam, literal_column, select

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import User
from marketplace.catalogue import queries as catalogue
from marketplace.foundation import policy
from marketplace.foundation.db import as_written, db, fetch
from marketplace.foundation.finding import by_public_id

from ..rules.experts import ExpertsPolicy, Tie
from .models import Expert, ExpertStatus, ExpertTrade


def edition_on(register: str, day: date) -> policy.Edition[ExpertsPolicy]:
    """The pool's edition in force in a register on a day."""
    return policy.in_force(ExpertsPolicy, accounts.lineage(register), day)


def trades(register: str, day: date) -> list[str]:
    """The trades somebody can judge: the categories of the service items in force."""
    return list(catalogue.by_category(day, accounts.lineage(register)))


def trade_of(item_code: str, jurisdiction_code: str, day: date) -> str:
    """The trade an item belongs to."""
    return catalogue.item(item_code, day, accounts.lineage(jurisdiction_code)).category


def expert(public_id: str) -> Expert:
    """By public id; raises Missing."""
    return by_public_id(Expert, public_id)


def expert_of(user_id: int, register: str) -> Expert | None:
    """A person's own place in a pool."""
    return db.session.scalar(
        select(Expert).where(Expert.user_id == user_id, Expert.register_code == register)
    )


_IS_EXPERT = (
    select(Expert.id).where(Expert.user_id == bindparam("user_id")).limit(literal_column("1"))
)


def is_expert(user_id: int) -> bool:
    """Whether a person ever applied to a pool."""
    return bool(fetch(_IS_EXPERT, user_id=user_id))


def pool(codes: Sequence[str]) -> Select[Expert]:
    """Everybody who is or was in the pools of these areas, those waiting first."""
    return (
        select(Expert)
        .where(Expert.register_code.in_(codes))
        .order_by(Expert.status.in_(("applied", "checked", "removing")).desc(), Expert.id.desc())
    )


def waiting(statuses: Iterable[ExpertStatus], codes: Sequence[str]) -> list[Expert]:
    """Those at one of these steps, the oldest first."""
    return list(
        db.session.scalars(
            select(Expert)
            .where(Expert.status.in_(list(statuses)), Expert.register_code.in_(codes))
            .order_by(Expert.applied_at, Expert.id)
            .limit(as_written(100))
        )
    )


def admitted(register: str, trade: str) -> list[Expert]:
    """Everybody in a pool who judges a trade, by number."""
    return list(
        db.session.scalars(
            select(Expert)
            .join(ExpertTrade, ExpertTrade.expert_id == Expert.id)
            .join(User, User.id == Expert.user_id)
            .where(
                Expert.register_code == register,
                Expert.status == ExpertStatus.ADMITTED,
                ExpertTrade.trade == trade,
                User.disabled_at.is_(None),
            )
            .order_by(Expert.number)
        )
    )


def ties_of(expert: Expert) -> list[Tie]:
    """The organisations an expert has to do with: everywhere he works, and what he declared."""
    places = [
        Tie(organisation.id, "在该单位任职")
        for organisation, _roles in accounts.places_of(expert.user_id)
    ]
    return [
        Tie(expert.organisation_id, "在该单位任职"),
        *places,
        *(Tie(each.organisation_id, each.how) for each in expert.relations),
    ]
