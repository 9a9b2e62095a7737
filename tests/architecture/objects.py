"""Which thing every argument of every address names: the table the object tests walk through.

An endpoint that is not in it fails ``test_every_argument_of_every_address_is_covered``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from marketplace.fees.charges.models import Charge
from marketplace.foundation import clock
from marketplace.foundation.db import Base, db
from marketplace.intermediaries.decoupling.models import DecouplingEntry
from marketplace.intermediaries.hall.models import HallApplication
from marketplace.intermediaries.leaving.papers import beside
from marketplace.intermediaries.models import Qualification
from marketplace.projects.models import NeedAttachment
from marketplace.selection.judging import queries as panels
from marketplace.selection.judging.models import EntryPlan

FILES = "StoredFile"
# endpoint: the kinds its ``public_id`` may name
SUBJECTS: dict[str, tuple[str, ...]] = {
    "accounts.agent_document": ("Authorisation",),
    "accounts.approve_factor_reset": ("FactorReset",),
    "accounts.approve_official": ("Invitation",),
    "accounts.disable_official": ("User",),
    "accounts.end_membership": ("Membership",),
    "accounts.end_session": ("WebSession",),
    "accounts.grant_role": ("User",),
    "accounts.remove_person": ("User",),
    "accounts.reveal": ("Firm", "Need", "EvaluationCallback", "NeedQuestion"),
    "accounts.organisation_certificate": ("Organisation",),
    "accounts.revoke_agent": ("Authorisation",),
    "accounts.switch_organisation": ("Organisation",),
    "accounts.withdraw_invitation": ("Invitation",),
    "catalogue.accept_proposal": ("ItemProposal",),
    "catalogue.approve_draft": ("ListDraft",),
    "catalogue.answer_demand": ("OffListDemand",),
    "catalogue.decide_demand": ("OffListDemand",),
    "catalogue.decline_demand": ("OffListDemand",),
    "catalogue.demand": ("OffListDemand",),
    "catalogue.demand_file": ("OffListDemand",),
    "catalogue.take_demand": ("OffListDemand",),
    "catalogue.draft": ("ListDraft",),
    "catalogue.draft_facts": ("ListDraft",),
    "catalogue.leave_out": ("ItemProposal",),
    "catalogue.proposal": ("ItemProposal",),
    "catalogue.refuse_proposal": ("ItemProposal",),
    "catalogue.return_draft": ("ListDraft",),
    "catalogue.submit_draft": ("ListDraft",),
    "catalogue.withdraw_draft": ("ListDraft",),
    "catalogue.withdraw_proposal": ("ItemProposal",),
    "contracts.accept": ("Deliverable",),
    "contracts.agree_termination": ("Contract",),
    "contracts.amend": ("Contract",),
    "contracts.confirm": ("Contract",),
    "contracts.confirm_amendment": ("Amendment",),
    "contracts.contract": ("Contract",),
    "contracts.deliver": ("Contract",),
    "contracts.deliverable_file": ("Deliverable",),
    "contracts.draft": ("Need",),
    "contracts.give_back": ("Deliverable",),
    "contracts.go_on": ("Contract",),
    "contracts.redraft": ("Contract",),
    "contracts.refuse_amendment": ("Amendment",),
    "contracts.refuse_termination": ("Contract",),
    "contracts.terminate": ("Contract",),
    "evaluations.appointment": ("AssessorAppointment",),
    "evaluations.confirm_appointment": ("AssessorAppointment",),
    "evaluations.refuse_appointment": ("AssessorAppointment",),
    "evaluations.withdraw_appointment": ("AssessorAppointment",),
    "evaluations.assess": ("Contract",),
    "evaluations.stand_aside": ("Contract",),
    "evaluations.attempt": ("EvaluationCallback",),
    "evaluations.callback": ("EvaluationCallback",),
    "evaluations.callback_draw": ("CallbackDraw",),
    "evaluations.callback_list": ("CallbackList",),
    "evaluations.callback_openings": ("CallbackList",),
    "evaluations.callback_file": ("EvaluationCallback",),
    "evaluations.conclude": ("EvaluationCallback",),
    "evaluations.decide_flag": ("EvaluationFlag",),
    "evaluations.decide_review": ("EvaluationReview",),
    "evaluations.department_certificate": ("Organisation",),
    "evaluations.department_code": ("Organisation",),
    "evaluations.department_year": ("Organisation",),
    "evaluations.dispute": ("Evaluation",),
    "evaluations.evaluate": ("Contract",),
    "evaluations.evaluate_department": ("Contract",),
    "evaluations.flag": ("EvaluationFlag",),
    "evaluations.look_into": ("EvaluationReview",),
    "evaluations.answer_service": ("ServiceFollowUp",),
    "evaluations.rate_service": (
        "Firm",
        "Objection",
        "EvaluationReview",
        "Appeal",
        "CreditRepair",
    ),
    "evaluations.reply": ("Evaluation",),
    "evaluations.service_follow_up": ("ServiceFollowUp",),
    "evaluations.review": ("EvaluationReview",),
    "evaluations.review_flagged": ("EvaluationFlag",),
    "fees.approve_list": ("FeeList",),
    "fees.charge": ("ChargeAudit",),
    "fees.charge_audit": ("ChargeAudit",),
    "fees.charge_upload": ("ChargeUpload",),
    "fees.charges_export": ("ChargeAudit",),
    "fees.check": ("PriceCheck",),
    "fees.confirm_import": ("FeeListImport",),
    "fees.discard_import": ("FeeListImport",),
    "fees.edit_row": ("FeeList",),
    "fees.fee_list": ("FeeList",),
    "fees.list_facts": ("FeeList",),
    "fees.list_import": ("FeeListImport",),
    "fees.new_row": ("FeeList",),
    "fees.remove_row": ("FeeList",),
    "fees.return_list": ("FeeList",),
    "fees.submit_list": ("FeeList",),
    "fees.withdraw_list": ("FeeList",),
    "intermediaries.confirm_register": ("RegisterImport",),
    "intermediaries.discard_register": ("RegisterImport",),
    "intermediaries.invite_claimant": ("Firm",),
    "intermediaries.register_errors": ("RegisterImport",),
    "intermediaries.register_import": ("RegisterImport",),
    "intermediaries.resume_register": ("RegisterImport",),
    "intermediaries.return_register": ("RegisterImport",),
    "intermediaries.stop_register": ("RegisterImport",),
    "intermediaries.submit_register": ("RegisterImport",),
    "intermediaries.check": ("Firm",),
    "intermediaries.clear": ("Firm",),
    "intermediaries.confirm_decoupling": ("DecouplingUpload",),
    "intermediaries.decide": ("Firm",),
    "intermediaries.decoupling_import": ("DecouplingUpload",),
    "intermediaries.discard_decoupling": ("DecouplingUpload",),
    "intermediaries.download": (FILES,),
    "intermediaries.hall_apply": ("HallCall",),
    "intermediaries.hall_call": ("HallCall",),
    "intermediaries.hall_close_window": ("HallWindow",),
    "intermediaries.hall_confirm_judge": ("HallJudge",),
    "intermediaries.hall_end": ("HallCall",),
    "intermediaries.hall_explain": ("HallJudge",),
    "intermediaries.hall_fill": ("HallCall",),
    "intermediaries.hall_give_up": ("HallApplication",),
    "intermediaries.hall_judge": ("HallJudge",),
    "intermediaries.hall_manage": ("HallCall",),
    "intermediaries.hall_name_judge": ("HallCall",),
    "intermediaries.hall_publish": ("HallCall",),
    "intermediaries.hall_rank_again": ("HallCall",),
    "intermediaries.hall_recuse_judge": ("HallJudge",),
    "intermediaries.hall_redraft": ("HallCall",),
    "intermediaries.hall_refuse_judge": ("HallJudge",),
    "intermediaries.hall_return": ("HallCall",),
    "intermediaries.hall_sheet": ("HallJudge",),
    "intermediaries.hall_stand_aside": ("HallJudge",),
    "intermediaries.hall_submit": ("HallCall",),
    "intermediaries.hall_withdraw": ("HallApplication",),
    "intermediaries.end_record": ("Qualification", "Practitioner", "Offering", "Branch"),
    "intermediaries.answer_transfer": ("Transfer",),
    "intermediaries.decide_transfer": ("Transfer",),
    "intermediaries.dispute_transfer": ("Transfer",),
    "intermediaries.end_agent": ("FirmAgent",),
    "intermediaries.extend_practitioner": ("Practitioner",),
    "intermediaries.firm_history": ("Firm",),
    "intermediaries.recheck": ("Recheck",),
    "intermediaries.renew": ("Qualification",),
    "intermediaries.transfer": ("Transfer",),
    "intermediaries.withdraw_change": ("Recheck",),
    "intermediaries.withdraw_transfer": ("Transfer",),
    "intermediaries.opinion": ("ProfessionalCheck",),
    "intermediaries.order_terms": ("Offering",),
    "intermediaries.own_match": ("Match",),
    "intermediaries.question": ("Firm",),
    "intermediaries.review": ("Firm",),
    "intermediaries.verify": ("Firm",),
    "notices.answer": ("Objection",),
    "notices.notice": ("PublicNotice",),
    "notices.object_to": ("PublicNotice",),
    "orders.accept": ("Deliverable",),
    "orders.approve": ("Order",),
    "orders.ask": ("OrderAsk",),
    "orders.asked": ("Need",),
    "orders.confirm": ("Order",),
    "orders.decline": ("OrderAsk",),
    "orders.listing": ("Offering",),
    "orders.order": ("Order",),
    "orders.quote": ("OrderAsk",),
    "orders.refuse": ("Order",),
    "orders.take": ("OrderAsk",),
    "orders.turn_down": ("Order",),
    "orders.withdraw": ("Order",),
    "portal.certificate": ("Organisation",),
    "portal.firm": ("Organisation",),
    "portal.firm_code": ("Organisation",),
    "portal.need": ("Need",),
    "portal.standing": ("Organisation",),
    "portal.standing_code": ("Organisation",),
    "projects.attach_file": ("Need",),
    "projects.attachment": ("NeedAttachment",),
    "projects.detach_file": ("Need",),
    "projects.discard_need": ("Need",),
    "projects.edit_need": ("Need",),
    "projects.need": ("Need",),
    "projects.propose_correction": ("Need",),
    "projects.publish_correction": ("NeedCorrection",),
    "projects.refuse_correction": ("NeedCorrection",),
    "projects.request_withdrawal": ("Need",),
    "projects.return_need": ("Need",),
    "projects.submit_need": ("Need",),
    "projects.withdraw_need": ("Need",),
    "ratings.certificate": ("Organisation",),
    "ratings.changes": ("Organisation",),
    "ratings.code": ("Organisation",),
    "ratings.explained": ("Organisation",),
    "ratings.owner_certificate": ("Organisation",),
    "ratings.owner_changes": ("Organisation",),
    "ratings.owner_code": ("Organisation",),
    "ratings.owner_explained": ("Organisation",),
    "ratings.proposal": ("GradeProposal",),
    "ratings.reject": ("GradeProposal",),
    "sanctions.appeal": ("Appeal",),
    "sanctions.appeal_card": ("Card",),
    "sanctions.appeal_case": ("Case",),
    "sanctions.appeal_file": ("Appeal",),
    "sanctions.card": ("Card",),
    "sanctions.card_file": ("Card",),
    "sanctions.case": ("Case",),
    "sanctions.case_file": ("Case",),
    "sanctions.correction": ("Card",),
    "sanctions.decide_card": ("Card",),
    "sanctions.close_measure": ("Measure",),
    "sanctions.decide_measure": ("Measure",),
    "sanctions.decide_repair": ("CreditRepair",),
    "sanctions.dismiss": ("Case",),
    "sanctions.judgement": ("Card",),
    "sanctions.measure": ("Measure",),
    "sanctions.measure_file": ("Measure",),
    "sanctions.repair": ("CreditRepair",),
    "sanctions.repair_card": ("Card",),
    "sanctions.repair_case": ("Case",),
    "sanctions.repair_file": ("CreditRepair",),
    "sanctions.reply_measure": ("Measure",),
    "sanctions.return_case": ("Case",),
    "sanctions.sign_measure": ("Measure",),
    "sanctions.statement": ("Case",),
    "sanctions.verify_repair": ("CreditRepair",),
    "selection.hand_in_share": ("KeyShare",),
    "selection.key_share": ("KeyShare",),
    "selection.owner_talks": ("Entry",),
    "selection.talk": ("Talk",),
    "selection.lose_share": ("KeyShare",),
    "selection.accept": ("Award",),
    "selection.again": ("Need",),
    "selection.annulment": ("Need",),
    "selection.answer": ("NeedQuestion",),
    "selection.ask": ("Need",),
    "selection.approve": ("Award",),
    "selection.award_letter": ("Award",),
    "selection.ceremony": ("Need",),
    "selection.decide_annulment": ("DrawAnnulment",),
    "selection.decide_low": ("LowQuote",),
    "selection.decline": ("Award",),
    "selection.enter": ("Need",),
    "selection.entry": ("Entry",),
    "selection.explain_low": ("LowQuote",),
    "selection.check_expert": ("Expert",),
    "selection.decide_expert": ("Expert",),
    "selection.decide_expert_removal": ("Expert",),
    "selection.expert": ("Expert",),
    "selection.expert_file": ("Expert",),
    "selection.propose_expert_removal": ("Expert",),
    "selection.explain_mark": ("PanelJudge",),
    "selection.judge": ("PanelJudge",),
    "selection.judge_feedback": ("PanelJudge",),
    "selection.judges_proof": ("Need",),
    "selection.mark_plan": ("PanelJudge",),
    "selection.stand_aside": ("PanelJudge",),
    "selection.take_part": ("PanelJudge",),
    "selection.manage": ("Need",),
    "selection.proof": ("Need",),
    "selection.publish": ("Need",),
    "selection.questions": ("Need",),
    "selection.result": ("Need",),
    "selection.return_pick": ("Award",),
    "selection.tie_proof": ("Need",),
    "selection.withdraw": ("Entry",),
    "supervision.acknowledge": ("UnusualEvent",),
    "supervision.appeal_departure": ("Departure",),
    "supervision.ask_to_renew": ("CertificateLapse",),
    "supervision.begin_removal": ("Firm",),
    "supervision.decide_likeness": ("Match",),
    "supervision.decide_removal": ("Departure",),
    "supervision.departure": ("Departure",),
    "supervision.departure_file": ("Departure",),
    "supervision.find_likeness": ("Match",),
    "supervision.likeness_match": ("Match",),
    "supervision.propose_removal": ("Departure",),
    "supervision.record_hearing": ("Departure",),
    "supervision.review_departure": ("Departure",),
    "supervision.set_hearing": ("Departure",),
    "supervision.state_departure": ("Departure",),
    "supervision.take_leaving_back": ("Departure",),
    "supervision.adopt_trial": ("RatingTrial",),
    "supervision.answer_finding": ("AuditFinding",),
    "supervision.accept_complaint": ("SelectionComplaint",),
    "supervision.collusion_flag": ("CollusionFlag",),
    "supervision.complain": ("Need",),
    "supervision.complaint": ("SelectionComplaint",),
    "supervision.complaint_file": ("SelectionComplaint",),
    "supervision.decide_appeal": ("Appeal",),
    "supervision.decide_collusion_flag": ("CollusionFlag",),
    "supervision.decide_complaint": ("SelectionComplaint",),
    "supervision.withdraw_complaint": ("SelectionComplaint",),
    "supervision.reply_complaint": ("SelectionComplaint",),
    "supervision.reply_file": ("ComplaintReply",),
    "supervision.stay_appeal": ("Appeal",),
    "supervision.conclude": ("AuditSample",),
    "supervision.decide": ("Case",),
    "supervision.finding": ("AuditFinding",),
    "supervision.inspection": ("ContractInspection",),
    "supervision.card_from_inspection": ("ContractInspection",),
    "supervision.inspection_file": ("ContractInspection",),
    "supervision.record_inspection": ("ContractInspection",),
    "supervision.judge_answer": ("AuditFinding",),
    "supervision.new_finding": ("AuditSample",),
    "supervision.propose": ("Case",),
    "supervision.related_firms": ("Organisation",),
    "supervision.propose_trial": ("RatingTrial",),
    "supervision.return_trial": ("RatingTrial",),
    "supervision.national_import": ("NationalImport",),
    "supervision.confirm_national": ("NationalImport",),
    "supervision.discard_national": ("NationalImport",),
    "supervision.note": ("AuditSample",),
    "supervision.sample": ("AuditSample",),
    "supervision.sample_draw": ("AuditSample",),
    "supervision.sample_report": ("AuditSample",),
    "supervision.sample_workbook": ("AuditSample",),
    "supervision.sign": ("AuditSample",),
    "supervision.trial": ("RatingTrial",),
    "supervision.trial_file": ("RatingTrial",),
    "workspace.evidence": ("RatingEntry",),
    "workspace.own_project": ("Project",),
    "workspace.read": ("Message",),
    "workspace.read_up_to": ("Message",),
    "workspace.story": ("Need",),
}
# addresses whose argument names nobody's thing: (endpoint, argument) and why
NOBODYS: dict[tuple[str, str], str] = {
    ("accounts.invitation", "token"): "a secret: whoever holds it is meant",
    ("accounts.join", "token"): "a secret: whoever holds it is meant",
    ("accounts.reset_password", "token"): "a secret: whoever holds it is meant",
    ("intermediaries.keep", "name"): "a field of the reader's own application",
    ("catalogue.item", "code"): "an item of the public catalogue",
    ("catalogue.propose_change", "code"): "an item of the public catalogue",
    ("catalogue.propose_drop", "code"): "an item of the public catalogue",
    ("catalogue.edition", "edition_id"): "a published edition",
    ("catalogue.edition_item", "edition_id"): "a published edition",
    ("catalogue.edition_item", "code"): "an item of a published edition",
    ("catalogue.form_file", "edition_id"): "a published edition",
    ("catalogue.form_file", "code"): "an item of a published edition",
    ("catalogue.form_file", "number"): "a form of a published guide",
    ("catalogue.form_file", "kind"): "empty or filled in",
    ("fees.list_pdf", "edition_id"): "a published edition",
    ("fees.list_workbook", "edition_id"): "a published edition",
    ("fees.published_list", "edition_id"): "a published edition",
    ("fees.standard", "standard_id"): "a published standard",
    ("intermediaries.change", "kind"): "a kind of change, the same for every firm",
    ("intermediaries.listing", "item_code"): "an item of the public catalogue",
    ("portal.policy", "edition_id"): "a published edition",
    ("portal.policy_source", "edition_id"): "a published edition",
    ("selection.look_at_need", "item"): "an item of the public catalogue",
    ("projects.reshape_need", "item"): "an item of the public catalogue",
    ("selection.tie_proof", "number"): "a draw among equals, public with the result",
    ("workspace.project", "code"): "a code issued elsewhere: what is public under it is public",
    ("workspace.demo_mail_one", "name"): "invented mails, in demos only",
}
RECORDS = {
    "Qualification": "qualification",
    "Practitioner": "practitioner",
    "Offering": "offering",
    "Branch": "branch",
}
MATTERS = {
    "Firm": "admission",
    "Objection": "objection",
    "EvaluationReview": "review",
    "Appeal": "appeal",
    "CreditRepair": "repair",
}
REVEALED = {
    "Firm": [
        ("firm", field)
        for field in ("agent", "agents", "branches", "controller", "history", "practitioners")
    ],
    "Need": [("need", "contact"), ("award", "agent")],
    "EvaluationCallback": [("callback", "contact")],
    "NeedQuestion": [("question", "asker")],
}
Values = list[dict[str, Any]]


def _attachments(need: Any) -> Values:
    rows = db.session.scalars(select(NeedAttachment).where(NeedAttachment.need_id == need.id))
    return [{"attachment_id": row.public_id} for row in rows]


def _rows(fee_list: Any) -> Values:
    return [{"code": row.code} for row in fee_list.rows[:2]]


def _charge_numbers(audit: Any) -> Sequence[int]:
    query = select(Charge.number).where(Charge.charge_audit_id == audit.id)
    return db.session.scalars(query.order_by(Charge.number).limit(1)).all()


def _qualifications(firm: Any) -> Values:
    rows = db.session.scalars(select(Qualification).where(Qualification.firm_id == firm.id))
    return [{"qualification_id": row.public_id} for row in rows]


def _to_judge(judge: Any) -> Values:
    query = select(HallApplication).where(HallApplication.call_id == judge.call_id)
    rows = db.session.scalars(query.order_by(HallApplication.id).limit(1))
    return [{"application_id": row.public_id} for row in rows]


def _tied(_firm: Any) -> Values:
    entry = db.session.scalars(select(DecouplingEntry).order_by(DecouplingEntry.id)).first()
    return [{"entry_id": entry.public_id}] if entry is not None else []


def _far_off(judge: Any) -> Values:
    """The plans a judge was asked about, else any."""
    given = {sheet.id: entry for entry, sheet in panels.sheets_by(judge).items()}
    asked = [given[key] for key in panels.questions(given)]
    rows = db.session.scalars(select(EntryPlan).where(EntryPlan.entry_id.in_(asked)))
    return [{"alias": row.alias} for row in rows] or [{"alias": 1}]


# the other arguments of an address, by the thing its ``public_id`` names
BESIDE: dict[str, Callable[[Any], Values]] = {
    "accounts.reveal": lambda row: [
        {"name": name, "field": field} for name, field in REVEALED[type(row).__name__]
    ],
    "evaluations.department_certificate": lambda _row: [{"year": clock.today().year - 1}],
    "evaluations.department_code": lambda _row: [{"year": clock.today().year - 1}],
    "evaluations.department_year": lambda _row: [{"year": clock.today().year}],
    "evaluations.rate_service": lambda row: [{"kind": MATTERS[type(row).__name__]}],
    "fees.edit_row": _rows,
    "fees.remove_row": _rows,
    "fees.charge": lambda audit: [{"number": number} for number in _charge_numbers(audit)],
    "intermediaries.clear": _tied,
    "intermediaries.end_record": lambda row: [{"kind": RECORDS[type(row).__name__]}],
    "intermediaries.hall_explain": _to_judge,
    "intermediaries.hall_sheet": _to_judge,
    "intermediaries.verify": _qualifications,
    "projects.detach_file": _attachments,
    "sanctions.case_file": lambda _row: [{"which": "evidence"}, {"which": "statement"}],
    "sanctions.measure_file": lambda _row: [{"which": "evidence"}, {"which": "reply"}],
    "selection.explain_mark": _far_off,
    "selection.mark_plan": lambda _row: [{"alias": 1}],
    "selection.tie_proof": lambda _row: [{"number": 1}],
    "selection.decide_annulment": lambda _row: [{"decision": "approve"}, {"decision": "refuse"}],
    "supervision.departure_file": lambda departure: [
        {"public_id": each.file.public_id} for each in beside(departure)
    ],
    "supervision.new_finding": lambda sample: [
        {"position": item.position} for item in sample.items
    ],
    "supervision.note": lambda sample: [{"position": item.position} for item in sample.items],
}


@dataclass(frozen=True)
class Thing:
    """One row an address may name: its kind, its state, its key, and what stands beside it."""

    kind: str
    state: str
    key: int
    public_id: str | None

    def arguments(self, endpoint: str) -> Values:
        """The arguments of an address that name this thing, several where parts are named."""
        own: dict[str, Any] = {"public_id": self.public_id}
        if self.public_id is None:
            own = {"entry_id": self.key}
        beside = BESIDE.get(endpoint)
        if beside is None:
            return [own]
        row = db.session.get_one(KINDS[self.kind], self.key)
        return [{**own, **more} for more in beside(row)]


KINDS: dict[str, Any] = {}


def things(each_state: int = 2) -> dict[str, list[Thing]]:
    """By kind: the newest and the oldest rows of every state there is."""
    KINDS.update({mapper.class_.__name__: mapper.class_ for mapper in Base.registry.mappers})
    found: dict[str, list[Thing]] = {}
    for kind in {kind for kinds in SUBJECTS.values() for kind in kinds}:
        found[kind] = list(_of_kind(kind, each_state))
    db.session.rollback()
    return found


def _of_kind(kind: str, each_state: int) -> Iterator[Thing]:
    model = KINDS[kind]
    # a price check is read by the stage it was made at
    state = getattr(model, "status", getattr(model, "stage", None))
    states = [None] if state is None else db.session.scalars(select(state).distinct()).all()
    for one in states:
        query = select(model) if state is None else select(model).where(state == one)
        rows = {
            row.id: row
            for order in (model.id.desc(), model.id)
            for row in db.session.scalars(query.order_by(order).limit((each_state + 1) // 2))
        }
        for row in list(rows.values())[:each_state]:
            yield Thing(kind, str(one or ""), row.id, getattr(row, "public_id", None))
