"""Public pages of the hall: who sits where until when, the calls with their marks."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue

from marketplace.accounts import areas
from marketplace.catalogue import queries as catalogue
from marketplace.foundation import clock
from marketplace.foundation.db import paginate
from marketplace.foundation.web import PUBLIC, access
from marketplace.notices import queries as notice_queries

from ..blueprint import bp
from . import access as rights
from . import queries, showing
from .calling import RESULT_NOTICE
from .models import HallCall


def names_of(call: HallCall) -> list[str]:
    """The items of a call in words; empty: every item."""
    area = areas.areas()[call.register_code]
    labels = catalogue.labels(clock.today(), area.lineage)
    return [labels[code].name if code in labels else code for code in call.item_codes]


@bp.get("/hall")
@access(PUBLIC)
def hall() -> ResponseReturnValue:
    """The windows of the hall and who sits there, by grade, then reputation."""
    area, now = areas.chosen(), clock.now()
    register = area.register or area.code
    day = clock.local_day(now)
    labels = catalogue.labels(day, area.lineage)
    sittings = queries.sittings(register, now)
    windows = queries.windows(register)
    taken = {each.window.id for each in sittings}
    return render_template(
        "intermediaries/hall/hall.html",
        place=areas.areas()[register].name if register in areas.areas() else "",
        edition=queries.hall_policy(register, day),
        sittings=sittings,
        free=[each for each in windows if each.id not in taken],
        calls=queries.open_calls(register, now),
        names={code: each.name for code, each in labels.items()},
    )


@bp.get("/hall/calls")
@access(PUBLIC)
def hall_calls() -> ResponseReturnValue:
    """Every published call, the newest first."""
    area = areas.chosen()
    page = paginate(
        queries.public_calls(area.register or area.code), request.args.get("page", 1, type=int)
    )
    return render_template("intermediaries/hall/calls.html", page=page, now=clock.now())


@bp.get("/hall/calls/<public_id>")
@access(PUBLIC)
def hall_call(public_id: str) -> ResponseReturnValue:
    """One call: what it asks, and once the marking is over the ranking with all marks."""
    call, now = rights.public_call(public_id), clock.now()
    return render_template(
        "intermediaries/hall/call.html",
        call=call,
        now=now,
        items=names_of(call),
        ranking=showing.ranking_of(call),
        grounds=showing.grounds_of(call),
        values=queries.edition_of(call, clock.local_day(now)).values,
        received=sum(each.status != "withdrawn" for each in queries.applications(call)),
        notice=notice_queries.latest(RESULT_NOTICE, call),
        takes=call.apply_by is not None and call.status == "open" and now < call.apply_by,
    )
