"""Everything the page of one firm says, gathered in one place and in few queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row

from marketplace.accounts import areas
from marketplace.catalogue import queries as catalogue
from marketplace.contracts import queries as contracts
from marketplace.evaluations import queries as evaluations
from marketplace.evaluations.models import PART_TITLES
from marketplace.evaluations.rules import Direction
from marketplace.fees import queries as fees
from marketplace.foundation import clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.intermediaries import queries as intermediaries
from marketplace.intermediaries.bulk import queries as registers
from marketplace.intermediaries.hall import queries as hall
from marketplace.ratings import access as rating_rights
from marketplace.ratings import queries as ratings
from marketplace.ratings.models import GradeRecord
from marketplace.sanctions import queries as sanctions
from marketplace.sanctions.consequences import words_of
from marketplace.sanctions.models import Blacklisting, Card

from .works import works_of

MARKS_SHOWN = 10


@dataclass(frozen=True)
class Dossier:
    """A listed firm as its page shows it. ``history`` is empty for those who may not look back;
    ``elsewhere`` names the register that lists it where that is not the chosen area's, ``window``
    the window of the hall at which it sits."""

    firm: Row[Any]
    today: date
    home: str
    elsewhere: str
    grade: ratings.GradeOn
    history: Sequence[GradeRecord]
    offerings: Sequence[Row[Any]]
    items: Mapping[str, catalogue.Label]
    priced: frozenset[str]
    qualifications: Sequence[Row[Any]]
    lapsed: frozenset[str]
    works: Sequence[tuple[Row[Any], list[str]]]
    record: contracts.Record
    averages: Sequence[evaluations.Average]
    marks: Sequence[evaluations.Mark]
    department_marks: Sequence[evaluations.Mark]
    blacklisted: Sequence[Blacklisting]
    cards: Sequence[Card]
    consequences: str
    assessor_marks: Sequence[evaluations.Mark]
    assessor_share: Decimal
    origin: registers.Origin | None
    window: int | None

    part_titles = PART_TITLES
    parts = Direction.OWNER_TO_FIRM.parts
    department_parts = Direction.DEPARTMENT_TO_FIRM.parts

    def item_name(self, code: str) -> str:
        """The name of an item; its code where the list in force no longer holds it."""
        return self.items[code].name if code in self.items else code

    def days_kind(self, code: str) -> Any:
        """How the days of an item are counted, in words."""
        return self.items[code].statutory_days_kind.title if code in self.items else ""


def of(firm: Row[Any], now: datetime, actor: Actor | None) -> Dossier:
    """The dossier of a listed firm (`firms.listed_firm`) for whoever asks."""
    register, today = firm.register_code, clock.local_day(now)
    known, chosen = areas.areas(), areas.chosen()
    served_by, home = known.get(register), known.get(firm.jurisdiction_code)
    lineage = served_by.lineage if served_by else ()
    grade = ratings.grade_on(firm.id, register, today)
    given = evaluations.directions_about(firm.id)

    def about(direction: Direction) -> tuple[list[evaluations.Average], list[evaluations.Mark]]:
        if direction not in given:
            return [], []
        return evaluations.marks_about(firm.id, direction, MARKS_SHOWN)

    averages, marks = about(Direction.OWNER_TO_FIRM)
    assessor_marks = about(Direction.ASSESSOR_TO_FIRM)[1]
    qualifications = intermediaries.shown_qualifications(firm.firm_id)
    record = contracts.record_of(firm.id)
    return Dossier(
        firm=firm,
        today=today,
        home=home.name if home else "",
        elsewhere=served_by.name if served_by and register != chosen.register else "",
        grade=grade,
        history=_history(firm, actor),
        offerings=intermediaries.shown_offerings(firm.firm_id),
        items=catalogue.labels(today, lineage),
        priced=fees.priced_items(register, today),
        qualifications=qualifications,
        lapsed=intermediaries.lapsed_items(register, today, qualifications),
        works=works_of(firm.id) if record.completed else (),
        record=record,
        averages=averages,
        marks=marks,
        department_marks=about(Direction.DEPARTMENT_TO_FIRM)[1],
        blacklisted=_blacklistings(firm, now),
        cards=sanctions.cards_in_force(now, firm.id) if firm.has_card else (),
        assessor_marks=assessor_marks,
        assessor_share=ratings.edition_on(register, today).values.assessor_share
        if assessor_marks
        else Decimal(0),
        origin=registers.origin_shown(firm.firm_id),
        consequences=words_of(grade.grade, lineage, today) if lineage else "",
        window=hall.windows_on(register, now).get(firm.firm_id),
    )


def _blacklistings(firm: Row[Any], now: datetime) -> Sequence[Blacklisting]:
    if not firm.is_blacklisted:
        return ()
    return db.session.scalars(sanctions.blacklistings_in_force(now, firm.id)).all()


def _history(firm: Row[Any], actor: Actor | None) -> Sequence[GradeRecord]:
    """The grades of the past, for the firm itself and the officers of its register alone."""
    if not rating_rights.may_look_back(actor, firm.id, firm.register_code):
        return ()
    subject = ratings.subject_of(firm.id, firm.register_code)
    return ratings.records_of(subject) if subject is not None else ()
