"""Reads about rounds, entries, draws and awards; who may stand in a need, and why not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import Select, and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from marketplace.accounts import queries as accounts
from marketplace.accounts.permissions import Permission
from marketplace.catalogue import queries as catalogue
from marketplace.foundation import clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import moment, working_calendar
from marketplace.foundation.db import db
from marketplace.foundation.errors import Missing
from marketplace.foundation.languages import for_storing, joined
from marketplace.intermediaries import queries as intermediaries
from marketplace.intermediaries.models import Firm
from marketplace.projects import queries as projects
from marketplace.projects.models import (
    CorrectionStatus,
    DrawSource,
    Need,
    NeedCorrection,
    NeedStatus,
)
from marketplace.projects.rules import SelectionPolicy
from marketplace.ratings import queries as ratings
from marketplace.ratings.rules.entries import Grade
from marketplace.sanctions import queries as sanctions

from .methods.draw_proof import instant_text
from .methods.random_draw import Entrant, receipt_bytes
from .models import (
    LIVE_AWARDS,
    Award,
    AwardStatus,
    CeremonyNumberRow,
    DrawAnnulment,
    EligibilityCheck,
    Entry,
    EntryStatus,
    LotteryReading,
    LotteryResult,
    RoundStatus,
    SelectionRound,
)
from .rules.eligibility import (
    Bar,
    FirmFacts,
    Qualification,
    QualificationDemand,
    Recusal,
    Requirement,
    RuleResult,
    check,
)
from .rules.wording import Sentence

ENDED_ROUNDS = (RoundStatus.ANNULLED, RoundStatus.WITHDRAWN)


@dataclass(frozen=True)
class Eligibility:
    """The answers about one firm and one need, with the grade record they rest on."""

    results: Sequence[RuleResult]
    grade: str
    grade_record_id: int | None
    edition_id: int

    @property
    def ok(self) -> bool:
        """Whether no rule refused."""
        return all(result.ok for result in self.results)

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


def round_of(need: Need) -> SelectionRound | None:
    """The newest round of a need."""
    return db.session.scalar(
        select(SelectionRound)
        .where(SelectionRound.need_id == need.id)
        .order_by(SelectionRound.attempt.desc())
        .limit(1)
    )


def live_round(need: Need) -> SelectionRound:
    """The round that runs; raises Missing when the need has none."""
    found = round_of(need)
    if found is None or found.status in ENDED_ROUNDS:
        raise Missing(f"need {need.id} has no round")
    return found


def rounds_of(need: Need) -> list[SelectionRound]:
    """All rounds of a need, oldest first; annulled ones stay public."""
    return list(
        db.session.scalars(
            select(SelectionRound)
            .where(SelectionRound.need_id == need.id)
            .order_by(SelectionRound.attempt)
        )
    )


def edition_of(need: Need, day: date) -> tuple[int, SelectionPolicy]:
    """Id and values of the selection edition a need runs under."""
    edition = projects.policy_of(need, day)
    return edition.id, edition.values


def lottery_day(values: SelectionPolicy, deadline: datetime) -> date:
    """The Shanghai day of the first issue drawn after a closing."""
    day = clock.local_day(deadline)
    while (
        day.weekday() not in values.lottery_weekdays
        or moment(day, values.lottery_drawn_at) <= deadline
    ):
        day += timedelta(days=1)
    return day


def selection_values(jurisdiction_code: str, day: date) -> SelectionPolicy:
    """The selection edition's values in force for a jurisdiction."""
    return projects.selection_policy(jurisdiction_code, day).values


def draw_latest(values: SelectionPolicy, closed_at: datetime) -> datetime:
    """When a draw by lottery value must be made: a time on the next working day."""
    day = working_calendar().day_after(clock.local_day(closed_at), 1)
    return moment(day, values.draw_latest)


def requirement_of(need: Need, values: SelectionPolicy) -> Requirement:
    """What a need asks of a firm, as the rules take it."""
    return Requirement(
        items=(need.item_code,),
        government_invested=need.government_invested,
        government_minimum=values.government_minimum_grade,
        ungraded_counts_as=values.ungraded_counts_as,
        minimum_grade=need.minimum_grade or "",
        qualifications=tuple(
            QualificationDemand(
                str(each["type"]),
                str(each.get("minimum_grade") or ""),
                tuple(str(grade) for grade in each.get("grades") or ()),
            )
            for each in need.qualifications
        ),
        any_qualification=need.any_qualification,
        recusals=(
            Recusal(str(need.owner_id), str(_("本机构即项目业主"))),
            *(
                Recusal(str(each.organisation_id), each.reason)
                for each in projects.recusals(need.id)
            ),
        ),
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
    offering = intermediaries.offering_firms(keys, need.item_code)
    certificates = intermediaries.qualifications_of(keys)
    bars = _bars(organisation_ids, register, need, now)
    running = running_counts(organisation_ids)
    days = {
        each: _grade_day(firms.get(each), need.published_at or now) for each in organisation_ids
    }
    graded = ratings.grades_on(days, register)
    asked = requirement_of(need, values)
    found = {}
    for each in organisation_ids:
        firm = firms.get(each)
        grade = str(graded[each].grade)
        facts = FirmFacts(
            organisation=str(each),
            listed=firm is not None and firm.is_listed,
            listing_state=str(firm.status.title) if firm is not None else str(_("未入驻")),
            grade=grade,
            items=frozenset({need.item_code} if firm is not None and firm.id in offering else ()),
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
            grade_record_id=graded[each].record_id,
            edition_id=edition_id,
        )
    return found


def _grade_day(firm: Firm | None, published_at: datetime) -> date:
    """The day whose grade counts: of publication, or of the listing of a firm listed later."""
    listed_at = firm.listed_at if firm is not None else None
    return clock.local_day(max(published_at, listed_at or published_at))


def eligibility_preview(need: Need, organisation_id: int) -> Eligibility:
    """Why a firm may or may not enter a need now, for its page."""
    return eligibility(need, organisation_id, clock.now())


def _bars(
    organisation_ids: Sequence[int], register: str, need: Need, now: datetime
) -> dict[int, tuple[Bar, ...]]:
    found = sanctions.bars_of(organisation_ids, need.jurisdiction_code, need.item_code, now)
    today = clock.local_day(now)
    graded = ratings.grades_on(dict.fromkeys(organisation_ids, today), register)
    told = {}
    for each in organisation_ids:
        bars = [Bar(str(bar.title), bar.until) for bar in found.get(each, ())]
        if graded[each].grade is Grade.D:
            bars.append(Bar(str(_("信用等级 D 级")), None))
        told[each] = tuple(bars)
    return told


def running_counts(organisation_ids: Sequence[int]) -> dict[int, int]:
    """Accepted awards whose contract is not over, by firm, for their capacity."""
    rows = db.session.execute(
        select(Award.organisation_id, func.count(Award.id).label("running"))
        .join(Need, Need.id == Award.need_id)
        .where(
            Award.organisation_id.in_(list(organisation_ids)),
            Award.status == AwardStatus.ACCEPTED,
            Need.status.in_((NeedStatus.AWARDED, NeedStatus.CONTRACTED)),
        )
        .group_by(Award.organisation_id)
    )
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


def entry_count(need: Need) -> int:
    """How many entries stand; public for draws and direct picks, names are not until closing."""
    found = round_of(need)
    if found is None:
        return 0
    counted = db.session.scalar(
        select(func.count(Entry.id)).where(
            Entry.round_id == found.id,
            Entry.status.in_((EntryStatus.STANDING, EntryStatus.LISTED, EntryStatus.VOID)),
        )
    )
    return counted or 0


def my_entry(need: Need, organisation_id: int) -> Entry | None:
    """A firm's own entry in the newest round, if it stands or stood at closing."""
    found = round_of(need)
    if found is None:
        return None
    return db.session.scalar(
        select(Entry).where(
            Entry.round_id == found.id,
            Entry.organisation_id == organisation_id,
            Entry.status.in_((EntryStatus.STANDING, EntryStatus.LISTED, EntryStatus.VOID)),
        )
    )


def entry(public_id: str) -> Entry:
    """By public id; raises Missing."""
    found = db.session.scalar(select(Entry).where(Entry.public_id == public_id))
    if found is None:
        raise Missing(f"entry {public_id}")
    return found


def entries_of(organisation_id: int) -> Select[Entry]:
    """All entries of a firm but replaced ones, newest first."""
    return (
        select(Entry)
        .where(Entry.organisation_id == organisation_id, Entry.status != EntryStatus.REPLACED)
        .order_by(Entry.received_at.desc(), Entry.id.desc())
    )


def live_entries_of(organisation_id: int) -> list[Entry]:
    """A firm's entries in needs that are not decided yet."""
    return list(
        db.session.scalars(
            select(Entry)
            .join(Need, Need.id == Entry.need_id)
            .where(
                Entry.organisation_id == organisation_id,
                Entry.status.in_((EntryStatus.STANDING, EntryStatus.LISTED)),
                Need.status.in_((NeedStatus.PUBLISHED, NeedStatus.SELECTING)),
            )
            .order_by(Entry.id)
        )
    )


def standing(running: SelectionRound) -> list[Entry]:
    """The entries that stand before closing, in the order they were received."""
    return _by_status(running, EntryStatus.STANDING)


def listed(running: SelectionRound) -> list[Entry]:
    """The entries of the frozen list. Only to be shown after closing."""
    return _by_status(running, EntryStatus.LISTED)


def void(running: SelectionRound) -> list[Entry]:
    """The entries that fell at closing, with their reasons."""
    return _by_status(running, EntryStatus.VOID)


def _by_status(running: SelectionRound, status: EntryStatus) -> list[Entry]:
    return list(
        db.session.scalars(
            select(Entry)
            .where(Entry.round_id == running.id, Entry.status == status)
            .order_by(Entry.received_at, Entry.id)
        )
    )


def last_correction(need: Need) -> datetime | None:
    """When the need was last corrected; entries received before must be confirmed again."""
    return max(
        (each.published_at for each in projects.corrections(need.id) if each.published_at),
        default=None,
    )


def waits_for_confirmation(stood: Entry) -> bool:
    """Whether a standing entry must be sent again because the need was corrected after it."""
    corrected = last_correction(stood.need)
    return (
        stood.status is EntryStatus.STANDING
        and corrected is not None
        and stood.received_at < corrected
    )


def entries_to_confirm(limit: int = 500) -> list[Entry]:
    """Standing entries of open needs that a correction made out of date, oldest first."""
    return list(
        db.session.scalars(
            select(Entry)
            .join(Need, Need.id == Entry.need_id)
            .join(NeedCorrection, NeedCorrection.need_id == Need.id)
            .where(
                Entry.status == EntryStatus.STANDING,
                Need.status == NeedStatus.PUBLISHED,
                NeedCorrection.status == CorrectionStatus.PUBLISHED,
                NeedCorrection.published_at > Entry.received_at,
            )
            .order_by(Entry.id)
            .distinct()
            .limit(limit)
        )
    )


def checks_of(stood: Entry) -> list[EligibilityCheck]:
    """All stored answers about an entry, in the order they were asked."""
    return list(
        db.session.scalars(
            select(EligibilityCheck)
            .where(EligibilityCheck.entry_id == stood.id)
            .order_by(EligibilityCheck.id)
        )
    )


def award_of(need: Need) -> Award | None:
    """The award that lives, from proposal to acceptance."""
    return db.session.scalar(
        select(Award).where(Award.need_id == need.id, Award.status.in_(LIVE_AWARDS))
    )


def final_award(need: Need) -> Award | None:
    """The award that is final and accepted: what a contract is made from."""
    return db.session.scalar(
        select(Award).where(Award.need_id == need.id, Award.status == AwardStatus.ACCEPTED)
    )


def winning_firm(need: Need) -> Firm | None:
    """The registration behind the accepted award; None while nobody has accepted."""
    award = final_award(need)
    return db.session.get(Firm, award.entry.firm_id) if award is not None else None


def awards_of(need: Need) -> list[Award]:
    """Every award of a need, oldest first."""
    return list(
        db.session.scalars(select(Award).where(Award.need_id == need.id).order_by(Award.id))
    )


def award(public_id: str) -> Award:
    """By public id; raises Missing."""
    found = db.session.scalar(select(Award).where(Award.public_id == public_id))
    if found is None:
        raise Missing(f"award {public_id}")
    return found


def awards_to_accept(organisation_id: int) -> list[Award]:
    """What a firm must accept or decline, by deadline."""
    return list(
        db.session.scalars(
            select(Award)
            .where(Award.organisation_id == organisation_id, Award.status == AwardStatus.OFFERED)
            .order_by(Award.accept_by, Award.id)
        )
    )


def picks_to_approve(organisation_id: int) -> list[Award]:
    """Direct picks that wait for an owner's approver, oldest first."""
    return list(
        db.session.scalars(
            select(Award)
            .join(Need, Need.id == Award.need_id)
            .where(Need.owner_id == organisation_id, Award.status == AwardStatus.PROPOSED)
            .order_by(Award.id)
        )
    )


def needs_to_pick(organisation_id: int, now: datetime) -> list[Need]:
    """Needs of an owner whose list is frozen and whose firm is to be picked."""
    live = select(Award.need_id).where(Award.status.in_(LIVE_AWARDS))
    return list(
        db.session.scalars(
            select(Need)
            .where(
                Need.owner_id == organisation_id,
                Need.status == NeedStatus.SELECTING,
                Need.draw_source.is_(None),
                Need.choice_at <= now,
                Need.id.not_in(live),
            )
            .order_by(Need.choice_at, Need.id)
        )
    )


def results() -> Select[Need]:
    """Needs whose selection came to an end in public, newest first."""
    later = aliased(Award)
    return (
        select(Need)
        .join(Award, Award.need_id == Need.id)
        .where(
            Award.decided_at.is_not(None),
            ~exists().where(
                later.need_id == Award.need_id,
                or_(
                    later.decided_at > Award.decided_at,
                    and_(later.decided_at == Award.decided_at, later.id > Award.id),
                ),
            ),
        )
        .order_by(Award.decided_at.desc(), Award.need_id.desc())
    )


def lottery_result(game: str, day: date) -> LotteryResult | None:
    """The issue of a day as two officers read it alike."""
    return db.session.scalar(
        select(LotteryResult).where(LotteryResult.game == game, LotteryResult.day == day)
    )


def readings(game: str, day: date) -> list[LotteryReading]:
    """The newest reading of each officer."""
    newest = (
        select(func.max(LotteryReading.id))
        .where(LotteryReading.game == game, LotteryReading.day == day)
        .group_by(LotteryReading.user_id)
    )
    return list(
        db.session.scalars(
            select(LotteryReading).where(LotteryReading.id.in_(newest)).order_by(LotteryReading.id)
        )
    )


def lotteries_due(now: datetime) -> list[tuple[str, date]]:
    """Lotteries (game, day) that frozen lists wait for, oldest first."""
    rows = db.session.execute(
        select(SelectionRound.lottery_game, SelectionRound.lottery_day)
        .join(Need, Need.id == SelectionRound.need_id)
        .where(
            SelectionRound.status == RoundStatus.LISTED,
            SelectionRound.drawn_at.is_(None),
            SelectionRound.lottery_day.is_not(None),
            SelectionRound.lottery_day <= clock.local_day(now),
        )
        .group_by(SelectionRound.lottery_game, SelectionRound.lottery_day)
        .order_by(SelectionRound.lottery_day, SelectionRound.lottery_game)
    )
    return [
        (game, day)
        for game, day in rows
        if game is not None and day is not None and lottery_result(game, day) is None
    ]


def rounds_waiting_for(game: str, day: date) -> list[SelectionRound]:
    """Frozen lists that a lottery's issue decides, in the order of their needs."""
    return list(
        db.session.scalars(
            select(SelectionRound)
            .where(
                SelectionRound.status == RoundStatus.LISTED,
                SelectionRound.drawn_at.is_(None),
                SelectionRound.lottery_game == game,
                SelectionRound.lottery_day == day,
            )
            .order_by(SelectionRound.need_id)
        )
    )


def ceremony_numbers(running: SelectionRound) -> list[CeremonyNumberRow]:
    """The participants of a ceremony, in the order they committed."""
    return list(
        db.session.scalars(
            select(CeremonyNumberRow)
            .where(CeremonyNumberRow.round_id == running.id)
            .order_by(CeremonyNumberRow.id)
        )
    )


def ceremony_participant(need: Need, actor_organisation_id: int) -> str | None:
    """The name under which an organisation takes part in a need's ceremony, or None.

    The owner, the bureau, any entrant of the frozen list, and departments or the superior bureau
    as witnesses.
    """
    organisation = accounts.organisation(actor_organisation_id)
    if organisation.id == need.owner_id:
        return "owner"
    if organisation.id == accounts.bureau(need.jurisdiction_code).id:
        return "bureau"
    if organisation.function in ("department", "superior"):
        return f"witness-{organisation.public_id}"
    mine = my_entry(need, organisation.id)
    if mine is not None and mine.status is EntryStatus.LISTED:
        return f"entrant-{organisation.credit_code}"
    return None


CEREMONY_PERMISSIONS = {
    "owner": (Permission.NEED_EDIT, Permission.NEED_APPROVE),
    "bureau": (Permission.LOTTERY_ENTER,),
    "entrant": (Permission.FIRM_ENTER,),
    "witness": (Permission.ADMISSION_PROFESSIONAL, Permission.DRAW_ANNUL_APPROVE),
}


def ceremony_part(need: Need, actor: Actor | None) -> str | None:
    """The name under which a person takes part in a need's ceremony, or None.

    The organisation must have a part in it and the person a role that acts: an auditor reads.
    """
    if actor is None or actor.organisation_id is None:
        return None
    participant = ceremony_participant(need, actor.organisation_id)
    if participant is None:
        return None
    asked = CEREMONY_PERMISSIONS[participant.partition("-")[0]]
    return participant if any(actor.may(each) for each in asked) else None


def annulment_of(running: SelectionRound) -> DrawAnnulment | None:
    """The annulment proposed or decided for a round, if there is one."""
    return db.session.scalar(
        select(DrawAnnulment).where(
            DrawAnnulment.round_id == running.id, DrawAnnulment.refused_at.is_(None)
        )
    )


def annulments_to_decide() -> list[DrawAnnulment]:
    """Proposed annulments that wait for the superior bureau, oldest first."""
    return list(
        db.session.scalars(
            select(DrawAnnulment)
            .where(DrawAnnulment.approved_at.is_(None), DrawAnnulment.refused_at.is_(None))
            .order_by(DrawAnnulment.id)
        )
    )


def annulment(public_id: str) -> DrawAnnulment:
    """By public id; raises Missing."""
    found = db.session.scalar(select(DrawAnnulment).where(DrawAnnulment.public_id == public_id))
    if found is None:
        raise Missing(f"annulment {public_id}")
    return found


def recent_lotteries(limit: int = 10) -> list[LotteryResult]:
    """The latest issues two officers read alike."""
    return list(
        db.session.scalars(
            select(LotteryResult).order_by(LotteryResult.day.desc(), LotteryResult.id).limit(limit)
        )
    )


def ceremony_phase(running: SelectionRound, now: datetime) -> str:
    """`commit`, `reveal` or `over`."""
    if running.drawn_at is not None or running.commit_ends_at is None:
        return "over"
    if now < running.commit_ends_at:
        return "commit"
    if running.reveal_ends_at is not None and now < running.reveal_ends_at:
        return "reveal"
    return "over"


def places(running: SelectionRound) -> dict[str, int]:
    """Credit code → place in the drawn order; empty before the draw."""
    if running.proof is None:
        return {}
    return {code: place for place, code in enumerate(json.loads(running.proof)["order"], 1)}


def in_place_order(running: SelectionRound) -> list[Entry]:
    """The frozen list in drawn order, before the draw in the order of the credit codes."""
    order = places(running)
    codes = {each.id: each.organisation.credit_code or "" for each in listed(running)}
    return sorted(listed(running), key=lambda each: (order.get(codes[each.id], 0), codes[each.id]))


def receipt_text(stood: Entry) -> str:
    """The text an entry's receipt signs (docs/draw.md, step 2)."""
    entrant = Entrant(stood.organisation.credit_code or "", stood.contribution)
    at = instant_text(stood.received_at)
    return receipt_bytes(stood.need.number, stood.round.attempt, entrant, at).decode()


def public_proofs() -> list[tuple[str, str]]:
    """(file name, proof) of every draw ever made, annulled ones too, in order."""
    rows = db.session.execute(
        select(Need.number, SelectionRound.attempt, SelectionRound.proof)
        .join(Need, Need.id == SelectionRound.need_id)
        .where(SelectionRound.proof.is_not(None))
        .order_by(Need.number, SelectionRound.attempt)
    )
    return [(f"{number}-{attempt}.json", proof) for number, attempt, proof in rows if proof]


def proof_of(need: Need, attempt: int | None = None) -> str:
    """The proof of a need's draw (the newest, or of one attempt); raises Missing."""
    for running in reversed(rounds_of(need)):
        if running.proof is not None and attempt in (None, running.attempt):
            return running.proof
    raise Missing(f"need {need.id} has no draw")


def uses_draw(need: Need) -> bool:
    """Whether the need is decided by a draw."""
    return need.draw_source is not None


def uses_ceremony(need: Need) -> bool:
    """Whether the draw's public value comes from a ceremony."""
    return need.draw_source is DrawSource.CEREMONY
