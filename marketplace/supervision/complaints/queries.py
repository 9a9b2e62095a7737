"""Reads about complaints: of a firm, of an area, who took part in what is complained of."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import Organisation
from marketplace.foundation.db import as_written, db
from marketplace.foundation.finding import by_public_id
from marketplace.notices.models import UNANSWERED, Objection, PublicNotice
from marketplace.projects.models import Need, NeedStatus
from marketplace.sanctions.appeals.queries import reviewing_offices
from marketplace.selection import queries as selection
from marketplace.selection.models import Award, DrawAnnulment, Entry, EntryStatus, SelectionRound

from .models import OPEN, ComplaintReply, ComplaintStatus, SelectionComplaint
from .rules import About, Standing

_ENDED = (NeedStatus.FAILED, NeedStatus.WITHDRAWN)


def complaint(public_id: str) -> SelectionComplaint:
    """By its public id; raises Missing."""
    return by_public_id(SelectionComplaint, public_id)


def complaints_of(organisation_id: int) -> list[SelectionComplaint]:
    """An organisation's own complaints, newest first."""
    return list(
        db.session.scalars(
            select(SelectionComplaint)
            .where(SelectionComplaint.organisation_id == organisation_id)
            .order_by(SelectionComplaint.id.desc())
            .limit(as_written(50))
            .options(joinedload(SelectionComplaint.need))
        )
    )


def complaints(codes: Sequence[str], bureau: bool = True) -> Select[SelectionComplaint]:
    """The complaints of an area: those waiting first, soonest due first; without ``bureau`` none
    about the bureau itself."""
    query = select(SelectionComplaint).where(SelectionComplaint.jurisdiction_code.in_(codes))
    if not bureau:
        query = query.where(SelectionComplaint.about != About.BUREAU)
    return query.order_by(
        SelectionComplaint.status.in_(OPEN).desc(),
        SelectionComplaint.due_at,
        SelectionComplaint.id.desc(),
    ).options(joinedload(SelectionComplaint.need), joinedload(SelectionComplaint.organisation))


def waiting(codes: Sequence[str], limit: int = 100) -> list[SelectionComplaint]:
    """Complaints to accept or to decide, soonest due first."""
    return list(
        db.session.scalars(
            complaints(codes).where(SelectionComplaint.status.in_(OPEN)).limit(as_written(limit))
        )
    )


def reply_of(found: SelectionComplaint, organisation_id: int) -> ComplaintReply | None:
    """What one organisation was asked to say of a complaint."""
    return db.session.scalar(
        select(ComplaintReply).where(
            ComplaintReply.complaint_id == found.id,
            ComplaintReply.organisation_id == organisation_id,
        )
    )


def reply(public_id: str) -> ComplaintReply:
    """By its public id; raises Missing."""
    return by_public_id(ComplaintReply, public_id)


def asked_of(organisation_id: int) -> list[ComplaintReply]:
    """What an organisation was asked to say of complaints, newest first."""
    return list(
        db.session.scalars(
            select(ComplaintReply)
            .where(ComplaintReply.organisation_id == organisation_id)
            .order_by(ComplaintReply.id.desc())
            .limit(as_written(50))
            .options(joinedload(ComplaintReply.complaint).joinedload(SelectionComplaint.need))
        )
    )


def to_reply(organisation_id: int, now: datetime) -> list[ComplaintReply]:
    """What an organisation may still reply to, the first deadline first."""
    return list(
        db.session.scalars(
            select(ComplaintReply)
            .join(SelectionComplaint, SelectionComplaint.id == ComplaintReply.complaint_id)
            .where(
                ComplaintReply.organisation_id == organisation_id,
                ComplaintReply.text.is_(None),
                ComplaintReply.reply_by > now,
                SelectionComplaint.status == ComplaintStatus.ACCEPTED,
            )
            .order_by(ComplaintReply.reply_by, ComplaintReply.id)
            .options(joinedload(ComplaintReply.complaint).joinedload(SelectionComplaint.need))
        )
    )


def open_one(need: Need, organisation_id: int) -> SelectionComplaint | None:
    """An organisation's complaint about a need that is not decided yet."""
    return db.session.scalar(
        select(SelectionComplaint).where(
            SelectionComplaint.need_id == need.id,
            SelectionComplaint.organisation_id == organisation_id,
            SelectionComplaint.status.in_(OPEN),
        )
    )


def objections_to(need: Need) -> list[Objection]:
    """Every objection to a result of a need, oldest first."""
    return list(
        db.session.scalars(
            select(Objection)
            .join(PublicNotice, PublicNotice.id == Objection.notice_id)
            .join(Award, Award.id == PublicNotice.subject_id)
            .where(PublicNotice.subject_type == Award.__tablename__, Award.need_id == need.id)
            .order_by(Objection.id)
        )
    )


def own_objections(need: Need, organisation_id: int) -> list[Objection]:
    """An organisation's objections to results of a need, oldest first."""
    return [each for each in objections_to(need) if each.organisation_id == organisation_id]


def standing_of(need: Need, organisation_id: int) -> Standing:
    """What an organisation has to do with the selection for a need."""
    entered = db.session.scalar(
        select(Entry.id)
        .where(
            Entry.need_id == need.id,
            Entry.organisation_id == organisation_id,
            Entry.status != EntryStatus.REPLACED,
        )
        .limit(as_written(1))
    )
    own = own_objections(need, organisation_id)
    running = selection.round_of(need)
    happened = [
        running.closed_at if running is not None else None,
        *(each.decided_at for each in selection.awards_of(need)),
        need.status_since if need.status in _ENDED else None,
    ]
    return Standing(
        entered=entered is not None,
        answered_at=max((each.answered_at for each in own if each.answered_at), default=None),
        unanswered=any(each.status in UNANSWERED for each in own),
        happened_at=max((each for each in happened if each is not None), default=None),
    )


def concerning(need_ids: Collection[int], organisation_id: int) -> frozenset[int]:
    """Which of these needs an organisation entered or objected to: it may complain of those."""
    entered = select(Entry.need_id).where(
        Entry.need_id.in_(need_ids),
        Entry.organisation_id == organisation_id,
        Entry.status != EntryStatus.REPLACED,
    )
    objected = (
        select(Award.need_id)
        .join(PublicNotice, PublicNotice.subject_id == Award.id)
        .join(Objection, Objection.notice_id == PublicNotice.id)
        .where(
            PublicNotice.subject_type == Award.__tablename__,
            Award.need_id.in_(need_ids),
            Objection.organisation_id == organisation_id,
        )
    )
    return frozenset(db.session.scalars(entered.union(objected)))


def took_part(need: Need) -> frozenset[int]:
    """Officers who had a part in the selection: they answered an objection, entered the lottery's
    issue it was drawn by, proposed or decided on an annulment that did not come of a complaint."""
    found: set[int | None] = {each.answered_by for each in objections_to(need)}
    for running in selection.rounds_of(need):
        found |= _lottery_officers(need, running)
    for each in db.session.scalars(
        select(DrawAnnulment)
        .join(SelectionRound, SelectionRound.id == DrawAnnulment.round_id)
        .where(SelectionRound.need_id == need.id, DrawAnnulment.id.not_in(_of_complaints(need)))
    ):
        found |= {each.proposed_by, each.approved_by}
    return frozenset(each for each in found if each is not None)


def _of_complaints(need: Need) -> Select[int | None]:
    return select(SelectionComplaint.annulment_id).where(
        SelectionComplaint.need_id == need.id, SelectionComplaint.annulment_id.is_not(None)
    )


def _lottery_officers(need: Need, running: SelectionRound) -> set[int | None]:
    if running.lottery_game is None or running.lottery_day is None:
        return set()
    bureau = selection.bureau_of(need)
    result = selection.lottery_result(running.lottery_game, running.lottery_day, bureau)
    return {result.first_user_id, result.second_user_id} if result is not None else set()


def offices_for(found: SelectionComplaint) -> list[Organisation]:
    """Who is told of a complaint: the bureau, or the superior offices where it is about the
    bureau itself."""
    if found.about is About.BUREAU:
        return reviewing_offices(found.jurisdiction_code)
    return [accounts.bureau(found.jurisdiction_code)]
