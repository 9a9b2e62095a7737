"""Related firms in one need: at closing all but the earliest entry are void (RULES section 7).

Only what the register says counts: one legal representative, one shareholder over half, one
firm owning over half of the other, a practitioner registered with both. A shared telephone or
device is looked into afterwards and voids nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from marketplace.selection.rules.wording import N_, Sentence

CONTROL_PERCENT = Decimal("50")


@dataclass(frozen=True, slots=True)
class StandingEntry:
    """An eligible entry at closing, with its firm's register relations.

    `legal_representative`, shareholders and practitioners are the register's own keys for
    persons or organisations, never names; shares are in percent. `number` breaks equal instants.
    """

    number: int
    organisation: str
    received_at: datetime
    legal_representative: str
    shareholders: Sequence[tuple[str, Decimal]] = ()
    practitioners: frozenset[str] = frozenset()

    def controllers(self) -> frozenset[str]:
        """Return the holders of more than half of the shares."""
        return frozenset(key for key, percent in self.shareholders if percent > CONTROL_PERCENT)


@dataclass(frozen=True, slots=True)
class VoidEntry:
    """An entry that falls, the earlier entry it is related to, and the published reason."""

    number: int
    because_of: int
    relation: str
    reason: Sentence


_RELATIONS = {
    "legal_representative": N_("与先报名的机构同一法定代表人"),
    "shareholder": N_("与先报名的机构由同一股东持股超过 50%"),
    "control": N_("与先报名的机构之间持股超过 50%"),
    "practitioner": N_("与先报名的机构登记了同一执业人员"),
}


def relation(one: StandingEntry, other: StandingEntry) -> str | None:
    """Return the name of the relation between two firms, the plainest first, or None."""
    if one.legal_representative and one.legal_representative == other.legal_representative:
        return "legal_representative"
    if one.controllers() & other.controllers():
        return "shareholder"
    if one.organisation in other.controllers() or other.organisation in one.controllers():
        return "control"
    if one.practitioners & other.practitioners:
        return "practitioner"
    return None


def void_related(entries: Sequence[StandingEntry]) -> list[VoidEntry]:
    """Return the entries that fall, in the order they were received.

    Each entry is held against the earlier ones that stand: what stands in the end holds no two
    related firms, and no firm falls because of one that fell itself.
    """
    standing: list[StandingEntry] = []
    fallen: list[VoidEntry] = []
    for entry in sorted(entries, key=lambda each: (each.received_at, each.number)):
        for earlier in standing:
            found = relation(entry, earlier)
            if found is not None:
                reason = Sentence(_RELATIONS[found])
                fallen.append(VoidEntry(entry.number, earlier.number, found, reason))
                break
        else:
            standing.append(entry)
    return fallen
