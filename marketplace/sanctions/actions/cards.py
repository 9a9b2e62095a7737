"""Cards: proposed by one officer, issued by another, corrected by the firm, ended by the clock."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import Organisation, OrganisationFunction
from marketplace.catalogue import queries as catalogue
from marketplace.foundation import audit, calendar, clock, lifecycle, policy
from marketplace.foundation.actor import Actor
from marketplace.foundation.errors import Conflict, Invalid, Missing, Refused
from marketplace.foundation.files import StoredFile
from marketplace.foundation.languages import stored
from marketplace.foundation.policy import Edition
from marketplace.notices.actions import publish_notice
from marketplace.notifications.actions import send
from marketplace.ratings.actions import post_conduct, propose_grade
from marketplace.ratings.rules.entries import ConductKind, Grade, VetoKind

from .. import queries
from ..locking import held, locked
from ..models import Breach, Card, CardStatus
from ..rules import Colour, IssuedCard, SanctionsPolicy, Step, next_step
from .undoing import bring_cards_along

CLOSE_OF_DAY = time(17, 0)
SHORTEST = 5
LONGEST = 4000


def written(text: str | None, field: str, shortest: int = SHORTEST) -> str:
    """A text of decent length; raises Invalid naming ``field``."""
    cleaned = (text or "").strip()
    if not shortest <= len(cleaned) <= LONGEST:
        raise Invalid(
            _("请填写 %(min)d 到 %(max)d 个字", min=shortest, max=LONGEST),
            field=field,
            rule="sanction.text",
        )
    return cleaned


def policy_for(jurisdiction_code: str, now: datetime) -> Edition[SanctionsPolicy]:
    """The sanctions edition in force for a jurisdiction."""
    return policy.in_force(
        SanctionsPolicy, accounts.lineage(jurisdiction_code), clock.local_day(now)
    )


def sanctionable(organisation: Organisation) -> Organisation:
    """Refuses offices: cards and cases are about parties of the marketplace."""
    if organisation.function is not OrganisationFunction.PARTY:
        raise Invalid(
            _("对国家机关及其工作人员的问题，请移送纪检监察机关"),
            field="credit_code",
            rule="sanction.party",
        )
    return organisation


def propose_card(
    organisation: Organisation,
    jurisdiction_code: str,
    breach: Breach,
    facts: str,
    actor: Actor,
    now: datetime,
    item_code: str | None = None,
    evidence_file: StoredFile | None = None,
) -> Card:
    """Propose a card for a breach; another officer issues it. Raises Invalid."""
    card = Card(
        organisation_id=sanctionable(organisation).id,
        jurisdiction_code=jurisdiction_code,
        item_code=item_code or None,
        breach=breach,
        facts=written(facts, "facts"),
        evidence_file_id=evidence_file.id if evidence_file else None,
        proposed_by=actor.user_id,
        proposed_at=now,
        reported_to_department=False,
    )
    lifecycle.begin(card, CardStatus.PROPOSED, actor, now)
    return card


def issue_card(card: Card, actor: Actor, now: datetime) -> Card:
    """Issue a proposed card; its colour follows from the firm's record in the edition's period.

    Yellow: a period of correction. Red: new work suspended. A breach after a red card: red
    again, the competent department is told and grade D is proposed. Raises Refused when the
    proposer decides, Conflict when it is decided already.
    """
    now = locked(now, card)
    _another_officer(card.proposed_by, actor)
    if card.status is not CardStatus.PROPOSED:
        raise Conflict(_("该牌已有处理结果，请刷新页面查看"), rule="lifecycle")
    card.decided_by = actor.user_id
    _issue(card, actor, now)
    return card


def reject_card(card: Card, reason: str, actor: Actor, now: datetime) -> None:
    """Refuse a proposed card, with the reason."""
    now = locked(now, card)
    _another_officer(card.proposed_by, actor)
    if card.status is not CardStatus.PROPOSED:
        raise Conflict(_("该牌已有处理结果，请刷新页面查看"), rule="lifecycle")
    card.decision_reason = written(reason, "reason")
    card.decided_by = actor.user_id
    lifecycle.move(card, CardStatus.REJECTED, actor, now)


def report_correction(card: Card, text: str, actor: Actor, now: datetime) -> None:
    """The firm reports what it has put right, before the period is over."""
    now = locked(now, card)
    if card.organisation_id != actor.organisation_id:
        raise Missing(f"card {card.id}")
    if card.status is not CardStatus.CORRECTING or card.correct_by is None:
        raise Conflict(_("当前状态不需要报送整改，请刷新页面查看"), rule="lifecycle")
    if now >= card.correct_by:
        raise Conflict(_("整改期限已过"), field="text", rule="card.correction_period")
    card.correction = written(text, "text")
    card.corrected_at = now
    lifecycle.move(card, CardStatus.REPORTED, actor, now)
    office = accounts.bureau(card.jurisdiction_code)
    send(
        office.id,
        f"已报整改，待核查：{card.organisation.public_name}"[:200],
        "请核查整改情况。",
        f"/cards/{card.public_id}",
        f"card:{card.id}:reported",
        now,
    )


def judge_correction(card: Card, accepted: bool, reason: str, actor: Actor, now: datetime) -> None:
    """An officer finds the reported correction done, or not done: then the red card follows."""
    now = locked(now, card)
    if card.status is not CardStatus.REPORTED:
        raise Conflict(_("该整改已有核查结果，请刷新页面查看"), rule="lifecycle")
    card.judgement = written(reason, "reason")
    if accepted:
        lifecycle.move(card, CardStatus.CORRECTED, actor, now)
        tell(card, "整改已通过核查", card.judgement, "corrected", now)
        bring_cards_along(card, card.judgement, actor, now)
        return
    lifecycle.move(card, CardStatus.UNCORRECTED, actor, now)
    _escalate(card, actor, now)


def advance_card(card: Card, actor: Actor, now: datetime) -> None:
    """The clock: no correction in time, or a suspension that is over."""
    if card.status is CardStatus.CORRECTING:
        lifecycle.move(card, CardStatus.UNCORRECTED, actor, now)
        _escalate(card, actor, now)
    else:
        lifecycle.move(card, CardStatus.ENDED, actor, now)
        tell(card, "红牌暂停期已满，可恢复承接业务", "", "ended", now)


def _another_officer(proposer: int | None, actor: Actor) -> None:
    if actor.user_id is None or actor.user_id == proposer:
        raise Refused(_("提出人不能作出决定，请由其他审批人办理"), rule="two_officers")


def _issue(card: Card, actor: Actor, now: datetime) -> None:
    # two breaches of one firm one after the other: each counts for the next
    now = held(now, card.organisation)
    edition = policy_for(card.jurisdiction_code, now)
    today = clock.local_day(now)
    register = accounts.register_of(card.jurisdiction_code)
    earlier = [
        IssuedCard(old.colour, clock.local_day(old.decided_at))
        for old in queries.issued_cards(card.organisation_id, accounts.below(register))
        if old.colour is not None and old.decided_at is not None
    ]
    since = calendar.add_months(today, -edition.values.repeat_months)
    step = next_step(earlier, since)
    card.decided_at = now
    card.edition_id = edition.id
    if step is Step.YELLOW:
        card.colour = Colour.YELLOW
        card.correct_by = calendar.working_calendar().deadline(now, edition.values.correction_days)
        lifecycle.move(card, CardStatus.CORRECTING, actor, now, check_at=card.correct_by)
        post_conduct(
            card.organisation_id, card.jurisdiction_code, ConductKind.YELLOW_CARD, card, actor, now
        )
        tell(card, "收到黄牌，请限期整改", card.facts, "issued", now)
        return
    _suspend(card, edition, now)
    lifecycle.move(card, CardStatus.SUSPENDED, actor, now, check_at=card.until_at)
    announce_red(card, actor, now)
    if step is Step.REPORT:
        _report_upwards(card, register, actor, now)


def _suspend(card: Card, edition: Edition[SanctionsPolicy], now: datetime) -> None:
    last_day = clock.local_day(now) + timedelta(days=edition.values.red_suspension_days)
    card.colour = Colour.RED
    card.until_at = calendar.moment(last_day, CLOSE_OF_DAY)


def _escalate(yellow: Card, actor: Actor, now: datetime) -> None:
    """A yellow card that was not corrected becomes a red one, by rule: nobody proposes it."""
    now = held(now, yellow.organisation)
    edition = policy_for(yellow.jurisdiction_code, now)
    red = Card(
        organisation_id=yellow.organisation_id,
        jurisdiction_code=yellow.jurisdiction_code,
        item_code=yellow.item_code,
        breach=yellow.breach,
        facts=f"黄牌所列问题未在期限内完成整改。{yellow.facts}"[:LONGEST],
        evidence_file_id=yellow.evidence_file_id,
        proposed_at=now,
        decided_at=now,
        edition_id=edition.id,
        reported_to_department=False,
        follows_id=yellow.id,
    )
    _suspend(red, edition, now)
    lifecycle.begin(red, CardStatus.SUSPENDED, actor, now, check_at=red.until_at)
    announce_red(red, actor, now)


def announce_red(card: Card, actor: Actor, now: datetime) -> None:
    """Put a red card on the rating ledger and before the public, and tell the firm."""
    assert card.until_at is not None
    post_conduct(
        card.organisation_id, card.jurisdiction_code, ConductKind.RED_CARD, card, actor, now
    )
    until = f"{card.until_at.astimezone(clock.SHANGHAI):%Y年%m月%d日 %H:%M}"
    name = card.organisation.public_name
    publish_notice(
        kind="sanction",
        subject=card,
        title=f"关于对{name}出具红牌的公告",
        body=f"因{stored(card.breach.title)}，对{name}出具红牌，暂停承接新业务至 {until}。",
        ends_at=card.until_at,
        jurisdiction_code=card.jurisdiction_code,
        actor=actor,
        now=now,
        objectable=False,
        lasting=False,
    )
    tell(card, f"收到红牌，暂停承接新业务至 {until}", card.facts, "issued", now)


def _report_upwards(card: Card, register: str, actor: Actor, now: datetime) -> None:
    """A third breach: the competent department is told and grade D proposed."""
    card.reported_to_department = True
    audit.record("cards.reported_to_department", actor, card, now, item=card.item_code)
    office = _department_of(card, register, now) or accounts.bureau(card.jurisdiction_code)
    send(
        office.id,
        f"多次违规报告：{card.organisation.public_name}"[:200],
        f"该机构在规定期间内再次违规，已出具红牌，请依职责处理。{card.facts}",
        f"/cards/{card.public_id}",
        f"card:{card.id}:department",
        now,
    )
    propose_grade(
        card.organisation_id,
        register,
        Grade.D,
        "规定期间内第三次违规",
        card,
        actor,
        now,
        veto=VetoKind.THIRD_CARD,
    )


def _department_of(card: Card, register: str, now: datetime) -> Organisation | None:
    if card.item_code is None:
        return None
    try:
        item = catalogue.item(card.item_code, clock.local_day(now), accounts.lineage(register))
        return accounts.department(register, item.department_code)
    except Missing:
        return None


def tell(card: Card, subject: str, body: str, occasion: str, now: datetime) -> None:
    """Write to the firm about its card."""
    send(
        card.organisation_id,
        subject[:200],
        body,
        f"/cards/{card.public_id}",
        f"card:{card.id}:{occasion}",
        now,
        address=card.organisation.email,
    )
