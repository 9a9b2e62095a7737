"""The clocks of marks, of what is looked into and called back."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from marketplace.accounts.models import Organisation
from marketplace.contracts.models import Contract
from marketplace.evaluations.callbacks.models import CallbackStatus, EvaluationCallback
from marketplace.evaluations.models import Evaluation, EvaluationWindow, WindowStatus
from marketplace.evaluations.reviews.models import EvaluationReview
from marketplace.evaluations.reviews.queries import LIVE as REVIEWED
from marketplace.evaluations.rules import PARTIES
from marketplace.evaluations.served.models import FollowUpStatus, ServiceFollowUp, ServiceRating
from marketplace.projects.models import Need

from ..models import ClockKind
from .shape import Deadline, of_contract

_WINDOW = ((EvaluationWindow, EvaluationWindow.contract_id == Contract.id),)


def _of_evaluation(kind: ClockKind, of: type[Any], *running: Any) -> Deadline:
    return Deadline(
        kind,
        of,
        None,
        of.jurisdiction_code,
        Need.title,
        of.public_id,
        of.opened_at,
        of.due_at,
        (
            (Evaluation, Evaluation.id == of.evaluation_id),
            (EvaluationWindow, EvaluationWindow.id == Evaluation.window_id),
            (Contract, Contract.id == EvaluationWindow.contract_id),
            (Need, Need.id == Contract.need_id),
        ),
        running,
    )


def _unmarked_by(party: Any) -> Any:
    marked = select(Evaluation.id).where(
        Evaluation.window_id == EvaluationWindow.id,
        Evaluation.rater_organisation_id == party,
        Evaluation.direction.in_(PARTIES),
    )
    return ~marked.exists()


EVALUATIONS: tuple[Deadline, ...] = (
    *(
        of_contract(
            ClockKind.MARKS,
            party,
            EvaluationWindow.opened_at,
            EvaluationWindow.ends_at,
            EvaluationWindow.status == WindowStatus.OPEN,
            _unmarked_by(party),
            joined=_WINDOW,
        )
        for party in (Contract.owner_id, Contract.firm_id)
    ),
    _of_evaluation(
        ClockKind.CALLBACK,
        EvaluationCallback,
        EvaluationCallback.status == CallbackStatus.WAITING,
    ),
    _of_evaluation(ClockKind.REVIEW, EvaluationReview, EvaluationReview.status.in_(REVIEWED)),
    Deadline(
        ClockKind.SERVICE,
        of=ServiceFollowUp,
        whose=None,
        jurisdiction=ServiceRating.jurisdiction_code,
        about=Organisation.name,
        page=ServiceFollowUp.public_id,
        since=ServiceFollowUp.opened_at,
        due=ServiceFollowUp.due_at,
        joined=(
            (ServiceRating, ServiceRating.id == ServiceFollowUp.rating_id),
            (Organisation, Organisation.id == ServiceRating.organisation_id),
        ),
        running=(ServiceFollowUp.status == FollowUpStatus.OPEN,),
    ),
)
