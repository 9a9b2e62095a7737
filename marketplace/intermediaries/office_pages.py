"""The offices' pages: the bureau's review, the departments' professional check."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _

from marketplace.accounts.overseeing import area_of, supervises
from marketplace.accounts.permissions import Permission
from marketplace.foundation import clock
from marketplace.foundation.db import paginate
from marketplace.foundation.errors import Missing
from marketplace.foundation.forms import Form
from marketplace.foundation.web import access as allow
from marketplace.foundation.web import require_actor, run_form, writes
from marketplace.notices import queries as notice_queries
from marketplace.notices.access import may_answer, may_read

from . import access, actions, queries
from .actions import POINTS
from .blueprint import bp
from .decoupling import queries as decoupling
from .decoupling.actions import decide_match
from .decoupling.forms import DecouplingForm
from .forms import (
    LONGEST_REASON,
    DecisionForm,
    FormCheckForm,
    OpinionForm,
    QuestionForm,
    check_form,
)
from .likeness.queries import undecided
from .models import (
    CheckStatus,
    Firm,
    FirmStatus,
    PointResult,
    ProfessionalCheck,
    Recommendation,
    ReviewPoint,
)
from .reviewing import NOTICE_KIND
from .screening import queries as screening
from .screening.queries import Fault


@bp.get("/supervision/applications")
@allow(Permission.SUPERVISION_VIEW)
def applications() -> str:
    """Applications on the registers of the office's area, what waits for the bureau first."""
    page = paginate(
        queries.applications(area_of(require_actor())),
        request.args.get("page", 1, type=int),
    )
    return render_template("intermediaries/applications.html", page=page, now=clock.now())


@bp.get("/supervision/applications/<public_id>")
@allow(Permission.SUPERVISION_VIEW)
def review(public_id: str) -> str:
    """One application beside what the officer has to do with it."""
    return _review_page(access.application_for(require_actor(), public_id), None)


def _faults(firm: Firm) -> list[Fault]:
    """What the machine finds, while somebody still looks at the application."""
    if firm.status in (FirmStatus.SUBMITTED, FirmStatus.RETURNED, FirmStatus.CHECKED):
        return screening.faults(firm, clock.now())
    return []


def _asked_to_mend(firm: Firm) -> list[ReviewPoint]:
    """What the first round of the present application sent back, for who looks a second time."""
    return [
        point
        for each in queries.rounds(firm)
        if (each.application, each.number) == (firm.application, 1)
        for point in each.to_mend
    ]


def _may_clear(firm: Firm) -> bool:
    actor = require_actor()
    return actor.may(Permission.ADMISSION_CHECK) and supervises(actor, firm.register_code)


def _review_page(
    firm: Firm, form: Form | None, preview: str | None = None, tied_form: Form | None = None
) -> str:
    form = form if form is not None else _form_for(firm)
    tied = decoupling.matches(firm)
    notice = notice_queries.latest(NOTICE_KIND, firm)
    objections = notice.objections if notice is not None else []
    actor = require_actor()
    return render_template(
        "intermediaries/review.html",
        firm=firm,
        form=form,
        whose=None if form is not None else _whose_step(firm),
        preview=preview,
        points=POINTS,
        found=queries.points(firm),
        faults=screening.by_points(_faults(firm)),
        changed=screening.changed_since_return(firm) or {},
        asked={each.code: each for each in _asked_to_mend(firm)},
        tied=tied,
        deciding=next((each for each in tied if each.decision is None), tied[0] if tied else None),
        tied_form=DecouplingForm(formdata=None) if tied_form is None else tied_form,
        may_clear=_may_clear(firm),
        usual_reason=actions.usual_reason(firm) if firm.status is FirmStatus.CHECKED else "",
        likenesses=undecided(firm.id),
        notice=notice,
        readable={each.id for each in objections if may_read(actor, each)},
        answerable={each.id for each in objections if may_answer(actor, each)},
        rounds=queries.rounds(firm),
        items=queries.items_of(firm, clock.today()),
        offerings=queries.offerings(firm.id),
        qualifications=queries.all_qualifications(firm.id),
        practitioners=queries.practitioners(firm.id),
        controller=queries.controller(firm.id),
        checks=queries.professional_checks(firm),
        now=clock.now(),
        today=clock.today(),
    )


def _form_for(firm: Firm) -> Form | None:
    """The form of the step the application waits for, when the reader may take it."""
    actor = require_actor()
    if firm.status is FirmStatus.SUBMITTED and actor.may(Permission.ADMISSION_CHECK):
        return check_form()(formdata=None, data=_found_so_far(firm))
    if actor.may(Permission.ADMISSION_DECIDE):
        if firm.status is FirmStatus.CHECKED and firm.checked_by != actor.user_id:
            outcome = firm.recommendation.value if firm.recommendation else None
            return DecisionForm(formdata=None, outcome=outcome, reason=firm.check_reason)
        if firm.status is FirmStatus.QUESTIONED:
            return QuestionForm(formdata=None)
    return None


def _found_so_far(firm: Firm) -> dict[str, str]:
    """The checklist filled with what the machine found, for the officer to go on from."""
    filled: dict[str, str] = {}
    for point, found in screening.by_points(_faults(firm)).items():
        filled[point] = PointResult.MEND
        filled[f"{point}_reason"] = "；".join(fault.text for fault in found)[:LONGEST_REASON]
    return filled


def _whose_step(firm: Firm) -> str | None:
    """Who acts next, for an officer who may not."""
    actor = require_actor()
    if firm.status is FirmStatus.SUBMITTED:
        return _("本步骤为形式审查，由管理机构经办人办理；审查结束后由另一名审批人决定")
    if firm.status is FirmStatus.RETURNED:
        return _("已出具一次性告知书，由机构补正后重新提交")
    if firm.status is FirmStatus.CHECKED:
        if firm.checked_by is not None and firm.checked_by == actor.user_id:
            return _("形式审查由您办理，须由其他审批人决定")
        return _("本步骤为审批，由管理机构审批人决定")
    if firm.status is FirmStatus.QUESTIONED:
        return _("本步骤为异议处理，由管理机构审批人决定")
    return None


@bp.post("/supervision/applications/<public_id>/check")
@allow(Permission.ADMISSION_CHECK)
@writes
def check(public_id: str) -> Any:
    """End the form check: recommend, or return once with everything."""
    actor = require_actor()
    firm = access.application_for(actor, public_id)
    form: FormCheckForm = check_form()()
    if form.preview.data:
        form.preview.data = None
        form.idempotency_key.data = secrets.token_urlsafe(18)  # the real sending is another one
        return _review_page(firm, form, form.notice_so_far())

    def act() -> None:
        now = clock.now()
        if form.outcome.data == "return":
            actions.return_application(firm, form.findings(), actor, now)
        else:
            actions.pass_check(
                firm,
                form.findings(),
                Recommendation.LIST if form.outcome.data == "list" else Recommendation.REFUSE,
                form.reason.data or "",
                actor,
                now,
            )

    return _on_review(public_id, form, act)


def _on_review(public_id: str, form: Any, act: Callable[[], Any]) -> Any:
    """Run one step of a review; what it refuses is shown on the review's page."""
    return run_form(
        form,
        act,
        lambda: _review_page(access.application_for(require_actor(), public_id), form),
        None,
        lambda _done: url_for("intermediaries.review", public_id=public_id),
    )


@bp.post("/supervision/applications/<public_id>/decision")
@allow(Permission.ADMISSION_DECIDE)
@writes
def decide(public_id: str) -> Any:
    """The approver lists or refuses."""
    actor = require_actor()
    firm = access.application_for(actor, public_id)
    form = DecisionForm()

    def act() -> None:
        if form.outcome.data == "list":
            actions.list_firm(firm, actor, clock.now(), form.reason.data or "")
        else:
            actions.refuse_application(firm, form.reason.data or "", actor, clock.now())

    return _on_review(public_id, form, act)


@bp.post("/supervision/applications/<public_id>/question")
@allow(Permission.ADMISSION_DECIDE)
@writes
def question(public_id: str) -> Any:
    """The approver decides on an objection."""
    actor = require_actor()
    firm = access.application_for(actor, public_id)
    form = QuestionForm()
    return _on_review(
        public_id,
        form,
        lambda: actions.resolve_question(
            firm, form.outcome.data == "keep", form.reason.data, actor, clock.now()
        ),
    )


@bp.post("/supervision/applications/<public_id>/qualifications/<qualification_id>")
@allow(Permission.ADMISSION_CHECK)
@writes
def verify(public_id: str, qualification_id: str) -> Any:
    """Count a certificate added after the listing as compared with its issuer's register."""
    actor = require_actor()
    firm = access.application_for(actor, public_id)
    for row in queries.all_qualifications(firm.id):
        if row.public_id == qualification_id:
            actions.verify_qualification(row, actor, clock.now())
            return redirect(url_for("intermediaries.review", public_id=public_id), 303)
    raise Missing(qualification_id)


@bp.post("/supervision/applications/<public_id>/decoupling/<entry_id>")
@allow(Permission.ADMISSION_CHECK)
@writes
def clear(public_id: str, entry_id: str) -> Any:
    """Decide about a firm that stands on the list of bodies not decoupled."""
    actor = require_actor()
    firm = access.application_for(actor, public_id)
    form = DecouplingForm()
    return run_form(
        form,
        lambda: decide_match(
            firm,
            entry_id,
            form.tie_outcome.data == "cleared",
            form.tie_reason.data,
            actor,
            clock.now(),
        ),
        lambda: _review_page(
            access.application_for(require_actor(), public_id), None, tied_form=form
        ),
        None,
        lambda _done: url_for("intermediaries.review", public_id=public_id),
    )


@bp.get("/department/applications")
@allow(Permission.ADMISSION_PROFESSIONAL)
def professional() -> str:
    """The department's professional checks, the waiting ones first."""
    actor = require_actor()
    page = paginate(
        queries.checks_of_department(actor.organisation_id or 0),
        request.args.get("page", 1, type=int),
    )
    return render_template("intermediaries/professional.html", page=page, now=clock.now())


@bp.route("/department/applications/<public_id>", methods=["GET", "POST"])
@allow(Permission.ADMISSION_PROFESSIONAL)
@writes
def opinion(public_id: str) -> Any:
    """One check with the department's answer."""
    actor = require_actor()
    found = access.professional_check_for(actor, public_id)
    form = OpinionForm()
    return run_form(
        form,
        lambda: actions.department_opinion(
            found, form.outcome.data == "object", form.reason.data or "", actor, clock.now()
        ),
        lambda: _opinion_page(access.professional_check_for(actor, public_id), form),
        None,
        lambda _done: url_for("intermediaries.professional"),
    )


def _opinion_page(found: ProfessionalCheck, form: OpinionForm) -> str:
    firm = found.firm
    return render_template(
        "intermediaries/opinion.html",
        check=found,
        firm=firm,
        form=form if found.status is CheckStatus.WAITING else None,
        items=queries.items_of(firm, clock.today()),
        offerings=queries.offerings(firm.id),
        qualifications=queries.all_qualifications(firm.id),
        practitioners=queries.practitioners(firm.id),
        now=clock.now(),
        today=clock.today(),
    )
