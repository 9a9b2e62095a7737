"""The grades of any firm, item, place and day done again: stored against replayed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import Select, select

from marketplace.accounts.areas import areas
from marketplace.accounts.models import Organisation
from marketplace.accounts.overseeing import area_of
from marketplace.accounts.permissions import Permission
from marketplace.accounts.queries import lineage
from marketplace.catalogue import queries as catalogue
from marketplace.foundation import audit, clock, tasks
from marketplace.foundation.db import Page, db, paginate
from marketplace.foundation.web import access, require_actor
from marketplace.intermediaries import queries as intermediaries
from marketplace.ratings import queries as ratings
from marketplace.ratings import replaying
from marketplace.ratings.models import GRADE_TITLES, Capacity, GradeRecord, RatingSubject
from marketplace.ratings.rules.entries import Grade

from .blueprint import bp
from .checks.wording import problem_in_words

AT_ONCE = 20


@dataclass(frozen=True)
class Wanted:
    """What a reader wants replayed: a firm (name or credit code), an item, a place, a day."""

    firm: str
    item: str
    place: str
    day: date


@dataclass(frozen=True)
class Redone:
    """One firm on one register: the state stored for the day, the replayed one, and whatever of
    its whole history does not agree."""

    name: str
    public_id: str
    register: str
    stored: tuple[Any, str]
    replayed: tuple[Any, str]
    differences: tuple[replaying.Difference, ...]

    @property
    def agrees(self) -> bool:
        """Whether the day and the whole history agree."""
        return self.stored == self.replayed and not self.differences


@bp.get("/supervision/replay")
@access(Permission.AUDIT_READ)
def replay() -> ResponseReturnValue:
    """Replay on demand; that somebody did is noted in the ledger."""
    actor = require_actor()
    codes = area_of(actor)
    wanted, problem = _wanted(codes)
    found: Page[Redone] | None = None
    if request.args and problem is None:
        number = request.args.get("page", 1, type=int)
        found = tasks.at_one_moment(lambda: _redo(wanted, codes, number))
        actor = require_actor()
        audit.note(
            "ratings.replayed",
            actor,
            ("rating_subjects", 0),
            day=wanted.day.isoformat(),
            checked=len(found.items),
            differences=sum(not each.agrees for each in found.items),
        )
    known = areas()
    page = render_template(
        "supervision/replay.html",
        wanted=wanted,
        problem=problem,
        page=found,
        told=problem_in_words,
        items=catalogue.names(clock.today(), lineage(codes[0])),
        places={code: known[code].name for code in codes if code in known},
        today=clock.today(),
    )
    return page, 422 if problem else 200


def _wanted(codes: Sequence[str]) -> tuple[Wanted, str | None]:
    today = clock.today()
    text = request.args.get("day", "")
    day, problem = today, None
    if text:
        try:
            day = date.fromisoformat(text)
        except ValueError:
            problem = _("日期格式为 年-月-日，例如 2026-03-02")
        if day > today:
            day, problem = today, _("复算日期不能晚于今日")
    place = request.args.get("place", "")
    if place and place not in codes:
        problem = problem or _("没有该地区，请重新选择")
    return (
        Wanted(
            firm=request.args.get("firm", "").strip()[:60],
            item=request.args.get("item", "")[:20],
            place=place if place in codes else "",
            day=day,
        ),
        problem,
    )


def _subjects(wanted: Wanted, codes: Sequence[str]) -> Select[RatingSubject]:
    here = [code for code in codes if not wanted.place or wanted.place in lineage(code)]
    query = (
        select(RatingSubject)
        .join(Organisation, Organisation.id == RatingSubject.organisation_id)
        .where(
            RatingSubject.register.in_(here),
            RatingSubject.capacity == Capacity.INTERMEDIARY,
        )
        .order_by(Organisation.name, RatingSubject.id)
    )
    if wanted.firm:
        query = query.where(
            (Organisation.credit_code == wanted.firm.upper())
            | Organisation.name.contains(wanted.firm, autoescape=True)
        )
    if wanted.item:
        offering = {
            key for code in here for key in intermediaries.organisations_offering(code, wanted.item)
        }
        query = query.where(RatingSubject.organisation_id.in_(offering))
    return query


def _redo(wanted: Wanted, codes: Sequence[str], number: int) -> Page[Redone]:
    page = paginate(_subjects(wanted, codes), number, AT_ONCE)
    timelines = {
        register: ratings.policies_of(register) for register in {row.register for row in page.items}
    }
    redone = [_one(subject, wanted.day, timelines) for subject in page.items]
    return Page(redone, page.number, page.per_page, page.total)


def _one(subject: RatingSubject, day: date, timelines: Mapping[str, Any]) -> Redone:
    differences = replaying.between(db.session.connection(), timelines, subject.id, subject.id)
    stored = replayed = (GRADE_TITLES[Grade.UNGRADED], "—")
    try:
        record = ratings.record_on(subject, day)
        if record is not None:
            stored = (GRADE_TITLES[record.grade], _score(record.hundredths))
            replayed = _replayed(subject, record)
    except (ArithmeticError, LookupError, TypeError, ValueError):
        # rows that no action would have stored: the differences name them
        replayed = (_("无法复算"), "")
    return Redone(
        name=subject.organisation.public_name,
        public_id=subject.organisation.public_id,
        register=subject.register,
        stored=stored,
        replayed=replayed,
        differences=tuple(differences),
    )


def _replayed(subject: RatingSubject, record: GradeRecord) -> tuple[Any, str]:
    known = ratings.start_of((subject.settled_on or record.from_day) + timedelta(days=1))
    rows = ratings.rows_of(subject, record.cursor)
    state = ratings.fold(subject, rows, record.from_day, known).state_on(record.from_day)
    return GRADE_TITLES[state.grade], _score(state.hundredths)


def _score(hundredths: int | None) -> str:
    return "—" if hundredths is None else str(ratings.hundredths(hundredths))
