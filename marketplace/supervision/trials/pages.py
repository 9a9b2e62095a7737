"""Pages of trials: those of an area, a new one, one with its figures, adoption."""

from __future__ import annotations

from typing import Any

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.areas import areas
from marketplace.accounts.overseeing import area_of
from marketplace.accounts.permissions import Permission
from marketplace.accounts.queries import lineage
from marketplace.catalogue import queries as catalogue
from marketplace.foundation import clock
from marketplace.foundation.crypto import canonical_json
from marketplace.foundation.db import paginate
from marketplace.foundation.errors import Missing
from marketplace.foundation.forms import came_back
from marketplace.foundation.web import access, require_actor, run_form, writes
from marketplace.ratings import queries as ratings
from marketplace.ratings.models import GRADE_TITLES
from marketplace.ratings.rules.entries import Grade

from ..blueprint import bp
from ..queries import people
from . import actions, queries
from .forms import AdoptForm, AdoptionForm, ReturnForm, TrialForm
from .models import RatingTrial
from .titles import KEY_TITLES, PART_TITLES

GRADES = (Grade.A, Grade.B, Grade.C, Grade.D, Grade.UNGRADED)


@bp.get("/supervision/rating-trials")
@access(Permission.SUPERVISION_VIEW)
def trials() -> ResponseReturnValue:
    """The trials of the office's area, those to be decided first."""
    page = paginate(queries.trials(area_of(require_actor())), request.args.get("page", 1, type=int))
    return render_template("supervision/trials/list.html", page=page, areas=areas())


@bp.route("/supervision/rating-trials/new", methods=["GET", "POST"])
@access(Permission.POLICY_PROPOSE)
@writes
def new_trial() -> ResponseReturnValue:
    """Numbers to be tried, those in force filled in."""
    actor = require_actor()
    if actor.jurisdiction is None:
        raise Missing("no office")
    present = queries.present_edition(actor.jurisdiction, clock.today())
    numbers = queries.numbers_of(present.values)
    form = TrialForm()
    if request.method == "GET":
        form.day.data = clock.today()
        for key, number in numbers.items():
            form[key].data = number
    return run_form(
        form,
        lambda: actions.draft_trial(
            form.title.data or "", form.numbers(), form.day.data, actor, clock.now()
        ),
        lambda: render_template(
            "supervision/trials/new.html", form=form, present=present, parts=form.parts(numbers)
        ),
        None,
        lambda made: url_for("supervision.trial", public_id=made.public_id),
    )


@bp.get("/supervision/rating-trials/<public_id>")
@access(Permission.SUPERVISION_VIEW)
def trial(public_id: str) -> ResponseReturnValue:
    """One trial: what differs, who changes grade, by item and register, what was decided."""
    return _page(queries.trial_for(require_actor(), public_id))


@bp.get("/supervision/rating-trials/<public_id>/trial.json")
@access(Permission.SUPERVISION_VIEW)
def trial_file(public_id: str) -> Response:
    """All that a trial was computed from and what came of it, for whoever computes it again."""
    found = queries.trial_for(require_actor(), public_id)
    told = {
        "format": "zjcs-rating-trial/1",
        "trial": found.public_id,
        "jurisdiction": found.jurisdiction_code,
        "day": found.day.isoformat(),
        "known_at": found.known_at.isoformat(),
        "ledger_cursor": found.cursor,
        "head": {"seq": found.head_seq, "hash": found.head},
        "values": found.content,
        "values_sha256": found.content_sha256,
        "result": found.result,
        "result_sha256": found.result_sha256,
    }
    answer = Response(canonical_json(told), mimetype="application/json")
    name = f"rating-trial-{found.public_id}.json"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@bp.route("/supervision/rating-trials/<public_id>/proposal", methods=["GET", "POST"])
@access(Permission.POLICY_PROPOSE)
@writes
def propose_trial(public_id: str) -> ResponseReturnValue:
    """Propose the tried numbers for adoption."""
    actor = require_actor()
    found = queries.trial_for(actor, public_id)
    form = AdoptionForm()

    def act() -> None:
        review = {
            "document": form.review_document.data or "",
            "conclusion": form.review_conclusion.data or "",
            "date": form.review_date.data.isoformat(),
        }
        actions.propose_adoption(
            found,
            form.effective_from.data,
            form.legal_basis.data or "",
            review,
            actor,
            clock.now(),
        )

    return run_form(
        form,
        act,
        lambda: render_template("supervision/trials/proposal.html", form=form, trial=found),
        None,
        lambda _done: url_for("supervision.trial", public_id=public_id),
    )


@bp.post("/supervision/rating-trials/<public_id>/adoption")
@access(Permission.POLICY_APPROVE)
@writes
def adopt_trial(public_id: str) -> ResponseReturnValue:
    """Adopt: the edition is published and the public told."""
    actor = require_actor()
    found = queries.trial_for(actor, public_id)
    form = AdoptForm()
    return run_form(
        form,
        lambda: actions.adopt(found, actor, clock.now()),
        lambda: _page(found, **came_back("adoption", form)),
        None,
        lambda _edition: url_for("supervision.trial", public_id=public_id),
    )


@bp.route("/supervision/rating-trials/<public_id>/return", methods=["GET", "POST"])
@access(Permission.POLICY_APPROVE)
@writes
def return_trial(public_id: str) -> ResponseReturnValue:
    """Send a proposal back with the reason."""
    actor = require_actor()
    found = queries.trial_for(actor, public_id)
    form = ReturnForm()
    return run_form(
        form,
        lambda: actions.return_trial(found, form.note.data or "", actor, clock.now()),
        lambda: render_template("supervision/trials/return.html", form=form, trial=found),
        None,
        lambda _done: url_for("supervision.trial", public_id=public_id),
    )


def _page(found: RatingTrial, **more: Any) -> str:
    actor = require_actor()
    asked = {name: request.args.get(name, "") for name in ("item", "register", "move")}
    page = paginate(
        queries.changes(found, **asked), request.args.get("page", 1, type=int), per_page=50
    )
    result = found.result or {}
    own = actor.jurisdiction == found.jurisdiction_code
    present = queries.present_edition(found.jurisdiction_code, found.day)
    values: dict[str, Any] = {
        "trial": found,
        "page": page,
        "asked": asked,
        "filtered": any(asked.values()),
        "areas": areas(),
        "items": catalogue.names(found.day, lineage(found.jurisdiction_code)),
        "grades": GRADES,
        "grade_titles": GRADE_TITLES,
        "moves": _moves(result),
        "present": present,
        "differing": queries.differing(found, present),
        "key_titles": KEY_TITLES,
        "part_titles": PART_TITLES,
        "hundredths": ratings.hundredths,
        "may_propose": own and actor.may(Permission.POLICY_PROPOSE),
        "may_decide": own
        and actor.may(Permission.POLICY_APPROVE)
        and actor.user_id != found.proposed_by,
        "people": people([found.drafted_by, found.proposed_by, found.decided_by]),
        "adoption": AdoptForm(),
    }
    return render_template("supervision/trials/trial.html", **{**values, **more})


def _moves(result: dict[str, Any]) -> list[tuple[str, Grade, Grade, int]]:
    """From which grade to which how many go, the most first."""
    moves = []
    for name, count in result.get("moves", {}).items():
        before, _arrow, after = name.partition(">")
        moves.append((name, Grade(before), Grade(after), count))
    return sorted(moves, key=lambda move: (-move[3], move[0]))
