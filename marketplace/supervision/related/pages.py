"""Who may stand behind a firm, and the matters opened because of it; every look is noted."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from marketplace.accounts.overseeing import area_of
from marketplace.accounts.permissions import Permission
from marketplace.foundation import audit, clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import paginate
from marketplace.foundation.forms import Form, came_back
from marketplace.foundation.web import access, require_actor, run_form, writes
from marketplace.intermediaries.likeness import actions as likeness
from marketplace.intermediaries.likeness import queries as matching
from marketplace.intermediaries.likeness.access import match_for
from marketplace.intermediaries.likeness.forms import FindingForm, MatchDecisionForm
from marketplace.intermediaries.likeness.models import (
    STANDING_TITLES,
    TIE_TITLES,
    Match,
    MatchStatus,
)
from marketplace.intermediaries.likeness.reasons import reasons

from ..blueprint import bp
from . import queries
from .deciding import decide_match

SEEN = "related_firms.seen"


@bp.get("/supervision/related/<public_id>")
@access(Permission.SUPERVISION_VIEW)
def related_firms(public_id: str) -> str:
    """Bodies that have something in common with a firm."""
    actor = require_actor()
    found = queries.firm_to_check(actor, public_id)
    related = queries.related_to(found, clock.now())
    audit.note(SEEN, actor, (found.__tablename__, found.id), found=len(related))
    return render_template(
        "supervision/related.html",
        firm=found,
        related=related,
        titles=TIE_TITLES,
        matches=[
            match
            for match in matching.about(found.id)
            if match.firm.register_code in area_of(actor)
        ],
    )


@bp.get("/supervision/likeness")
@access(Permission.SUPERVISION_VIEW)
def likeness_desk() -> str:
    """The matters of the officer's area, those that wait first."""
    page = paginate(
        matching.matches(area_of(require_actor())), request.args.get("page", 1, type=int)
    )
    return render_template(
        "supervision/likeness/list.html", page=page, titles=TIE_TITLES, now=clock.now()
    )


@bp.get("/supervision/likeness/<public_id>")
@access(Permission.SUPERVISION_VIEW)
def likeness_match(public_id: str) -> str:
    """One matter: reason by reason, what the firm says, what was decided of the two before."""
    actor = require_actor()
    found = match_for(actor, public_id)
    audit.note(SEEN, actor, (found.__tablename__, found.id), found=len(found.ties))
    return _page(actor, found)


def _page(actor: Actor, found: Match, **forms: Form) -> str:
    values = matching.likeness_policy(found.firm.register_code, clock.local_day(found.opened_at))
    may_propose = found.status is MatchStatus.OPEN and actor.may(Permission.ADMISSION_CHECK)
    may_decide = (
        found.status is MatchStatus.PROPOSED
        and actor.may(Permission.ADMISSION_DECIDE)
        and actor.user_id != found.proposed_by
    )
    return render_template(
        "supervision/likeness/match.html",
        match=found,
        reasons=reasons(found),
        history=[
            each
            for each in matching.decided_with(found.firm, found.other, found.record)
            if each.id != found.id
        ],
        titles=TIE_TITLES,
        standings=[STANDING_TITLES[code] for code in found.standings],
        values=values.values,
        may_propose=may_propose,
        may_decide=may_decide,
        now=clock.now(),
        **{
            "finding": FindingForm(formdata=None) if may_propose else None,
            "decision": MatchDecisionForm(formdata=None) if may_decide else None,
            "top": None,
            **forms,
        },
    )


@bp.post("/supervision/likeness/<public_id>/finding")
@access(Permission.ADMISSION_CHECK)
@writes
def find_likeness(public_id: str) -> ResponseReturnValue:
    """Propose what was found."""
    actor = require_actor()
    found = match_for(actor, public_id)
    form = FindingForm()
    return run_form(
        form,
        lambda: likeness.propose(
            found, MatchStatus(form.outcome.data), form.reason.data or "", actor, clock.now()
        ),
        lambda: _page(actor, match_for(actor, public_id), **came_back("finding", form)),
        _("核查意见已提交，由其他审批人认定"),
        lambda _none: url_for("supervision.likeness_match", public_id=public_id),
    )


@bp.post("/supervision/likeness/<public_id>/decision")
@access(Permission.ADMISSION_DECIDE)
@writes
def decide_likeness(public_id: str) -> ResponseReturnValue:
    """Decide as proposed, or send back."""
    actor = require_actor()
    found = match_for(actor, public_id)
    form = MatchDecisionForm()

    def act() -> None:
        reason, now = form.reason.data or "", clock.now()
        if form.conclusion.data == "decide":
            decide_match(found, reason, actor, now)
        else:
            likeness.send_back(found, reason, actor, now)

    return run_form(
        form,
        act,
        lambda: _page(actor, match_for(actor, public_id), **came_back("decision", form)),
        _("已办理"),
        lambda _none: url_for("supervision.likeness_match", public_id=public_id),
    )
