"""Who may stand in a need, and why not: the facts the rules are asked with."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Row, bindparam, func, select

from marketplace.accounts import queries as accounts
from marketplace.catalogue import queries as catalogue
from marketplace.fees.rules.limits import Commitment
from marketplace.foundation import clock
from marketplace.foundation.db import fetch
from marketplace.foundation.languages import for_storing, joined
from marketplace.intermediaries import queries as intermediaries
from marketplace.intermediaries.models import FirmStatus
from marketplace.projects import queries as projects
from marketplace.projects.models import (
    Need,
    NeedStatus,
)
from marketplace.projects.rules import SelectionPolicy
from marketplace.ratings import queries as ratings
from marketplace.ratings.rules.entries import Grade
from marketplace.sanctions import queries as sanctions

from ..models import (
    Award,
    AwardStatus,
)
from ..rules.eligibility import (
    Bar,
    FirmFacts,
    ItemDemand,
    Qualification,
    QualificationDemand,
    Recusal,
    Requirement,
    RuleResult,
    check,
)
from ..rules.wording import Sentence
from .rounds import edition_of


@dataclass(frozen=True)
class Eligibility:
    """The answers about one firm and one need, with the grade record they rest on; and the
    firm's key on the register, its credit code, which its receipt names, and what it promises for
    the need's items, by code."""

    results: Sequence[RuleResult]
    grade: str
    grade_record_id: int | None
    edition_id: int
    firm_id: int | None
    credit_code: str | None
    promised: Mapping[str, Row[Any]]

    @property
    def ok(self) -> bool:
        """Whether no rule refused."""
        return all(result.ok for result in self.results)

    def promise_for(self, item_code: str) -> Commitment | None:
        """What binds the firm's price for an item."""
        return intermediaries.promise(self.promised.get(item_code))

    @property
    def refusals(self) -> list[RuleResult]:
        """The rules that refused."""
        return [result for result in self.results if not result.ok]


def said(sentence: Sentence) -> str:
    """A rule's sentence in the reader's language; rules know items by code, readers by name."""
    if not sentence.text:
        return ""
    values = {key: str(value).split("、") for key, value in sentence.values.items()}
    if "items" in values:
        lineage = accounts.lineage(accounts.site().jurisdiction_code)
        names = catalogue.names(clock.local_day(clock.now()), lineage)
        values["items"] = [names.get(code, code) for code in values["items"]]
    # states and measures are kept by their Chinese names, which are message ids
    shown = {key: joined(_(word) for word in words if word) for key, words in values.items()}
    return str(_(sentence.text, **shown))


def requirement_of(need: Need, values: SelectionPolicy) -> Requirement:
    """What a need asks of a firm, as the rules take it."""
    return Requirement(
        items=tuple(need.item_codes),
        government_invested=need.government_invested,
        government_minimum=values.government_minimum_grade,
        ungraded_counts_as=values.ungraded_counts_as,
        minimum_grade=need.minimum_grade or "",
        qualifications=_demanded(need.qualifications),
        any_qualification=need.any_qualification,
        further=tuple(
            ItemDemand(each.item_code, _demanded(each.qualifications), each.any_qualification)
            for each in need.further
        ),
        recusals=(
            Recusal(str(need.owner_id), str(_("本机构即项目业主"))),
            *(
                Recusal(str(each.organisation_id), each.reason)
                for each in projects.recused(need.id)
            ),
        ),
    )


def _demanded(qualifications: Sequence[Any]) -> tuple[QualificationDemand, ...]:
    return tuple(
        QualificationDemand(
            str(each["type"]),
            str(each.get("minimum_grade") or ""),
            tuple(str(grade) for grade in each.get("grades") or ()),
        )
        for each in qualifications
    )


def eligibility(need: Need, organisation_id: int, now: datetime) -> Eligibility:
    """Ask every rule about a firm and a need at this instant (RULES 6 and 7).

    The grade is that of the publication day, of the listing day for a firm listed later; bars
    and a D in force are those of now.
    """
    return eligibility_of(need, [organisation_id], now)[organisation_id]


@for_storing()
def eligibility_of(
    need: Need, organisation_ids: Sequence[int], now: datetime
) -> dict[int, Eligibility]:
    """The same for many firms, by organisation: every fact is read once for all of them."""
    edition_id, values = edition_of(need, clock.local_day(now))
    register = accounts.register_of(need.jurisdiction_code)
    firms = intermediaries.firms_of(organisation_ids, register)
    keys = [firm.id for firm in firms.values()]
    offering = {code: intermediaries.promises(keys, code) for code in need.item_codes}
    certificates = intermediaries.qualifications_of(keys)
    running = running_counts(organisation_ids)
    days = {
        each: _grade_day(firms.get(each), need.published_at or now) for each in organisation_ids
    }
    grades = ratings.grades_then_and_now(days, register, clock.local_day(now))
    barred = {each for each, (_then, today) in grades.items() if today.grade is Grade.D}
    bars = _bars(organisation_ids, barred, need, now)
    asked = requirement_of(need, values)
    found = {}
    for each in organisation_ids:
        firm = firms.get(each)
        promised = {
            code: rows[firm.id]
            for code, rows in offering.items()
            if firm is not None and firm.id in rows
        }
        of_day, _today = grades[each]
        grade = str(of_day.grade)
        facts = FirmFacts(
            organisation=str(each),
            listed=firm is not None and firm.status is FirmStatus.LISTED,
            listing_state=str(firm.status.title) if firm is not None else str(_("未入驻")),
            grade=grade,
            items=frozenset(promised),
            qualifications=tuple(
                Qualification(one.type, one.grade or "", one.valid_from, one.valid_until, True)
                for one in (certificates.get(firm.id, ()) if firm is not None else ())
            ),
            bars=bars[each],
            paused=firm is not None and firm.paused,
            running_contracts=running.get(each, 0),
            capacity=firm.capacity if firm is not None else None,
        )
        found[each] = Eligibility(
            results=check(facts, asked, now),
            grade=grade,
            grade_record_id=of_day.record_id,
            edition_id=edition_id,
            firm_id=firm.id if firm is not None else None,
            credit_code=firm.credit_code if firm is not None else None,
            promised=promised,
        )
    return found


def _grade_day(firm: Row[Any] | None, published_at: datetime) -> date:
    """The day whose grade counts: of publication, or of the listing of a firm listed later."""
    listed_at = firm.listed_at if firm is not None else None
    return clock.local_day(max(published_at, listed_at or published_at))


def grade_day(need: Need, organisation_id: int) -> date:
    """The day whose grade counts for a firm in a need."""
    register = accounts.register_of(need.jurisdiction_code)
    firm = intermediaries.firms_of([organisation_id], register).get(organisation_id)
    assert need.published_at is not None
    return _grade_day(firm, need.published_at)


def eligibility_preview(need: Need, organisation_id: int) -> Eligibility:
    """Why a firm may or may not enter a need now, for its page."""
    return eligibility(need, organisation_id, clock.now())


def _bars(
    organisation_ids: Sequence[int], graded_d: Collection[int], need: Need, now: datetime
) -> dict[int, tuple[Bar, ...]]:
    by_item = [
        sanctions.bars_of(organisation_ids, need.jurisdiction_code, code, now)
        for code in need.item_codes
    ]
    told = {}
    for each in organisation_ids:
        # what bars from every item is found with each of them
        found = [Bar(str(bar.title), bar.until) for bars in by_item for bar in bars.get(each, ())]
        bars = list(dict.fromkeys(found))
        if each in graded_d:
            bars.append(Bar(str(_("信用等级 D 级")), None))
        told[each] = tuple(bars)
    return told


_RUNNING = (
    select(Award.organisation_id, func.count(Award.id).label("running"))
    .join(Need, Need.id == Award.need_id)
    .where(
        Award.organisation_id.in_(bindparam("organisation_ids", expanding=True)),
        Award.status == AwardStatus.ACCEPTED,
        Need.status.in_((NeedStatus.AWARDED, NeedStatus.CONTRACTED)),
    )
    .group_by(Award.organisation_id)
)


def running_counts(organisation_ids: Sequence[int]) -> dict[int, int]:
    """Accepted awards whose contract is not over, by firm, for their capacity."""
    rows = fetch(_RUNNING, organisation_ids=list(organisation_ids))
    return {row.organisation_id: row.running for row in rows}


def eligible_firm_ids(need: Need, now: datetime) -> list[int]:
    """Organisations that could enter now, for messages and the count on a need's page."""
    register = accounts.register_of(need.jurisdiction_code)
    offering = intermediaries.organisations_offering(register, need.item_code)
    answers = eligibility_of(need, offering, now)
    return [each for each in offering if answers[each].ok]


def eligible_firm_count(need: Need) -> int:
    """How many firms could enter now."""
    return len(eligible_firm_ids(need, clock.now()))
