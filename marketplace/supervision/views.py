"""Pages: the overview, the lamps, a case's proposal and decision; the audit's are in ``audit_pages``."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TypeVar

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts import queries as accounts
from marketplace.accounts.permissions import Permission
from marketplace.accounts.stepping import step_up
from marketplace.catalogue import queries as catalogue
from marketplace.foundation import clock, policy, tasks
from marketplace.foundation.db import paginate
from marketplace.foundation.errors import Missing
from marketplace.foundation.web import access, require_actor, run_form, writes
from marketplace.sanctions.access import case_for_officer
from marketplace.sanctions.actions.cases import propose_decision
from marketplace.sanctions.forms import ProposalForm
from marketplace.sanctions.models import CaseStatus
from marketplace.sanctions.rules import SanctionsPolicy, Severity

from . import (
    actions,
    appeal_pages,
    audit_pages,
    national_pages,
    owner_pages,
    prices,
    queries,
    replay_pages,
)
from . import lamps as lamps_of
from .blueprint import bp
from .collusion import pages as collusion_pages
from .complaints import pages as complaint_pages
from .findings import pages as finding_pages
from .forms import DecisionForm
from .inspections import pages as inspection_pages
from .leaving import lapse_pages as lapse_pages
from .leaving import pages as leaving_pages
from .models import ClockKind
from .related import pages as related_pages
from .rules import Lamp
from .trials import pages as trial_pages
from .unusual import pages as unusual_pages
from .waiting.gathering import in_area

__all__ = [
    "appeal_pages",
    "audit_pages",
    "bp",
    "collusion_pages",
    "complaint_pages",
    "finding_pages",
    "inspection_pages",
    "lapse_pages",
    "leaving_pages",
    "national_pages",
    "owner_pages",
    "prices",
    "related_pages",
    "replay_pages",
    "trial_pages",
    "unusual_pages",
]
LATELY = timedelta(days=90)
E = TypeVar("E", bound=StrEnum)


@bp.get("/supervision")
@access(Permission.SUPERVISION_VIEW)
def home() -> ResponseReturnValue:
    """What waits for an officer, nearest deadline first."""
    codes, now = _codes(), clock.now()
    waiting = in_area(require_actor(), now)
    return render_template(
        "supervision/home.html",
        waiting=waiting,
        own=sum(each.own for each in waiting),
        overdue=sum(each.matter.is_overdue(now) for each in waiting),
        counts=lamps_of.clock_counts(codes, now),
        urgent=lamps_of.urgent(codes, now),
        facts=lamps_of.red_facts(codes, now - LATELY),
        failures=tasks.failures(now),
        colour_of=lamps_of.colour_of,
        now=now,
    )


@bp.get("/supervision/lamps")
@access(Permission.SUPERVISION_VIEW)
def lamps() -> ResponseReturnValue:
    """Every clock that runs in the officer's area, by colour and kind."""
    codes, now = _codes(), clock.now()
    colour = _choice(Lamp, "colour")
    kind = _choice(ClockKind, "kind")
    return render_template(
        "supervision/lamps.html",
        page=paginate(
            lamps_of.clocks(codes, now, colour, kind),
            request.args.get("page", 1, type=int),
            per_page=50,
        ),
        counts=lamps_of.clock_counts(codes, now),
        colour=colour,
        kind=kind,
        kinds=list(ClockKind),
        colour_of=lamps_of.colour_of,
        policy=lamps_of.lamps_policy(codes[0], now),
        now=now,
    )


def _codes() -> list[str]:
    actor = require_actor()
    if actor.jurisdiction is None:
        raise Missing("no jurisdiction")
    return accounts.below(actor.jurisdiction)


def _choice(kind: type[E], name: str) -> E | None:
    """What a filter names; anything unknown filters nothing."""
    try:
        return kind(request.args.get(name, ""))
    except ValueError:
        return None


@bp.route("/cases/<public_id>/proposal", methods=["GET", "POST"])
@access(Permission.SANCTION_PROPOSE)
@writes
def propose(public_id: str) -> ResponseReturnValue:
    """Propose a decision; what the firm offers is named first among what it may be barred from."""
    actor = require_actor()
    case = case_for_officer(actor, public_id)
    if request.method == "GET" and case.status is not CaseStatus.HEARD:
        return redirect(url_for("sanctions.case", public_id=public_id))
    values = policy.by_id(SanctionsPolicy, case.edition_id).values
    lineage = accounts.lineage(case.jurisdiction_code)
    known = catalogue.names(clock.today(), lineage)
    form = ProposalForm(known, data={"months": values.default_months})

    def act() -> None:
        assert form.months.data is not None  # InputRequired
        propose_decision(
            case,
            Severity(form.severity.data),
            form.months.data,
            form.items.data or [],
            form.reason.data or "",
            actor,
            clock.now(),
        )

    def page() -> str:
        again = case_for_officer(actor, public_id)
        words = request.args.get("q", "").strip()[:40]
        offered = queries.offered_codes(again)
        others = {
            category: [
                code
                for code, name in names.items()
                if code not in offered and words.lower() in name.lower()
            ]
            for category, names in catalogue.by_category(clock.today(), lineage).items()
        }
        return render_template(
            "supervision/proposal.html",
            form=form,
            case=again,
            policy=values,
            words=words,
            offered=[code for code in known if code in offered],
            others={category: codes for category, codes in others.items() if codes},
            choices={option.data: option for option in form["items"]},
        )

    return run_form(
        form, act, page, None, lambda _done: url_for("sanctions.case", public_id=public_id)
    )


@bp.route("/supervision/cases/<public_id>/decision", methods=["GET", "POST"])
@access(Permission.SANCTION_DECIDE)
@step_up
@writes
def decide(public_id: str) -> ResponseReturnValue:
    """Decide a case with everything that follows from it."""
    actor = require_actor()
    case = case_for_officer(actor, public_id)
    if request.method == "GET" and case.status is not CaseStatus.PROPOSED:
        return redirect(url_for("sanctions.case", public_id=public_id))
    form = DecisionForm()
    return run_form(
        form,
        lambda: actions.blacklist_and_withdraw(case, form.reason.data or "", actor, clock.now()),
        lambda: render_template(
            "supervision/decision.html", form=form, case=case, names=catalogue.names(clock.today())
        ),
        None,
        lambda _done: url_for("sanctions.case", public_id=public_id),
    )
