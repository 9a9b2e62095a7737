"""The verifiable draw, byte for byte (docs/draw.md is the specification anybody can build from).

Three values make the order: the secret, bound at publication by its commitment; the list of
entrants, bound at closing by its hash; and a public value nobody could know at closing. Whoever
has the three recomputes the order. Every hash is written as 64 lower-case hexadecimal characters
and enters the next step in that written form, so that each step can be redone by hand.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

COMMIT_LABEL = "zjcs-commit/1\n"
SEED_LABEL = "zjcs-seed/1\n"
RECEIPT_LABEL = "zjcs-receipt/1\n"

_BLOCK_RANGE = 1 << 256
_HEX_64 = re.compile(r"[0-9a-f]{64}")
_CREDIT_CODE = re.compile(r"[0-9A-Z]{18}")
_NEED = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}")
_DRAW_ID = re.compile(_NEED.pattern + r"(#tie-[1-9][0-9]{0,5})?")
_LINE = re.compile(r"[^\x00-\x1f\x7f]*")


class DrawInputError(ValueError):
    """A value that cannot enter a draw; `field` names it, the text says what is asked for."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(f"{field}: {text}")
        self.field = field


@dataclass(frozen=True, slots=True)
class Entrant:
    """One line of the frozen list: unified social credit code and the firm's own contribution."""

    credit_code: str
    contribution: str

    def line(self) -> bytes:
        """Return `credit code TAB contribution LF`, the bytes that are sorted and hashed."""
        return f"{self.credit_code}\t{self.contribution}\n".encode()


@dataclass(frozen=True, slots=True)
class Draw:
    """A finished draw. `ranking` holds credit codes, the chosen firm first, reserves after it."""

    draw_id: str
    attempt: int
    commitment: str
    list_hash: str
    secret: str
    public_value: str
    seed: str
    ranking: tuple[str, ...]


def check_hex(field: str, value: str) -> str:
    """Return `value` if it is 64 lower-case hexadecimal characters, else raise DrawInputError."""
    if not _HEX_64.fullmatch(value):
        raise DrawInputError(field, "应为 64 位小写十六进制字符")
    return value


def check_draw_id(draw_id: str) -> str:
    """Return a need's number, with or without `#tie-k`; raise DrawInputError otherwise."""
    if not _DRAW_ID.fullmatch(draw_id):
        raise DrawInputError("need", "需求编号只含字母、数字和 . _ -，至多 64 位")
    return draw_id


def check_attempt(attempt: int) -> int:
    """Return the attempt (1, 2, …); raise DrawInputError otherwise."""
    if isinstance(attempt, bool) or not isinstance(attempt, int) or not 1 <= attempt <= 999_999:
        raise DrawInputError("attempt", "抽取次数应为 1 至 999999 的整数")
    return attempt


def tie_id(need: str, number: int) -> str:
    """Return the identifier of the `number`-th draw among equals (from 1) of a need."""
    return check_draw_id(f"{need}#tie-{number}")


def draw_secret(master_key: bytes, need: str, attempt: int) -> str:
    """Return the secret of one need and attempt: HMAC-SHA-256(master key, need LF attempt LF).

    Derived, not stored, so that it survives crash and restore; the line feeds keep need "1"
    attempt 11 apart from need "11" attempt 1. Raises DrawInputError when the key is under 32 bytes.
    """
    if len(master_key) < 32:
        raise DrawInputError("master_key", "主密钥不得少于 32 字节")
    if "#" in need:
        raise DrawInputError("need", "并列抽取沿用原需求的密值")
    text = f"{check_draw_id(need)}\n{check_attempt(attempt)}\n"
    return hmac.new(master_key, text.encode(), hashlib.sha256).hexdigest()


def commitment(secret: str) -> str:
    """Return what is published with the need: SHA-256("zjcs-commit/1" LF secret)."""
    return _sha256(COMMIT_LABEL + check_hex("secret", secret))


def list_bytes(entrants: Iterable[Entrant]) -> bytes:
    """Return the frozen list: one line per entrant, sorted by bytes.

    Raises DrawInputError for an empty list, a malformed line, or a firm named twice.
    """
    return b"".join(entrant.line() for entrant in sorted_entrants(entrants))


def list_hash(entrants: Iterable[Entrant]) -> str:
    """Return the SHA-256 of the frozen list, published at closing before any public value."""
    return hashlib.sha256(list_bytes(entrants)).hexdigest()


def sorted_entrants(entrants: Iterable[Entrant]) -> list[Entrant]:
    """Return the entrants in the order of their lines, each checked; raise DrawInputError."""
    chosen = sorted(entrants, key=Entrant.line)
    if not chosen:
        raise DrawInputError("entrants", "名单为空，无从抽取")
    for entrant in chosen:
        if not _CREDIT_CODE.fullmatch(entrant.credit_code):
            raise DrawInputError("credit_code", "应为 18 位数字或大写字母")
        check_hex("contribution", entrant.contribution)
    if len({entrant.credit_code for entrant in chosen}) != len(chosen):
        raise DrawInputError("entrants", "同一机构在名单中出现两次")
    return chosen


def seed_of(draw_id: str, attempt: int, listed: str, secret: str, public_value: str) -> str:
    """Return the seed: SHA-256 over label and five lines (need, attempt, list, secret, value)."""
    if not _LINE.fullmatch(public_value):
        raise DrawInputError("public_value", "公开值应为一行文字")
    lines = (
        check_draw_id(draw_id),
        str(check_attempt(attempt)),
        check_hex("list_hash", listed),
        check_hex("secret", secret),
        public_value,
    )
    return _sha256(SEED_LABEL + "".join(f"{line}\n" for line in lines))


def blocks(seed: str) -> Iterator[int]:
    """Yield HMAC-SHA-256(seed, uint64 big-endian i) for i = 0, 1, … as 256-bit integers.

    The key is the seed as written: 64 hexadecimal characters in UTF-8.
    """
    key = check_hex("seed", seed).encode()
    index = 0
    while True:
        digest = hmac.digest(key, index.to_bytes(8, "big"), "sha256")
        yield int.from_bytes(digest, "big")
        index += 1


def next_below(stream: Iterator[int], bound: int) -> int:
    """Return a number in 0 … bound − 1 from the next blocks, every one equally likely.

    A block at or over 2²⁵⁶ − (2²⁵⁶ mod bound) is thrown away: taken modulo the bound, it would
    favour the small numbers.
    """
    limit = _BLOCK_RANGE - _BLOCK_RANGE % bound
    for block in stream:
        if block < limit:
            return block % bound
    raise AssertionError("the block stream has no end")


def shuffle(codes: Sequence[str], seed: str) -> tuple[str, ...]:
    """Return the codes in drawn order: for i = n − 1 … 1 swap places i and next(i + 1)."""
    order = list(codes)
    stream = blocks(seed)
    for last in range(len(order) - 1, 0, -1):
        other = next_below(stream, last + 1)
        order[last], order[other] = order[other], order[last]
    return tuple(order)


def draw(
    draw_id: str, attempt: int, entrants: Iterable[Entrant], secret: str, public_value: str
) -> Draw:
    """Rank the entrants. The order they are handed over in makes no difference.

    For a tie pass `tie_id(need, k)` and the equals only; secret and public value stay the need's.
    Raises DrawInputError for a value that cannot enter a draw.
    """
    chosen = sorted_entrants(entrants)
    listed = list_hash(chosen)
    seed = seed_of(draw_id, attempt, listed, secret, public_value)
    return Draw(
        draw_id=draw_id,
        attempt=attempt,
        commitment=commitment(secret),
        list_hash=listed,
        secret=secret,
        public_value=public_value,
        seed=seed,
        ranking=shuffle([entrant.credit_code for entrant in chosen], seed),
    )


def receipt_bytes(need: str, attempt: int, entrant: Entrant, received_at: str) -> bytes:
    """Return the bytes of an entry's receipt that the marketplace signs with Ed25519.

    `received_at` is the server's instant in UTC, `YYYY-MM-DDThh:mm:ss.mmmZ`. A draw among equals
    keeps the receipts of its need, so `#tie-k` is no part of them.
    """
    lines = (
        check_draw_id(need.partition("#")[0]),
        str(check_attempt(attempt)),
        entrant.credit_code,
        check_hex("contribution", entrant.contribution),
        received_at,
    )
    return (RECEIPT_LABEL + "".join(f"{line}\n" for line in lines)).encode()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
