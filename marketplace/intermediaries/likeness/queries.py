"""Whom a body has something in common with, what of it is asked about, and what was decided."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import joinedload

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import Organisation
from marketplace.foundation import calendar, clock, policy
from marketplace.foundation.db import as_written, db
from marketplace.foundation.lifecycle import StatusChange
from marketplace.foundation.policy import Edition
from marketplace.ratings.models import Capacity, RatingSubject
from marketplace.ratings.rules.entries import Grade
from marketplace.sanctions import queries as sanctions
from marketplace.sanctions.models import Blacklisting, BlacklistingStatus
from marketplace.sanctions.national.models import NationalRecord

from ..models import Firm, FirmStatus
from .models import UNDECIDED, Feature, Match
from .rules import COMMON, HINTS, FeatureKind, LikenessPolicy, TieKind, tie_of

# so many others of one name, or at one crowded address, are shown
MOST = 50
PENDING = (FirmStatus.SUBMITTED, FirmStatus.CHECKED)
Party = tuple[str, int]  # ("organisation", id) or ("record", id)


@dataclass(frozen=True)
class Shared:
    """One thing two bodies have in common: the digests behind it and how many bodies have it."""

    kind: TieKind
    digests: frozenset[str]
    bodies: int

    def as_record(self) -> dict[str, Any]:
        """Plain values to be stored."""
        return {"tie": self.kind, "digests": sorted(self.digests), "bodies": self.bodies}

    def asks(self, values: LikenessPolicy) -> bool:
        """Whether it is reason enough to ask: no hint, and not what a crowd shares."""
        if self.kind in HINTS:
            return False
        return self.kind not in COMMON or self.bodies <= values.shared_by_most


def likeness_policy(register: str, day: date) -> Edition[LikenessPolicy]:
    """The edition in force for a register on a day."""
    return policy.in_force(LikenessPolicy, accounts.lineage(register), day)


def shared_with(organisation_id: int, hints: bool = True) -> dict[Party, list[Shared]]:
    """Every other body and listing that has something in common with one, now or earlier.

    Looked up by digest, never compared one by one. Where a crowd shares a value, the first of it.
    """
    own: dict[str, set[FeatureKind]] = defaultdict(set)
    query = select(Feature.digest, Feature.kind).where(Feature.organisation_id == organisation_id)
    if not hints:
        query = query.where(Feature.kind != FeatureKind.LEGAL_NAME)
    for digest, kind in db.session.execute(query):
        own[digest].add(kind)
    bodies = base_rates(own)
    few = [digest for digest in own if bodies.get(digest, 0) <= MOST]
    rows = list(_holders(few, organisation_id))
    for digest in sorted(own.keys() - set(few)):
        rows += _holders([digest], organisation_id, MOST)
    found: dict[Party, dict[TieKind, set[str]]] = defaultdict(lambda: defaultdict(set))
    for organisation, record, kind, digest in rows:
        party = ("organisation", organisation) if organisation else ("record", record)
        for mine in own[digest]:
            tie = tie_of(mine, kind)
            if tie is not None:
                found[party][tie].add(digest)
    return {
        party: [
            Shared(tie, frozenset(ties[tie]), min(bodies[digest] for digest in ties[tie]))
            for tie in TieKind
            if tie in ties
        ]
        for party, ties in found.items()
    }


def base_rates(digests: Iterable[str]) -> dict[str, int]:
    """How many bodies and listings a value is or was known of."""
    counted = (
        select(
            Feature.digest,
            func.count(Feature.organisation_id.distinct()) + func.count(Feature.record_id),
        )
        .where(Feature.digest.in_(list(digests)))
        .group_by(Feature.digest)
    )
    return {row[0]: row[1] for row in db.session.execute(counted)}


def _holders(digests: Sequence[str], besides: int, most: int | None = None) -> Sequence[Any]:
    query = select(Feature.organisation_id, Feature.record_id, Feature.kind, Feature.digest).where(
        Feature.digest.in_(digests),
        or_(Feature.organisation_id.is_(None), Feature.organisation_id != besides),
    )
    if most is not None:
        query = query.order_by(Feature.id).limit(as_written(most))
    return db.session.execute(query).all() if digests else []


@dataclass(frozen=True)
class Asked:
    """Another body, or a listing, a firm is asked about: what they share, and why."""

    other: Organisation | None
    record: NationalRecord | None
    ties: list[Shared]
    standings: Sequence[str]

    @property
    def digests(self) -> set[str]:
        """What stands behind the ties."""
        return {digest for tie in self.ties for digest in tie.digests}

    def asking(self, values: LikenessPolicy) -> set[str]:
        """Those of them that are reason enough to ask."""
        return {digest for tie in self.ties if tie.asks(values) for digest in tie.digests}


def asked_about(firm: Firm, values: LikenessPolicy, now: datetime) -> list[Asked]:
    """Whom a firm is asked about under an edition, whatever was decided before."""
    found = {
        party: ties
        for party, ties in shared_with(firm.organisation_id, hints=False).items()
        if any(tie.asks(values) for tie in ties)
    }
    records = {
        row.id: row
        for row in db.session.scalars(
            select(NationalRecord).where(
                NationalRecord.id.in_([key for kind, key in found if kind == "record"])
            )
        )
    }
    known = {
        each.credit_code: each
        for each in db.session.scalars(
            select(Organisation).where(
                or_(
                    Organisation.id.in_([key for kind, key in found if kind == "organisation"]),
                    Organisation.credit_code.in_([row.credit_code for row in records.values()]),
                )
            )
        )
    }
    by_id = {each.id: each for each in known.values()}
    standing = standings([*by_id], firm.register_code, values, now)
    asked: dict[Party, Asked] = {}
    since = _since(values, now)
    for (kind, key), ties in found.items():
        if kind == "organisation":
            why = [each for each in standing.get(key, []) if each in values.asked_about]
            if why:
                asked[(kind, key)] = Asked(by_id[key], None, ties, why)
            continue
        row = records[key]
        # of who is registered here the register itself speaks; so does the firm's own listing
        if row.credit_code in known or "national" not in values.asked_about:
            continue
        if (row.ended_at or row.until_at) > since and row.from_at <= now:
            asked[(kind, key)] = Asked(None, row, ties, ["national"])
    return [asked[party] for party in sorted(asked)]


def _since(values: LikenessPolicy, now: datetime) -> datetime:
    """The instant ended sanctions are looked back to."""
    day = calendar.add_months(clock.local_day(now), -values.look_back_months)
    return calendar.moment(day, datetime.min.time())


def standings(
    organisation_ids: Sequence[int], register: str, values: LikenessPolicy, now: datetime
) -> dict[int, list[str]]:
    """What bodies are or were that is asked about, by body."""
    found: dict[int, set[str]] = defaultdict(set)
    if not organisation_ids:
        return {}
    since = _since(values, now)
    for key, status, until in db.session.execute(
        select(Blacklisting.organisation_id, Blacklisting.status, Blacklisting.until_at).where(
            Blacklisting.organisation_id.in_(organisation_ids),
            Blacklisting.status.in_(
                (BlacklistingStatus.IN_FORCE, BlacklistingStatus.STAYED, BlacklistingStatus.ENDED)
            ),
            Blacklisting.until_at > since,
        )
    ):
        runs = status is not BlacklistingStatus.ENDED and until > now
        found[key].add("barred" if runs else "ended")
    for key, bars in sanctions.bars_of(organisation_ids, register, None, now).items():
        found[key].update(
            "national" if bar.kind is sanctions.BarKind.NATIONAL else "barred" for bar in bars
        )
    graded = select(RatingSubject.organisation_id).where(
        RatingSubject.organisation_id.in_(organisation_ids),
        RatingSubject.register == register,
        RatingSubject.capacity == Capacity.INTERMEDIARY,
        RatingSubject.grade == Grade.D,
    )
    for key in db.session.scalars(graded):
        found[key].add("barred")
    listed = (
        select(Organisation.id)
        .join(NationalRecord, NationalRecord.credit_code == Organisation.credit_code)
        .where(
            Organisation.id.in_(organisation_ids),
            func.coalesce(NationalRecord.ended_at, NationalRecord.until_at) > since,
        )
    )
    for key in db.session.scalars(listed):
        found[key].add("national")
    for key, last in _last_on_the_register(organisation_ids).items():
        found[key].add(last)
    return {key: sorted(codes) for key, codes in found.items()}


_ENDS = [
    each.value
    for each in (FirmStatus.LISTED, FirmStatus.REMOVED, FirmStatus.LEFT, FirmStatus.REFUSED)
]


def _last_on_the_register(organisation_ids: Sequence[int]) -> dict[int, str]:
    """How a register was last done with these bodies, where it was not by listing them: also
    while they are writing a new application."""
    last: dict[tuple[int, int], str] = {}
    for organisation, firm, status in db.session.execute(
        select(Firm.organisation_id, Firm.id, StatusChange.to_status)
        .join(
            StatusChange,
            and_(
                StatusChange.subject_type == Firm.__tablename__,
                StatusChange.subject_id == Firm.id,
            ),
        )
        .where(
            Firm.organisation_id.in_(organisation_ids),
            StatusChange.to_status.in_(_ENDS),
        )
        .order_by(StatusChange.id)
    ):
        last[(organisation, firm)] = status
    return {
        organisation: status
        for (organisation, _firm), status in last.items()
        if status != FirmStatus.LISTED
    }


def _with(firm: Firm, other: Organisation | None, record: NationalRecord | None) -> Select[Match]:
    """The matters of a firm's body and another, whichever of the two was asked."""
    query = select(Match).join(Firm, Firm.id == Match.firm_id).order_by(Match.id)
    if other is not None:
        back = and_(Match.other_id == firm.organisation_id, Firm.organisation_id == other.id)
        there = and_(Match.other_id == other.id, Firm.organisation_id == firm.organisation_id)
        return query.where(or_(there, back))
    assert record is not None
    return query.join(NationalRecord, NationalRecord.id == Match.record_id).where(
        Firm.organisation_id == firm.organisation_id,
        NationalRecord.credit_code == record.credit_code,
    )


def decided_with(
    firm: Firm, other: Organisation | None, record: NationalRecord | None
) -> list[Match]:
    """What was decided of the two before, oldest first."""
    query = _with(firm, other, record).where(Match.decided_at.is_not(None))
    return list(db.session.scalars(query))


def undecided_with(
    firm: Firm, other: Organisation | None, record: NationalRecord | None
) -> Match | None:
    """The open matter of a firm and another."""
    query = _with(firm, other, record).where(Match.decided_at.is_(None), Match.firm_id == firm.id)
    return db.session.scalars(query).first()


def undecided(firm_id: int) -> int:
    """How many matters of a firm wait for a decision."""
    return (
        db.session.scalar(
            select(func.count()).where(Match.firm_id == firm_id, Match.decided_at.is_(None))
        )
        or 0
    )


def of_firm(firm_id: int) -> list[Match]:
    """The matters of a firm, newest first."""
    return list(
        db.session.scalars(
            select(Match)
            .where(Match.firm_id == firm_id)
            .order_by(Match.id.desc())
            .limit(as_written(MOST))
        )
    )


def about(organisation_id: int) -> list[Match]:
    """The matters a body is part of, on either side, newest first."""
    return list(
        db.session.scalars(
            select(Match)
            .join(Firm, Firm.id == Match.firm_id)
            .where(or_(Firm.organisation_id == organisation_id, Match.other_id == organisation_id))
            .order_by(Match.id.desc())
            .limit(as_written(MOST))
        )
    )


def matches(registers: Sequence[str]) -> Select[Match]:
    """The matters on these registers, those that wait first, by deadline."""
    return (
        select(Match)
        .join(Firm, Firm.id == Match.firm_id)
        .where(Firm.register_code.in_(registers))
        .order_by(Match.decided_at.is_(None).desc(), Match.decide_by, Match.id.desc())
        .options(joinedload(Match.firm).joinedload(Firm.organisation), joinedload(Match.other))
    )


def waiting(registers: Sequence[str], limit: int) -> list[Match]:
    """Those to be proposed on or decided, by deadline."""
    query = matches(registers).where(Match.status.in_(UNDECIDED)).limit(as_written(limit))
    return list(db.session.scalars(query))


def applications_like(organisation_id: int) -> list[Firm]:
    """The applications under way of bodies that share something with one."""
    own = select(Feature.digest).where(
        Feature.organisation_id == organisation_id, Feature.kind != FeatureKind.LEGAL_NAME
    )
    return _under_way(own, organisation_id)


def applications_like_records() -> list[Firm]:
    """The applications under way of bodies that share something with a listing."""
    return _under_way(select(Feature.digest).where(Feature.record_id.is_not(None)), 0)


def _under_way(digests: Select[str], besides: int) -> list[Firm]:
    return list(
        db.session.scalars(
            select(Firm)
            .where(
                Firm.status.in_(PENDING),
                Firm.organisation_id.in_(
                    select(Feature.organisation_id).where(
                        Feature.digest.in_(digests), Feature.organisation_id != besides
                    )
                ),
            )
            .order_by(Firm.id)
        )
    )


def predecessors(organisation_id: int) -> list[int]:
    """The bodies that were found to be the same subject under another name."""
    return list(
        db.session.scalars(
            select(Match.other_id)
            .join(Firm, Firm.id == Match.firm_id)
            .where(
                Firm.organisation_id == organisation_id,
                Match.other_id.is_not(None),
                Match.status == "same",
            )
        )
    )
