"""Names by their pieces: any two characters on, read as characters, as pinyin or as initials.

Each pair of neighbouring characters is kept with its reading, and the places of the names that
hold it. Initials and syllables lead to pairs, pairs to places, so that each name is kept once.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise

from . import rules
from .sets import as_set, places_of

# of more candidates than this it is taken for granted that their pieces stand in this order
_LOOKED_AT = 20_000
_MOST_KEPT = 500
_VOWELS = frozenset("aeo")

Pair = tuple[str, str]


class Texts:
    """The names at places 0, 1, 2, …, each of one or more lines; only ever added to."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.readings: list[str] = []
        self._places: dict[Pair, array[int]] = {}
        self._sets: dict[Pair, tuple[int, int]] = {}
        self._by_characters: dict[str, list[Pair]] = defaultdict(list)
        self._by_initials: dict[str, list[Pair]] = defaultdict(list)
        self._by_syllables: dict[tuple[str, str], list[Pair]] = defaultdict(list)
        self._by_character: dict[str, list[Pair]] = defaultdict(list)
        self._by_syllable: dict[str, list[Pair]] = defaultdict(list)
        self._whole: dict[str, list[int]] = defaultdict(list)
        self._found: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self.names)

    def add(self, names: str, readings: str) -> int:
        """A name and its lines with the reading of each; returns its place."""
        place = len(self.names)
        self.names.append(names)
        self.readings.append(readings)
        self._found.clear()
        for name, read in zip(names.split("\n"), readings.split("\n"), strict=True):
            self._whole[name].append(place)
            syllables = read.split(" ")
            for at in range(len(name) - 1):
                pair = (name[at : at + 2], f"{syllables[at]} {syllables[at + 1]}")
                places = self._places.get(pair)
                if places is None:
                    places = self._places[pair] = array("I")
                    self._learn(pair)
                if not places or places[-1] != place:
                    places.append(place)
        return place

    def _learn(self, pair: Pair) -> None:
        characters, read = pair
        first, second = read.split(" ")
        self._by_characters[characters].append(pair)
        self._by_initials[first[0] + second[0]].append(pair)
        self._by_syllables[first, second].append(pair)
        for character in set(characters):
            self._by_character[character].append(pair)
        for syllable in {first, second}:
            self._by_syllable[syllable].append(pair)

    def whole(self, term: str) -> int:
        """The places of names that are the term, letter by letter."""
        return as_set(self._whole.get(term, ()), len(self))

    def find(self, term: str) -> int:
        """The places of names that hold a folded term; of letters also as pinyin or initials."""
        kept = self._found.get(term)
        if kept is None:
            if len(self._found) >= _MOST_KEPT:
                self._found.clear()
            kept = self._characters(term)
            if rules.is_letters(term) and len(term) > 1:
                kept |= self._initials(term) | self._pinyin(term)
            self._found[term] = kept
        return kept

    def _characters(self, term: str) -> int:
        if len(term) == 1:
            return self._any(self._by_character.get(term, ())) | self.whole(term)
        found = self._all(self._by_characters.get(piece, ()) for piece in _pieces(term))
        if len(term) == 2 or found.bit_count() > _LOOKED_AT:
            return found
        return as_set((at for at in places_of(found) if term in self.names[at]), len(self))

    def _initials(self, term: str) -> int:
        found = self._all(self._by_initials.get(piece, ()) for piece in _pieces(term))
        if len(term) == 2 or found.bit_count() > _LOOKED_AT:
            return found
        kept = (
            place
            for place in places_of(found)
            if any(term in rules.initials(line) for line in self.readings[place].split("\n"))
        )
        return as_set(kept, len(self))

    def _pinyin(self, term: str) -> int:
        known = frozenset(each for each in self._by_syllable if len(each) > 1 or each in _VOWELS)
        found = 0
        for way in rules.syllables_of(term, known):
            found |= self._read(way, known)
        return found

    def _read(self, way: tuple[str, ...], known: frozenset[str]) -> int:
        last = (
            [way[-1]] if way[-1] in known else [each for each in known if each.startswith(way[-1])]
        )
        if len(way) == 1:
            return self._any(pair for each in last for pair in self._by_syllable[each])
        pairs: list[Iterable[Pair]] = [
            self._by_syllables.get(two, ()) for two in pairwise(way[:-1])
        ]
        pairs.append(
            [pair for each in last for pair in self._by_syllables.get((way[-2], each), ())]
        )
        found = self._all(pairs)
        if len(way) == 2 or found.bit_count() > _LOOKED_AT:
            return found
        term = f" {' '.join(way)}"
        kept = (
            place
            for place in places_of(found)
            if any(term in f" {line}" for line in self.readings[place].split("\n"))
        )
        return as_set(kept, len(self))

    def _all(self, pieces: Iterable[Iterable[Pair]]) -> int:
        found = -1
        for pairs in pieces:
            found &= self._any(pairs)
            if not found:
                return 0
        return found

    def _any(self, pairs: Iterable[Pair]) -> int:
        found = 0
        for pair in pairs:
            places = self._places[pair]
            covered, kept = self._sets.get(pair, (0, 0))
            if covered < len(places):
                kept |= as_set(places[covered:], len(self))
                self._sets[pair] = len(places), kept
            found |= kept
        return found


def _pieces(term: str) -> list[str]:
    return [term[at : at + 2] for at in range(len(term) - 1)]
