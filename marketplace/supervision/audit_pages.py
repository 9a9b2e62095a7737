"""The audit desk: the ledger recomputed, samples drawn, replayed, noted and signed."""

from __future__ import annotations

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.accounts.permissions import Permission, Role
from marketplace.foundation import audit, clock
from marketplace.foundation.crypto import canonical_json
from marketplace.foundation.db import db, paginate
from marketplace.foundation.errors import DomainError, Invalid, Missing
from marketplace.foundation.forms import Form
from marketplace.foundation.web import access, require_actor, writes

from . import queries, sampling
from .blueprint import bp
from .forms import ConclusionForm, NoteForm, SampleForm, SignForm
from .models import AuditSample, SampleKind, SampleStatus
from .titles import action_title, subject_title


def _page_number() -> int:
    text = request.args.get("page", "1")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1


@bp.get("/supervision/ledger")
@access(Permission.AUDIT_READ)
def ledger() -> ResponseReturnValue:
    """The audit ledger: its head, its events, and a stretch recomputed on demand."""
    seq, head = audit.head()
    first = request.args.get("first", str(max(1, seq - 499)))
    last = request.args.get("last", str(seq))
    problem, verification = None, None
    if "first" in request.args or "last" in request.args:
        try:
            verification = queries.verify_range(*queries.read_range(first, last, seq))
        except Invalid as error:
            problem = error
        else:
            audit.note(
                "ledger.verified",
                require_actor(),
                ("audit_ledger", verification.first),
                first=verification.first,
                last=verification.last,
                findings=len(verification.findings),
            )
    page = render_template(
        "supervision/ledger.html",
        seq=seq,
        head=head,
        first=first,
        last=last,
        problem=problem,
        longest=queries.LONGEST_RANGE,
        role_titles={role.value: role.title for role in Role}
        | {"clock": _("系统时钟"), "installer": _("安装程序")},
        action_title=action_title,
        subject_title=subject_title,
        verification=verification,
        verifications=queries.verifications(),
        page=paginate(queries.events(), _page_number(), per_page=50),
        now=clock.now(),
    )
    return page, 422 if problem else 200


@bp.get("/supervision/samples")
@access(Permission.AUDIT_READ)
def samples() -> ResponseReturnValue:
    """The samples of the office's area, unfinished ones first."""
    actor = require_actor()
    if actor.jurisdiction is None:
        raise Missing("no office")
    codes = accounts.below(actor.jurisdiction)
    page = paginate(queries.samples(codes), _page_number())
    return render_template("supervision/samples.html", page=page)


@bp.route("/supervision/samples/new", methods=["GET", "POST"])
@access(Permission.AUDIT_WORK)
@writes
def new_sample() -> ResponseReturnValue:
    """Draw a sample."""
    actor = require_actor()
    form = SampleForm()
    if form.validate_on_submit():
        try:
            sample = sampling.take_sample(
                SampleKind(form.kind.data), form.size.data or 0, actor, clock.now()
            )
            return redirect(url_for("supervision.sample", public_id=sample.public_id), 303)
        except DomainError as error:
            _refuse(form, error)
    return render_template("supervision/sample_form.html", form=form), form.http_status


@bp.get("/supervision/samples/<public_id>")
@access(Permission.AUDIT_READ)
def sample(public_id: str) -> ResponseReturnValue:
    """One sample: what was drawn, differences first, notes beside."""
    return _sample_page(sampling.sample_for(require_actor(), public_id))


@bp.get("/supervision/samples/<public_id>/draw.json")
@access(Permission.AUDIT_READ)
def sample_draw(public_id: str) -> Response:
    """All that the draw of a sample was made from, for anybody to compute again."""
    found = sampling.sample_for(require_actor(), public_id)
    answer = Response(
        canonical_json(
            {
                "format": "zjcs-sample/1",
                "number": found.number,
                "kind": found.kind.value,
                "population": found.population,
                "population_sha256": found.population_sha256,
                "head_seq": found.head_seq,
                "head": found.head,
                "seed": found.seed,
                "drawn": [item.reference for item in found.items],
            }
        ),
        mimetype="application/json",
    )
    answer.headers["Content-Disposition"] = f'attachment; filename="sample-{found.number}.json"'
    return answer


@bp.post("/supervision/samples/<public_id>/items/<int:position>")
@access(Permission.AUDIT_WORK)
@writes
def note(public_id: str, position: int) -> ResponseReturnValue:
    """Write a note beside one drawn thing."""
    actor = require_actor()
    found = sampling.sample_for(actor, public_id)
    form = NoteForm()
    if form.validate_on_submit():
        try:
            sampling.note_item(found, position, form.note.data or "", actor, clock.now())
            there = url_for("supervision.sample", public_id=public_id)
            return redirect(f"{there}#item-{position}", 303)
        except DomainError as error:
            _refuse(form, error)
            found = sampling.sample_for(actor, public_id)
    return _sample_page(found, wrong=form, at=position)


@bp.post("/supervision/samples/<public_id>/conclusion")
@access(Permission.AUDIT_WORK)
@writes
def conclude(public_id: str) -> ResponseReturnValue:
    """Hand a sample over for signing."""
    actor = require_actor()
    found = sampling.sample_for(actor, public_id)
    form = ConclusionForm()
    if form.validate_on_submit():
        try:
            sampling.submit_sample(found, form.conclusion.data or "", actor, clock.now())
            return redirect(url_for("supervision.sample", public_id=public_id), 303)
        except DomainError as error:
            _refuse(form, error)
            found = sampling.sample_for(actor, public_id)
    return _sample_page(found, wrong=form)


@bp.post("/supervision/samples/<public_id>/signature")
@access(Permission.AUDIT_WORK)
@writes
def sign(public_id: str) -> ResponseReturnValue:
    """Sign a sample off, or send it back."""
    actor = require_actor()
    found = sampling.sample_for(actor, public_id)
    form = SignForm()
    if form.validate_on_submit():
        try:
            agree = form.outcome.data == "sign"
            sampling.sign_sample(found, agree, form.note.data or "", actor, clock.now())
            return redirect(url_for("supervision.sample", public_id=public_id), 303)
        except DomainError as error:
            _refuse(form, error)
            found = sampling.sample_for(actor, public_id)
    return _sample_page(found, wrong=form)


def _refuse(form: Form, error: DomainError) -> None:
    db.session.rollback()
    if error.status != 422:
        raise error
    form.refuse(error)


def _sample_page(
    found: AuditSample, wrong: Form | None = None, at: int | None = None
) -> ResponseReturnValue:
    actor = require_actor()
    works = actor.may(Permission.AUDIT_WORK)
    workers = {found.drawn_by, *(item.noted_by for item in found.items)}
    drawn = works and found.status is SampleStatus.DRAWN
    signing = works and found.status is SampleStatus.SUBMITTED and actor.user_id not in workers
    conclusion = wrong if isinstance(wrong, ConclusionForm) else ConclusionForm(formdata=None)
    if not isinstance(wrong, ConclusionForm):
        conclusion.conclusion.data = found.conclusion
    page = render_template(
        "supervision/sample.html",
        sample=found,
        items=sorted(found.items, key=lambda item: (-item.differences, item.position)),
        people=queries.people(workers | {found.signed_by}),
        note_form=wrong if isinstance(wrong, NoteForm) else NoteForm(formdata=None),
        wrong_at=at,
        conclusion=conclusion if drawn else None,
        signature=(wrong if isinstance(wrong, SignForm) else SignForm(formdata=None))
        if signing
        else None,
        works=drawn,
        waits=_("须由抽取人、核查人以外的人员签认")
        if found.status is SampleStatus.SUBMITTED and not signing
        else None,
    )
    return page, wrong.http_status if wrong is not None else 200
