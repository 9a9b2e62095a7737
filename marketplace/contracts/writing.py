"""What a contract is made of: parties and price from the award, its text, its days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import OrganisationKind
from marketplace.catalogue import queries as catalogue
from marketplace.catalogue.models import DaysKind
from marketplace.fees.queries import input_fields
from marketplace.fees.rules.inputs import InputField
from marketplace.fees.wording import unit
from marketplace.foundation import clock
from marketplace.foundation.calendar import moment, working_calendar
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict
from marketplace.foundation.money import capitals
from marketplace.foundation.policy import Edition
from marketplace.intermediaries import queries as intermediaries
from marketplace.notifications import actions as notifications
from marketplace.projects.models import Need
from marketplace.projects.packages.pricing import price_shares
from marketplace.projects.packages.wording import named
from marketplace.projects.pricing import check_of
from marketplace.ratings import queries as grades
from marketplace.sanctions import queries as sanctions
from marketplace.selection.models import Award

from .models import Amendment, AmendmentStatus, Contract, Side
from .rules import ContractsPolicy, Terms, terms_text

PUBLIC_PAYERS = {OrganisationKind.AGENCY, OrganisationKind.PUBLIC_INSTITUTION}

DAY_STARTS = time(0, 0)


def contract_of(
    need: Need, award: Award, edition: Edition[ContractsPolicy], at: datetime, **more: Any
) -> Contract:
    """The contract of an award before its terms are written: parties, price, what is frozen.

    ``at`` is the instant whose grade counts; ``more`` is what its channel knows besides.
    """
    register = accounts.register_of(need.jurisdiction_code)
    owner = accounts.organisation(need.owner_id)
    return Contract(
        number=number_for(need),
        need_id=need.id,
        award_id=award.id,
        owner_id=need.owner_id,
        firm_id=award.organisation_id,
        jurisdiction_code=need.jurisdiction_code,
        edition_id=edition.id,
        award_price=award.price,
        price=award.price,
        payment_days=payment_days_of(edition.values, owner.kind),
        two_person=need.two_person,
        overdue_working_days=0,
        accepted_by_silence=False,
        frozen=frozen_terms(need, award, register, at),
        **more,
    )


def number_for(need: Need) -> str:
    """A need's contract carries its number; one that follows a fallen contract says the how-manyth
    it is."""
    before = db.session.scalar(select(func.count(Contract.id)).where(Contract.need_id == need.id))
    return f"HT{need.number[2:]}" + (f"-{before + 1}" if before else "")


def frozen_terms(need: Need, award: Award, register: str, at: datetime) -> dict[str, Any]:
    """Copies of what the decision rested on: offering, editions, the grade of the day of ``at``."""
    grade = grades.grade_on(award.organisation_id, register, clock.local_day(at))
    return {
        "award": award.id,
        "entry": award.entry_id,
        "award_price_check": award.price_check_id,
        "grade": str(grade.grade),
        "grade_record": grade.record_id,
        "selection_edition": need.selection_edition_id,
        "offering": _offering(award.organisation_id, register, need.item_code),
    }


def _offering(organisation_id: int, register: str, item_code: str) -> dict[str, Any] | None:
    firm = intermediaries.firm_of(organisation_id, register)
    offering = intermediaries.offering(firm.id, item_code) if firm is not None else None
    if offering is None:
        return None
    return {
        "id": offering.id,
        "discount": format(offering.discount, "f"),
        "amount": None if offering.amount is None else format(offering.amount, "f"),
        "promised_days": offering.promised_days,
    }


def contract_body(contract: Contract, need: Need, policy: ContractsPolicy, day: date) -> str:
    """The standard text filled in for a contract."""
    return terms_text(
        Terms(
            number=contract.number,
            need_number=need.number,
            owner=accounts.organisation(contract.owner_id).name,
            firm=accounts.organisation(contract.firm_id).name,
            item=named(need),
            scope=need.scope,
            place=need.place,
            result=_results(need, day),
            price=contract.price,
            price_capitals=capitals(contract.price),
            starts_on=contract.starts_on,
            ends_on=contract.ends_on,
            accept_working_days=contract.accept_working_days or policy.accept_working_days,
            payment_days=contract.payment_days,
            extra=contract.extra_terms,
            shares=[(each.item_name, each.price) for each in price_shares(need, contract.price)],
        )
    )


def _results(need: Need, day: date) -> str:
    """What is delivered; for a package by item."""
    lineage = accounts.lineage(need.jurisdiction_code)
    results = [catalogue.item(code, day, lineage).result for code in need.item_codes]
    if not need.is_package:
        return results[0]
    names = [each.item_name for each in need.each_item]
    return "；".join(f"{name}：{text}" for name, text in zip(names, results, strict=True))


def latest_end(starts_on: date, need: Need) -> date:
    """The last day the notice allows for a contract that starts on ``starts_on``."""
    if need.days_kind is DaysKind.WORKING:
        return working_calendar().day_after(starts_on, need.days_wanted)
    return starts_on + timedelta(days=need.days_wanted)


def payment_days_of(policy: ContractsPolicy, kind: OrganisationKind) -> int:
    """Natural days between acceptance and payment for an owner of this kind."""
    return policy.payment_days if kind in PUBLIC_PAYERS else policy.payment_days_others


def require_firm_allowed(contract: Contract, need: Need, now: datetime) -> None:
    """A bar or a D in force stops the contract, whatever was awarded before. (RULES section 6)"""
    register = accounts.register_of(need.jurisdiction_code)
    barred = any(
        sanctions.bars(contract.firm_id, need.jurisdiction_code, code, now)
        for code in need.item_codes
    )
    if barred or grades.d_in_force(contract.firm_id, register, now):
        raise Conflict(
            _("中选机构正在被暂停或终止服务，不能订立合同，请与管理机构联系"), rule="bar"
        )


def end_of(day: date) -> datetime:
    """The instant a Shanghai day is over."""
    return moment(day + timedelta(days=1), DAY_STARTS)


def tell_party(contract: Contract, side: Side, words: str, occasion: str, now: datetime) -> None:
    """Owe one side a message about its contract; ``occasion`` keeps it from being sent twice."""
    party = accounts.organisation(contract.owner_id if side is Side.OWNER else contract.firm_id)
    notifications.send(
        party.id,
        f"{words[:60]}（{contract.number}）",
        f"{contract.number} {contract.need.title}：{words}。",
        f"/contracts/{contract.public_id}",
        f"contract:{contract.id}:{occasion}",
        now,
        party.email,
    )


def priced_on(contract: Contract) -> date:
    """The day whose standard the contract's price was checked by."""
    check = check_of(contract.price_check_id)
    return check.day if check is not None else contract.starts_on


def quantities_of(
    contract: Contract, changes: Sequence[Amendment]
) -> dict[int, list[tuple[str, str, str]]]:
    """What each change alters of the base quantities, by its key: title, before, after, as far as
    the item's standard asks for them."""
    told: dict[int, list[tuple[str, str, str]]] = {}
    standing = dict(contract.need.fee_inputs)
    need = contract.need
    for each in sorted(changes, key=lambda one: one.number):
        if each.fee_inputs is None:
            continue
        fields = input_fields(need.item_code, need.jurisdiction_code, priced_on(contract))
        told[each.id] = []
        for field in fields:
            before, after = _answer(field, standing), _answer(field, each.fee_inputs)
            if before != after:
                told[each.id].append((str(_(field.title)), before, after))
        if each.status is AmendmentStatus.AGREED:
            standing = dict(each.fee_inputs)
    return told


def _answer(field: InputField, inputs: Mapping[str, str]) -> str:
    said = str(inputs.get(field.key) or field.default or "")
    names = dict(field.choices)
    return "、".join(unit(names[code]) if code in names else code for code in said.split(","))
