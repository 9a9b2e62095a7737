"""Fill a database with firms, needs, contracts, evaluations and their ledgers, by bulk insert.

The database has the product's schema and shipped editions and no dealings yet. What is written is
what the actions would have written, in the order of time: the audit ledger is one unbroken chain,
each rating entry's digest stands in its audit row, and grade records are those of the rules.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Table, func, select

from marketplace.accounts import queries as accounts
from marketplace.accounts.credit_code import complete
from marketplace.accounts.models import Membership, Organisation, OrganisationFunction, User
from marketplace.accounts.models import OrganisationKind as Kind
from marketplace.accounts.permissions import Role
from marketplace.catalogue import queries as catalogue
from marketplace.contracts import queries as contracts
from marketplace.contracts.models import Contract, ContractStatus, Side
from marketplace.evaluations.models import (
    Evaluation,
    EvaluationVersion,
    EvaluationWindow,
    WindowStatus,
)
from marketplace.evaluations.rules import Direction, EvaluationPolicy
from marketplace.foundation import audit, clock, policy
from marketplace.foundation.audit import AuditRow, chain_hash
from marketplace.foundation.crypto import digest
from marketplace.foundation.db import Base, db
from marketplace.foundation.lifecycle import StatusChange
from marketplace.intermediaries import queries as intermediaries
from marketplace.intermediaries.models import Firm, FirmStatus, Offering, Qualification
from marketplace.projects.models import (
    InvestmentKind,
    Need,
    NeedStatus,
    Project,
    SelectionMethod,
)
from marketplace.projects.rules import SelectionPolicy
from marketplace.ratings import queries as ratings
from marketplace.ratings.models import (
    Capacity,
    EntryKind,
    GradeProposal,
    GradeRecord,
    ProposalStatus,
    RatingEntry,
    RatingSubject,
)
from marketplace.ratings.rules.entries import (
    DecisionEntry,
    DecisionStep,
    Entry,
    MarkEntry,
    RaterSide,
)
from marketplace.selection.models import (
    Award,
    AwardStatus,
    EntryStatus,
    RoundStatus,
    SelectionRound,
)
from marketplace.selection.models import Entry as NeedEntry

from . import history as past
from .bulk import Row, insert

SESSIONS = 200
FIRST_USER = 1_000_000
# the site opened so many days ago: the shipped editions, then the firms, then their dealings
BEFORE = 1003
_ALPHABET = "0123456789bcdfghjkmnpqrstvwxyz"
_AREAS = (
    "青河",
    "安平",
    "东城",
    "泰丰",
    "明远",
    "华信",
    "天成",
    "正和",
    "中诚",
    "恒通",
    "瑞安",
    "嘉业",
)
_GIVEN = "安宝北博昌辰诚川达德鼎方丰福冠广国海汉和宏华汇佳建金晶景君凯康科立联龙隆茂铭宁鹏启强庆荣瑞森盛顺泰腾天通同万维文祥欣新信兴旭亚扬怡益永友宇元远岳云泽振正志中众卓"
_TRADES = (
    "环评",
    "环境",
    "测绘",
    "监理",
    "勘察",
    "造价",
    "招标",
    "评估",
    "安评",
    "水保",
    "检测",
    "规划",
)
_OWNERS = ("交通", "水务", "城投", "教育", "卫健", "农业", "文旅", "住建", "能源", "园区")


@dataclass
class Filled:
    """What was made, for the report."""

    firms: int
    evaluations: int
    audit_rows: int


class Filler:
    """One filling: the sizes, the editions, the first free key of each table."""

    def __init__(self, firms: int, progress: Callable[[str], None]) -> None:
        self.progress = progress
        self.firms = firms
        # the largest number of firms up to 400 that the whole number is a multiple of
        self.kinds = next(n for n in range(min(400, firms), 0, -1) if firms % n == 0)
        self.copies = firms // self.kinds
        self.buyers = max(3, math.ceil(firms / 40 / self.copies))
        self.owners = self.buyers * self.copies
        self.chance = random.Random(7)  # noqa: S311
        self.register = accounts.register_of(accounts.site().jurisdiction_code)
        self.now = clock.now()
        self.today = clock.local_day(self.now)
        self.items = catalogue.items(self.today, accounts.lineage(self.register))
        self.organisation_base = self._last(Organisation) + 1
        self.subject_base = self._last(RatingSubject) + 1
        self.seq, self.head = audit.head()
        self.policies = ratings.policies_of(self.register)
        self.contract_edition = contracts.contracts_policy(self.register, self.today).id
        self.admission_edition = intermediaries.admission_policy(self.register, self.today).id
        lineage = accounts.lineage(self.register)
        self.evaluation_edition = policy.in_force(EvaluationPolicy, lineage, self.today).id
        self.selection_edition = policy.in_force(SelectionPolicy, lineage, self.today).id
        self.rating_editions: dict[date, int] = {}
        self.history = past.make(self.kinds, self.buyers, self.policies, self.now, self.today)

    @staticmethod
    def _last(model: Any) -> int:
        return db.session.scalar(select(func.max(model.id))) or 0

    # keys

    def firm_key(self, firm: int, copy: int) -> int:
        """Key of a firm's organisation; its registration has the number from 1."""
        return self.organisation_base + copy * self.kinds + firm

    def owner_key(self, owner: int, copy: int) -> int:
        """Key of an owner's organisation."""
        return self.organisation_base + self.firms + copy * self.buyers + owner

    def subject_key(self, firm: bool, number: int, copy: int) -> int:
        """Key of a rating subject."""
        if firm:
            return self.subject_base + copy * self.kinds + number
        return self.subject_base + self.firms + copy * self.buyers + number

    def entry_key(self, number: int, copy: int) -> int:
        """Key of a rating entry, so that all copies together are in the order of time."""
        return self.history.order[number] * self.copies + copy + 1

    def public_id(self) -> str:
        """A random name for an address."""
        return "".join(self.chance.choices(_ALPHABET, k=13))

    # tables

    def fill(self, connection: Connection) -> int:
        """Write every table; returns the number of evaluations."""
        tables: list[tuple[Any, Iterator[Row]]] = [
            (Organisation, self.organisations()),
            (User, self.users()),
            (Membership, self.memberships()),
            (Firm, self.registrations()),
            (Offering, self.offerings()),
            (Qualification, self.qualifications()),
            (RatingSubject, self.subjects()),
            (Project, self.projects()),
            (Need, self.needs()),
            (SelectionRound, self.rounds()),
            (NeedEntry, self.entries()),
            (Award, self.awards()),
            (Contract, self.contracts()),
            (EvaluationWindow, self.windows()),
            (RatingEntry, self.rating_entries()),
            (Evaluation, self.evaluations()),
            (EvaluationVersion, self.versions()),
            (GradeProposal, self.proposals()),
            (GradeRecord, self.records()),
            (StatusChange, self.status_changes()),
            (AuditRow, self.audit_rows()),
        ]
        for model, rows in tables:
            count = insert(connection, model.__table__, rows)
            self.progress(f"{model.__tablename__}: {count}")
        return len(self.history.deals) * self.copies * 2

    def organisations(self) -> Iterator[Row]:
        """Firms, then owners; all names invented."""
        chance = self.chance
        listed = self.now - timedelta(days=900)
        for owner in range(self.firms + self.owners):
            is_firm = owner < self.firms
            word = "".join(chance.choices(_GIVEN, k=2))
            name = (
                f"{chance.choice(_AREAS)}{word}{chance.choice(_TRADES)}"
                f"{chance.choice(('技术', '咨询', '工程', '服务'))}有限公司"
                if is_firm
                else f"青河{word}{chance.choice(_OWNERS)}{chance.choice(('建设中心', '发展有限公司'))}"
            )
            serial = owner + 1
            yield {
                "id": self.organisation_base + owner,
                "public_id": self.public_id(),
                "name": name,
                "kind": Kind.COMPANY,
                "function": OrganisationFunction.PARTY,
                "credit_code": complete(f"91379900M{serial:08d}".replace("I", "1")),
                "jurisdiction_code": self.register,
                "legal_representative": f"{chance.choice('王李张刘陈杨赵黄周吴')}{chance.choice(_GIVEN)}",
                "address": f"青河市{chance.choice(('东城', '西城', '高新'))}区建设路 {serial % 900 + 1} 号",
                "phone": f"0539-{8000000 + serial}",
                "created_at": listed,
            }

    def users(self) -> Iterator[Row]:
        """A person for each of the firms that sign in, and one who proposes every need."""
        for number in range(self.signed_in + 1):
            yield {
                "id": self.user_key(number),
                "public_id": self.public_id(),
                "login": f"bench{number}",
                "name": f"经办{number}",
                "password_hash": "-",
                "password_changed_at": self.now,
                "created_at": self.now - timedelta(days=900),
            }

    @property
    def signed_in(self) -> int:
        """How many firms have somebody signed in."""
        return min(SESSIONS, self.firms)

    def user_key(self, number: int) -> int:
        """Keys of the people: number 0 acts for the owners."""
        return FIRST_USER + number

    @property
    def busy(self) -> list[int]:
        """The firms in the order of how much they have done, the busiest first."""
        firms = self.history.firms
        return sorted(range(self.kinds), key=lambda firm: -len(firms[firm].entries))

    def memberships(self) -> Iterator[Row]:
        """Each signs in for one firm as its administrator."""
        busy = self.busy
        for number in range(1, self.signed_in + 1):
            place = number - 1
            yield {
                "public_id": self.public_id(),
                "id": self.user_key(number),
                "user_id": self.user_key(number),
                "organisation_id": self.firm_key(
                    busy[place % len(busy)], place // len(busy) % self.copies
                ),
                "role": Role.FIRM_ADMIN,
                "since": self.now - timedelta(days=900),
            }

    def listed_at(self, number: int) -> datetime:
        """When a firm was listed: all before the first dealings, one a second."""
        return self.now - timedelta(days=BEFORE) + timedelta(days=1, seconds=number)

    def registrations(self) -> Iterator[Row]:
        """Every firm is on the register, listed at different times."""
        for number in range(self.firms):
            at = self.listed_at(number)
            yield {
                "id": number + 1,
                "public_id": self.public_id(),
                "organisation_id": self.organisation_base + number,
                "register_code": self.register,
                "status": FirmStatus.LISTED,
                "status_since": at,
                "edition_id": self.admission_edition,
                "agent_name": "经办人",
                "agent_phone": "13900000000",
                "introduction": "从事建设项目中介服务，专业人员齐备。",
                "decoupled": True,
                "submitted_at": at,
                "listed_at": at,
            }

    def offered(self, number: int) -> list[Any]:
        """The items a firm offers; the one of the open needs is among them."""
        first = self.open_item
        others = [item for item in self.items if item.code != first.code]
        return [first, *others[number % len(others) :][: number % 3]]

    @property
    def open_item(self) -> Any:
        """An item that asks for no certificate and whose price is free."""
        return next(item for item in self.items if item.code == "stbc")

    def offerings(self) -> Iterator[Row]:
        """One to three promises of each firm."""
        key = 0
        for number in range(self.firms):
            for item in self.offered(number):
                key += 1
                yield {
                    "id": key,
                    "public_id": self.public_id(),
                    "firm_id": number + 1,
                    "item_code": item.code,
                    "discount": Decimal(number % 20) / 100,
                    "promised_days": max(1, item.statutory_days - number % 5),
                    "committed_at": self.now - timedelta(days=900),
                }

    def qualifications(self) -> Iterator[Row]:
        """One verified certificate of each firm."""
        for number in range(self.firms):
            yield {
                "id": number + 1,
                "public_id": self.public_id(),
                "firm_id": number + 1,
                "type": "测绘资质",
                "grade": ("甲级", "乙级")[number % 2],
                "number": f"CH{number:08d}",
                "issuer": "省自然资源厅",
                "valid_from": date(2024, 1, 1),
                "valid_until": date(2029, 12, 31),
                "registered_at": self.now - timedelta(days=900),
                "verified_at": self.now - timedelta(days=890),
            }

    def parties(self) -> Iterator[tuple[bool, int, int, past.Party]]:
        """(is a firm, number, copy, party) of everybody that is rated."""
        for copy in range(self.copies):
            for number, party in enumerate(self.history.firms):
                yield True, number, copy, party
        for copy in range(self.copies):
            for number, party in enumerate(self.history.owners):
                yield False, number, copy, party

    def subjects(self) -> Iterator[Row]:
        """Who is rated, with the grade as settled today; nobody without an entry."""
        for firm, number, copy, party in self.parties():
            if not party.entries:
                continue
            yield {
                "id": self.subject_key(firm, number, copy),
                "organisation_id": self.firm_key(number, copy)
                if firm
                else self.owner_key(number, copy),
                "register": self.register,
                "capacity": Capacity.INTERMEDIARY if firm else Capacity.OWNER,
                "grade": party.grade,
                "hundredths": party.hundredths,
                "settled_on": self.today,
                "next_check_at": ratings.start_of(party.next_day) if party.next_day else None,
            }

    def projects(self) -> Iterator[Row]:
        """One project of each owner."""
        for number in range(self.owners):
            yield {
                "id": number + 1,
                "public_id": self.public_id(),
                "owner_id": self.organisation_base + self.firms + number,
                "name": f"青河市第 {number + 1} 号建设项目",
                "jurisdiction_code": self.register,
                "created_at": self.now - timedelta(days=1000),
            }

    @property
    def open_needs(self) -> int:
        """How many needs can be entered now."""
        return max(4, self.firms // 400)

    def deals(self) -> Iterator[tuple[int, past.Deal, int]]:
        """(key, deal, copy) of every contract, in the order of time."""
        for number, deal in enumerate(self.history.deals):
            for copy in range(self.copies):
                yield number * self.copies + copy + 1, deal, copy

    def needs(self) -> Iterator[Row]:
        """The needs behind the contracts, all completed, and some that are open."""
        for key, deal, copy in self.deals():
            yield self._need(
                key,
                deal.owner + copy * self.buyers,
                NeedStatus.COMPLETED,
                deal.at - timedelta(days=40),
                self.items[key % len(self.items)],
            )
        for number in range(self.open_needs):
            yield self._need(
                self.open_key(number),
                number % self.owners,
                NeedStatus.PUBLISHED,
                self.now - timedelta(hours=20 + number),
                self.open_item,
            )

    def open_key(self, number: int) -> int:
        """Key of an open need and of its round."""
        return len(self.history.deals) * self.copies + 1 + number

    def _need(self, key: int, owner: int, status: NeedStatus, at: datetime, item: Any) -> Row:
        running = status is NeedStatus.PUBLISHED
        closes = self.now + timedelta(days=9) if running else at + timedelta(days=2)
        return {
            "id": key,
            "public_id": self.public_id(),
            "number": f"QH{at.year}{key:07d}",
            "status": status,
            "status_since": at if running else at + timedelta(days=38),
            "project_id": owner + 1,
            "owner_id": self.organisation_base + self.firms + owner,
            "jurisdiction_code": self.register,
            "title": f"青河市第 {owner + 1} 号建设项目{item.name}",
            "item_code": item.code,
            "item_name": item.name,
            "off_list": False,
            "scope": "按批复范围编制并提交成果，配合审查、修改。",
            "place": "青河市",
            "fee_inputs": {},
            "budget": Decimal(60000 + key % 90 * 100),
            "investment": InvestmentKind.ENTERPRISE,
            "qualifications": [],
            "any_qualification": False,
            "days_wanted": item.statutory_days,
            "days_kind": item.statutory_days_kind,
            "method": SelectionMethod.DIRECT_PICK,
            "entry_working_days": 2,
            "contact_name": "联系人",
            "contact_phone": "0539-8000000",
            "two_person": False,
            "proposer_id": self.user_key(0),
            "approver_id": self.user_key(0),
            "created_at": at,
            "submitted_at": at,
            "published_at": at,
            "entry_deadline": closes,
            "choice_at": closes + timedelta(minutes=30),
            "selection_edition_id": self.selection_edition,
        }

    def rounds(self) -> Iterator[Row]:
        """One round of each need."""
        for key, deal, _copy in self.deals():
            at = deal.at - timedelta(days=40)
            yield self._round(key, RoundStatus.DECIDED, at, at + timedelta(days=2))
        for number in range(self.open_needs):
            at = self.now - timedelta(hours=20 + number)
            yield self._round(self.open_key(number), RoundStatus.OPEN, at, None)

    def _round(self, key: int, status: RoundStatus, at: datetime, closed: datetime | None) -> Row:
        return {
            "id": key,
            "public_id": self.public_id(),
            "need_id": key,
            "attempt": 1,
            "status": status,
            "status_since": closed or at,
            "commitment": f"{key:064x}",
            "edition_id": self.selection_edition,
            "opened_at": at,
            "closed_at": closed,
        }

    def entries(self) -> Iterator[Row]:
        """The chosen firm's entry for each need."""
        for key, deal, copy in self.deals():
            at = deal.at - timedelta(days=39)
            yield {
                "id": key,
                "public_id": self.public_id(),
                "round_id": key,
                "need_id": key,
                "organisation_id": self.firm_key(deal.firm, copy),
                "firm_id": copy * self.kinds + deal.firm + 1,
                "status": EntryStatus.LISTED,
                "status_since": at,
                "contribution": f"{key:064x}",
                "price": Decimal(55000),
                "received_at": at,
                "stands_since": at,
                "signature": f"{key:0128x}",
            }

    def awards(self) -> Iterator[Row]:
        """The choice of that entry."""
        for key, deal, copy in self.deals():
            at = deal.at - timedelta(days=38)
            yield {
                "id": key,
                "public_id": self.public_id(),
                "need_id": key,
                "round_id": key,
                "entry_id": key,
                "organisation_id": self.firm_key(deal.firm, copy),
                "status": AwardStatus.ACCEPTED,
                "status_since": at,
                "place": 1,
                "price": Decimal(55000),
                "reason": "报价合理，承诺时限短",
                "edition_id": self.selection_edition,
                "letter_number": f"ZX{key:09d}",
                "decided_at": at,
                "notice_ends_at": at + timedelta(days=1),
                "final_at": at + timedelta(days=1),
                "accept_by": at + timedelta(days=3),
                "accepted_at": at + timedelta(days=1),
            }

    def contracts(self) -> Iterator[Row]:
        """The contract of each award, completed."""
        for key, deal, copy in self.deals():
            signed, ended = deal.at - timedelta(days=36), deal.at - timedelta(days=4)
            yield {
                "id": key,
                "public_id": self.public_id(),
                "number": f"HT{key:09d}",
                "status": ContractStatus.COMPLETED,
                "status_since": ended,
                "need_id": key,
                "award_id": key,
                "owner_id": self.owner_key(deal.owner, copy),
                "firm_id": self.firm_key(deal.firm, copy),
                "jurisdiction_code": self.register,
                "edition_id": self.contract_edition,
                "award_price": Decimal(55000),
                "price": Decimal(55000),
                "starts_on": signed.date(),
                "ends_on": (ended + timedelta(days=2)).date(),
                "payment_days": 30,
                "extra_terms": "",
                "body": "合同条款按需求公告、报价和承诺执行。",
                "body_sha256": f"{key:064x}",
                "frozen": {},
                "two_person": False,
                "drafted_by": Side.OWNER,
                "owner_confirmed_at": signed,
                "firm_confirmed_at": signed,
                "signed_at": signed,
                "due_at": ended + timedelta(days=2),
                "overdue_since": ended - timedelta(days=1) if key % 11 == 0 else None,
                "accepted_at": ended,
                "ended_at": ended,
            }

    def windows(self) -> Iterator[Row]:
        """The evaluation of each contract, revealed when both sides had marked."""
        for key, deal, _copy in self.deals():
            yield {
                "id": key,
                "public_id": self.public_id(),
                "contract_id": key,
                "opened_at": deal.at - timedelta(days=4),
                "ends_at": deal.at + timedelta(days=17),
                "edition_id": self.evaluation_edition,
                "revealed_at": deal.at,
                "status": WindowStatus.REVEALED,
                "status_since": deal.at,
            }

    def given(self) -> Iterator[tuple[int, int, past.Deal, int, Direction]]:
        """(key, contract, deal, copy, direction) of every evaluation, in the order of time."""
        for key, deal, copy in self.deals():
            for place, direction in enumerate((Direction.OWNER_TO_FIRM, Direction.FIRM_TO_OWNER)):
                yield key * 2 - 1 + place, key, deal, copy, direction

    def evaluations(self) -> Iterator[Row]:
        """Both sides' evaluations."""
        for key, contract, deal, copy, direction in self.given():
            owner, firm = self.owner_key(deal.owner, copy), self.firm_key(deal.firm, copy)
            of_firm = direction is Direction.OWNER_TO_FIRM
            yield {
                "id": key,
                "public_id": self.public_id(),
                "window_id": contract,
                "direction": direction,
                "rater_organisation_id": owner if of_firm else firm,
                "about_organisation_id": firm if of_firm else owner,
                "given_at": deal.at,
                "revise_until": deal.at + timedelta(days=3),
                "rating_entry_id": self.entry_key(past.number_at(deal.at, not of_firm), copy),
            }

    def version(self, key: int, deal: past.Deal, direction: Direction) -> Row:
        """The marks as given, with their commitment."""
        of_firm = direction is Direction.OWNER_TO_FIRM
        content = {
            "evaluation": key,
            "number": 1,
            "marks": deal.firm_marks if of_firm else deal.owner_marks,
            "reason": None,
            "salt": f"{key * 2_654_435_761:064x}",
        }
        return {**content, "commitment": digest(content)}

    def versions(self) -> Iterator[Row]:
        """The one version of each evaluation."""
        for key, _contract, deal, _copy, direction in self.given():
            made = self.version(key, deal, direction)
            yield {
                "id": key,
                "evaluation_id": made.pop("evaluation"),
                **made,
                "given_at": deal.at,
                "given_by": None,
            }

    # ledgers

    def rating_entry(self, entry: Entry, firm: bool, number: int, copy: int) -> Row:
        """One row of the rating ledger with its digest."""
        row: Row = dict.fromkeys(_RATING_COLUMNS)
        row.update(
            id=self.entry_key(entry.id, copy),
            subject_id=self.subject_key(firm, number, copy),
            jurisdiction_code=self.register,
            takes_effect_on=entry.takes_effect_on,
            recorded_at=entry.recorded_at,
            edition_id=self.rating_edition(clock.local_day(entry.recorded_at)),
        )
        if isinstance(entry, MarkEntry):
            of_firm = entry.side is RaterSide.OWNER
            deal = self.history.deals[entry.contract]
            contract = entry.contract * self.copies + copy + 1
            row.update(
                kind=EntryKind.MARK,
                evidence_type=Evaluation.__tablename__,
                evidence_id=contract * 2 - (1 if of_firm else 0),
                side=entry.side,
                rater_organisation_id=self.owner_key(entry.rater, copy)
                if of_firm
                else self.firm_key(entry.rater, copy),
                breadth=entry.breadth,
                contract_id=contract,
                parts=deal.firm_marks if of_firm else deal.owner_marks,
                hundredths=int(entry.value * 100),
            )
        else:
            assert isinstance(entry, DecisionEntry)
            row.update(
                kind=EntryKind.DECISION,
                evidence_type=RatingSubject.__tablename__,
                evidence_id=row["subject_id"],
                step=entry.step,
                grade=entry.grade,
                proposal_entry_id=None
                if entry.proposal is None
                else self.entry_key(entry.proposal, copy),
                in_force_on=entry.in_force_on,
            )
        content = {name: value for name, value in row.items() if name not in ("id", "digest")}
        row["digest"] = digest(content)
        return row

    def rating_edition(self, day: date) -> int:
        """The rating edition in force on a day."""
        if day not in self.rating_editions:
            self.rating_editions[day] = ratings.edition_on(self.register, day).id
        return self.rating_editions[day]

    def posted(self) -> Iterator[tuple[Entry, Row]]:
        """Every row of the rating ledger in the order of its keys, which is that of time."""
        if not hasattr(self, "_posted"):
            whose = [
                (entry, firm, number)
                for firm, parties in ((True, self.history.firms), (False, self.history.owners))
                for number, party in enumerate(parties)
                for entry in party.entries
            ]
            whose.sort(key=lambda each: each[0].id)
            self._posted = [
                (entry, self.rating_entry(entry, firm, number, copy))
                for entry, firm, number in whose
                for copy in range(self.copies)
            ]
        return iter(self._posted)

    def rating_entries(self) -> Iterator[Row]:
        """The rating ledger."""
        return (row for _entry, row in self.posted())

    def proposals(self) -> Iterator[Row]:
        """The proposals of A and D; all were confirmed or lapsed."""
        key = 0
        for firm, number, copy, party in self.parties():
            steps = [entry for entry in party.entries if isinstance(entry, DecisionEntry)]
            for entry in steps:
                if entry.step is not DecisionStep.PROPOSED:
                    continue
                lapsed = any(
                    other.proposal == entry.id and other.step is DecisionStep.LAPSED
                    for other in steps
                )
                key += 1
                yield {
                    "id": key,
                    "public_id": self.public_id(),
                    "subject_id": self.subject_key(firm, number, copy),
                    "entry_id": self.entry_key(entry.id, copy),
                    "grade": entry.grade,
                    "reason": f"评定得分和评价依据对应 {entry.grade.value} 级",
                    "evaluated_on": entry.takes_effect_on - timedelta(days=1),
                    "triggers": [],
                    "in_force_on": entry.takes_effect_on + timedelta(days=9),
                    "status": ProposalStatus.LAPSED if lapsed else ProposalStatus.IN_FORCE,
                    "status_since": ratings.start_of(entry.takes_effect_on + timedelta(days=9)),
                }

    def records(self) -> Iterator[Row]:
        """The grade records that the rules gave."""
        key = 0
        for firm, number, copy, party in self.parties():
            entries = sorted(party.entries, key=lambda entry: entry.id)
            for state in party.states:
                known_at = ratings.start_of(state.from_day) + timedelta(minutes=1)
                known = [entry.id for entry in entries if entry.recorded_at <= known_at]
                key += 1
                yield {
                    "id": key,
                    "subject_id": self.subject_key(firm, number, copy),
                    "from_day": state.from_day,
                    "grade": state.grade,
                    "since": state.since,
                    "hundredths": state.hundredths,
                    "evaluated": state.evaluated,
                    "edition_id": int(state.edition) if state.edition else None,
                    "cursor": self.entry_key(known[-1], copy) if known else 0,
                    "known_at": known_at,
                }

    def status_changes(self) -> Iterator[Row]:
        """How each need was awarded and completed."""
        key = db.session.scalar(select(func.max(StatusChange.id))) or 0
        for number, deal, _copy in self.deals():
            for before, after, days in (
                (NeedStatus.PUBLISHED, NeedStatus.AWARDED, 38),
                (NeedStatus.CONTRACTED, NeedStatus.COMPLETED, 4),
            ):
                key += 1
                yield {
                    "id": key,
                    "subject_type": Need.__tablename__,
                    "subject_id": number,
                    "from_status": before.value,
                    "to_status": after.value,
                    "at": deal.at - timedelta(days=days),
                }

    def audit_rows(self) -> Iterator[Row]:
        """What was audited, as one chain that goes on from the shipped editions."""
        for at, action, subject_type, subject, facts in self._events():
            self.seq += 1
            row: Row = {
                "seq": self.seq,
                "at": at,
                "action": action,
                "actor_id": None,
                "organisation_id": None,
                "roles": "",
                "subject_type": subject_type,
                "subject_id": str(subject),
                "facts": facts,
            }
            content = {_AUDIT_CONTENT.get(name, name): value for name, value in row.items()}
            row["content_digest"] = digest(content)
            row["previous"] = self.head
            self.head = row["hash"] = chain_hash(self.head, row["content_digest"])
            yield row

    def _events(self) -> Iterator[tuple[datetime, str, str, int, dict[str, Any]]]:
        for number in range(self.firms):
            yield (
                self.listed_at(number),
                "firms.listed",
                Firm.__tablename__,
                number + 1,
                {"before": "checked"},
            )
        for entry, row in self.posted():
            at = entry.recorded_at
            if isinstance(entry, MarkEntry):
                deal, key = self.history.deals[entry.contract], row["evidence_id"]
                of_firm = entry.side is RaterSide.OWNER
                if of_firm:
                    contract = row["contract_id"]
                    published = {"before": "submitted"}
                    yield at, "needs.published", Need.__tablename__, contract, published
                    completed = {"before": "delivered"}
                    yield at, "contracts.completed", Contract.__tablename__, contract, completed
                direction = Direction.OWNER_TO_FIRM if of_firm else Direction.FIRM_TO_OWNER
                commitment = self.version(key, deal, direction)["commitment"]
                facts = {"version": 1, "commitment": commitment}
                yield at, "evaluation.given", Evaluation.__tablename__, key, facts
            posted = {"digest": row["digest"], "kind": row["kind"].value}
            yield at, "rating.posted", RatingEntry.__tablename__, row["id"], posted


_RATING_COLUMNS = [column.key for column in RatingEntry.__table__.columns]
_AUDIT_CONTENT = {"actor_id": "actor", "organisation_id": "organisation"}


def fill(firms: int, progress: Callable[[str], None]) -> Filled:
    """Fill the application's database, which holds the shipped editions and nothing else."""
    filler = Filler(firms, progress)
    db.session.rollback()
    engine = db.engine
    with engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            driver: Any = connection.connection.driver_connection
            driver.execute("PRAGMA foreign_keys=OFF")
            driver.execute("PRAGMA synchronous=OFF")
        connection.begin()
        evaluations = filler.fill(connection)
        if not sqlite:
            _move_sequences(connection)
        connection.commit()
        if sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
            raise RuntimeError("the filled rows point at rows that are not there")
    # what was read on the way saw the database as it was before
    db.session.remove()
    engine.dispose()
    return Filled(firms, evaluations, filler.seq)


def _move_sequences(connection: Connection) -> None:
    """Let new rows be numbered after the filled ones."""
    for table in Base.metadata.sorted_tables:
        key: Any = table.autoincrement_column
        if key is not None:
            _move_sequence(connection, table, key.name)


def _move_sequence(connection: Connection, table: Table, key: str) -> None:
    sequence = connection.execute(select(func.pg_get_serial_sequence(table.name, key))).scalar()
    last = connection.execute(select(func.max(table.c[key]))).scalar()
    if sequence and last:
        connection.execute(select(func.setval(sequence, last)))
