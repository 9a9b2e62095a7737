"""Inspections, a card and a blacklisting of the demo."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import select

from marketplace.accounts.models import Organisation
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.ratings import actions as ratings
from marketplace.ratings import queries as rating_queries
from marketplace.ratings.models import GradeProposal
from marketplace.sanctions.actions import cards, cases
from marketplace.sanctions.models import Breach, Card, Case, Cause
from marketplace.sanctions.rules import Severity
from marketplace.supervision import actions as supervision

from . import mending
from .agenda import Days, Story
from .people import CITY, Cast


def inspect_and_sanction(cast: Cast, days: Days) -> Story:
    """Two inspections (an A and a B), a yellow card put right, a blacklisting in force; what
    follows them."""
    inspect(cast, "lanjing", "94.50", "资料齐全，抽查三份报告质量良好")
    inspect(cast, "tianhe", "83.00", "成果归档不及时，已当场整改")
    yield days.at(22)
    confirm_proposals(cast)
    card = give_card(cast, "zhongxin")
    case = report(cast, "fangyuan")
    yield days.at(20)
    report_correction(cast, "zhongxin", card)
    state(cast, "fangyuan", case)
    yield days.at(18)
    judge_correction(cast, card)
    decide(cast, case)
    yield days.at(14)
    mending.soften(cast)
    mending.list_nationally(cast)
    mending.ask_again(cast, card, case)


def inspect(cast: Cast, firm: str, result: str, findings: str) -> None:
    """Record an inspection of a firm."""
    with transaction():
        now = clock.now()
        ratings.post_inspection(
            cast.firms[firm].organisation_id,
            CITY,
            clock.local_day(now),
            "青河市中介服务“双随机、一公开”检查（演示）",
            Decimal(result),
            findings,
            cast.officers["jingban"].actor,
            now,
        )


def confirm_proposals(cast: Cast) -> None:
    """An officer who recorded nothing that led to it confirms each grade the system proposes."""
    with transaction():
        waiting = db.session.scalars(
            select(GradeProposal.id).where(GradeProposal.status == "proposed")
        ).all()
    for proposal_id in waiting:
        with transaction():
            proposal = db.session.get_one(GradeProposal, proposal_id)
            barred = rating_queries.recorders(proposal.triggers) | {proposal.proposed_by}
            for place in ("approver", "second_approver"):
                officer = cast.desk(proposal.subject.register, place)
                if officer.user_id not in barred:
                    ratings.confirm_grade(proposal, officer.actor, clock.now())
                    break


def give_card(cast: Cast, firm: str) -> int:
    """One officer proposes a card, another issues it: yellow, with a period of correction."""
    with transaction():
        card = cards.propose_card(
            db.session.get_one(Organisation, cast.firms[firm].organisation_id),
            CITY,
            Breach.DISCLOSURE,
            "公示的联系电话停用三周未更新，项目业主无法联系",
            cast.officers["jingban"].actor,
            clock.now(),
        )
        card_id = card.id
    with transaction():
        cards.issue_card(
            db.session.get_one(Card, card_id), cast.officers["shenpi"].actor, clock.now()
        )
    return card_id


def report_correction(cast: Cast, firm: str, card_id: int) -> None:
    """The firm reports what it has put right."""
    with transaction():
        cards.report_correction(
            db.session.get_one(Card, card_id),
            "已更新联系电话并指定专人每周核对公示信息",
            cast.firms[firm].actor,
            clock.now(),
        )


def judge_correction(cast: Cast, card_id: int) -> None:
    """An officer finds the correction sufficient."""
    with transaction():
        cards.judge_correction(
            db.session.get_one(Card, card_id),
            True,
            "经核查整改到位",
            cast.officers["jingban2"].actor,
            clock.now(),
        )


def report(cast: Cast, firm: str) -> int:
    """An officer opens a case against a firm."""
    with transaction():
        case = cases.report_case(
            db.session.get_one(Organisation, cast.firms[firm].organisation_id),
            CITY,
            Cause.BREACH,
            "在两个项目中以未登记的人员出具测绘成果，经约谈仍未改正",
            cast.officers["jingban"].actor,
            clock.now(),
        )
        return case.id


def state(cast: Cast, firm: str, case_id: int) -> None:
    """The firm states its view."""
    with transaction():
        cases.state_case(
            db.session.get_one(Case, case_id),
            "所述人员已办理入职，登记手续尚未完成，请求从轻处理",
            cast.firms[firm].actor,
            clock.now(),
        )


def decide(cast: Cast, case_id: int) -> None:
    """One officer proposes, another decides; running entries and contracts are dealt with."""
    with transaction():
        cases.propose_decision(
            db.session.get_one(Case, case_id),
            Severity.ORDINARY,
            6,
            (),
            "事实清楚，逾期未改正，建议暂停服务六个月",
            cast.officers["jingban"].actor,
            clock.now(),
        )
    with transaction():
        supervision.blacklist_and_withdraw(
            db.session.get_one(Case, case_id),
            "同意，自决定之日起执行",
            cast.officers["shenpi"].actor,
            clock.now(),
        )
