"""Telling firms what a newly published fee list changes for the items they offer.

Each firm is told once: what changes, from when, and whether its own promise would break the new
list and must be mended by then. Found and told in the background, some firms at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from sqlalchemy import select

from marketplace.accounts.areas import areas
from marketplace.fees import queries as fees
from marketplace.fees.lists import queries as lists
from marketplace.fees.lists.models import FeeList, ListStatus
from marketplace.fees.lists.rules import Difference
from marketplace.fees.lists.wording import CHANGES, cells_changed
from marketplace.fees.queries import Pricing
from marketplace.fees.rules.judging import Judgement, Verdict
from marketplace.foundation import audit, clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import as_written, db, lock
from marketplace.foundation.languages import for_storing
from marketplace.foundation.money import format_yuan
from marketplace.foundation.tasks import in_transaction, work_each
from marketplace.notifications.actions import send

from .models import Firm, FirmStatus, ListTelling, Offering
from .queries import judged

# firms told in one transaction
BATCH = 50
# one that was killed is taken to be gone after this, and another goes on
GONE_AFTER = timedelta(minutes=2)
LONGEST = 30


@dataclass(frozen=True)
class News:
    """What one firm is told."""

    firm_id: int
    organisation_id: int
    address: str | None
    subject: str
    body: str


@dataclass(frozen=True)
class Change:
    """A published list against the one before it, as far as firms are concerned."""

    edition_id: int
    old_edition_id: int | None
    jurisdiction: str
    registers: Sequence[str]
    title: str
    day: date
    differing: Mapping[str, Difference]
    pricings: Mapping[str, Pricing]

    @property
    def link(self) -> str:
        """Where the list is compared with the one before, or read where there was none."""
        if self.old_edition_id is None:
            return f"/fees/lists/{self.edition_id}"
        return f"/fees/lists/compare?old={self.old_edition_id}&new={self.edition_id}"


def tell_of_lists() -> int:
    """Tell firms of every list published and not told yet; returns how many were told. A list
    that cannot be told of rests, and holds up no other."""
    in_transaction(_begin)
    return work_each(ListTelling.__tablename__, _due, _tell)


def _begin(_actor: Actor, now: datetime) -> None:
    """Take up the lists that were published since."""
    known = select(ListTelling.policy_edition_id)
    published = select(FeeList.policy_edition_id).where(
        FeeList.status == ListStatus.PUBLISHED, FeeList.policy_edition_id.not_in(known)
    )
    for edition_id in db.session.scalars(published.order_by(FeeList.id)):
        telling = ListTelling(policy_edition_id=edition_id, told_to=0, firms=0, next_check_at=now)
        db.session.add(telling)


def _due(now: datetime) -> Sequence[int]:
    return db.session.scalars(
        select(ListTelling.id).where(ListTelling.next_check_at <= now).order_by(ListTelling.id)
    ).all()


def _claim(telling_id: int, _actor: Actor, _now: datetime) -> bool:
    """Take a telling up; False where another worker has it."""
    telling = lock(db.session.get_one(ListTelling, telling_id))
    now = clock.now()
    if telling.next_check_at is None or telling.next_check_at > now:
        return False
    telling.next_check_at = now + GONE_AFTER
    return True


def _let_go(telling_id: int, _actor: Actor, now: datetime) -> None:
    telling = lock(db.session.get_one(ListTelling, telling_id))
    if telling.next_check_at is not None:
        telling.next_check_at = now


def _tell(telling_id: int) -> int:
    """Go through the firms of one list from where the last one who did stopped."""
    if not in_transaction(partial(_claim, telling_id)):
        return 0
    try:
        return _tell_all(telling_id)
    except Exception:
        in_transaction(partial(_let_go, telling_id))
        raise


def _tell_all(telling_id: int) -> int:
    change, told = _change(telling_id), 0
    while True:
        telling = db.session.get_one(ListTelling, telling_id)
        batch = _firms(change, telling.told_to)
        with for_storing():
            news = [each for firm in batch if (each := _news(firm, change)) is not None]
        last = batch[-1].id if batch else None

        in_transaction(partial(_keep, telling_id, change, news, last))
        told += len(news)
        if last is None:
            return told


def _change(telling_id: int) -> Change:
    telling = db.session.get_one(ListTelling, telling_id)
    new = lists.edition(telling.policy_edition_id)
    assert new.fee_list is not None
    old_id = new.fee_list.base_edition_id
    old = lists.rows_of_edition(lists.edition(old_id)) if old_id is not None else []
    compared = lists.comparison(old, lists.rows_of_edition(new))
    differing = {each.code: each for each in compared.of(None)}
    day = max(new.effective_from, clock.today())
    return Change(
        new.id,
        old_id,
        new.jurisdiction,
        _registers(new),
        new.title,
        new.effective_from,
        differing,
        fees.pricings(list(differing), new.jurisdiction, day),
    )


def _registers(edition: lists.ListEdition) -> list[str]:
    """The registers whose firms a list concerns: the one that serves its place, and every one
    below that has no fee list of its own and so goes by this one."""
    found = {
        area.code
        for code in areas()[edition.jurisdiction].below
        if (area := areas()[code]).is_register
        and (inherited := fees.fees_policy(code, edition.effective_from)) is not None
        and inherited.id == edition.id
    }
    own = areas()[edition.jurisdiction].register
    return sorted(found | ({own} if own is not None else set()))


def _firms(change: Change, after: int) -> Sequence[Firm]:
    """The next firms on the registers of the list with a promise for a changed item."""
    concerned = select(Offering.firm_id).where(
        Offering.ended_at.is_(None), Offering.item_code.in_(list(change.differing))
    )
    return db.session.scalars(
        select(Firm)
        .where(
            Firm.register_code.in_(change.registers),
            Firm.status.in_((FirmStatus.LISTED, FirmStatus.QUESTIONED)),
            Firm.id > after,
            Firm.id.in_(concerned),
        )
        .order_by(Firm.id)
        .limit(as_written(BATCH))
    ).all()


def _news(firm: Firm, change: Change) -> News | None:
    offered = db.session.scalars(
        select(Offering)
        .where(
            Offering.firm_id == firm.id,
            Offering.ended_at.is_(None),
            Offering.item_code.in_(list(change.differing)),
        )
        .order_by(Offering.item_code)
    ).all()
    if not offered:
        return None
    day = clock.written_day(change.day)
    lines, broken = [], 0
    for each in offered:
        told = judged(each, change.pricings[each.item_code])
        breaks = told is not None and told.stops
        broken += breaks
        lines.append(_line(each, change, told, breaks))
    lines.sort(key=lambda line: not line[0])
    subject = f"{change.title}涉及贵单位的 {len(offered)} 项承诺"
    late = change.day <= clock.today()
    if broken:
        subject += f"，其中 {broken} 项" + ("请立即修改" if late else f"须在 {day} 前修改")
    body = [
        f"{change.title}自 {day} 起施行，贵单位承接的下列事项有变化。",
        *(text for _breaks, text in lines[:LONGEST]),
    ]
    if len(lines) > LONGEST:
        body.append(f"另有 {len(lines) - LONGEST} 项，见两版清单对照。")
    if broken and late:
        body.append(
            "标明“须修改”的承诺超出新清单的规定，请立即修改；清单已经施行，未改的，"
            "按此承诺报价、中选、签订合同时将被系统拦截。"
        )
    elif broken:
        body.append(
            f"标明“须修改”的承诺超出新清单的规定，请在 {day} 前修改；到期未改的，"
            "自该日起按此承诺报价、中选、签订合同时将被系统拦截。"
        )
    body.append("此前的价格核对和已签合同仍按当时施行的清单，不受影响。")
    return News(firm.id, firm.organisation_id, firm.organisation.email, subject, "\n".join(body))


def _line(
    offered: Offering, change: Change, told: Judgement | None, breaks: bool
) -> tuple[bool, str]:
    difference = change.differing[offered.item_code]
    standards = {
        pricing.standard.id: pricing.standard
        for pricing in change.pricings.values()
        if pricing.standard is not None
    }
    cells = "；".join(
        f"{title}由“{before or '空'}”改为“{now or '空'}”"
        for title, before, now in cells_changed(difference, standards)
    )
    text = f"· {difference.row.name}（{CHANGES[difference.change].title}）"
    if cells:
        text += f"：{cells}"
    text += f"。现有承诺：{_promise(offered)}"
    if breaks and told is not None:
        below = told.verdict is Verdict.BELOW_FLOOR
        limit = told.floor if below else told.ceiling
        word = "低于下限" if below else "高于上限"
        shown = f" {format_yuan(limit)} 元" if limit is not None and offered.amount else ""
        return True, f"{text}，{word}{shown}，须修改。"
    if told is None:
        return False, f"{text}，按新清单须重新核对，请到“承接事项”查看。"
    return False, f"{text}，不必修改。"


def _promise(offered: Offering) -> str:
    if offered.amount is not None:
        return f"{format_yuan(offered.amount)} 元"
    return f"下浮 {offered.discount * 100:f}%" if offered.discount else "按标准"


def _keep(
    telling_id: int,
    change: Change,
    news: Sequence[News],
    last: int | None,
    actor: Actor,
    now: datetime,
) -> None:
    telling = db.session.get_one(ListTelling, telling_id, with_for_update=True)
    for each in news:
        send(
            each.organisation_id,
            each.subject,
            each.body,
            change.link,
            f"fee_list:{change.edition_id}:{each.firm_id}",
            now,
            address=each.address,
        )
    telling.firms += len(news)
    if last is not None:
        telling.told_to = max(telling.told_to, last)
        telling.next_check_at = now + GONE_AFTER
        return
    if telling.next_check_at is not None:
        audit.record(
            "fee_list.told", actor, ("policy_editions", change.edition_id), now, firms=telling.firms
        )
    telling.next_check_at = None
