"""Sets of places as whole numbers, a bit for each place: joined, met and counted at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def as_set(places: Iterable[int], size: int) -> int:
    """Places below ``size`` as a whole number with their bits set."""
    bits = bytearray(size // 8 + 1)
    for place in places:
        bits[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(bits, "little")


def places_of(found: int) -> Iterator[int]:
    """The places of a set, ascending."""
    bits = bin(found)[:1:-1]
    at = bits.find("1")
    while at >= 0:
        yield at
        at = bits.find("1", at + 1)


def first_of(found: int, order: Iterable[int], after: int, count: int) -> list[int]:
    """``count`` of the places of a set in an order given for all, ``after`` so many."""
    data = found.to_bytes(found.bit_length() // 8 + 1, "little")
    size = len(data)
    chosen: list[int] = []
    for place in order:
        byte = place >> 3
        if byte < size and data[byte] >> (place & 7) & 1:
            if after:
                after -= 1
                continue
            chosen.append(place)
            if len(chosen) == count:
                break
    return chosen
