"""What this platform's own cases do when a listing begins or is over."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from marketplace.accounts.models import Organisation
from marketplace.accounts.queries import lineage
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import as_written, db

from ..actions.cases import advance_blacklisting, end_suspension, report_case
from ..actions.undoing import reverse_all, take_notice_down
from ..locking import locked
from ..models import OPEN_CASES, Blacklisting, BlacklistingStatus, Case, Cause
from ..repairs.closing import close_repair
from . import queries
from .models import NationalImport, NationalRecord

WHY = "已移出国家严重失信主体名单"
_RUNNING = (BlacklistingStatus.IN_FORCE, BlacklistingStatus.STAYED)


def open_veto(
    found: NationalImport, organisation: Organisation, actor: Actor, now: datetime
) -> Case | None:
    """Open the case of a firm that came on the list: it is heard, and D proposed if so decided.

    None where one is open already, or was decided and still runs.
    """
    code = found.jurisdiction_code
    standing = (
        select(Case.id)
        .outerjoin(Blacklisting, Blacklisting.case_id == Case.id)
        .where(
            Case.organisation_id == organisation.id,
            Case.jurisdiction_code == code,
            Case.cause == Cause.DISHONESTY_LIST,
            Case.status.in_(OPEN_CASES) | Blacklisting.status.in_(_RUNNING),
        )
    )
    if db.session.scalar(standing.limit(as_written(1))) is not None:
        return None
    listed = db.session.scalars(
        select(NationalRecord)
        .where(
            NationalRecord.credit_code == organisation.credit_code,
            queries.in_force(now, lineage(code)),
        )
        .order_by(NationalRecord.id)
    )
    facts = "；".join(
        f"{each.list_name}，{each.authority}，{each.document}，"
        f"{each.listed_on.isoformat()} 至 {each.until_on.isoformat()}"
        for each in listed
    )
    return report_case(
        organisation,
        code,
        Cause.DISHONESTY_LIST,
        f"经导入的国家严重失信主体名单核对，该机构在列：{facts}。"[:4000],
        actor,
        now,
        evidence_file=None,
    )


def end_what_rested_on_it(
    found: NationalImport, organisation: Organisation, actor: Actor, now: datetime
) -> None:
    """End what was decided or begun here because of a listing that is over: it follows it.

    Blacklistings end, what was posted to the rating ledger stops counting from tomorrow, and a case
    still open suspends no longer; the bureau is told to close it.
    """
    for case in db.session.scalars(
        select(Case).where(
            Case.organisation_id == organisation.id,
            Case.jurisdiction_code == found.jurisdiction_code,
            Case.cause == Cause.DISHONESTY_LIST,
        )
    ).all():
        # it may be being decided on, or its blacklisting revoked
        now = locked(now, case)
        row = case.blacklisting
        now = locked(now, row)
        if case.status in OPEN_CASES:
            end_suspension(case, WHY, actor, now)
            continue
        if row is not None and row.status in _RUNNING:
            close_repair(case, WHY, actor, now)
            advance_blacklisting(row, actor, now)
            take_notice_down(row, WHY, actor, now)
        reverse_all(case, found, WHY, actor, now)
