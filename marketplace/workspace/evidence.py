"""What an entry of the rating ledger rests on, and the page that shows it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from marketplace.accounts.permissions import Permission
from marketplace.contracts.models import Contract
from marketplace.evaluations.models import Evaluation
from marketplace.evaluations.queries import address_of
from marketplace.evaluations.reviews.models import EvaluationReview
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.ratings.models import (
    CONDUCT_TITLES,
    SIDE_TITLES,
    VETO_TITLES,
    EntryKind,
    Inspection,
    RatingEntry,
)
from marketplace.sanctions.appeals.models import Appeal
from marketplace.sanctions.models import Card, Case
from marketplace.sanctions.national.models import NationalImport
from marketplace.sanctions.repairs.models import CreditRepair
from marketplace.selection.models import Award

KIND_TITLES: dict[EntryKind, Any] = {
    EntryKind.MARK: _l("合同评价"),
    EntryKind.INSPECTION: _l("检查"),
    EntryKind.CONDUCT: _l("行为记录"),
    EntryKind.VETO: _l("一票否决事项"),
    EntryKind.REVERSAL: _l("冲正"),
    EntryKind.DECISION: _l("等级决定"),
}


@dataclass(frozen=True)
class Grounds:
    """The evidence in words, and where it can be read (None: nowhere on the site)."""

    words: str
    url: str | None = None
    detail: str = ""


def title(entry: RatingEntry) -> Any:
    """What the entry records, for people."""
    if entry.kind is EntryKind.CONDUCT and entry.conduct is not None:
        return CONDUCT_TITLES[entry.conduct]
    if entry.kind is EntryKind.VETO and entry.veto is not None:
        return VETO_TITLES[entry.veto]
    if entry.kind is EntryKind.MARK and entry.side is not None:
        return SIDE_TITLES[entry.side]
    return KIND_TITLES[entry.kind]


def grounds(entry: RatingEntry, actor: Actor) -> Grounds:
    """What an entry rests on; officers are led to the story, parties to their own page."""
    officer, gives = actor.may(Permission.SUPERVISION_VIEW), actor.may(Permission.EVALUATE)
    kind, key = entry.evidence_type, entry.evidence_id
    if kind == Evaluation.__tablename__:
        evaluation = db.session.get(Evaluation, key)
        if evaluation is not None:
            found = _of_contract(_("合同评价"), evaluation.window.contract, officer, marks=gives)
            if officer or not gives:
                return found
            return replace(found, url=address_of(evaluation, actor.organisation_id))
    if kind == EvaluationReview.__tablename__:
        review = db.session.get(EvaluationReview, key)
        if review is not None:
            return _of_contract(
                _("剔除评价的决定"), review.evaluation.window.contract, officer, marks=gives
            )
    if kind == Contract.__tablename__:
        contract = db.session.get(Contract, key)
        if contract is not None:
            return _of_contract(_("合同"), contract, officer)
    if kind == Award.__tablename__:
        award = db.session.get(Award, key)
        if award is not None:
            url = url_for("selection.result", public_id=award.need.public_id)
            return Grounds(_("中选记录"), url, award.need.title)
    if kind == Card.__tablename__:
        card = db.session.get(Card, key)
        if card is not None:
            url = url_for("sanctions.card", public_id=card.public_id)
            return Grounds(str(card.title), url, str(card.breach.title))
    if kind == Case.__tablename__:
        case = db.session.get(Case, key)
        if case is not None:
            url = url_for("sanctions.case", public_id=case.public_id)
            return Grounds(_("惩戒案件"), url, str(case.cause.title))
    if kind == Appeal.__tablename__:
        appeal = db.session.get(Appeal, key)
        if appeal is not None:
            url = url_for("sanctions.appeal", public_id=appeal.public_id)
            return Grounds(_("申诉复核"), url, str(appeal.title))
    if kind == CreditRepair.__tablename__:
        repair = db.session.get(CreditRepair, key)
        if repair is not None:
            url = url_for("sanctions.repair", public_id=repair.public_id)
            return Grounds(_("信用修复"), url, str(repair.title))
    if kind == NationalImport.__tablename__:
        return Grounds(_("移出国家名单"), url_for("sanctions.national_public"))
    if kind == Inspection.__tablename__:
        inspection = db.session.get(Inspection, key)
        if inspection is not None:
            words = _("检查文书 %(document)s", document=inspection.document)
            return Grounds(words, None, inspection.findings)
    return Grounds(_("台账记录"))


def _of_contract(words: str, contract: Contract, officer: bool, marks: bool = False) -> Grounds:
    if officer:
        url = url_for("workspace.story", public_id=contract.need.public_id)
    elif marks:
        url = url_for("evaluations.evaluate", public_id=contract.public_id)
    else:
        url = url_for("contracts.contract", public_id=contract.public_id)
    return Grounds(words, url, f"{contract.number} {contract.need.title}")
