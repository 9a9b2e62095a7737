"""What waits for the people of a firm."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.accounts.permissions import Permission
from marketplace.foundation.actor import Actor
from marketplace.intermediaries import queries as intermediaries
from marketplace.intermediaries.file import queries as filing
from marketplace.intermediaries.hall import queries as hall
from marketplace.intermediaries.leaving import queries as leaving
from marketplace.intermediaries.leaving.models import DepartureStatus
from marketplace.intermediaries.likeness import queries as likeness
from marketplace.intermediaries.models import Firm
from marketplace.sanctions import queries as sanctions
from marketplace.sanctions.measures.queries import measures_of
from marketplace.sanctions.models import CardStatus, CaseStatus
from marketplace.selection import queries as selection
from marketplace.selection.sealing import low
from marketplace.selection.talks import queries as talks

from .line import Line

FILE = "intermediaries.file"
DESK = "sanctions.own"


def own_firm(actor: Actor, now: datetime) -> Iterator[Line]:
    """A firm's own file, what it may say something to, the calls it may answer."""
    if not actor.may(Permission.FIRM_FILE) or actor.organisation_id is None:
        return
    register = accounts.register_for(actor.jurisdiction)
    firm = intermediaries.firm_of(actor.organisation_id, register)
    if firm is None:
        organisation = accounts.organisation(actor.organisation_id)
        yield Line(
            what=_("申请入驻"),
            about=organisation.name,
            page=FILE,
            key=None,
            where=FILE,
            since=organisation.created_at,
        )
        return
    yield from _file(firm, now)
    yield from _matters(firm, now)
    yield from _hall_calls(firm, now)


def _file(firm: Firm, now: datetime) -> Iterator[Line]:
    """An application to finish or to mend, what ends, what is asked, the self-check."""
    for step in filing.next_steps(firm, now):
        yield Line(
            what=step.what,
            about=step.about,
            page=step.page,
            key=step.key,
            where=FILE,
            since=step.since,
            due=step.due,
        )


def _matters(firm: Firm, now: datetime) -> Iterator[Line]:
    """What the firm may say something to: whom it is compared with, its removal."""
    for match in likeness.of_firm(firm.id):
        if match.is_open and match.stated_at is None and now < match.statement_due_at:
            yield Line(
                what=_("就关联核查陈述意见"),
                about=firm.organisation.name,
                page="intermediaries.own_match",
                key=match.public_id,
                where=FILE,
                since=match.opened_at,
                due=match.statement_due_at,
            )
    departure = leaving.under_way(firm.id)
    if departure is None or departure.status is not DepartureStatus.NOTICED:
        return
    if departure.stated_at is None:
        yield Line(
            what=_("就移出名录陈述申辩"),
            about=str(departure.ground.title) if departure.ground else "",
            page="supervision.departure",
            key=departure.public_id,
            where=FILE,
            since=departure.begun_at,
            due=departure.statement_due_at,
        )


def _hall_calls(firm: Firm, now: datetime) -> Iterator[Line]:
    """Calls for windows of the hall that the firm may answer: of its own will."""
    for call in hall.calls_to_answer(firm, now):
        yield Line(
            what=_("申请大厅窗口席位（自愿）"),
            about=call.title,
            page="intermediaries.hall_apply",
            key=call.public_id,
            where="intermediaries.hall_own",
            since=call.published_at,
            due=call.apply_by,
        )


def own_sanctions(actor: Actor, now: datetime) -> Iterator[Line]:
    """Cards to correct, cases to answer."""
    if not actor.may(Permission.FIRM_FILE) or actor.organisation_id is None:
        return
    for card in sanctions.cards_of(actor.organisation_id):
        if card.status is CardStatus.CORRECTING:
            yield Line(
                what=_("整改并报告黄牌事项"),
                about=str(card.breach.title),
                page="sanctions.card",
                key=card.public_id,
                where=DESK,
                since=card.decided_at or card.proposed_at,
                due=card.correct_by,
            )
    for measure in measures_of(actor.organisation_id):
        if measure.awaits_firm:
            answer = _("答复%(kind)s", kind=measure.kind.title)
            yield Line(
                what=answer
                if measure.kind.firm_answers
                else _("签收%(kind)s", kind=measure.kind.title),
                about=actor.organisation_name,
                page="sanctions.measure",
                key=measure.public_id,
                where=DESK,
                since=measure.issued_at,
                due=measure.due_at or measure.meeting_at,
            )
    for case in sanctions.cases_of(actor.organisation_id):
        if case.status is CaseStatus.REPORTED:
            yield Line(
                what=_("对案件陈述申辩"),
                about=str(case.cause.title),
                page="sanctions.case",
                key=case.public_id,
                where=DESK,
                since=case.reported_at,
                due=case.statement_due_at,
            )


def awards_to_accept(actor: Actor, now: datetime) -> Iterator[Line]:
    """Final awards to accept or decline; silence is an abandoned award."""
    if not actor.may(Permission.FIRM_ENTER) or actor.organisation_id is None:
        return
    for award in selection.awards_to_accept(actor.organisation_id):
        yield Line(
            what=_("接受或放弃中选"),
            about=award.need.title,
            page="selection.entry",
            key=award.entry.public_id,
            where="selection.entries",
            since=award.final_at or award.status_since,
            due=award.accept_by,
        )


def quotes_to_explain(actor: Actor, now: datetime) -> Iterator[Line]:
    """Quotes far below all others that must be explained; silence passes them by."""
    if not actor.may(Permission.FIRM_ENTER) or actor.organisation_id is None:
        return
    for asked in low.to_explain(actor.organisation_id, now):
        yield Line(
            what=_("说明报价理由"),
            about=asked.entry.need.title,
            page="selection.entry",
            key=asked.entry.public_id,
            where="selection.entries",
            since=asked.status_since,
            due=asked.explain_by,
        )


def talks_to_answer(actor: Actor, now: datetime) -> Iterator[Line]:
    """Questions of owners before a direct pick; silence keeps the quote as it is."""
    if not actor.may(Permission.FIRM_ENTER) or actor.organisation_id is None:
        return
    for talk in talks.to_answer(actor.organisation_id, now):
        yield Line(
            what=_("答复业主洽谈"),
            about=talk.entry.need.title,
            page="selection.talk",
            key=talk.public_id,
            where="selection.entries",
            since=talk.status_since,
            due=talk.answer_by,
        )
