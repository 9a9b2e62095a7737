"""Read the closed selections of a register in a few statements; opened quotes alone.

What is sealed is never asked for: the cipher stands in no statement here, and a price only where
its round was unsealed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime
from decimal import Decimal

from sqlalchemy import case, func, null, or_, select

from marketplace.accounts.queries import below, bureau
from marketplace.evaluations.screens.finding import traits_of
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.files import StoredFile
from marketplace.foundation.origins import author_digest, plain_name
from marketplace.intermediaries.models import Firm
from marketplace.projects.models import Need, NeedStatus, SelectionMethod
from marketplace.selection import queries as selection
from marketplace.selection.models import Award, Entry, EntryStatus, RoundStatus, SelectionRound

from .rules.policy import CollusionPolicy
from .rules.screens import Finding, Kind, Looked, Paper, Screen, Selection, look

KINDS = {
    SelectionMethod.PRICE_COMPETITION: Kind.PRICE,
    SelectionMethod.AVERAGE_PRICE: Kind.PRICE,
    SelectionMethod.RANDOM_DRAW: Kind.DRAW,
}
_SETTLED = (RoundStatus.LISTED, RoundStatus.DECIDED, RoundStatus.FAILED)
# a price of a sealed method exists in clear only after the opening; others are not compared
_OPENED = case((SelectionRound.unsealed_at.is_not(None), Entry.price), else_=null())


def find(register: str, policy: CollusionPolicy, since: datetime, now: datetime) -> Looked:
    """All that the screens find in a register since a day."""
    closed = selections_of(register, since)
    stood = {firm for each in closed for firm in each.firms}
    traits = traits_of(stood, clock.local_day(since)) if stood else {}
    for firm, digest in shared_files(stood, since):
        traits.setdefault(firm, set()).add(("file", digest))
    looked = look(closed, traits, policy, papers_of(stood, since, policy))
    looked_at, found = one_fits(register, policy, now)
    looked.add(Screen.ONE_FITS, looked_at, found)
    return looked


def selections_of(register: str, since: datetime) -> list[Selection]:
    """The selections of a register that were closed since an instant, with their lists."""
    rounds: dict[int, list[tuple[int, Decimal | None, datetime, datetime]]] = defaultdict(list)
    about: dict[int, tuple[int, str, SelectionMethod, datetime]] = {}
    for row in db.session.execute(
        select(
            SelectionRound.id,
            SelectionRound.need_id,
            Need.item_code,
            Need.method,
            SelectionRound.closed_at,
            Entry.organisation_id,
            _OPENED.label("opened"),
            Entry.received_at,
            Entry.stands_since,
        )
        .join(Need, Need.id == SelectionRound.need_id)
        .join(Entry, Entry.round_id == SelectionRound.id)
        .join(Firm, Firm.id == Entry.firm_id)
        .where(
            Firm.register_code == register,
            Entry.status == EntryStatus.LISTED,
            SelectionRound.status.in_(_SETTLED),
            SelectionRound.closed_at >= since,
        )
        .order_by(SelectionRound.id, Entry.organisation_id)
    ):
        about[row.id] = (row.need_id, row.item_code, row.method, row.closed_at)
        rounds[row.id].append((row.organisation_id, row.opened, row.received_at, row.stands_since))
    winners = _winners(about)
    return [_selection(about[key], entries, winners.get(key)) for key, entries in rounds.items()]


def _selection(
    about: tuple[int, str, SelectionMethod, datetime],
    entries: list[tuple[int, Decimal | None, datetime, datetime]],
    winner: int | None,
) -> Selection:
    need, item, method, closed_at = about
    return Selection(
        need,
        item,
        KINDS.get(method, Kind.OTHER),
        closed_at,
        frozenset(firm for firm, *_rest in entries),
        winner,
        {firm: price for firm, price, *_rest in entries if price is not None},
        {firm: received for firm, _price, received, first in entries if received > first},
    )


def _winners(rounds: Collection[int]) -> dict[int, int]:
    """Whom the first published result of each round named."""
    found: dict[int, int] = {}
    for key, organisation in db.session.execute(
        select(Award.round_id, Award.organisation_id)
        .where(Award.decided_at.is_not(None))
        .order_by(Award.id)
    ):
        if key in rounds:
            found.setdefault(key, organisation)
    return found


def shared_files(firms: Collection[int], since: datetime) -> Iterator[tuple[int, str]]:
    """(firm, digest) of files that came byte for byte alike from several organisations."""
    several = (
        select(StoredFile.sha256)
        .where(StoredFile.at >= since, StoredFile.organisation_id.is_not(None))
        .group_by(StoredFile.sha256)
        .having(func.count(StoredFile.organisation_id.distinct()) > 1)
    )
    for row in db.session.execute(
        select(StoredFile.organisation_id, StoredFile.sha256)
        .where(StoredFile.sha256.in_(several), StoredFile.organisation_id.is_not(None))
        .distinct()
    ):
        if row.organisation_id in firms:
            yield row.organisation_id, row.sha256


def papers_of(
    firms: Collection[int], since: datetime, policy: CollusionPolicy
) -> dict[int, list[Paper]]:
    """What the documents firms handed in since a day say of their making, by firm.

    Without the authors and programs the edition calls everybody's, and without the files that came
    byte for byte alike from several: those are told as such.
    """
    authors = {author_digest(name) for name in policy.generic_authors}
    programs = {plain_name(name) for name in policy.generic_programs}
    rows = db.session.execute(
        select(
            StoredFile.id,
            StoredFile.organisation_id,
            StoredFile.sha256,
            StoredFile.author_digest,
            StoredFile.program,
            StoredFile.made_at,
        )
        .where(
            StoredFile.at >= since,
            StoredFile.organisation_id.is_not(None),
            or_(StoredFile.author_digest.is_not(None), StoredFile.made_at.is_not(None)),
        )
        .order_by(StoredFile.id)
    ).all()
    senders: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        senders[row.sha256].add(row.organisation_id)
    found: dict[int, list[Paper]] = defaultdict(list)
    for row in rows:
        if row.organisation_id not in firms or len(senders[row.sha256]) > 1:
            continue
        plain = plain_name(row.program or "")
        paper = Paper(
            None if row.author_digest in authors else row.author_digest,
            None if not plain or plain in programs else plain,
            row.made_at,
            row.id,
        )
        if paper.marks:
            found[row.organisation_id].append(paper)
    return found


def one_fits(register: str, policy: CollusionPolicy, now: datetime) -> tuple[int, list[Finding]]:
    """(needs open for entries, those that hardly anybody could enter)."""
    # a place with a bureau of its own is looked through by itself
    own = [code for code in below(register) if bureau(code).jurisdiction_code == register]
    open_needs = db.session.scalars(
        select(Need)
        .where(Need.status == NeedStatus.PUBLISHED, Need.jurisdiction_code.in_(own))
        .order_by(Need.id)
    ).all()
    found = []
    for need in open_needs:
        fit = list(selection.eligible_firm_ids(need, now))
        if len(fit) <= policy.fits_most:
            facts = {"fit": len(fit)}
            found.append(Finding(Screen.ONE_FITS, tuple(sorted(fit)), (need.id,), facts))
    return len(open_needs), found
