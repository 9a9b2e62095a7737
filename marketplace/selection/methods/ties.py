"""Equals brought in order by the verifiable draw, never by anybody's choice.

Each group of equals is a draw of its own, `need#tie-1`, `need#tie-2` … in the order of the groups,
with the secret and the public value of the need and the equals alone for entrants. (docs/draw.md)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .random_draw import Draw, Entrant, draw, tie_id

Groups = Sequence[Sequence[str]]


def equals(groups: Groups) -> list[tuple[int, tuple[str, ...]]]:
    """The groups with more than one firm, numbered from 1 as their draws are."""
    return list(enumerate((tuple(group) for group in groups if len(group) > 1), 1))


def draws(
    groups: Groups,
    contributions: Mapping[str, str],
    need: str,
    attempt: int,
    secret: str,
    public_value: str,
) -> list[Draw]:
    """The draw of every group of equals, by its number. ``contributions``: what each firm gave to
    the draw, by credit code. Raises DrawInputError for a value that cannot enter a draw."""
    return [
        draw(
            tie_id(need, number),
            attempt,
            [Entrant(code, contributions[code]) for code in group],
            secret,
            public_value,
        )
        for number, group in equals(groups)
    ]


def settled(groups: Groups, drawn: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """All firms in one order: the groups as they stand, the equals of each as they were drawn.

    ``drawn``: the order of each group of equals, by its number. Raises ValueError where a drawn
    order is not that of its group.
    """
    waiting = list(drawn)
    order: list[str] = []
    for group in groups:
        if len(group) == 1:
            order += group
            continue
        own = waiting.pop(0) if waiting else ()
        if sorted(own) != sorted(group):
            raise ValueError(f"the draw among {sorted(group)} ordered {sorted(own)}")
        order += own
    if waiting:
        raise ValueError("a draw too many")
    return tuple(order)
