"""The page on which a party marks the other, and reads both marks once they are revealed."""

from __future__ import annotations

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts import revealing
from marketplace.accounts.permissions import Permission
from marketplace.contracts.models import Contract
from marketplace.foundation import clock, policy
from marketplace.foundation.forms import Form, came_back
from marketplace.foundation.web import access, require_actor, run_form, writes

from . import access as rights
from . import actions, queries
from .assessors import pages as assessor_pages
from .blueprint import bp
from .bundled import pages as bundled_pages
from .bundled import paper_pages
from .callbacks import pages as callback_pages
from .callbacks.access import contact_of_callback
from .departments import pages as department_pages
from .departments import queries as departments
from .forms import FORMS
from .models import DIRECTION_TITLES, PART_TITLES, EvaluationWindow, WindowStatus
from .reviews import pages as review_pages
from .reviews import queries as reviews
from .rules import PARTIES, Direction, EvaluationPolicy, may_revise
from .screens import pages as screen_pages
from .served import pages as served_pages

__all__ = [
    "assessor_pages",
    "bp",
    "bundled_pages",
    "callback_pages",
    "department_pages",
    "paper_pages",
    "review_pages",
    "screen_pages",
    "served_pages",
]
revealing.subject("callback", contact_of_callback)


@bp.route("/contracts/<public_id>/evaluation", methods=["GET", "POST"])
@access(Permission.EVALUATE)
@writes
def evaluate(public_id: str) -> ResponseReturnValue:
    """Give or revise marks; nothing here tells whether the other side has marked."""
    actor = require_actor()
    contract, direction = rights.contract_for(actor, public_id)
    form = FORMS[direction]()
    if not form.is_submitted():
        window = queries.window_of(contract)
        own = queries.evaluation(window, direction) if window else None
        if own is not None:
            given = {part: str(mark) for part, mark in own.latest.marks.items()}
            form = FORMS[direction](data={**given, "reason": own.latest.reason})
    return run_form(
        form,
        lambda: actions.submit_evaluation(
            contract, form.marks(direction), form.reason.data, actor, clock.now()
        ),
        lambda: _page(contract, direction, form),
        None,
        lambda _given: url_for("evaluations.evaluate", public_id=public_id),
    )


def _page(contract: Contract, direction: Direction, form: Form) -> str:
    window = queries.window_of(contract)
    revealed = queries.revealed_in(window) if window else []
    return render_template(
        "evaluations/evaluate.html",
        contract=contract,
        direction=direction,
        directions=DIRECTION_TITLES,
        parts=PART_TITLES,
        window=window,
        over=queries.can_be_evaluated(contract),
        own=queries.evaluation(window, direction) if window else None,
        open=_open(window, direction),
        revealed=revealed,
        department=departments.department_of(contract)
        if direction is Direction.FIRM_TO_OWNER
        else None,
        mine=require_actor().organisation_id,
        replies=reviews.replies_to(revealed),
        reviews=reviews.reviews_of(revealed),
        assessed=_rules(contract, window).assessor_kinds,
        both=len(queries.sides_in(window)) == len(PARTIES) if revealed and window else False,
        dispute_until={
            each.id: reviews.dispute_until(each)
            for each in revealed
            if each.about_organisation_id == require_actor().organisation_id
        },
        **came_back("form", form),
    )


def _rules(contract: Contract, window: EvaluationWindow | None) -> EvaluationPolicy:
    """The rules of a contract's window, also before it is opened."""
    if window is None:
        return queries.edition_for(contract, clock.now()).values
    return policy.by_id(EvaluationPolicy, window.edition_id).values


def _open(window: EvaluationWindow | None, direction: Direction) -> bool:
    """Whether this side may still give or revise its marks."""
    now = clock.now()
    if window is None:
        return True
    if window.status is not WindowStatus.OPEN or now >= window.ends_at:
        return False
    own = queries.evaluation(window, direction)
    rules = policy.by_id(EvaluationPolicy, window.edition_id).values
    return own is None or may_revise(len(own.versions), own.revise_until, now, rules)
