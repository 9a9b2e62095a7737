"""The life of one need in the demo's year, from its draft to the marks, or to where it ends."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from random import Random

from sqlalchemy import select

from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.notices import actions as notice_actions
from marketplace.notices import queries as notice_queries
from marketplace.notices.models import Objection
from marketplace.projects import actions as projects
from marketplace.projects import correcting
from marketplace.projects.models import Need, NeedStatus, SelectionMethod
from marketplace.selection import actions as selection
from marketplace.selection import queries
from marketplace.selection.models import Award, AwardStatus, DrawAnnulment, Entry

from . import needs
from .agenda import AFTER_CLOSING, AFTER_LOTTERY, MORNING, Days, Story
from .fulfilment import contract_life
from .needs import STANDARD, NeedSketch, quote_reason
from .people import Cast

WITHDRAWN_BECAUSE = (
    "建设内容调整，该项服务并入总体设计一并委托",
    "项目资金计划调整，本年度不再实施",
    "场址变更，按新场址另行发布需求",
)
PICKED_BECAUSE = (
    "技术方案针对性强，同类成果质量较好，报价在预算之内",
    "承诺时限最短，项目负责人经验与需求相符",
    "报价合理，近一年履约评价良好",
    "服务方案完整，人员配备满足要求",
)
LAST_HOUR = time(21, 50)
OBJECTIONS = (
    "中选机构项目负责人同时在本市另一项目任职，请核实其能否按期履约",
    "本机构报价更低且承诺时限相同，请说明选取理由",
)


Winning = Generator[datetime, None, str | None]
Asked = Generator[datetime, None, bool]


@dataclass(frozen=True)
class Plan:
    """A need to come: when, for whom, and what becomes of it.

    ``before`` counts working days before the last; ``turn`` names what goes differently.
    """

    number: int
    before: int
    city: str
    sketch: NeedSketch
    turn: str = ""


def need_life(cast: Cast, days: Days, plan: Plan) -> Story:
    """One need. Everything that varies follows from its number."""
    chance = Random(f"need {plan.number}")  # noqa: S311 a demo's variety, no secret
    sketch, turn = plan.sketch, plan.turn
    yield days.at(plan.before)
    need_id = needs.draft(cast, sketch)
    needs.submit(cast, sketch, need_id)
    if turn == "submitted":
        return
    with transaction():
        selection.publish_need(_need(need_id), cast.approvers[sketch.owner].actor, clock.now())
    yield days.at(plan.before, AFTER_CLOSING)
    if turn == "withdrawn":
        _withdraw(cast, plan, need_id, chance)
        return
    if turn != "nobody":
        _enter(cast, plan, need_id, chance)
    if turn == "corrected":
        yield days.at(plan.before - 1)
        _correct(cast, plan, need_id)
        yield days.at(plan.before - 1, AFTER_CLOSING)
        _confirm_entries(cast, need_id)
    firm = yield from _selection(cast, days, plan, need_id, chance)
    if firm is None:
        return
    yield from contract_life(cast, days, sketch.owner, turn, need_id, firm, chance)


# ---- entries ----------------------------------------------------------------


def _need(need_id: int) -> Need:
    return db.session.get_one(Need, need_id)


def _enter(cast: Cast, plan: Plan, need_id: int, chance: Random) -> None:
    with transaction():
        need = _need(need_id)
        able = [
            cast.firm_of(each)
            for each in queries.eligible_firm_ids(need, clock.now())
            if cast.firm_of(each) != plan.sketch.owner
        ]
    chosen = chance.sample(able, min(len(able), chance.choice((1, 2, 3, 3, 4, 5))))
    share = "0.85" if plan.sketch.item in STANDARD else f"0.{chance.randint(86, 97)}"
    needs.enter(cast, need_id, chosen, share)


def _confirm_entries(cast: Cast, need_id: int) -> None:
    """Firms enter again after a correction, as it asks them to."""
    with transaction():
        need = _need(need_id)
        standing = [
            (cast.firm_of(entry.organisation_id), entry.quoted, entry.contribution)
            for entry in queries.standing(queries.live_round(need))
        ]
    for login, price, contribution in standing:
        with transaction():
            need = _need(need_id)
            selection.enter_need(
                need,
                contribution,
                min(price, need.budget),
                cast.firms[login].actor,
                quote_reason(len(login)),
            )


def _withdraw(cast: Cast, plan: Plan, need_id: int, chance: Random) -> None:
    owner, reason = plan.sketch.owner, chance.choice(WITHDRAWN_BECAUSE)
    with transaction():
        need = _need(need_id)
        if need.two_person:
            projects.request_withdrawal(need, reason, cast.owners[owner].actor, clock.now())
    with transaction():
        projects.withdraw_need(_need(need_id), reason, cast.approvers[owner].actor, clock.now())


def _correct(cast: Cast, plan: Plan, need_id: int) -> None:
    owner = plan.sketch.owner
    with transaction():
        need = _need(need_id)
        row = correcting.propose_correction(
            need,
            correcting.Correction(
                scope=need.scope + "，成果提交纸质版三份、电子版一份",
                place=need.place,
                budget=need.budget,
                days_wanted=need.days_wanted,
            ),
            "补充成果份数要求",
            cast.owners[owner].actor,
            clock.now(),
        )
        row_id = row.id
    with transaction():
        correcting.publish_correction(
            db.session.get_one(type(row), row_id), cast.approvers[owner].actor, clock.now()
        )


# ---- selection --------------------------------------------------------------


def _selection(cast: Cast, days: Days, plan: Plan, need_id: int, chance: Random) -> Winning:
    """Until somebody has accepted: returns the firm's login, or None where nobody has."""
    before, unwilling = plan.before, plan.turn in ("declined", "lapsed")
    objected = False
    while before > 0:
        before -= 1
        yield days.at(before)
        status = _status(need_id)
        if status in (NeedStatus.FAILED, NeedStatus.WITHDRAWN):
            return None
        _approve_pick(cast, plan, need_id)
        if _is_offered(need_id):
            if not unwilling:
                return needs.accept_offered(cast, need_id)
            unwilling = False
            if plan.turn == "declined":
                _decline(cast, need_id)
            else:
                # the firm stays silent until its time is over
                before = max(0, before - 4)
                yield days.at(before)
        if plan.turn in ("objected", "upheld", "unanswered") and not objected:
            objected = yield from _object(cast, days, plan, need_id, before, chance)
        if plan.turn in ("annulled", "annulment_waits") and _drawn(need_id):
            yield from _annul(cast, days, plan, need_id, before, chance)
            plan = Plan(plan.number, plan.before, plan.city, plan.sketch)
        yield days.at(before, AFTER_CLOSING)
        _pick(cast, plan, need_id, chance)
        if _waits_for_lottery(need_id, days, before):
            yield days.at(before, AFTER_LOTTERY)
            needs.enter_lottery(cast, days.day(before))
    return None


def _status(need_id: int) -> NeedStatus:
    with transaction():
        return _need(need_id).status


def _is_offered(need_id: int) -> bool:
    with transaction():
        award = queries.award_of(_need(need_id))
        return award is not None and award.status is AwardStatus.OFFERED


def _decline(cast: Cast, need_id: int) -> None:
    with transaction():
        award = queries.award_of(_need(need_id))
        assert award is not None
        actor = cast.firms[cast.firm_of(award.organisation_id)].actor
        selection.decline_award(award, "项目负责人另有任务，无法按公告时限投入", actor)


def _pick(cast: Cast, plan: Plan, need_id: int, chance: Random) -> None:
    with transaction():
        need = _need(need_id)
        if need.status is not NeedStatus.SELECTING or queries.award_of(need) is not None:
            return
        if need.method is not SelectionMethod.DIRECT_PICK:
            return
        now = clock.now()
        entries = queries.listed(queries.live_round(need))
        answers = queries.eligibility_of(need, [each.organisation_id for each in entries], now)
        listed = [entry for entry in entries if answers[entry.organisation_id].ok]
        if not listed:
            return
        entry = _better(cast, listed, chance)
        reason = chance.choice(PICKED_BECAUSE)
        selection.pick_entry(need, entry, reason, cast.owners[plan.sketch.owner].actor)


def _better(cast: Cast, listed: Sequence[Entry], chance: Random) -> Entry:
    """Owners tend to take firms that are known to work well."""
    weights = [
        {"excellent": 6, "good": 4, "middling": 2, "poor": 2}[
            cast.firm_sketches[cast.firm_of(entry.organisation_id)].skill
        ]
        for entry in listed
    ]
    return chance.choices(list(listed), weights)[0]


def _approve_pick(cast: Cast, plan: Plan, need_id: int) -> None:
    with transaction():
        award = queries.award_of(_need(need_id))
        if award is not None and award.status is AwardStatus.PROPOSED:
            selection.approve_pick(award, cast.approvers[plan.sketch.owner].actor)


def _waits_for_lottery(need_id: int, days: Days, before: int) -> bool:
    with transaction():
        running = queries.round_of(_need(need_id))
        return (
            running is not None
            and running.drawn_at is None
            and running.lottery_day == days.day(before)
            and before > 0
        )


def _drawn(need_id: int) -> bool:
    with transaction():
        running = queries.round_of(_need(need_id))
        need = _need(need_id)
        return (
            running is not None
            and running.drawn_at is not None
            and need.status is NeedStatus.AWARDED
        )


def _object(cast: Cast, days: Days, plan: Plan, need_id: int, before: int, chance: Random) -> Asked:
    """Another entrant objects while the result is shown; an officer answers the same day."""
    with transaction():
        need = _need(need_id)
        award = queries.award_of(need)
        notice = notice_queries.latest("award", award) if award is not None else None
        if award is None or award.status is not AwardStatus.ANNOUNCED or notice is None:
            return False
        others = [
            entry.organisation_id
            for entry in queries.listed(queries.live_round(need))
            if entry.organisation_id != award.organisation_id
        ]
        if not others:
            return True
        objection = notice_actions.file_objection(
            notice,
            chance.choice(OBJECTIONS),
            cast.firms[cast.firm_of(others[0])].actor,
            clock.now(),
        )
        objection_id = objection.id
    if before == 0 or plan.turn == "unanswered":
        return True
    yield days.at(before, MORNING.replace(hour=15))
    upheld = plan.turn == "upheld"
    with transaction():
        notice_actions.answer_objection(
            db.session.get_one(Objection, objection_id),
            upheld,
            "经核实，中选机构所报项目负责人不能到岗，异议成立"
            if upheld
            else "经核实，选取程序和理由符合规定，异议不成立",
            cast.desk(plan.city, "operator").actor,
            clock.now(),
        )
    return True


def late_objection(cast: Cast, days: Days) -> Story:
    """On the last evening another entrant objects to a result just shown: it waits for an answer."""
    yield days.at(0, LAST_HOUR)
    with transaction():
        shown = db.session.scalars(
            select(Award).where(Award.status == AwardStatus.ANNOUNCED).order_by(Award.id.desc())
        ).all()
        for award in shown:
            notice = notice_queries.latest("award", award)
            others = [
                entry.organisation_id
                for entry in queries.listed(award.round)
                if entry.organisation_id != award.organisation_id
            ]
            now = clock.now()
            if notice is not None and others and notice_queries.takes_objections(notice, now):
                objector = cast.firms[cast.firm_of(others[0])].actor
                notice_actions.file_objection(notice, OBJECTIONS[0], objector, now)
                return


def _annul(cast: Cast, days: Days, plan: Plan, need_id: int, before: int, chance: Random) -> Story:
    """Two officers, one of the superior bureau, annul a draw; the need is published again."""
    with transaction():
        proposed = selection.propose_annulment(
            _need(need_id),
            "开奖号码录入时引用了未经核对的来源，为保证公信力建议撤销后重新抽取",
            cast.desk(plan.city, "operator").actor,
        )
        annulment_id = proposed.id
    if before == 0 or plan.turn == "annulment_waits":
        return
    yield days.at(before, MORNING.replace(hour=15))
    with transaction():
        selection.approve_annulment(
            db.session.get_one(DrawAnnulment, annulment_id), cast.officers["jiandu"].actor
        )
    yield days.at(before, AFTER_CLOSING)
    _enter(cast, plan, need_id, chance)
