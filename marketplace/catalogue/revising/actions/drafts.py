"""Compose a new edition, lay it before another officer, show it to the public, publish it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from flask_babel import gettext as _
from pydantic import ValidationError

from marketplace.accounts import queries as accounts
from marketplace.foundation import audit, clock, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import working_calendar
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid, Missing, Refused
from marketplace.foundation.languages import for_storing
from marketplace.foundation.showing import show_date
from marketplace.notices import queries as notices
from marketplace.notices.actions import publish_notice
from marketplace.notices.holding import held_first
from marketplace.notices.rules import NoticeState

from ... import queries as catalogue
from ...actions import ListRefused, read_list, store_edition
from ...models import CatalogueEdition
from ...rules.comparing import Change, compare, names_in
from ...rules.items import ItemList
from ...rules.writing import edition_text
from .. import queries, reading
from ..models import DraftStatus, ItemProposal, ListDraft, ProposalStatus
from ..wording import told_change
from .saying import RULE, policy_of, said, tell

KIND = "catalogue"


def _hold_draft(draft_id: int) -> ListDraft:
    return lock(db.session.get_one(ListDraft, draft_id))


held_first(ListDraft.__tablename__, _hold_draft)


def accept_proposal(proposal: ItemProposal, actor: Actor, now: datetime) -> ListDraft:
    """Take a proposal into the new edition under way, which begins with the first one.

    Raises Conflict once that edition waits for approval or is shown, Invalid when the change does
    not go together with the others.
    """
    lock(accounts.jurisdiction(proposal.jurisdiction_code))
    lock(proposal)
    now = max(now, clock.now())
    draft = queries.open_draft(proposal.jurisdiction_code) or _begin_draft(proposal, actor, now)
    _open(draft, actor)
    _composed(draft, proposal)
    proposal.draft_id = draft.id
    proposal.answered_by = actor.user_id
    proposal.answered_at = now
    lifecycle.move(proposal, ProposalStatus.ACCEPTED, actor, now, draft=draft.id)
    db.session.refresh(draft, ["proposals"])
    tell(proposal, "已采纳，将列入新版清单", "", now)
    return draft


def leave_out(proposal: ItemProposal, actor: Actor, now: datetime) -> None:
    """Take an accepted proposal out of a draft again; it waits for an answer anew."""
    lock(proposal)
    draft = proposal.draft
    if draft is None:
        raise Conflict(_("这件建议不在新版清单中"), rule=RULE)
    _open(draft, actor)
    proposal.draft_id = None
    lifecycle.move(proposal, ProposalStatus.PROPOSED, actor, now)
    db.session.refresh(draft, ["proposals"])


def state_facts(
    draft: ListDraft, title: str, document: str, effective_from: date, actor: Actor, now: datetime
) -> None:
    """The head of a new edition; raises Invalid for a day that is not after the edition it
    changes and after today."""
    _open(draft, actor)
    draft.title, draft.document, draft.effective_from = title, document, effective_from
    _check_day(draft, clock.local_day(now))
    audit.record("list_drafts.facts_stated", actor, draft, now, effective_from=effective_from)


def submit_draft(draft: ListDraft, actor: Actor, now: datetime) -> None:
    """Lay a new edition before another officer. Raises Invalid while something is missing."""
    _open(draft, actor)
    _ready(draft, clock.local_day(now))
    draft.submitted_by = actor.user_id
    draft.returned_because = None
    lifecycle.move(draft, DraftStatus.SUBMITTED, actor, now)


def return_draft(draft: ListDraft, reason: str, actor: Actor, now: datetime) -> None:
    """Give a new edition back with reasons; raises Refused to whoever worked on it."""
    lock(draft)
    _other_hand(draft, actor)
    draft.returned_because = said(reason, "reason")
    if draft.status is not DraftStatus.SUBMITTED:
        raise Conflict(_("这一版不在待审批状态，请刷新页面"), rule="lifecycle")
    lifecycle.move(draft, DraftStatus.RETURNED, actor, now, reason=draft.returned_because)


def withdraw_draft(draft: ListDraft, actor: Actor, now: datetime) -> None:
    """Give up a new edition; what it would have changed waits for an answer again."""
    lock(draft)
    lifecycle.move(draft, DraftStatus.WITHDRAWN, actor, now)
    for proposal in list(draft.proposals):
        proposal.draft_id = None
        lifecycle.move(proposal, ProposalStatus.PROPOSED, actor, now)


@for_storing()
def approve_draft(draft: ListDraft, actor: Actor, now: datetime) -> None:
    """Show a new edition to the public, open to objections; it is published when the notice ends.

    Raises Refused to whoever worked on it, Invalid when it would be in force before the notice
    ends, Conflict when the list it changes is not the newest any more.
    """
    lock(accounts.jurisdiction(draft.jurisdiction_code))
    lock(draft)
    now = max(now, clock.now())
    _other_hand(draft, actor)
    if draft.status is not DraftStatus.SUBMITTED:
        raise Conflict(_("这一版不在待审批状态，请刷新页面"), rule="lifecycle")
    _ready(draft, clock.local_day(now))
    told = _composed(draft)
    edition = policy_of(draft.jurisdiction_code, clock.local_day(now))
    ends_at = working_calendar().deadline(now, edition.values.notice_days)
    if draft.effective_from <= clock.local_day(ends_at):
        raise Invalid(
            _("公示到 %(day)s 期满，施行日期须晚于这一天", day=show_date(clock.local_day(ends_at))),
            field="effective_from",
            rule=RULE,
        )
    draft.approved_by = actor.user_id
    draft.policy_edition_id = edition.id
    notice = publish_notice(
        kind=KIND,
        subject=draft,
        title=f"{draft.title}公示",
        body=_announcement(draft, told),
        ends_at=ends_at,
        jurisdiction_code=draft.jurisdiction_code,
        actor=actor,
        now=now,
    )
    draft.notice_id = notice.id
    lifecycle.move(draft, DraftStatus.SHOWN, actor, now, check_at=ends_at)


@for_storing()
def advance_draft(draft: ListDraft, actor: Actor, now: datetime) -> None:
    """The notice has ended: publish, unless an objection was upheld or waits for its answer."""
    notice = draft.notice
    assert notice is not None
    lock(notice)
    state = notices.state(notice, now)
    if state in (NoticeState.UPHELD, NoticeState.WITHDRAWN):
        _give_back(draft, "公示期内的异议成立，请修改后重新送审", actor, now)
        return
    if state is not NoticeState.CLEAR:
        # an objection waits: its answer wakes the draft
        draft.next_check_at = notice.ends_at if state is NoticeState.RUNNING else None
        return
    lock(accounts.jurisdiction(draft.jurisdiction_code))
    newest = queries.newest_edition(draft.jurisdiction_code)
    if newest is None or newest.id != draft.base_id:
        _give_back(draft, "公示期间清单已另有新版，请核对后重新送审", actor, now)
        return
    # an objection may have held it: never published for a day that has begun
    draft.effective_from = max(draft.effective_from, clock.local_day(now) + timedelta(days=1))
    publish(draft, actor, now)


def publish(draft: ListDraft, actor: Actor, now: datetime) -> CatalogueEdition:
    """Store the new edition; from its day on it is the list of the place."""
    text = edition_text(_composed(draft))
    try:
        told = read_list(draft.title, text)
    except ListRefused as error:
        raise Invalid(str(error), rule=RULE) from error
    edition = store_edition(told, text, actor, now)
    draft.edition_id = edition.id
    lifecycle.move(draft, DraftStatus.PUBLISHED, actor, now, sha256=edition.sha256)
    for proposal in list(draft.proposals):
        lifecycle.move(proposal, ProposalStatus.PUBLISHED, actor, now, edition=edition.id)
        tell(proposal, f"已随{draft.title}公布", "", now)
    return edition


def _give_back(draft: ListDraft, why: str, actor: Actor, now: datetime) -> None:
    draft.returned_because = why
    draft.approved_by = None
    lifecycle.move(draft, DraftStatus.RETURNED, actor, now, reason=why)


def _begin_draft(proposal: ItemProposal, actor: Actor, now: datetime) -> ListDraft:
    place = proposal.jurisdiction_code
    base = queries.newest_edition(place)
    if base is None:
        raise Missing(f"no item list for {place}")
    day = max(clock.local_day(now), base.effective_from)
    first = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    draft = ListDraft(
        jurisdiction_code=place,
        title=f"{accounts.jurisdiction(place).name}行政审批中介服务事项清单（{first.year} 年 {first.month} 月版）",
        document="",
        effective_from=first,
        base_id=base.id,
        hands=[],
    )
    lifecycle.begin(draft, DraftStatus.DRAFT, actor, now)
    return draft


def _open(draft: ListDraft, actor: Actor) -> None:
    lock(draft)
    if not draft.is_editable:
        raise Conflict(
            _("新版清单状态为“%(status)s”，不能修改", status=draft.status.title), rule="lifecycle"
        )
    if actor.user_id is not None and actor.user_id not in draft.hands:
        draft.hands = [*draft.hands, actor.user_id]


def _other_hand(draft: ListDraft, actor: Actor) -> None:
    if actor.user_id in (*draft.hands, draft.submitted_by):
        raise Refused(_("起草、修改或送审过清单的人不能审批，须由另一人办理"), rule="other_hand")


def _ready(draft: ListDraft, today: date) -> None:
    if not draft.document.strip():
        raise Invalid(_("请先填写公布文号"), field="document", rule=RULE)
    if not draft.proposals:
        raise Invalid(_("新版清单还没有一处修改"), rule=RULE)
    newest = queries.newest_edition(draft.jurisdiction_code)
    if newest is None or newest.id != draft.base_id:
        raise Conflict(_("清单已另有新版，请撤回后重新起草"), rule=RULE)
    _check_day(draft, today)
    _composed(draft)


def _check_day(draft: ListDraft, today: date) -> None:
    after = max(today, draft.base.effective_from)
    if draft.effective_from <= after:
        raise Invalid(
            _("施行日期须晚于 %(day)s", day=show_date(after)), field="effective_from", rule=RULE
        )


def _composed(draft: ListDraft, more: ItemProposal | None = None) -> ItemList:
    try:
        return queries.composed(draft, more)
    except ValidationError as error:
        raise Invalid(reading.explained(error)[1], rule=RULE) from error
    except ValueError as error:
        raise Invalid(str(error), rule=RULE) from error


def _announcement(draft: ListDraft, told: ItemList) -> str:
    standing = catalogue.stated(draft.base)
    changes = list(compare(standing, told.items))
    names = names_in([*standing, *told.items])
    words = {Change.NEW: "新增", Change.CHANGED: "修改", Change.DROPPED: "取消"}
    lines = [
        f"{draft.title}（{draft.document}）拟自 {clock.written_day(draft.effective_from)} 起施行，现予公示，征求意见。",
        f"清单共 {len(told.items)} 项，与现行清单比较有 {len(changes)} 项变化：",
    ]
    for each in changes:
        lines.append(f"{words[each.change]}：{each.item.name}")
        if each.change is Change.CHANGED:
            with for_storing():
                lines += told_change(each, names)
    lines.append("公示期满无异议或者异议不成立的，公布施行；施行前办理的事项仍按现行清单。")
    return "\n".join(lines)
