"""Pages of choosing a firm: entering, picking, results and proofs, ceremony, lottery."""

from __future__ import annotations

import secrets
from datetime import date
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.accounts import revealing
from marketplace.accounts.permissions import Permission
from marketplace.accounts.stepping import step_up_to_send
from marketplace.foundation import audit, clock
from marketplace.foundation.crypto import signing_public_key
from marketplace.foundation.db import db, paginate
from marketplace.foundation.errors import DomainError, Invalid, Refused
from marketplace.foundation.money import format_yuan
from marketplace.foundation.web import (
    PUBLIC,
    SIGNED_IN,
    access,
    current_actor,
    require_actor,
    show_date,
    writes,
)
from marketplace.notices import queries as notices
from marketplace.projects import queries as projects

from . import access as objects
from . import actions, prospects, queries
from .forms import ButtonForm, EntryForm, LotteryForm, NumberForm, PickForm, ReasonForm
from .letter import award_letter as set_letter
from .methods.public_value import OWNER
from .models import CeremonyNumberRow, EntryStatus
from .personal import contact_of_need, contact_of_winner
from .proof_page import proof_steps

bp = Blueprint("selection", __name__)
revealing.subject("need", contact_of_need)
revealing.subject("award", contact_of_winner)


@bp.route("/needs/<public_id>/enter", methods=["GET", "POST"])
@access(Permission.FIRM_ENTER)
@writes
def enter(public_id: str) -> Any:
    """Enter a need, or change the entry that stands."""
    actor = require_actor()
    need = objects.public_need(public_id)
    assert actor.organisation_id is not None
    mine = queries.my_entry(need, actor.organisation_id)
    form = EntryForm(data=_entry_defaults(mine))
    status = form.http_status
    if form.validate_on_submit():
        try:
            assert form.price.data is not None
            entry = actions.enter_need(need, form.contribution.data or "", form.price.data, actor)
            flash(_("报名已收到，回执见下"), "good")
            return redirect(url_for("selection.entry", public_id=entry.public_id), 303)
        except DomainError as error:
            db.session.rollback()
            need = objects.public_need(public_id)
            audit.note("entry.refused", actor, ("needs", need.id), rule=error.rule)
            form.refuse(error)
            status = error.status
    return render_template(
        "selection/enter.html",
        need=need,
        form=form,
        mine=mine,
        preview=queries.eligibility_preview(need, actor.organisation_id),
        said=queries.said,
    ), status


def _entry_defaults(mine: Any) -> dict[str, Any]:
    if mine is not None and mine.status is EntryStatus.STANDING:
        return {"price": mine.price, "contribution": mine.contribution}
    return {"contribution": secrets.token_hex(32)}


@bp.get("/firm/entries")
@access(Permission.FIRM_ENTER)
def entries() -> Any:
    """The firm's own entries, newest first."""
    actor = require_actor()
    assert actor.organisation_id is not None
    page = paginate(
        queries.entries_of(actor.organisation_id), request.args.get("page", 1, type=int)
    )
    return render_template("selection/entries.html", entries=page)


@bp.get("/entries/<public_id>")
@access(Permission.FIRM_ENTER)
def entry(public_id: str) -> Any:
    """One entry: its signed receipt, the checks, and an award to accept."""
    return _entry_page(public_id)


def _entry_page(public_id: str, decline_form: ReasonForm | None = None) -> Any:
    found = objects.own_entry(require_actor(), public_id)
    awards = [
        each
        for each in queries.awards_of(found.need)
        if each.entry_id == found.id and each.decided_at is not None
    ]
    return render_template(
        "selection/entry.html",
        entry=found,
        need=found.need,
        award=awards[-1] if awards else None,
        checks=queries.checks_of(found),
        public_key=signing_public_key(),
        receipt=queries.receipt_text(found),
        outdated=queries.waits_for_confirmation(found),
        button=ButtonForm(formdata=None),
        decline_form=decline_form or ReasonForm(formdata=None),
    ), decline_form.http_status if decline_form else 200


@bp.post("/entries/<public_id>/withdraw")
@access(Permission.FIRM_ENTER)
@writes
def withdraw(public_id: str) -> Any:
    """Take an entry back before the deadline."""
    actor = require_actor()
    found = objects.own_entry(actor, public_id)
    _require(ButtonForm())
    actions.withdraw_entry(found, actor)
    flash(_("报名已撤回"), "good")
    return redirect(url_for("selection.entry", public_id=public_id), 303)


@bp.post("/awards/<public_id>/accept")
@access(Permission.FIRM_ENTER)
@writes
def accept(public_id: str) -> Any:
    """Accept an award."""
    actor = require_actor()
    award = objects.own_award(actor, public_id)
    _require(ButtonForm())
    actions.accept_award(award, actor)
    flash(_("已确认中选"), "good")
    return redirect(url_for("selection.entry", public_id=award.entry.public_id), 303)


@bp.post("/awards/<public_id>/decline")
@access(Permission.FIRM_ENTER)
@writes
def decline(public_id: str) -> Any:
    """Give an award up, with a reason."""
    actor = require_actor()
    award = objects.own_award(actor, public_id)
    form = ReasonForm()
    entry_id = award.entry.public_id
    if not form.validate_on_submit():
        return _entry_page(entry_id, form)
    actions.decline_award(award, form.reason.data, actor)
    flash(_("已放弃中选"), "good")
    return redirect(url_for("selection.entry", public_id=entry_id), 303)


@bp.route("/owner/needs/<public_id>/selection", methods=["GET", "POST"])
@access(Permission.NEED_VIEW)
@writes
def manage(public_id: str) -> Any:
    """The owner's view of the choosing: clock, list after closing, direct pick."""
    actor = require_actor()
    need = objects.own_need(actor, public_id)
    form = _pick_form(need)
    status = form.http_status if form else 200
    if form is not None and request.method == "POST":
        if not actor.may(Permission.NEED_EDIT):
            raise Refused(_("请由本单位经办人提出选取"), rule="pick.role")
        if form.validate_on_submit():
            try:
                chosen = queries.entry(form.entry.data)
                actions.pick_entry(need, chosen, form.reason.data, actor)
                flash(_("选取已提交"), "good")
                return redirect(url_for("selection.manage", public_id=public_id), 303)
            except DomainError as error:
                db.session.rollback()
                need = objects.own_need(actor, public_id)
                form.refuse(error)
                status = error.status
    running = queries.round_of(need)
    return render_template(
        "selection/manage.html",
        need=need,
        running=running,
        form=form,
        award=queries.award_of(need),
        awards=queries.awards_of(need),
        count=queries.entry_count(need),
        listed=queries.listed(running) if running and running.closed_at else [],
        void=queries.void(running) if running and running.closed_at else [],
        button=ButtonForm(formdata=None),
        reason_form=ReasonForm(formdata=None),
    ), status


def _pick_form(need: Any) -> PickForm | None:
    actor = require_actor()
    assert actor.organisation_id is not None
    due = need.id in [each.id for each in queries.needs_to_pick(actor.organisation_id, clock.now())]
    if not due and request.method == "GET":
        return None
    form = PickForm()
    running = queries.round_of(need)
    form.entry.choices = [
        (
            each.public_id,
            _(
                "%(name)s · 报价 %(price)s 元",
                name=each.organisation.name,
                price=format_yuan(each.price),
            ),
        )
        for each in (queries.listed(running) if running is not None else [])
    ]
    return form


@bp.post("/owner/needs/<public_id>/publish")
@access(Permission.NEED_APPROVE)
@writes
def publish(public_id: str) -> Any:
    """The approver publishes a need; its draw's commitment becomes public."""
    actor = require_actor()
    need = objects.own_need(actor, public_id)
    _require(ButtonForm())
    actions.publish_need(need, actor, clock.now())
    flash(_("需求已发布，报名开始"), "good")
    return redirect(url_for("projects.need", public_id=public_id), 303)


@bp.post("/awards/<public_id>/approve")
@access(Permission.NEED_APPROVE)
@writes
def approve(public_id: str) -> Any:
    """The approver confirms a direct pick."""
    actor = require_actor()
    award = objects.owners_award(actor, public_id)
    _require(ButtonForm())
    actions.approve_pick(award, actor)
    flash(_("选取结果已公示"), "good")
    return redirect(url_for("selection.manage", public_id=award.need.public_id), 303)


@bp.post("/awards/<public_id>/return")
@access(Permission.NEED_APPROVE)
@writes
def return_pick(public_id: str) -> Any:
    """The approver returns a direct pick with a reason."""
    actor = require_actor()
    award = objects.owners_award(actor, public_id)
    form = ReasonForm()
    _require(form)
    actions.return_pick(award, form.reason.data, actor)
    flash(_("已退回，可另行选取"), "good")
    return redirect(url_for("selection.manage", public_id=award.need.public_id), 303)


def _require(form: Any) -> None:
    """Refuse a small form that is not valid, naming its first problem."""
    if not form.validate_on_submit():
        problems = form.problems or [(None, _("表单不完整，请刷新页面重新提交"))]
        raise Invalid(problems[0][1], rule="form")


@bp.get("/owner/needs/prospect/<item>")
@access(Permission.NEED_EDIT)
def prospect(item: str) -> Any:
    """How many firms could enter the need somebody is writing."""
    actor = require_actor()
    assert actor.organisation_id is not None
    found = prospects.prospect(
        item,
        actor.organisation_id,
        request.args.get("investment", ""),
        request.args.get("minimum_grade", ""),
        clock.now(),
    )
    return render_template("selection/prospect.html", prospect=found, code=item)


@bp.get("/results/<public_id>")
@access(PUBLIC)
def result(public_id: str) -> Any:
    """What came out: the winner, every entrant, the proof, objections with their clock."""
    need, running = objects.public_round(public_id)
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
        places=queries.places(running),
        steps=proof_steps(need, running),
        notice=notices.latest("award", decided) if decided is not None else None,
        annulment=queries.annulment_of(running),
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


@bp.get("/verify")
@access(PUBLIC)
def verify() -> Any:
    """Check a proof in the reader's own browser; `?need=` puts that need's proof on the page."""
    asked = request.args.get("need")
    need = objects.public_need(asked) if asked else None
    attempt = request.args.get("attempt", type=int)
    return render_template(
        "selection/verify.html",
        need=need,
        proof=queries.proof_of(need, attempt) if need is not None else None,
    )


@bp.route("/needs/<public_id>/ceremony", methods=["GET", "POST"])
@access(PUBLIC)
@writes
def ceremony(public_id: str) -> Any:
    """A draw's public ceremony: who takes part, commitments, numbers; commit and reveal."""
    need, running = objects.closed_round(public_id)
    if not queries.uses_ceremony(need):
        return redirect(url_for("selection.result", public_id=public_id))
    actor = current_actor()
    form = NumberForm()
    status = form.http_status
    if request.method == "POST":
        actor = require_actor()
        if form.validate_on_submit():
            try:
                begun = running.commit_ends_at is not None and clock.now() >= running.commit_ends_at
                act = actions.reveal_number if begun else actions.commit_number
                act(need, form.number.data, actor)
                flash(_("数字已公布") if begun else _("承诺已提交，数字已密封"), "good")
                return redirect(url_for("selection.ceremony", public_id=public_id), 303)
            except DomainError as error:
                db.session.rollback()
                need, running = objects.closed_round(public_id)
                form.refuse(error)
                status = error.status
    participant = queries.ceremony_part(need, actor)
    rows = queries.ceremony_numbers(running)
    if request.method == "GET":
        form.number.data = f"{secrets.randbelow(10**39):039d}"
    return render_template(
        "selection/ceremony.html",
        need=need,
        running=running,
        rows=rows,
        names={row.participant: _participant_name(row) for row in rows},
        participant=participant,
        mine=next((row for row in rows if row.participant == participant), None),
        form=form,
        phase=queries.ceremony_phase(running, clock.now()),
    ), status


def _participant_name(row: CeremonyNumberRow) -> str:
    if row.participant == OWNER:
        return str(_("项目业主"))
    return accounts.organisation(row.organisation_id).public_name


@bp.route("/supervision/lottery", methods=["GET", "POST"])
@access(Permission.LOTTERY_ENTER)
@writes
def lottery() -> Any:
    """Two officers enter a lottery's issue independently; neither sees the other's first."""
    actor = require_actor()
    now = clock.now()
    jurisdiction = actor.jurisdiction or accounts.site().jurisdiction_code
    values = projects.selection_policy(jurisdiction, clock.local_day(now)).values
    due = [day for game, day in queries.lotteries_due(now) if game == values.lottery_game]
    form = LotteryForm()
    form.day.choices = [(day.isoformat(), show_date(day)) for day in due]
    if request.method == "GET" and due:
        form.day.data = due[0].isoformat()
    status = form.http_status
    if form.validate_on_submit():
        try:
            done = actions.enter_lottery(
                jurisdiction,
                date.fromisoformat(form.day.data),
                form.issue.data,
                form.groups(values.lottery_game),
                form.source.data,
                actor,
                now,
            )
            flash(
                _("两人录入一致，抽取即将进行") if done else _("已录入，等待另一人独立录入"), "good"
            )
            return redirect(url_for("selection.lottery"), 303)
        except DomainError as error:
            db.session.rollback()
            form.refuse(error)
            status = error.status
    return render_template(
        "selection/lottery.html",
        form=form,
        due=[(day, queries.readings(values.lottery_game, day)) for day in due],
        values=values,
        done=queries.recent_lotteries(),
        actor_id=actor.user_id,
    ), status


@bp.get("/awards/<public_id>/letter.pdf")
@access(SIGNED_IN)
def award_letter(public_id: str) -> Response:
    """The award letter as PDF, for the firm, the owner and supervision."""
    award = objects.lettered_award(require_actor(), public_id)
    response = Response(set_letter(award), mimetype="application/pdf")
    name = f"{award.letter_number}.pdf"
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return response


@bp.route("/supervision/needs/<public_id>/annulment", methods=["GET", "POST"])
@access(Permission.SUPERVISION_VIEW)
@step_up_to_send
@writes
def annulment(public_id: str) -> Any:
    """Propose to annul a draw (bureau), or decide on it (superior bureau)."""
    actor = require_actor()
    need = objects.public_need(public_id)
    form = ReasonForm()
    status = form.http_status
    if request.method == "POST":
        if not actor.may(Permission.DRAW_ANNUL_PROPOSE):
            raise Refused(_("撤销抽取须由管理机构经办人提出"), rule="annul.role")
        if form.validate_on_submit():
            try:
                actions.propose_annulment(need, form.reason.data, actor)
                flash(_("撤销建议已提交上级管理机构"), "good")
                return redirect(url_for("selection.annulment", public_id=public_id), 303)
            except DomainError as error:
                db.session.rollback()
                need = objects.public_need(public_id)
                form.refuse(error)
                status = error.status
    running = queries.round_of(need)
    return render_template(
        "selection/annulment.html",
        need=need,
        running=running,
        proposed=queries.annulment_of(running) if running is not None else None,
        form=form,
        button=ButtonForm(formdata=None),
    ), status


@bp.post("/supervision/annulments/<public_id>/<decision>")
@access(Permission.DRAW_ANNUL_APPROVE)
@step_up_to_send
@writes
def decide_annulment(public_id: str, decision: str) -> Any:
    """The superior bureau annuls a draw or leaves it standing."""
    actor = require_actor()
    proposed = objects.annulment(public_id)
    _require(ButtonForm())
    need = proposed.round.need
    if decision == "approve":
        actions.approve_annulment(proposed, actor)
        flash(_("抽取已撤销，需求重新发布"), "good")
    elif decision == "refuse":
        actions.refuse_annulment(proposed, actor)
        flash(_("未同意撤销"), "good")
    else:
        raise Invalid(_("未知的决定"), rule="annul.decision")
    return redirect(url_for("selection.annulment", public_id=need.public_id), 303)
