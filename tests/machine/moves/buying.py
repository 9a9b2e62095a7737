"""Needs, entries, draws, awards, contracts."""

from __future__ import annotations

import secrets
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from sqlalchemy import select

from marketplace.contracts import actions as contracts
from marketplace.contracts import delivery
from marketplace.contracts.models import Contract, ContractStatus, Deliverable, Side
from marketplace.foundation import clock
from marketplace.projects.models import Need, NeedStatus, SelectionMethod
from marketplace.selection import actions as selection
from marketplace.selection import queries as selections
from marketplace.selection.models import (
    Award,
    AwardStatus,
    Entry,
    EntryStatus,
    RoundStatus,
    SelectionRound,
)
from tests.factories import contracts as deals
from tests.factories import selection as choosing

from .board import REASON, WHICH, Board, moves


class Buying(Board):
    """Owners and firms, from a need to its accepted results."""

    def left_of(self, name: str, ids: list[int]) -> list[int]:
        """A list waits for its lottery once that is due."""
        left = super().left_of(name, ids)
        if name == "lottery" and not selections.lotteries_due(clock.now()):
            return []
        return left

    @precondition(moves("post"))
    @rule(owner=WHICH, draw=st.booleans())
    def post(self, owner: int, draw: bool) -> None:
        """An owner posts a need."""
        method = SelectionMethod.RANDOM_DRAW if draw else SelectionMethod.DIRECT_PICK
        self.act(lambda: choosing.open_need(self.owner(owner % 1), method=method))

    @precondition(moves("enter"))
    @rule(which=WHICH, firm=WHICH, price=st.sampled_from(["36000", "35000", "41000"]))
    def enter(self, which: int, firm: int, price: str) -> None:
        """A firm enters, or changes its entry."""
        self.act(
            lambda: selection.enter_need(
                self.one("enter", Need, which),
                secrets.token_hex(32),
                Decimal(price),
                self.firm(firm).actor,
                "已有相邻项目的资料，工作量较小",
            )
        )

    @precondition(moves("leave"))
    @rule(which=WHICH)
    def leave(self, which: int) -> None:
        """A firm takes its entry back."""

        def leave() -> None:
            entry = self.one("leave", Entry, which)
            selection.withdraw_entry(entry, self.world.party_of(entry.organisation_id).actor)

        self.act(leave)

    @precondition(moves("lottery"))
    @rule()
    def lottery(self) -> None:
        """Two officers read the lottery that a list waits for."""
        issue = f"2026{secrets.randbelow(900) + 100}"
        self.act(lambda: choosing.read_lottery(issue))

    @precondition(moves("pick"))
    @rule(which=WHICH, entry=WHICH)
    def pick(self, which: int, entry: int) -> None:
        """An owner chooses one of the entrants, the approver approves."""

        def pick() -> None:
            need = self.one("pick", Need, which)
            owner = self.world.party_of(need.owner_id)
            running = selections.live_round(need)
            entries = selections.listed(running)
            award = selection.pick_entry(need, entries[entry % len(entries)], REASON, owner.actor)
            if award.status is AwardStatus.PROPOSED:
                selection.approve_pick(award, owner.approving_actor)

        self.act(pick)

    @precondition(moves("answer"))
    @rule(which=WHICH, accept=st.sampled_from([True, True, False]))
    def answer(self, which: int, accept: bool) -> None:
        """The winner accepts or gives the award up."""

        def answer() -> None:
            award = self.one("answer", Award, which)
            actor = self.world.party_of(award.organisation_id).actor
            if accept:
                selection.accept_award(award, actor)
            else:
                selection.decline_award(award, "人手不足，无法承接", actor)

        self.act(answer)

    @precondition(moves("sign"))
    @rule(which=WHICH)
    def sign(self, which: int) -> None:
        """Both sides sign."""

        def sign() -> None:
            award = self.one("sign", Award, which)
            firm = self.world.party_of(award.organisation_id)
            owner = self.world.party_of(award.need.owner_id)
            now = clock.now()
            made = contracts.draft_contract(award.need, deals.terms(), Side.FIRM, firm.actor, now)
            contracts.confirm_contract(made, Side.OWNER, owner.approving_actor, now)

        self.act(sign)

    @precondition(moves("deliver"))
    @rule(which=WHICH)
    def deliver(self, which: int) -> None:
        """The firm delivers."""

        def deliver() -> None:
            contract = self.one("deliver", Contract, which)
            firm = self.world.party_of(contract.firm_id)
            deal = deals.Deal(contract.need_id, 0, 0, 0, contract.firm_id, firm.user.id)
            deals.deliver(deal, deals.PDF + secrets.token_bytes(4))

        self.act(deliver)

    @precondition(moves("check"))
    @rule(which=WHICH, accept=st.sampled_from([True, True, False]))
    def check(self, which: int, accept: bool) -> None:
        """The owner accepts or returns what was delivered."""

        def check() -> None:
            version = self.one("check", Deliverable, which)
            owner = self.world.party_of(version.contract.owner_id)
            if accept:
                delivery.accept_deliverable(version, owner.actor, clock.now())
            else:
                delivery.return_deliverable(version, REASON, owner.actor, clock.now())

        self.act(check)


POSSIBLE: dict[str, Any] = {
    "enter": select(Need.id).where(Need.status.in_([NeedStatus.PUBLISHED, NeedStatus.SELECTING])),
    "leave": select(Entry.id).where(Entry.status == EntryStatus.STANDING),
    "lottery": select(SelectionRound.id).where(
        SelectionRound.status == RoundStatus.LISTED, SelectionRound.lottery_day.is_not(None)
    ),
    "pick": select(Need.id).where(
        Need.status == NeedStatus.SELECTING, Need.method == SelectionMethod.DIRECT_PICK
    ),
    "answer": select(Award.id).where(Award.status == AwardStatus.OFFERED),
    "sign": select(Award.id)
    .join(Need, Need.id == Award.need_id)
    .where(Award.status == AwardStatus.ACCEPTED, Need.status == NeedStatus.AWARDED),
    "deliver": select(Contract.id).where(Contract.status == ContractStatus.ACTIVE),
    "check": select(Deliverable.id).where(Deliverable.status == "submitted"),
}
