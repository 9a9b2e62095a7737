"""Words that make no password: over 100,000 leaked passwords, names, dates, keyboard walks.

Where they come from and under which licence stands in ``data/README.md``.
"""

from __future__ import annotations

import gzip
import re
from functools import lru_cache
from pathlib import Path

WORDS = Path(__file__).parent / "data" / "common_words.txt.gz"
# letters people write as figures and signs, to see the word behind p@55w0rd
_DISGUISES = str.maketrans("@4310$57!|", "aaeiosstil")


@lru_cache(maxsize=1)
def words() -> frozenset[bytes]:
    """The list, read once in a process (about 12 MB)."""
    with gzip.open(WORDS) as file:
        return frozenset(file.read().split(b"\n"))


def is_listed(word: str) -> bool:
    """Whether a word in lower case is on the list."""
    return word.encode("utf-8", "surrogatepass") in words()


def is_common(folded: str) -> bool:
    """Whether a password (NFKC, lower case) is one common word in a thin disguise.

    It is when the whole, the whole without figures and signs at its ends, or the undisguised
    word is listed, also when written several times over.
    """
    core = re.sub(r"^[^a-z]+|[^a-z]+$", "", folded)
    plain = folded.translate(_DISGUISES)
    plain_core = re.sub(r"^[^a-z]+|[^a-z]+$", "", plain)
    for candidate in (folded, core, plain, plain_core):
        if len(candidate) >= 3 and is_listed(_once(candidate)):
            return True
    return False


def _once(word: str) -> str:
    """``abcabc`` → ``abc``: a word written over and over is one word."""
    for size in range(1, len(word) // 2 + 1):
        if len(word) % size == 0 and word == word[:size] * (len(word) // size):
            return word[:size] if size >= 3 else word
    return word
