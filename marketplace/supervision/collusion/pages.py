"""Pages: what the screens found in an area, one flag with its evidence and the decision on it."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.overseeing import area_of, supervises
from marketplace.accounts.permissions import Permission
from marketplace.foundation import clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import paginate
from marketplace.foundation.errors import Missing
from marketplace.foundation.forms import came_back
from marketplace.foundation.web import access, require_actor, run_form, writes

from ..blueprint import bp
from . import actions, queries, wording
from .forms import CollusionForm
from .models import SCREEN_TITLES, CollusionFlag, CollusionStatus
from .rules.screens import Screen


@bp.get("/supervision/collusion")
@access(Permission.SUPERVISION_VIEW)
def collusion_flags() -> ResponseReturnValue:
    """What the screens found, undecided first."""
    codes = area_of(require_actor())
    waiting = queries.waiting(codes)
    page = paginate(queries.decided(codes), request.args.get("page", 1, type=int))
    shown = [*waiting, *page.items]
    names = queries.names_of([key for each in shown for key in each.firms])
    return render_template(
        "supervision/collusion/flags.html",
        waiting=waiting,
        page=page,
        titles=SCREEN_TITLES,
        names=names,
        sentences={each.id: wording.sentence(each) for each in shown},
        rates={each.id: wording.base_rate(each) for each in shown},
        run=queries.last_run(codes),
    )


@bp.get("/supervision/collusion/<public_id>")
@access(Permission.SUPERVISION_VIEW)
def collusion_flag(public_id: str) -> ResponseReturnValue:
    """One flag: its sentence, its base rate, the needs it rests on."""
    actor = require_actor()
    return _page(_flag_for(actor, public_id), actor)


@bp.post("/supervision/collusion/<public_id>/decision")
@access(Permission.SANCTION_PROPOSE)
@writes
def decide_collusion_flag(public_id: str) -> ResponseReturnValue:
    """Say what a flag is."""
    actor = require_actor()
    found = _flag_for(actor, public_id)
    form = CollusionForm()
    return run_form(
        form,
        lambda: actions.decide(
            found, form.outcome.data == "pursue", form.reason.data or "", actor, clock.now()
        ),
        lambda: _page(_flag_for(actor, public_id), actor, form),
        None,
        lambda _done: url_for("supervision.collusion_flag", public_id=public_id),
    )


def _flag_for(actor: Actor, public_id: str) -> CollusionFlag:
    found = queries.flag(public_id)
    if not supervises(actor, found.register):
        raise Missing(f"flag {public_id}")
    return found


def _page(found: CollusionFlag, actor: Actor, refused: CollusionForm | None = None) -> str:
    form = refused
    decides = found.status is CollusionStatus.RAISED and actor.may(Permission.SANCTION_PROPOSE)
    if form is None and decides:
        form = CollusionForm(formdata=None)
    shown = {"form": form} | (came_back("form", refused) if refused is not None else {})
    names = queries.names_of(found.firms)
    return render_template(
        "supervision/collusion/flag.html",
        flag=found,
        title=SCREEN_TITLES[found.screen],
        sentence=wording.sentence(found),
        rate=wording.base_rate(found),
        firms=[names[key] for key in found.firms if key in names],
        needs=queries.needs_behind(found),
        documents=queries.documents_behind(found) if found.screen is Screen.DOCUMENTS else [],
        names=names,
        earlier=queries.earlier(found),
        **shown,
    )
