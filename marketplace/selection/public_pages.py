"""What came out, for everybody: results, proofs, ceremonies, the award letter for who it concerns."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Response, redirect, render_template, request, url_for
from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.accounts.permissions import Permission
from marketplace.foundation import clock
from marketplace.foundation.errors import Missing
from marketplace.foundation.forms import came_back
from marketplace.foundation.web import (
    PUBLIC,
    SIGNED_IN,
    access,
    current_actor,
    require_actor,
    run_form,
    writes,
)
from marketplace.notices import queries as notices
from marketplace.projects.pricing import check_of

from . import access as objects
from . import actions, queries
from .blueprint import bp
from .forms import NumberForm
from .judging import showing
from .keyholding import queries as keys
from .letter import award_letter as set_letter
from .methods.public_value import OWNER
from .models import CeremonyNumberRow
from .proof_page import proof_steps
from .sealing import low, opening
from .sealing.models import TieDraw
from .talks import queries as talks


@bp.get("/results/<public_id>")
@access(PUBLIC)
def result(public_id: str) -> Any:
    """What came out: the winner, every entrant, the proof, objections with their clock."""
    need, running = objects.public_round(public_id)
    actor = current_actor()
    link = f"/results/{need.public_id}"
    closed = running.closed_at is not None
    award = queries.award_of(need)
    decided = award if award is not None and award.decided_at is not None else None
    return render_template(
        "selection/result.html",
        need=need,
        running=running,
        award=decided,
        rounds=queries.rounds_of(need),
        awards=[each for each in queries.awards_of(need) if each.decided_at is not None],
        count=queries.entry_count(need),
        listed=queries.in_place_order(running) if closed else [],
        void=queries.void(running) if closed else [],
        passed=queries.passed_over(running) if closed else (),
        places=queries.places(running),
        steps=proof_steps(need, running),
        shares=keys.shares(running),
        talks=talks.of_round(running) if decided is not None else [],
        notice=notices.latest("award", decided) if decided is not None else None,
        price_check=check_of(decided.price_check_id) if decided is not None else None,
        annulment=queries.annulment_of(running),
        judging=showing.judging(need, running),
        decisions=notices.pointing_to("complaint", link),
        objected=actor is not None
        and actor.organisation_id is not None
        and actor.may(Permission.OBJECT)
        and notices.has_objected(link, actor.organisation_id),
        lows=low.of_round(running) if running.unsealed_at else [],
        ties=opening.tie_draws(running) if running.ranking else [],
        tied=opening.tied_codes(running) if running.ranking else (),
        middle=opening.shown_middle(need, running),
        trim_from=queries.edition_of(need, clock.today())[1].sealed.trim_from,
    )


@bp.get("/results/<public_id>/proof.json")
@access(PUBLIC)
def proof(public_id: str) -> Response:
    """The canonical proof of a draw; `?attempt=` names an earlier one."""
    need = objects.public_need(public_id)
    text = queries.proof_of(need, request.args.get("attempt", type=int))
    response = Response(text.encode(), mimetype="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="{need.number}.json"'
    return response


@bp.get("/results/<public_id>/ties/<int:number>.json")
@access(PUBLIC)
def tie_proof(public_id: str, number: int) -> Response:
    """The canonical proof of the draw among one group of equals."""
    found = _tie_draw(public_id, number)
    response = Response(found.proof.encode(), mimetype="application/json")
    name = f"{found.round.need.number}-tie-{number}.json"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _tie_draw(public_id: str, number: int) -> TieDraw:
    _need, running = objects.closed_round(public_id)
    found = next((each for each in opening.tie_draws(running) if each.number == number), None)
    if found is None:
        raise Missing(f"need {public_id} has no draw among equals {number}")
    return found


@bp.get("/verify")
@access(PUBLIC)
def verify() -> Any:
    """Check a proof in the reader's own browser; `?need=` puts that need's proof on the page, with
    `&tie=` that of the draw among one group of equals, with `&panel=1` that of the judges' draw."""
    asked = request.args.get("need")
    if not asked:
        return render_template("selection/verify.html", need=None, proof=None)
    need = objects.public_need(asked)
    attempt, tie, panel = (request.args.get(name, type=int) for name in ("attempt", "tie", "panel"))
    if panel is not None:
        _need, running = objects.closed_round(asked)
        proof = showing.proof_of_judges(running)
        file = url_for("selection.judges_proof", public_id=asked)
    elif tie is not None:
        proof = _tie_draw(asked, tie).proof
        file = url_for("selection.tie_proof", public_id=asked, number=tie)
    else:
        proof = queries.proof_of(need, attempt)
        file = url_for("selection.proof", public_id=asked, attempt=attempt)
    return render_template(
        "selection/verify.html", need=need, proof=proof, file=file, of_judges=panel is not None
    )


@bp.route("/needs/<public_id>/ceremony", methods=["GET", "POST"])
@access(PUBLIC)
@writes
def ceremony(public_id: str) -> Any:
    """A draw's public ceremony: who takes part, commitments, numbers; commit and reveal."""
    need, running = objects.closed_round(public_id)
    if not queries.uses_ceremony(need):
        return redirect(url_for("selection.result", public_id=public_id))
    form = NumberForm()
    begun = running.commit_ends_at is not None and clock.now() >= running.commit_ends_at
    act = actions.reveal_number if begun else actions.commit_number
    if request.method == "POST":
        require_actor()
    else:
        form.number.data = f"{secrets.randbelow(10**39):039d}"
    return run_form(
        form,
        lambda: act(need, form.number.data, require_actor()),
        lambda: _ceremony_page(public_id, form),
        _("数字已公布") if begun else _("承诺已提交，数字已密封"),
        lambda _result: url_for("selection.ceremony", public_id=public_id),
    )


def _ceremony_page(public_id: str, form: NumberForm) -> str:
    need, running = objects.closed_round(public_id)
    participant = queries.ceremony_part(need, current_actor())
    rows = queries.ceremony_numbers(running)
    return render_template(
        "selection/ceremony.html",
        need=need,
        running=running,
        rows=rows,
        names={row.participant: _participant_name(row) for row in rows},
        participant=participant,
        mine=next((row for row in rows if row.participant == participant), None),
        phase=queries.ceremony_phase(running, clock.now()),
        **came_back("form", form),
    )


def _participant_name(row: CeremonyNumberRow) -> str:
    if row.participant == OWNER:
        return str(_("项目业主"))
    return accounts.organisation(row.organisation_id).public_name


@bp.get("/awards/<public_id>/letter.pdf")
@access(SIGNED_IN)
def award_letter(public_id: str) -> Response:
    """The award letter as PDF, for the firm, the owner and supervision."""
    award = objects.lettered_award(require_actor(), public_id)
    response = Response(set_letter(award), mimetype="application/pdf")
    name = f"{award.letter_number}.pdf"
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return response
