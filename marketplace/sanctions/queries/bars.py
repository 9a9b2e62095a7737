"""What bars a firm from taking on work now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    and_,
    bindparam,
    exists,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from marketplace.accounts.models import Organisation
from marketplace.accounts.queries import lineage
from marketplace.foundation import clock
from marketplace.foundation.db import db, fetch

from ..models import (
    OPEN_CASES,
    Blacklisting,
    BlacklistingStatus,
    Card,
    CardStatus,
    Case,
    CaseItem,
)
from ..national.models import NationalRecord
from ..national.queries import in_force as national_in_force

PUBLIC_CARDS = (CardStatus.CORRECTING, CardStatus.REPORTED, CardStatus.SUSPENDED)


class BarKind(StrEnum):
    """Why a firm may not take on work."""

    BLACKLISTED = "blacklisted"
    RED_CARD = "red_card"
    VETO = "veto"
    NATIONAL = "national"


BAR_TITLES: dict[BarKind, Any] = {
    BarKind.BLACKLISTED: _l("列入本平台黑名单"),
    BarKind.RED_CARD: _l("红牌暂停承接"),
    BarKind.VETO: _l("涉嫌严重失信，暂停承接"),
    BarKind.NATIONAL: _l("列入国家严重失信主体名单"),
}


@dataclass(frozen=True)
class Bar:
    """One bar in force. ``reference`` is the public id of the blacklisting, card, case or record."""

    kind: BarKind
    cause: str
    since: datetime
    until: datetime
    reference: str

    @property
    def title(self) -> Any:
        """What kind of bar, for people."""
        return BAR_TITLES[self.kind]

    @property
    def message(self) -> str:
        """The refusal in words: what bars, why, until when, what to do."""
        facts = {
            "title": self.title,
            "cause": self.cause,
            "until": f"{self.until.astimezone(clock.SHANGHAI):%Y-%m-%d %H:%M}",
        }
        if self.kind is BarKind.NATIONAL:
            return _(
                "%(title)s（%(cause)s），至 %(until)s 止；对名单有异议的，请向认定机关提出", **facts
            )
        if self.kind is BarKind.VETO:
            return _("%(title)s（%(cause)s），至 %(until)s 止；请在陈述申辩期限内提出意见", **facts)
        return _(
            "%(title)s（%(cause)s），至 %(until)s 止；不服的，可在申诉期限内向上级管理机构申诉",
            **facts,
        )


def _in_force(now: Any) -> ColumnElement[bool]:
    """A blacklisting runs at ``now``, whether or not the clock has marked its end already."""
    return and_(
        Blacklisting.status == BlacklistingStatus.IN_FORCE,
        Blacklisting.from_at <= now,
        Blacklisting.until_at > now,
    )


def _bars(now: Any, codes: Any, item_code: str | None = None) -> ColumnElement[bool]:
    """What a blacklisting must be to bar somebody: the one statement of it, for every query.

    ``now`` and ``codes`` (a jurisdiction's lineage) are values, or parameters of a statement
    built once. Without an item only a blacklisting of every item bars.
    """
    covers: ColumnElement[bool] = Blacklisting.all_items.is_(True)
    if item_code is not None:
        covers = or_(
            covers,
            exists().where(
                CaseItem.case_id == Blacklisting.case_id, CaseItem.item_code == item_code
            ),
        )
    return and_(_in_force(now), covers, Blacklisting.jurisdiction_code.in_(codes))


# beside the organisations of whatever statement a condition stands in
_LISTED = aliased(Organisation)

_MAY_BAR = union_all(
    select(Blacklisting.organisation_id).where(
        Blacklisting.organisation_id.in_(bindparam("organisation_ids", expanding=True)),
        Blacklisting.status == BlacklistingStatus.IN_FORCE,
        Blacklisting.until_at > bindparam("now"),
    ),
    select(Card.organisation_id).where(
        Card.organisation_id.in_(bindparam("organisation_ids", expanding=True)),
        Card.status == CardStatus.SUSPENDED,
        Card.until_at > bindparam("now"),
    ),
    select(Case.organisation_id).where(
        Case.organisation_id.in_(bindparam("organisation_ids", expanding=True)),
        Case.status.in_(OPEN_CASES),
        Case.suspended_until > bindparam("now"),
    ),
    select(_LISTED.id)
    .join(NationalRecord, NationalRecord.credit_code == _LISTED.credit_code)
    .where(
        _LISTED.id.in_(bindparam("organisation_ids", expanding=True)),
        NationalRecord.ended_at.is_(None),
        NationalRecord.until_at > bindparam("now"),
    ),
)


def bars(
    organisation_id: int, jurisdiction_code: str, item_code: str | None, now: datetime
) -> list[Bar]:
    """What bars the firm at ``now`` from ``item_code`` in a jurisdiction; empty: nothing.

    Asked at every gate (entry, closing, opening, award, contract), never remembered. Exact to
    the instant: a period that is over does not bar even before the clock has marked it. Without
    an item only bars that cover every item are found.
    """
    found = bars_of([organisation_id], jurisdiction_code, item_code, now)
    return found.get(organisation_id, [])


def bars_of(
    organisation_ids: Sequence[int], jurisdiction_code: str, item_code: str | None, now: datetime
) -> dict[int, list[Bar]]:
    """The same for many firms at once, by organisation; those that nothing bars are left out."""
    codes, asked = lineage(jurisdiction_code), list(organisation_ids)
    found: dict[int, list[Bar]] = {}
    # as a rule nothing bars anybody, which one look tells
    barred = fetch(_MAY_BAR, now=now, organisation_ids=asked)
    if not barred:
        return found
    for row in db.session.scalars(
        select(Blacklisting)
        .where(Blacklisting.organisation_id.in_(asked), _bars(now, codes, item_code))
        .order_by(Blacklisting.id)
    ):
        found.setdefault(row.organisation_id, []).append(
            Bar(BarKind.BLACKLISTED, str(row.cause.title), row.from_at, row.until_at, row.public_id)
        )
    for card in db.session.scalars(
        select(Card)
        .where(
            Card.organisation_id.in_(asked),
            Card.jurisdiction_code.in_(codes),
            Card.status == CardStatus.SUSPENDED,
            Card.decided_at <= now,
            Card.until_at > now,
        )
        .order_by(Card.id)
    ):
        assert card.decided_at is not None
        assert card.until_at is not None
        found.setdefault(card.organisation_id, []).append(
            Bar(
                BarKind.RED_CARD,
                str(card.breach.title),
                card.decided_at,
                card.until_at,
                card.public_id,
            )
        )
    for case in db.session.scalars(
        select(Case)
        .where(
            Case.organisation_id.in_(asked),
            Case.jurisdiction_code.in_(codes),
            Case.status.in_(OPEN_CASES),
            Case.reported_at <= now,
            Case.suspended_until > now,
        )
        .order_by(Case.id)
    ):
        assert case.suspended_until is not None
        found.setdefault(case.organisation_id, []).append(
            Bar(
                BarKind.VETO,
                str(case.cause.title),
                case.reported_at,
                case.suspended_until,
                case.public_id,
            )
        )
    for organisation_id, record in db.session.execute(
        select(Organisation.id, NationalRecord)
        .join(NationalRecord, NationalRecord.credit_code == Organisation.credit_code)
        .where(Organisation.id.in_(asked), national_in_force(now, codes))
        .order_by(NationalRecord.id)
    ):
        found.setdefault(organisation_id, []).append(
            Bar(
                BarKind.NATIONAL,
                record.list_name,
                record.from_at,
                record.until_at,
                record.public_id,
            )
        )
    return found


def _nationally_listed(now: Any, codes: Any) -> Select[int]:
    """The organisations on the national list, whichever day they registered here."""
    return (
        select(_LISTED.id)
        .join(NationalRecord, NationalRecord.credit_code == _LISTED.credit_code)
        .where(national_in_force(now, codes))
    )


def barred_organisation_ids(
    now: datetime, item_code: str | None = None, jurisdiction_code: str | None = None
) -> CompoundSelect[int]:
    """Subquery of the organisations listed here or nationally: off every list the same second.

    With ``item_code`` also those barred from that item only. ``jurisdiction_code`` defaults to
    the one this site serves.
    """
    codes = lineage(jurisdiction_code or current_app.config["JURISDICTION"])
    return union_all(
        select(Blacklisting.organisation_id).where(_bars(now, codes, item_code)),
        _nationally_listed(now, codes),
    )


def barring(organisation_id: Any, now: Any, codes: Any) -> ColumnElement[bool]:
    """Whether a listing of every item, here or nationally, bars an organisation, for a statement
    built once: ``now`` and ``codes`` (the lineage of a jurisdiction, an expanding one) are its
    parameters."""
    return or_(
        exists().where(Blacklisting.organisation_id == organisation_id, _bars(now, codes)),
        exists().where(
            _LISTED.id == organisation_id,
            NationalRecord.credit_code == _LISTED.credit_code,
            national_in_force(now, codes),
        ),
    )


def standing(organisation_id: Any, now: Any) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Whether a blacklisting of whatever scope, and whether a card may stand against an
    organisation: columns for a statement built once, to know when to read more."""
    return (
        exists().where(
            Blacklisting.organisation_id == organisation_id,
            Blacklisting.status == BlacklistingStatus.IN_FORCE,
            Blacklisting.until_at > now,
        ),
        exists().where(Card.organisation_id == organisation_id, Card.status.in_(PUBLIC_CARDS)),
    )


_BARRED = union_all(
    select(Blacklisting.organisation_id).where(
        _bars(bindparam("now"), bindparam("codes", expanding=True))
    ),
    _nationally_listed(bindparam("now"), bindparam("codes", expanding=True)),
)


def barred_now(now: datetime) -> list[int]:
    """The organisations `barred_organisation_ids` selects for this installation, at once."""
    codes = lineage(current_app.config["JURISDICTION"])
    return [row[0] for row in fetch(_BARRED, now=now, codes=list(codes))]


def blacklistings_in_force(
    now: datetime, organisation_id: int | None = None, codes: Sequence[str] | None = None
) -> Select[Blacklisting]:
    """Blacklistings in force, of every scope, newest first; what the public may read.

    ``codes``: only those decided in these jurisdictions.
    """
    query = select(Blacklisting).where(_in_force(now))
    if organisation_id is not None:
        query = query.where(Blacklisting.organisation_id == organisation_id)
    if codes is not None:
        query = query.where(Blacklisting.jurisdiction_code.in_(codes))
    return query.order_by(Blacklisting.from_at.desc(), Blacklisting.id.desc())
