"""A shelf against the plain list it stands for, through many changes."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from marketplace.finding import rules
from marketplace.finding.models import Kind
from marketplace.finding.queries import _LAYOUTS, _standing
from marketplace.finding.sets import places_of
from marketplace.finding.shelf import Row, Shelf

CHARACTERS = "青河净源环境测绘"
TODAY = 739_000


def entry(chance: Random, key: int) -> Row:
    """A firm with an invented name and up to two offers."""
    name = "".join(chance.choices(CHARACTERS, k=chance.randint(2, 5)))
    offers = [
        [item, chance.choice((None, 0, 500, 1500)), chance.choice((3, 8, 40)), chance.random() < 0.2,
         chance.choice((TODAY - 1, TODAY, 10_000_000))]
        for item in chance.sample(("hpwj", "jsjl", "stbc"), chance.randint(0, 2))
    ]  # fmt: skip
    facts = {
        "organisation": key + 500,
        "home": chance.choice(("379902", "379921")),
        "grade": chance.choice(("A", "B", "C", "ungraded")),
        "listed": chance.randint(1, 50),
        "paused": chance.random() < 0.1,
        "offers": offers,
    }
    return Row(key, "379900", name, rules.reading(name), f"code{key}", facts)


def matches(row: Row, term: str) -> bool:
    """Whether a name holds a term, read plainly."""
    read = row.readings.split(" ")
    starts = ("".join(read[at:]) for at in range(len(read)))
    return (
        term in row.names
        or term in rules.initials(row.readings)
        or any(start.startswith(term) for start in starts)
    )


def keys(shelf: Shelf, found: int) -> set[int]:
    return {shelf.keys[place] for place in places_of(found & shelf.everybody)}


@pytest.mark.parametrize("seed", range(4))
def test_a_shelf_holds_what_a_list_would_after_any_changes(seed: int) -> None:
    chance = Random(seed)
    shelf, truth = Shelf(_LAYOUTS[Kind.FIRM]), dict[int, Row]()
    terms = ["净源", "青河净源", "qh", "qinghe", "jingyuanhuan", "hjch", "测", "环境测绘"]
    for _round in range(25):
        changes: list[tuple[Row, bool]] = []
        for _each in range(chance.choice((1, 3, 250))):
            row, shown = entry(chance, chance.randint(1, 400)), chance.random() < 0.8
            changes.append((row, shown))
            if shown:
                truth[row.object_id] = row
            else:
                truth.pop(row.object_id, None)
        shelf.apply(changes)
        assert keys(shelf, shelf.everybody) == set(truth)
        for term in terms:
            assert keys(shelf, shelf.texts.find(term)) == {
                key for key, row in truth.items() if matches(row, term)
            }, term
        for group in (("home", "379921"), ("grade", "A"), ("item", "stbc"), ("days", "jsjl", "10")):
            assert keys(shelf, shelf.group(*group)) == {
                key for key, row in truth.items() if group in set(_LAYOUTS[Kind.FIRM].groups(row))
            }
        assert keys(shelf, shelf.ended("stbc", TODAY)) == {
            key
            for key, row in truth.items()
            if any(each[0] == "stbc" and each[4] < TODAY for each in row.facts["offers"])
        }
        somebody = chance.sample(sorted(truth), min(5, len(truth)))
        assert keys(shelf, shelf.owned(each + 500 for each in somebody)) == set(somebody)
        ordered = sorted(truth, key=lambda key: (_standing(truth[key]), key))
        page = shelf.in_order(shelf.everybody, "", False, 3, 20)
        assert [shelf.keys[place] for place in page] == ordered[3:23]
        listed = shelf._values["listed"].__getitem__
        page = shelf.by(shelf.everybody, "listed", shelf.everybody, listed, 2, 10)
        oldest = sorted(truth, key=lambda key: (truth[key].facts["listed"], key))
        assert [shelf.keys[place] for place in page] == oldest[2:12]
        named: Any = sorted(truth, key=lambda key: (truth[key].names, key), reverse=True)
        page = shelf.in_order(shelf.everybody, "name", True, 0, 20)
        assert [shelf.keys[place] for place in page] == named[:20]
    assert shelf.coded(f"code{ordered[0]}") == 1 << shelf._at[ordered[0]]


def test_the_order_kept_of_many_follows_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("marketplace.finding.shelf._FEW", 5)
    test_a_shelf_holds_what_a_list_would_after_any_changes(9)


def test_letters_are_read_as_syllables_in_every_way() -> None:
    known = frozenset({"xi", "an", "xian", "chang", "qing", "he"})
    assert set(rules.syllables_of("xian", known)) == {("xian",), ("xi", "an")}
    assert set(rules.syllables_of("qinghech", known)) == {("qing", "he", "ch")}
    # never endless, whatever is typed
    assert len(list(rules.syllables_of("xian" * 25 + "zz", known))) <= 24
