"""The clocks of firms' files: changes to check, professionals to release, the yearly self-check."""

from __future__ import annotations

from marketplace.accounts.models import Organisation
from marketplace.intermediaries.file.models import (
    OPEN,
    TO_DECIDE,
    Recheck,
    SelfCheck,
    SelfCheckStatus,
    Transfer,
    TransferStatus,
)
from marketplace.intermediaries.models import Firm, FirmStatus

from ..models import ClockKind
from .shape import Deadline

_FIRM = (Organisation, Organisation.id == Firm.organisation_id)

FILING: tuple[Deadline, ...] = (
    Deadline(
        ClockKind.RECHECK,
        of=Recheck,
        whose=None,
        jurisdiction=Firm.register_code,
        about=Organisation.name,
        page=Recheck.public_id,
        since=Recheck.asked_at,
        due=Recheck.due_at,
        joined=((Firm, Firm.id == Recheck.firm_id), _FIRM),
        running=(Recheck.status.in_(OPEN),),
    ),
    Deadline(
        ClockKind.RELEASE,
        of=Transfer,
        whose=Firm.organisation_id,
        jurisdiction=Firm.register_code,
        about=Transfer.profession,
        page=Transfer.public_id,
        since=Transfer.asked_at,
        due=Transfer.answer_by,
        joined=((Firm, Firm.id == Transfer.from_firm_id),),
        running=(Transfer.status == TransferStatus.ASKED,),
    ),
    Deadline(
        ClockKind.TRANSFER,
        of=Transfer,
        whose=None,
        jurisdiction=Firm.register_code,
        about=Organisation.name,
        page=Transfer.public_id,
        since=Transfer.status_since,
        due=Transfer.decide_by,
        joined=((Firm, Firm.id == Transfer.from_firm_id), _FIRM),
        running=(Transfer.status.in_(TO_DECIDE),),
    ),
    Deadline(
        ClockKind.SELF_CHECK,
        of=SelfCheck,
        whose=Firm.organisation_id,
        jurisdiction=Firm.register_code,
        about=SelfCheck.year,
        page=SelfCheck.public_id,
        since=SelfCheck.opened_at,
        due=SelfCheck.due_at,
        joined=((Firm, Firm.id == SelfCheck.firm_id),),
        running=(
            SelfCheck.status.in_((SelfCheckStatus.OPEN, SelfCheckStatus.OVERDUE)),
            Firm.status.in_((FirmStatus.LISTED, FirmStatus.QUESTIONED)),
        ),
    ),
)
