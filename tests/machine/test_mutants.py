"""Faults planted in the product: the machine notices each of them, within a few examples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis.stateful import run_state_machine_as_test

from marketplace.evaluations import actions as evaluations
from marketplace.evaluations.reviews import actions as reviews
from marketplace.fees import access as fee_access
from marketplace.ratings import posting, settling
from marketplace.ratings.models import RatingEntry
from marketplace.ratings.rules import reckoning
from marketplace.sanctions import queries as sanctions
from marketplace.selection import awarding, closing
from marketplace.selection.actions import entering
from marketplace.supervision import actions as supervision
from tests.machine.market import Market
from tests.machine.test_market import profile

# how far the machine may look for each
EXAMPLES, STEPS = 10, 12


@dataclass(frozen=True)
class Mutant:
    """What is replaced by what, the moves that lead there, and who must tell."""

    owner: Any
    name: str
    replaced: Callable[[Any], Any]
    moves: str
    told: str


def _second(order: Any) -> Any:
    return lambda *args, after=0: order(*args, after=after or 1)


def _never_late(need: Any, _now: Any) -> Any:
    return entering.queries.live_round(need)


MUTANTS = {
    "an excluded mark is not reversed": Mutant(
        reviews,
        "reverse_entry",
        lambda _real: lambda entry_id, *_more: reviews.db.session.get_one(RatingEntry, entry_id),
        "mark dispute review",
        "I21d",
    ),
    "a fact has its effect on the same day": Mutant(
        posting,
        "timedelta",
        lambda real: lambda days: real(0),
        "rate card issue",
        "R03",
    ),
    "the gates do not ask for blacklistings": Mutant(
        sanctions, "bars_of", lambda _real: lambda *_asked: {}, "case enter", "I05"
    ),
    "nobody is asked again at closing": Mutant(
        closing, "_unfit", lambda _real: lambda *_asked: {}, "wait", "I03c"
    ),
    "entries of a blacklisted firm stay": Mutant(
        supervision, "withdraw_all_entries", lambda _real: lambda *_asked: 0, "case enter", "I05"
    ),
    "a running contract is not put before its owner": Mutant(
        supervision, "flag_for_decision", lambda _real: lambda *_asked: None, "case card", "S02"
    ),
    "one owner's marks are not held": Mutant(
        reckoning,
        "_weigh_raters",
        lambda _real: (
            lambda weighed, strength: reckoning.Weighed(weighed.weight, weighed.value, strength)
        ),
        "rate wait",
        "reckoned",
    ),
    "a mark is shown as soon as one side gave it": Mutant(
        evaluations, "all_in", lambda _real: lambda _given: True, "mark", "I20c"
    ),
    "the award goes to the second of the draw": Mutant(
        awarding, "award_in_order", _second, "wait lottery", "I08b"
    ),
    "a quote can be read before opening": Mutant(
        fee_access, "_is_closed", lambda _real: lambda _check: True, "enter", "price check"
    ),
    "an entry's digest is of something else": Mutant(
        RatingEntry, "content_digest", lambda real: lambda row: real(row)[::-1], "rate", "I17"
    ),
    "a settled grade is not stored": Mutant(
        settling, "_write", lambda _real: lambda *_asked: None, "rate wait", "I16"
    ),
    "related firms stay in one list": Mutant(
        closing, "_related", lambda _real: lambda _fit: {}, "wait", "I24"
    ),
    "an award given up has no effect": Mutant(
        awarding, "_post_abandoned", lambda _real: lambda *_asked: None, "wait pick", "R05"
    ),
    "entries are taken after the deadline": Mutant(
        entering, "_entering", lambda _real: _never_late, "wait enter", "I12"
    ),
}


# the moves that lead there are many
FAR = (
    "an excluded mark is not reversed",
    "the award goes to the second of the draw",
    "an award given up has no effect",
    "entries are taken after the deadline",
    "one owner's marks are not held",
    "the gates do not ask for blacklistings",
    "a running contract is not put before its owner",
)


@pytest.mark.parametrize(
    "name",
    [pytest.param(each, marks=pytest.mark.long if each in FAR else ()) for each in MUTANTS],
)
@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_planted_fault_is_noticed(
    market: type[Market], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    mutant = MUTANTS[name]
    focused = type("Focused", (market,), {"focus": frozenset(mutant.moves.split())})
    real = getattr(mutant.owner, mutant.name)
    monkeypatch.setattr(mutant.owner, mutant.name, mutant.replaced(real))
    with pytest.raises(AssertionError) as told:
        run_state_machine_as_test(focused, settings=profile(EXAMPLES, STEPS))
    assert mutant.told in str(told.value)
