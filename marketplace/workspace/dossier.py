"""The papers of one need with their digests, and who stood in its choice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from flask_babel import gettext as _

from marketplace.contracts import queries as contracts
from marketplace.foundation.crypto import sha256_hex
from marketplace.projects import queries as projects
from marketplace.projects.models import Need
from marketplace.selection import queries as selection

from .rules import View


@dataclass(frozen=True)
class Paper:
    """One document: what it is, its digest, since when, and where to fetch it (None: not here)."""

    what: str
    name: str
    sha256: str
    at: datetime | None
    url: str | None = None


@dataclass(frozen=True)
class Standing:
    """One entrant of a closed list with its place in the drawn order (None: no order)."""

    name: str
    at: datetime
    place: int | None
    chosen: bool


def papers(need: Need, view: View) -> list[Paper]:
    """The documents of a need that the reader may know of, in the order they came."""
    found = [*_of_need(need), *_of_selection(need)]
    if view is not View.ENTRANT:
        found += _of_contract(need, view)
    return found


def entrants(need: Need) -> list[Standing]:
    """Who stood in the newest choice; empty before closing, when nobody may know."""
    running = selection.round_of(need)
    if running is None or running.closed_at is None:
        return []
    places = selection.places(running)
    award = selection.award_of(need)
    return [
        Standing(
            name=entry.organisation.public_name,
            at=entry.received_at,
            place=places.get(entry.organisation.credit_code or ""),
            chosen=award is not None and award.entry_id == entry.id,
        )
        for entry in selection.in_place_order(running)
    ]


def _of_need(need: Need) -> Iterator[Paper]:
    for each in projects.attachments(need.id):
        yield Paper(
            _("需求附件"),
            each.file.name,
            each.file.sha256,
            need.published_at,
            url_for("projects.attachment", public_id=each.public_id),
        )


def _of_selection(need: Need) -> Iterator[Paper]:
    for running in selection.rounds_of(need):
        if running.list_sha256 is not None:
            yield Paper(
                _("报名名单"),
                _("第 %(attempt)s 次选取", attempt=running.attempt),
                running.list_sha256,
                running.closed_at,
                url_for("selection.result", public_id=need.public_id),
            )
        if running.proof is not None:
            yield Paper(
                _("抽取证明"),
                _("第 %(attempt)s 次选取", attempt=running.attempt),
                sha256_hex(running.proof.encode()),
                running.drawn_at,
                url_for("selection.proof", public_id=need.public_id),
            )


def _of_contract(need: Need, view: View) -> Iterator[Paper]:
    contract = contracts.of_need(need.id)
    if contract is None:
        return
    party = view in (View.OWNER, View.WINNER)
    yield Paper(
        _("合同文本"),
        contract.number,
        contract.body_sha256,
        contract.signed_at or contract.status_since,
        url_for("contracts.contract", public_id=contract.public_id) if party else None,
    )
    for each in contracts.deliverables(contract.id):
        yield Paper(
            _("第 %(version)s 版服务成果", version=each.version),
            each.file.name,
            each.file.sha256,
            each.submitted_at,
            url_for("contracts.deliverable_file", public_id=each.public_id) if party else None,
        )
