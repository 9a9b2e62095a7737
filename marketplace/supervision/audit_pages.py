"""The audit desk: the ledger recomputed, samples drawn, replayed, noted and signed."""

from __future__ import annotations

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.accounts.permissions import Permission, Role
from marketplace.foundation import audit, clock
from marketplace.foundation.crypto import canonical_json
from marketplace.foundation.db import paginate
from marketplace.foundation.errors import Invalid, Missing
from marketplace.foundation.forms import Form, came_back
from marketplace.foundation.web import access, require_actor, run_form, writes

from . import queries, sampling
from .blueprint import bp
from .findings import queries as findings
from .forms import ConclusionForm, NoteForm, SampleForm, SignForm
from .models import SampleKind, SampleStatus
from .titles import action_title, subject_title


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
        page=paginate(
            queries.events(require_actor()), request.args.get("page", 1, type=int), per_page=50
        ),
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
    page = paginate(queries.samples(codes), request.args.get("page", 1, type=int))
    return render_template("supervision/samples.html", page=page)


@bp.route("/supervision/samples/new", methods=["GET", "POST"])
@access(Permission.AUDIT_WORK)
@writes
def new_sample() -> ResponseReturnValue:
    """Draw a sample."""
    actor = require_actor()
    form = SampleForm()
    return run_form(
        form,
        lambda: sampling.take_sample(
            SampleKind(form.kind.data), form.size.data or 0, actor, clock.now()
        ),
        lambda: render_template("supervision/sample_form.html", form=form),
        None,
        lambda sample: url_for("supervision.sample", public_id=sample.public_id),
    )


@bp.get("/supervision/samples/<public_id>")
@access(Permission.AUDIT_READ)
def sample(public_id: str) -> ResponseReturnValue:
    """One sample: what was drawn, differences first, notes beside."""
    return _sample_page(public_id)


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
    there = f"{url_for('supervision.sample', public_id=public_id)}#item-{position}"
    return run_form(
        form,
        lambda: sampling.note_item(found, position, form.note.data or "", actor, clock.now()),
        lambda: _sample_page(public_id, wrong=form, at=position),
        None,
        lambda _item: there,
    )


@bp.post("/supervision/samples/<public_id>/conclusion")
@access(Permission.AUDIT_WORK)
@writes
def conclude(public_id: str) -> ResponseReturnValue:
    """Hand a sample over for signing."""
    actor = require_actor()
    found = sampling.sample_for(actor, public_id)
    form = ConclusionForm()
    return run_form(
        form,
        lambda: sampling.submit_sample(found, form.conclusion.data or "", actor, clock.now()),
        lambda: _sample_page(public_id, wrong=form),
        None,
        lambda _done: url_for("supervision.sample", public_id=public_id),
    )


@bp.post("/supervision/samples/<public_id>/signature")
@access(Permission.AUDIT_WORK)
@writes
def sign(public_id: str) -> ResponseReturnValue:
    """Sign a sample off, or send it back."""
    actor = require_actor()
    found = sampling.sample_for(actor, public_id)
    form = SignForm()
    return run_form(
        form,
        lambda: sampling.sign_sample(
            found, form.outcome.data == "sign", form.note.data or "", actor, clock.now()
        ),
        lambda: _sample_page(public_id, wrong=form),
        None,
        lambda _done: url_for("supervision.sample", public_id=public_id),
    )


def _sample_page(public_id: str, wrong: Form | None = None, at: int | None = None) -> str:
    actor = require_actor()
    found = sampling.sample_for(actor, public_id)
    top = came_back("wrong", wrong)["top"] if wrong is not None else None
    works = actor.may(Permission.AUDIT_WORK)
    workers = sampling.workers(found)
    drawn = works and found.status is SampleStatus.DRAWN
    signing = works and found.status is SampleStatus.SUBMITTED and actor.user_id not in workers
    conclusion = wrong if isinstance(wrong, ConclusionForm) else ConclusionForm(formdata=None)
    if not isinstance(wrong, ConclusionForm):
        conclusion.conclusion.data = found.conclusion
    return render_template(
        "supervision/sample.html",
        sample=found,
        top=top,
        items=sorted(found.items, key=lambda item: (-item.differences, item.position)),
        people=queries.people(workers | {found.signed_by}),
        findings=findings.of_sample(found),
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
