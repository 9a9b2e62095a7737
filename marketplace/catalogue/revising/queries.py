"""Reads of proposals and of editions under way."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import ValidationError
from sqlalchemy import Select, select

from marketplace.accounts import queries as accounts
from marketplace.foundation.db import as_written, db

from .. import queries as catalogue
from ..models import CatalogueEdition
from ..rules.comparing import ItemChange, compare
from ..rules.items import Item, ItemList
from .models import DraftStatus, ItemProposal, ListDraft, ProposalKind, ProposalStatus

OPEN = (DraftStatus.DRAFT, DraftStatus.SUBMITTED, DraftStatus.SHOWN, DraftStatus.RETURNED)


def newest_edition(jurisdiction: str) -> CatalogueEdition | None:
    """What a new edition starts from: the place's last one, in force or to come, else the one it
    inherits."""
    for code in accounts.lineage(jurisdiction):
        found = catalogue.editions([code])
        if found:
            return found[0]
    return None


def open_draft(jurisdiction: str) -> ListDraft | None:
    """The edition a place has under way."""
    return db.session.scalar(
        select(ListDraft).where(
            ListDraft.jurisdiction_code == jurisdiction, ListDraft.status.in_(OPEN)
        )
    )


def drafts(codes: Iterable[str]) -> Select[ListDraft]:
    """The new editions of these places, the newest first."""
    return (
        select(ListDraft)
        .where(ListDraft.jurisdiction_code.in_(list(codes)))
        .order_by(ListDraft.id.desc())
    )


def drafts_with(status: DraftStatus, jurisdiction: str) -> list[ListDraft]:
    """The new editions of a place at one step."""
    query = drafts([jurisdiction]).where(ListDraft.status == status)
    return list(db.session.scalars(query.limit(as_written(20))))


def proposals(
    codes: Iterable[str],
    statuses: Iterable[ProposalStatus] = (),
    organisation_id: int | None = None,
) -> list[ItemProposal]:
    """The proposals for these places, the newest first; of one office where that is given."""
    query = select(ItemProposal).where(ItemProposal.jurisdiction_code.in_(list(codes)))
    wanted = list(statuses)
    if wanted:
        query = query.where(ItemProposal.status.in_(wanted))
    if organisation_id is not None:
        query = query.where(ItemProposal.organisation_id == organisation_id)
    return list(db.session.scalars(query.order_by(ItemProposal.id.desc()).limit(as_written(200))))


def open_proposal(jurisdiction: str, code: str) -> ItemProposal | None:
    """What is proposed of an item and not published yet."""
    return db.session.scalar(
        select(ItemProposal).where(
            ItemProposal.jurisdiction_code == jurisdiction,
            ItemProposal.item_code == code,
            ItemProposal.status.in_((ProposalStatus.PROPOSED, ProposalStatus.ACCEPTED)),
        )
    )


def composed(draft: ListDraft, more: ItemProposal | None = None) -> ItemList:
    """The list a draft becomes, with one more proposal where that is given. Raises pydantic's
    ValidationError or ValueError when the changes do not go together."""
    items = catalogue.stated(draft.base)
    for proposal in [*draft.proposals, *([more] if more is not None else [])]:
        items = applied(items, proposal)
    codes = {item.code for item in items}
    return ItemList(
        jurisdiction=draft.jurisdiction_code,
        effective_from=draft.effective_from,
        title=draft.title,
        document=draft.document or "—",
        synonyms={
            code: tuple(words) for code, words in draft.base.synonyms.items() if code in codes
        },
        items=tuple(items),
    )


def applied(items: list[Item], proposal: ItemProposal) -> list[Item]:
    """The items with one proposal carried out; a new one stands behind its category."""
    told = proposal.told
    if proposal.kind is ProposalKind.DROP or told is None:
        return [item for item in items if item.code != proposal.item_code]
    if any(item.code == told.code for item in items):
        return [told if item.code == told.code else item for item in items]
    places = [number for number, item in enumerate(items) if item.category == told.category]
    after = places[-1] + 1 if places else len(items)
    return [*items[:after], told, *items[after:]]


def changes(draft: ListDraft) -> list[ItemChange]:
    """What a draft changes; empty where its parts do not go together."""
    try:
        return list(compare(catalogue.stated(draft.base), composed(draft).items))
    except (ValidationError, ValueError):
        return []
