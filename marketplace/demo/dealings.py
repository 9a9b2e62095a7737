"""Contracts, deliveries and mutual marks of the demo."""

from __future__ import annotations

from collections.abc import Sequence

from marketplace.contracts import actions as contracts
from marketplace.contracts import delivery, ending, queries, writing
from marketplace.contracts.models import Contract, Deliverable, Side
from marketplace.contracts.rules import ContractTerms
from marketplace.evaluations import actions as evaluations
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.projects.models import Need

from .papers import Making, pdf
from .people import Cast, Person


def sign(cast: Cast, owner: str, firm: str, need_id: int) -> int:
    """The owner drafts, the firm confirms, the owner's second person confirms; returns its id."""
    with transaction():
        now = clock.now()
        starts = clock.local_day(now)
        need = db.session.get_one(Need, need_id)
        contract = contracts.draft_contract(
            need,
            ContractTerms(starts, writing.latest_end(starts, need)),
            Side.OWNER,
            cast.owners[owner].actor,
            now,
        )
        contract_id = contract.id
    for side, person in ((Side.FIRM, cast.firms[firm]), (Side.OWNER, cast.approvers[owner])):
        with transaction():
            contract = db.session.get_one(Contract, contract_id)
            if side is Side.OWNER and contract.owner_confirmed_at is not None:
                continue
            contracts.confirm_contract(contract, side, person.actor, clock.now())
    return contract_id


def deliver(
    cast: Cast, firm: str, contract_id: int, note: str, making: Making | None = None
) -> None:
    """The firm hands over a version of the result."""
    with transaction():
        delivery.deliver(
            db.session.get_one(Contract, contract_id),
            pdf("result", making),
            "服务成果.pdf",
            note,
            cast.firms[firm].actor,
            clock.now(),
        )


def give_back(cast: Cast, owner: str, contract_id: int, reason: str) -> None:
    """The owner returns the newest version with reasons."""
    with transaction():
        delivery.return_deliverable(
            _newest(contract_id), reason, cast.owners[owner].actor, clock.now()
        )


def accept(cast: Cast, owner: str, contract_id: int) -> None:
    """The owner accepts the newest version: the contract is completed."""
    with transaction():
        delivery.accept_deliverable(_newest(contract_id), cast.owners[owner].actor, clock.now())


def end_early(cast: Cast, owner: str, firm: str, contract_id: int) -> None:
    """The owner ends a contract with a cause and the firm agrees."""
    with transaction():
        ending.propose_termination(
            db.session.get_one(Contract, contract_id),
            "项目选址调整，服务范围不再存在",
            Side.OWNER,
            cast.owners[owner].actor,
            clock.now(),
        )
    with transaction():
        ending.answer_termination(
            db.session.get_one(Contract, contract_id),
            True,
            Side.FIRM,
            cast.firms[firm].actor,
            clock.now(),
        )


def _newest(contract_id: int) -> Deliverable:
    return queries.deliverables(contract_id)[-1]


OWNER_PARTS = ("quality", "timeliness", "attitude", "charging", "conduct")
FIRM_PARTS = ("requirements", "cooperation", "payment", "integrity")
OWNERS_GIVE = ((5, 5, 5, 5, 5), (5, 4, 5, 5, 5), (5, 5, 5, 4, 5), (4, 4, 5, 5, 4), (2, 3, 4, 4, 4))


def evaluate(cast: Cast, owner: str, firm: str, contract_id: int, place: int) -> None:
    """Both sides give their marks; the second one reveals both."""
    given = OWNERS_GIVE[place % len(OWNERS_GIVE)]
    reason = "成果首次提交缺项较多，补充后符合要求" if min(given) < 3 else None
    mark(cast.owners[owner], contract_id, OWNER_PARTS, given, reason or "")
    mark(cast.firms[firm], contract_id, FIRM_PARTS, (5, 5, 4 + place % 2, 5), "")


def mark(
    person: Person, contract_id: int, parts: Sequence[str], marks: Sequence[int], why: str
) -> None:
    """One side gives its marks; ``why`` is said where a mark asks for a reason."""
    with transaction():
        evaluations.submit_evaluation(
            db.session.get_one(Contract, contract_id),
            dict(zip(parts, marks, strict=True)),
            why if min(marks) < 3 else None,
            person.actor,
            clock.now(),
        )
