"""Approving a fee list: it is published, and in force from its effective day on."""

from __future__ import annotations

import io
from datetime import datetime, time, timedelta

from flask_babel import gettext as _
from sqlalchemy import insert

from marketplace.accounts import queries as accounts
from marketplace.fees.models import FeeStandardEdition
from marketplace.foundation import calendar, clock, epoch, files, lifecycle, policy
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid
from marketplace.foundation.languages import for_storing
from marketplace.foundation.policy import PolicyEdition
from marketplace.notices.actions import publish_notice

from . import queries
from .actions import check_facts, check_other_hand
from .editions import Prepared
from .models import FeeList, FeeListFile, ListStatus

KIND = "fee_list"
_INTO_STANDARDS = insert(FeeStandardEdition.__table__)  # type: ignore[arg-type]


@for_storing()
def approve_list(
    fee_list: FeeList, prepared: Prepared | Invalid | None, seen: str, actor: Actor, now: datetime
) -> PolicyEdition:
    """Publish a list: from its effective day on it is the fee edition of its place.

    ``prepared`` is what was made of it beforehand (or why nothing can be), ``seen`` the ``list_hash`` of what the approver had before them. The charges of its own become
    standards, a public notice announces it. Raises Refused to whoever had a hand in it, Conflict
    when the list is not the one that was prepared or seen, or the edition it was compared with is
    not the one in force on that day any more, Invalid for an effective day in the past.
    """
    lock(fee_list)
    # two lists of a place approved at once would each be compared without the other
    lock(accounts.jurisdiction(fee_list.jurisdiction_code))
    now = max(now, clock.now())
    check_other_hand(fee_list, actor)
    if fee_list.status is not ListStatus.SUBMITTED:
        raise Conflict(_("这份清单不在待审批状态，请刷新页面"), rule="lifecycle")
    check_facts(fee_list, now)
    base = queries.edition_for(fee_list.jurisdiction_code, fee_list.effective_from)
    newest = queries.newest_of(fee_list.jurisdiction_code)
    # the newest of its own is asked too: what is remembered may be older than the lock
    if (base.id if base is not None else None) != fee_list.base_edition_id or (
        newest is not None and newest.id != fee_list.base_edition_id
    ):
        raise Conflict(
            _("送审之后，清单所比对的版本已经变化，请退回重新比对后再审批"), rule="fees.list"
        )
    if isinstance(prepared, Invalid):
        raise prepared
    if (
        prepared is None
        or prepared.sha256 != seen
        or (prepared.revision, prepared.base_id) != (fee_list.revision, fee_list.base_edition_id)
    ):
        raise Conflict(_("清单在您查看之后已经变化，请核对本页内容后再审批"), rule="fees.list")
    if prepared.standards:
        db.session.connection().execute(
            _INTO_STANDARDS, [row | {"loaded_at": now} for row in prepared.standards]
        )
        epoch.raise_editions()
    try:
        edition = policy.publish(prepared.edition, actor, now)
    except policy.PolicyError as error:
        raise Invalid(str(error), rule="fees.list") from error
    fee_list.approved_by = actor.user_id
    fee_list.published_at = now
    fee_list.policy_edition_id = edition.id
    fee_list.sha256 = seen
    lifecycle.move(
        fee_list,
        ListStatus.PUBLISHED,
        actor,
        now,
        sha256=fee_list.sha256,
        edition=edition.id,
        rows=prepared.total,
        standards=len(prepared.standards),
    )
    publish_notice(
        kind=KIND,
        subject=fee_list,
        title=f"{fee_list.title}公布",
        body=_announcement(fee_list, prepared),
        ends_at=_end_of_notice(fee_list, now),
        jurisdiction_code=fee_list.jurisdiction_code,
        actor=actor,
        now=now,
        objectable=False,
        link=f"/fees/lists/{edition.id}",
    )
    return edition


def keep_file(
    edition_id: int, kind: str, name: str, content: bytes, actor: Actor, now: datetime
) -> None:
    """Keep a file made of a published list; one that was kept meanwhile stays."""
    if queries.kept_file(edition_id, kind) is None:
        file = files.store(io.BytesIO(content), name, actor, now, "file")
        db.session.add(FeeListFile(policy_edition_id=edition_id, kind=kind, file_id=file.id))


def _end_of_notice(fee_list: FeeList, now: datetime) -> datetime:
    """The notice runs until the list takes force; at least to the end of the day."""
    tomorrow = clock.local_day(now) + timedelta(days=1)
    return calendar.moment(max(fee_list.effective_from, tomorrow), time.min)


def _announcement(fee_list: FeeList, prepared: Prepared) -> str:
    counts = {str(change): n for change, n in prepared.compared.counts.items()}
    day = fee_list.effective_from
    lines = [
        f"{fee_list.title}（{fee_list.document}）现予公布，自 {clock.written_day(day)} 起施行。",
        f"清单共 {prepared.total} 项：新增 {counts.get('new', 0)} 项，修改 {counts.get('changed', 0)} 项，"
        f"取消 {counts.get('dropped', 0)} 项，不变 {counts.get('same', 0)} 项。",
        f"制定依据：{fee_list.legal_basis}",
        "未列入中介服务事项清单的服务，任何部门不得作为办理审批的条件。",
        "施行日之前的价格核对仍按当时施行的清单，不受影响。",
    ]
    return "\n".join(lines)
