"""Doing a stored decision again from its facts, and setting both results side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from marketplace.accounts.models import Organisation
from marketplace.contracts import queries as contracts
from marketplace.contracts.models import Amendment, AmendmentStatus, Contract
from marketplace.foundation import files
from marketplace.foundation.crypto import sha256_hex
from marketplace.foundation.db import db, lock
from marketplace.foundation.money import format_yuan
from marketplace.projects.models import Need
from marketplace.ratings import queries as ratings
from marketplace.ratings import replaying
from marketplace.ratings.models import GRADE_TITLES, Capacity, RatingSubject
from marketplace.selection import queries as selection
from marketplace.selection.methods import draw_proof
from marketplace.selection.methods.draw_proof import ProofError
from marketplace.selection.models import SelectionRound

from .models import SampleKind

Row = list[str]


@dataclass(frozen=True)
class Replayed:
    """One thing done again: rows of label, what is stored, what the replay gives."""

    title: str
    link: str
    rows: list[Row]

    @property
    def differences(self) -> int:
        """How many rows do not agree."""
        return sum(stored != again for _label, stored, again in self.rows)


def population(kind: SampleKind, codes: Sequence[str]) -> list[str]:
    """References of everything of a kind in these jurisdictions, in a stable order."""
    if kind is SampleKind.GRADES:
        rows = db.session.execute(
            select(Organisation.public_id, RatingSubject.register)
            .join(RatingSubject, RatingSubject.organisation_id == Organisation.id)
            .where(
                RatingSubject.register.in_(codes),
                RatingSubject.capacity == Capacity.INTERMEDIARY,
                RatingSubject.settled_on.is_not(None),
            )
        )
        return sorted(f"{row.public_id}/{row.register}" for row in rows)
    if kind is SampleKind.DRAWS:
        rows = db.session.execute(
            select(Need.number, SelectionRound.attempt)
            .join(SelectionRound, SelectionRound.need_id == Need.id)
            .where(Need.jurisdiction_code.in_(codes), SelectionRound.proof.is_not(None))
        )
        return sorted(f"{row.number}/{row.attempt}" for row in rows)
    numbers = db.session.scalars(
        select(Contract.number).where(
            Contract.jurisdiction_code.in_(codes), Contract.signed_at.is_not(None)
        )
    )
    return sorted(numbers)


def replay(kind: SampleKind, reference: str) -> Replayed:
    """Do one of them again."""
    if kind is SampleKind.GRADES:
        return _grade(reference)
    if kind is SampleKind.DRAWS:
        return _draw(reference)
    return _contract(reference)


def _grade(reference: str) -> Replayed:
    public_id, _slash, register = reference.partition("/")
    subject = db.session.scalars(
        select(RatingSubject)
        .join(Organisation, Organisation.id == RatingSubject.organisation_id)
        .where(
            Organisation.public_id == public_id,
            RatingSubject.register == register,
            RatingSubject.capacity == Capacity.INTERMEDIARY,
        )
    ).one()
    # several statements read the ledger of this one subject: nobody writes to it meanwhile
    lock(subject)
    assert subject.settled_on is not None
    known_at = ratings.start_of(subject.settled_on + timedelta(days=1))
    state = ratings.fold(subject, ratings.rows_of(subject), subject.settled_on, known_at).state_on(
        subject.settled_on
    )
    rows = [
        [_("等级"), str(GRADE_TITLES[subject.grade]), str(GRADE_TITLES[state.grade])],
        [_("得分"), _score(subject.hundredths), _score(state.hundredths)],
    ]
    rows += [
        [f"{each.day or ''} {each.problem}".strip(), each.stored, each.replayed]
        for each in replaying.differences(subject.organisation_id)
        if each.register == register
    ]
    name = subject.organisation.public_name
    return Replayed(name, f"/firms/{public_id}/rating", rows)


def _score(hundredths: int | None) -> str:
    return "—" if hundredths is None else str(ratings.hundredths(hundredths))


def _draw(reference: str) -> Replayed:
    number, _slash, attempt = reference.rpartition("/")
    running = db.session.scalars(
        select(SelectionRound)
        .join(Need, Need.id == SelectionRound.need_id)
        .where(Need.number == number, SelectionRound.attempt == int(attempt))
    ).one()
    link = f"/results/{running.need.public_id}"
    title = f"{number} {running.need.title}"
    try:
        again = draw_proof.verify((running.proof or "").encode())
    except ProofError as error:
        return Replayed(title, link, [[_("抽取证明"), _("成立"), str(error)]])
    return Replayed(
        title,
        link,
        [
            [_("承诺值"), running.commitment, again.commitment],
            [_("名单摘要"), running.list_sha256 or "—", again.list_hash],
            [_("公开值"), running.public_value or "—", again.public_value],
            [_("次序"), "、".join(_order(running)), "、".join(again.ranking)],
        ],
    )


def _order(running: SelectionRound) -> list[str]:
    """The stored order: credit codes by the places the entries were given."""
    places = selection.places(running)
    return sorted(places, key=lambda code: places[code])


def _contract(reference: str) -> Replayed:
    found = db.session.scalars(select(Contract).where(Contract.number == reference)).one()
    rows = [
        [_("合同文本摘要"), found.body_sha256, sha256_hex(found.body.encode())],
        [_("合同价（元）"), format_yuan(found.price), format_yuan(_price(found))],
    ]
    for each in contracts.deliverables(found.id):
        label = _("第 %(version)s 版服务成果", version=each.version)
        rows.append([label, each.file.sha256, _on_disk(each.file)])
    return Replayed(
        f"{found.number} {found.need.title}", f"/workspace/needs/{found.need.public_id}/story", rows
    )


def _price(found: Contract) -> Decimal:
    """The price as the award and the agreed changes make it."""
    agreed = db.session.scalars(
        select(Amendment)
        .where(Amendment.contract_id == found.id, Amendment.status == AmendmentStatus.AGREED)
        .order_by(Amendment.number)
    ).all()
    return agreed[-1].price if agreed else found.award_price


def _on_disk(row: Any) -> str:
    path = files.path_of(row)
    return sha256_hex(path.read_bytes()) if path.is_file() else _("文件不存在")
