"""The clocks of admission and of objections to what is published."""

from __future__ import annotations

from marketplace.accounts.models import Organisation
from marketplace.intermediaries.models import CheckStatus, Firm, FirmStatus, ProfessionalCheck
from marketplace.notices.models import Objection, ObjectionStatus, PublicNotice

from ..models import ClockKind
from .shape import Deadline

REGISTER: tuple[Deadline, ...] = (
    Deadline(
        ClockKind.FORM_CHECK,
        of=Firm,
        whose=None,
        jurisdiction=Firm.register_code,
        about=Organisation.name,
        page=Firm.public_id,
        since=Firm.submitted_at,
        due=Firm.form_due_at,
        joined=((Organisation, Organisation.id == Firm.organisation_id),),
        running=(Firm.status.in_((FirmStatus.SUBMITTED, FirmStatus.CHECKED)),),
    ),
    Deadline(
        ClockKind.PROFESSIONAL,
        of=ProfessionalCheck,
        whose=ProfessionalCheck.organisation_id,
        jurisdiction=Firm.register_code,
        about=Organisation.name,
        page=ProfessionalCheck.public_id,
        since=ProfessionalCheck.status_since,
        due=ProfessionalCheck.due_at,
        joined=(
            (Firm, Firm.id == ProfessionalCheck.firm_id),
            (Organisation, Organisation.id == Firm.organisation_id),
        ),
        running=(ProfessionalCheck.status == CheckStatus.WAITING,),
    ),
    Deadline(
        ClockKind.OBJECTION,
        of=Objection,
        whose=None,
        jurisdiction=PublicNotice.jurisdiction_code,
        about=PublicNotice.title,
        page=Objection.public_id,
        since=Objection.filed_at,
        due=Objection.due_at,
        joined=((PublicNotice, PublicNotice.id == Objection.notice_id),),
        running=(Objection.status.in_((ObjectionStatus.PENDING, ObjectionStatus.OVERDUE)),),
    ),
)
