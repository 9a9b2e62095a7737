"""Pages of findings: those of an area, one with its answer, a new one, the report of an audit."""

from __future__ import annotations

from typing import Any

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.permissions import Permission
from marketplace.foundation import audit, clock
from marketplace.foundation.db import paginate
from marketplace.foundation.errors import Missing
from marketplace.foundation.files import attachment
from marketplace.foundation.forms import Form, came_back
from marketplace.foundation.web import access, require_actor, run_form, writes

from .. import sampling
from ..blueprint import bp
from ..models import SampleKind
from . import actions, queries, report
from .access import answers_for, finding_for, readable
from .forms import AnswerForm, FindingForm, JudgementForm
from .models import AuditFinding, FindingKind, FindingSeverity, FindingStatus

EXPORTED = "audit_sample.exported"


@bp.get("/supervision/findings")
@access(Permission.FINDING_READ)
def findings() -> ResponseReturnValue:
    """What audits found in the office's area, what waits for an answer first."""
    page = paginate(
        queries.listed(readable(require_actor())), request.args.get("page", 1, type=int)
    )
    return render_template("supervision/findings.html", page=page)


@bp.route(
    "/supervision/samples/<public_id>/items/<int:position>/findings/new", methods=["GET", "POST"]
)
@access(Permission.AUDIT_WORK)
@writes
def new_finding(public_id: str, position: int) -> ResponseReturnValue:
    """Put a finding into the working papers."""
    actor = require_actor()
    sample = sampling.sample_for(actor, public_id)
    form = FindingForm()

    def act() -> AuditFinding:
        return actions.raise_finding(
            sample,
            position,
            FindingKind(form.kind.data),
            FindingSeverity(form.severity.data),
            form.text.data or "",
            form.evidence.data or "",
            form.entry_number.data,
            actor,
            clock.now(),
        )

    def page() -> str:
        again = sampling.sample_for(actor, public_id)
        item = next((each for each in again.items if each.position == position), None)
        if item is None:
            raise Missing(f"item {position}")
        return render_template(
            "supervision/finding_form.html",
            form=form,
            sample=again,
            item=item,
            rated=again.kind is SampleKind.GRADES,
        )

    return run_form(
        form,
        act,
        page,
        None,
        lambda _made: f"{url_for('supervision.sample', public_id=public_id)}#item-{position}",
    )


@bp.get("/supervision/findings/<public_id>")
@access(Permission.FINDING_READ)
def finding(public_id: str) -> ResponseReturnValue:
    """One finding: what was found, what was answered, how it ended."""
    return _page(public_id)


@bp.post("/supervision/findings/<public_id>/answer")
@access(Permission.FINDING_ANSWER)
@writes
def answer_finding(public_id: str) -> ResponseReturnValue:
    """Answer for the audited bureau."""
    actor = require_actor()
    found = finding_for(actor, public_id)
    form = AnswerForm()
    return run_form(
        form,
        lambda: actions.answer_finding(found, form.answer.data or "", actor, clock.now()),
        lambda: _page(public_id, form),
        None,
        lambda _done: url_for("supervision.finding", public_id=public_id),
    )


@bp.post("/supervision/findings/<public_id>/judgement")
@access(Permission.AUDIT_WORK)
@writes
def judge_answer(public_id: str) -> ResponseReturnValue:
    """Close a finding, or ask for more."""
    actor = require_actor()
    found = finding_for(actor, public_id)
    form = JudgementForm()
    return run_form(
        form,
        lambda: actions.judge_answer(
            found,
            form.outcome.data == "close",
            form.judgement.data or "",
            actor,
            clock.now(),
        ),
        lambda: _page(public_id, form),
        None,
        lambda _done: url_for("supervision.finding", public_id=public_id),
    )


@bp.get("/supervision/samples/<public_id>/report")
@access(Permission.AUDIT_READ)
def sample_report(public_id: str) -> ResponseReturnValue:
    """The whole audit on paper: working papers, findings, answers, signatures, the draw."""
    sample = sampling.sample_for(require_actor(), public_id)
    found = queries.of_sample(sample)
    return render_template(
        "supervision/report.html",
        sample=sample,
        findings=found,
        people=report.people_of(sample, found),
        office=report.office_of(sample),
        now=clock.now(),
    )


@bp.get("/supervision/samples/<public_id>/report.xlsx")
@access(Permission.AUDIT_READ)
def sample_workbook(public_id: str) -> Response:
    """The same as a workbook; that it left the house is noted."""
    actor = require_actor()
    sample = sampling.sample_for(actor, public_id)
    content = report.workbook_of(sample)
    audit.note(EXPORTED, actor, (sample.__tablename__, sample.id), number=sample.number)
    return attachment(content, f"audit-{sample.number}.xlsx")


def _page(public_id: str, wrong: Form | None = None) -> str:
    actor = require_actor()
    found = finding_for(actor, public_id)
    answering = answers_for(actor, found) and found.status is FindingStatus.OPEN
    judging = actor.may(Permission.AUDIT_WORK) and found.status is FindingStatus.ANSWERED
    top: dict[str, Any] = came_back("wrong", wrong) if wrong is not None else {}
    return render_template(
        "supervision/finding.html",
        finding=found,
        reads_sample=actor.may(Permission.AUDIT_READ),
        people=report.people_of(found.sample, [found]),
        answer=_form(AnswerForm, wrong) if answering else None,
        judgement=_form(JudgementForm, wrong) if judging else None,
        top=top.get("top"),
    )


def _form(kind: type[Form], wrong: Form | None) -> Form:
    return wrong if isinstance(wrong, kind) else kind(formdata=None)
