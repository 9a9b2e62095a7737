"""Make marketplace/finding/data/traditional.txt: traditional characters and the simplified ones
they are read as.

From the character tables of the Python package opencc 1.4.2 (Apache 2.0, © OpenCC contributors).
Pairs of two characters, the traditional one first, twenty to a line.

    pip install --target /tmp/lists opencc==1.4.2
    PYTHONPATH=/tmp/lists python scripts/make_traditional.py
"""

from __future__ import annotations

from itertools import chain
from pathlib import Path

from opencc import OpenCC

TARGET = Path(__file__).parents[1] / "marketplace" / "finding" / "data" / "traditional.txt"
BLOCKS = chain(range(0x3400, 0x4DC0), range(0x4E00, 0xA000))
A_LINE = 20


def main() -> None:
    """Write every character of the two common blocks that has a single simplified one."""
    convert = OpenCC("t2s").convert
    read = ((chr(number), convert(chr(number))) for number in BLOCKS)
    pairs = [before + after for before, after in read if before != after and len(after) == 1]
    lines = (" ".join(pairs[at : at + A_LINE]) for at in range(0, len(pairs), A_LINE))
    TARGET.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
