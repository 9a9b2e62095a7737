"""Pages: the call-back desk, one call-back, the published rates and draws."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts import areas
from marketplace.accounts.overseeing import area_of, supervises
from marketplace.accounts.permissions import Permission
from marketplace.accounts.queries import below
from marketplace.foundation import clock, files, policy
from marketplace.foundation.actor import Actor
from marketplace.foundation.crypto import canonical_json
from marketplace.foundation.db import paginate
from marketplace.foundation.errors import Missing
from marketplace.foundation.forms import Form, came_back
from marketplace.foundation.web import PUBLIC, access, require_actor, run_form, writes

from ..blueprint import bp
from ..models import DIRECTION_TITLES, PART_TITLES
from ..queries import edition_of
from ..rules import EvaluationPolicy
from . import access as rights
from . import actions, listing, queries
from .forms import AttemptForm, found_form
from .models import (
    AttemptOutcome,
    CallbackDraw,
    CallbackList,
    CallbackStatus,
    EvaluationCallback,
)
from .rules import FIRST_FORMAT, FORMAT, NAMED_FORMAT


@bp.get("/supervision/callbacks")
@access(Permission.SUPERVISION_VIEW)
def callbacks() -> ResponseReturnValue:
    """What is to be called back, by deadline, and what was."""
    codes = area_of(require_actor())
    return render_template(
        "evaluations/callbacks.html",
        waiting=queries.waiting(codes),
        overdue=queries.overdue(codes, clock.now()),
        page=paginate(queries.made(codes), request.args.get("page", 1, type=int)),
        directions=DIRECTION_TITLES,
    )


@bp.get("/supervision/callbacks/<public_id>")
@access(Permission.SUPERVISION_VIEW)
def callback(public_id: str) -> ResponseReturnValue:
    """One call-back: the marks, whom to call, the questions."""
    actor = require_actor()
    return _page(rights.callback_for(actor, public_id), actor)


@bp.post("/supervision/callbacks/<public_id>/attempts")
@access(Permission.EVALUATION_REVIEW)
@writes
def attempt(public_id: str) -> ResponseReturnValue:
    """Note an attempt that reached nobody who answered."""
    actor = require_actor()
    found = rights.callback_for(actor, public_id)
    form = AttemptForm()
    return run_form(
        form,
        lambda: actions.note_attempt(
            found,
            AttemptOutcome(form.how.data),
            form.attempt_note.data or "",
            actor,
            clock.now(),
        ),
        lambda: _page(rights.callback_for(actor, public_id), actor, attempt=form),
        None,
        lambda _done: url_for("evaluations.callback", public_id=public_id),
    )


@bp.post("/supervision/callbacks/<public_id>/result")
@access(Permission.EVALUATION_REVIEW)
@writes
def conclude(public_id: str) -> ResponseReturnValue:
    """Say what was found."""
    actor = require_actor()
    found = rights.callback_for(actor, public_id)
    form = found_form(found.questions)

    def act() -> EvaluationCallback:
        now = clock.now()
        return actions.conclude(
            found,
            CallbackStatus(form.outcome.data),
            form.answers(len(found.questions)),
            form.note.data or "",
            files.store_given(form.evidence, actor, now),
            actor,
            now,
        )

    return run_form(
        form,
        act,
        lambda: _page(rights.callback_for(actor, public_id), actor, result=form),
        None,
        lambda _done: url_for("evaluations.callback", public_id=public_id),
    )


@bp.get("/supervision/callbacks/<public_id>/evidence")
@access(Permission.SUPERVISION_VIEW)
def callback_file(public_id: str) -> Response:
    """What was attached to a call-back."""
    found = rights.callback_for(require_actor(), public_id)
    if found.evidence_file is None:
        raise Missing(f"evidence of callback {public_id}")
    return files.send(found.evidence_file)


@bp.get("/data/callbacks")
@access(PUBLIC)
def callback_rates() -> ResponseReturnValue:
    """How many call-backs were made and what they found, and how the sample is drawn."""
    chosen = areas.chosen().code
    codes = below(chosen)
    today = clock.today()
    since = listing.months_over(today)[0]
    return render_template(
        "evaluations/callback_rates.html",
        rates=queries.rates(codes, since),
        published=listing.published(codes, since),
        names={code: area.name for code, area in areas.areas().items()},
        edition=edition_of(chosen, today),
    )


@bp.get("/data/callbacks/<public_id>.json")
@access(PUBLIC)
def callback_draw(public_id: str) -> Response:
    """All that a draw made before there were lists was made from, once its calls are made."""
    found = listing.draw(public_id)
    waiting, due = listing.calls_of(found)
    if waiting:
        return _file(found, {"format": FIRST_FORMAT, **_closed(waiting, due), **_seeded(found)})
    return _file(
        found,
        {
            "format": FIRST_FORMAT,
            "population": found.population,
            "population_sha256": found.population_sha256,
            **_seeded(found),
            "drawn": found.drawn,
        },
    )


@bp.get("/data/callbacks/lists/<public_id>.json")
@access(PUBLIC)
def callback_list(public_id: str) -> Response:
    """A month's list as far as it is public: its hash with the row of the ledger that holds it, the
    draw's seed once it is made, and the lines with those drawn once everybody drawn was called.

    Before, the lines would tell who is going to be called. They are tokens: whose marks they are
    stays with auditors.
    """
    found = listing.listed(public_id)
    draw = listing.draw_of(found)
    content = _of_list(found, draw)
    if draw is not None:
        waiting, due = listing.calls_of(draw)
        content |= _closed(waiting, due) if waiting else _opened(found, draw)
    return _file(found, content)


@bp.get("/supervision/callbacks/lists/<public_id>.json")
@access(Permission.AUDIT_READ)
def callback_openings(public_id: str) -> Response:
    """A month's list with whose mark each line is, for auditors: to be compared with the ledger."""
    found = listing.listed(public_id)
    if not supervises(require_actor(), found.jurisdiction_code):
        raise Missing(f"list {public_id}")
    draw = listing.draw_of(found)
    content = _of_list(found, draw) | {"lines": found.lines, "openings": found.openings}
    return _file(found, content | (_opened(found, draw) if draw is not None else {}))


def _of_list(found: CallbackList, draw: CallbackDraw | None) -> dict[str, Any]:
    row, head = listing.row_of(found), listing.head_over(found)
    values = policy.by_id(EvaluationPolicy, found.edition_id).values
    return {
        "format": NAMED_FORMAT if found.openings is None else FORMAT,
        "list_sha256": found.sha256,
        "count": len(found.lines),
        "sample_percent": values.callback_sample_percent,
        "sample_least": values.callback_sample_least,
        "row": {
            "seq": row.seq,
            "content": canonical_json(row.content()).decode(),
            "digest": row.content_digest,
            "hash": row.hash,
        },
        "draw": None
        if draw is None or head is None
        else {"head_day": head.day.isoformat(), **_seeded(draw)},
    }


def _seeded(draw: CallbackDraw) -> dict[str, Any]:
    return {"head_seq": draw.head_seq, "head": draw.head, "seed": draw.seed}


def _closed(waiting: int, due: datetime | None) -> dict[str, Any]:
    return {"calls_waiting": waiting, "calls_due": due.isoformat() if due else None}


def _opened(found: CallbackList, draw: CallbackDraw) -> dict[str, Any]:
    # lines without tokens would name the marks
    if found.openings is None:
        return {}
    return {"lines": found.lines, "drawn": draw.drawn}


def _file(found: CallbackDraw | CallbackList, content: dict[str, Any]) -> Response:
    month = f"{found.month:%Y-%m}"
    content |= {"jurisdiction": found.jurisdiction_code, "month": month}
    answer = Response(canonical_json(content), mimetype="application/json")
    name = f"callback-{found.jurisdiction_code}-{month}.json"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _page(
    found: EvaluationCallback,
    actor: Actor,
    attempt: AttemptForm | None = None,
    result: Form | None = None,
) -> str:
    refused = attempt or result
    works = found.status is CallbackStatus.WAITING and actor.may(Permission.EVALUATION_REVIEW)
    if works:
        attempt = attempt or AttemptForm(formdata=None)
        result = result or found_form(found.questions, formdata=None)
    shown = {"attempt": attempt, "result": result}
    if refused is not None:
        shown |= came_back("refused", refused)
    return render_template(
        "evaluations/callback.html",
        callback=found,
        given=found.evaluation,
        contact=queries.contact_of(found),
        directions=DIRECTION_TITLES,
        parts=PART_TITLES,
        rules=policy.by_id(EvaluationPolicy, found.edition_id).values,
        answers=list(zip(found.questions, found.answers or (), strict=False)),
        works=works,
        **shown,
    )
