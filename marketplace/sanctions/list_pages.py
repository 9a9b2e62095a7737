"""Sanctions in force, for everybody; one's own; the desk of the officers."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue

from marketplace.accounts import areas
from marketplace.accounts.permissions import Permission
from marketplace.accounts.queries import below, register_for
from marketplace.catalogue import queries as catalogue
from marketplace.foundation import clock
from marketplace.foundation.db import as_written, db, paginate
from marketplace.foundation.web import PUBLIC, access, require_actor
from marketplace.notices import queries as notices
from marketplace.ratings import queries as ratings
from marketplace.ratings.rules.entries import Grade

from . import queries
from .appeals.access import may_review
from .appeals.queries import appeals_of
from .appeals.queries import waiting as waiting_appeals
from .blueprint import bp
from .consequences import words_of
from .measures.queries import measures_of
from .models import CardStatus
from .national import queries as national
from .repairs.access import may_decide, may_verify
from .repairs.models import RepairStatus
from .repairs.queries import repair_terms, repairs_of
from .repairs.queries import waiting as waiting_repairs
from .steps import home_code

SHOWN = 10


@bp.get("/sanctions")
@access(PUBLIC)
def public() -> ResponseReturnValue:
    """Sanctions in force in the chosen area, decided there, above or below; ended ones are gone."""
    now, area = clock.now(), areas.chosen()
    today, known = clock.local_day(now), areas.areas()
    codes = [*area.lineage, *area.below[1:]]
    graded = {grade: ratings.graded(codes, grade) for grade in (Grade.D, Grade.C)}
    page = paginate(
        queries.blacklistings_in_force(now, codes=codes), request.args.get("page", 1, type=int)
    )
    return render_template(
        "sanctions/public.html",
        page=page,
        cards=queries.cards_in_force(now, codes=codes),
        national=db.session.scalars(
            national.records(now, codes).limit(as_written(SHOWN + 1))
        ).all(),
        shown=SHOWN,
        graded=graded,
        # the register that graded the firm says what follows
        measures={
            (grade, register): words_of(grade, known[register].lineage, today)
            for grade, found in graded.items()
            for register in {row.register for row in found}
        },
        names=catalogue.names(today, area.lineage),
        place=area.names,
        area_names={code: each.name for code, each in known.items()},
    )


@bp.get("/sanctions/national")
@access(PUBLIC)
def national_public() -> ResponseReturnValue:
    """Every record of the national list in force in the chosen area, with its source and end."""
    area = areas.chosen()
    codes = [*area.lineage, *area.below[1:]]
    return render_template(
        "sanctions/national.html",
        page=paginate(national.records(clock.now(), codes), request.args.get("page", 1, type=int)),
        place=area.names,
    )


@bp.get("/workspace/sanctions")
@access(Permission.OBJECT)
def own() -> ResponseReturnValue:
    """An organisation's own cards and cases, what it must answer by when, until when it may appeal."""
    actor, now = require_actor(), clock.now()
    organisation_id = actor.organisation_id or 0
    return render_template(
        "sanctions/own.html",
        cards=queries.cards_of(organisation_id),
        cases=queries.cases_of(organisation_id),
        bars=queries.bars(organisation_id, register_for(actor.jurisdiction), None, now),
        appeals=queries.appeal_periods(organisation_id, now),
        objections=notices.objections_of(organisation_id),
        filed={(each.card_id, each.case_id): each for each in appeals_of(organisation_id)},
        repairs=repairs_of(organisation_id),
        terms=repair_terms(organisation_id, now),
        today=clock.local_day(now),
        measures=measures_of(organisation_id),
        now=now,
    )


@bp.get("/supervision/cases")
@access(Permission.SUPERVISION_VIEW)
def desk() -> ResponseReturnValue:
    """Cards and cases waiting for an officer, and every case."""
    actor = require_actor()
    codes = below(home_code(actor))
    return render_template(
        "sanctions/desk.html",
        cards=[
            card
            for status in (CardStatus.PROPOSED, CardStatus.REPORTED)
            for card in queries.cards_with(status, codes)
        ],
        running=queries.cards_with(CardStatus.CORRECTING, codes)
        + queries.cards_with(CardStatus.SUSPENDED, codes),
        page=paginate(
            queries.cases(codes, repaired=actor.may(Permission.AUDIT_READ)),
            request.args.get("page", 1, type=int),
        ),
        # the numbers are the reader's own work: an appeal is the superior's
        appeals=sum(may_review(actor, each) for each in waiting_appeals(codes)),
        repairs=sum(
            may(actor, each)
            for status, may in (
                (RepairStatus.FILED, may_verify),
                (RepairStatus.VERIFIED, may_decide),
            )
            for each in waiting_repairs(codes, status)
        ),
    )
