"""Reading a QR code from its modules, as a telephone does: what a printed code leads to.

Reads byte text in undamaged codes (nothing is corrected): format, mask, codewords, blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from segno import consts

Matrix = Sequence[Sequence[bool]]
_FORMAT_MASK = 0b101010000010010
_MASKS: tuple[Callable[[int, int], bool], ...] = (
    lambda y, x: (y + x) % 2 == 0,
    lambda y, _x: y % 2 == 0,
    lambda _y, x: x % 3 == 0,
    lambda y, x: (y + x) % 3 == 0,
    lambda y, x: (y // 2 + x // 3) % 2 == 0,
    lambda y, x: y * x % 2 + y * x % 3 == 0,
    lambda y, x: (y * x % 2 + y * x % 3) % 2 == 0,
    lambda y, x: ((y + x) % 2 + y * x % 3) % 2 == 0,
)


def text_of(matrix: Matrix) -> str:
    """The text a code of versions 1 to 9 holds; ``matrix`` are its modules without the margin."""
    version = (len(matrix) - 17) // 4
    bits = [matrix[8][x] for x in (0, 1, 2, 3, 4, 5, 7, 8)]
    bits += [matrix[y][8] for y in (7, 5, 4, 3, 2, 1, 0)]
    told = _number(bits) ^ _FORMAT_MASK
    level, mask = told >> 13, _MASKS[told >> 10 & 0b111]
    raw = [matrix[y][x] != mask(y, x) for y, x in _way(len(matrix), version)]
    codewords = [_number(raw[at : at + 8]) for at in range(0, len(raw) - 7, 8)]
    blocks = [
        block.num_data for block in consts.ECC[version][level] for _each in range(block.num_blocks)
    ]
    pieces: list[list[int]] = [[] for _block in blocks]
    left = iter(codewords)
    for place in range(max(blocks)):
        for piece, size in zip(pieces, blocks, strict=True):
            if place < size:
                piece.append(next(left))
    data = [byte for piece in pieces for byte in piece]
    stream = [bool(byte >> shift & 1) for byte in data for shift in range(7, -1, -1)]
    assert _number(stream[:4]) == 0b0100, "bytes"
    length = _number(stream[4:12])
    return bytes(_number(stream[12 + 8 * at : 20 + 8 * at]) for at in range(length)).decode()


def _number(bits: Sequence[bool]) -> int:
    return int("".join("1" if bit else "0" for bit in bits), 2)


def _way(size: int, version: int) -> Iterator[tuple[int, int]]:
    """The modules that hold data: two columns at a time from the right, up and down in turn."""
    up, x = True, size - 1
    while x > 0:
        if x == 6:
            x -= 1
        for y in range(size - 1, -1, -1) if up else range(size):
            for column in (x, x - 1):
                if not _is_fixed(y, column, size, version):
                    yield y, column
        up, x = not up, x - 2


def _is_fixed(y: int, x: int, size: int, version: int) -> bool:
    corner = (y < 9 and (x < 9 or x >= size - 8)) or (y >= size - 8 and x < 9)
    told = version > 6 and ((y < 6 and x >= size - 11) or (x < 6 and y >= size - 11))
    if corner or told or 6 in (y, x):
        return True
    centres = consts.ALIGNMENT_POS[version - 2] if version > 1 else ()
    corners = {(6, 6), (6, size - 7), (size - 7, 6)}
    return any(
        abs(y - down) < 3 and abs(x - across) < 3
        for down in centres
        for across in centres
        if (down, across) not in corners
    )
