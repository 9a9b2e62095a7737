"""The proof of a draw: one canonical JSON file that anybody can recompute.

Canonical means: UTF-8, keys sorted, no spaces, no line feed at the end. The names of the fields
are chosen so that `sha256` sorts last; it is the SHA-256 of the file written without that field.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marketplace.selection.methods import public_value as values
from marketplace.selection.methods import random_draw
from marketplace.selection.methods.random_draw import Draw, DrawInputError, Entrant

FORMAT = "zjcs-draw/1"
FIELDS = (
    "about",
    "attempt",
    "commitment",
    "dates",
    "entrants",
    "excluded",
    "format",
    "list_sha256",
    "need",
    "order",
    "public_value",
    "receipt_key",
    "secret",
    "seed",
    "sha256",
)
DATES = ("closed", "drawn", "published", "value")
VALUE_FIELDS = {
    "lottery": {"game", "issue", "kind", "numbers", "source", "value"},
    "ceremony": {"kind", "numbers", "value"},
    "none": {"kind", "reason", "value"},
}

_INSTANT = re.compile(
    r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z"
)
_TEXT = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{0,500}")
_SIGNATURE = re.compile(r"[0-9a-f]{128}")

SignatureCheck = Callable[[str, bytes, str], bool]


class ProofError(ValueError):
    """A proof that does not hold; `check` names the first check that failed."""

    def __init__(self, check: str, text: str) -> None:
        super().__init__(f"{check}: {text}")
        self.check = check


@dataclass(frozen=True, slots=True)
class ListedEntrant:
    """An entrant as the proof shows it: what was drawn on, and the signed receipt behind it."""

    entrant: Entrant
    name: str
    received_at: str
    signature: str


@dataclass(frozen=True, slots=True)
class ExcludedEntry:
    """An entry that did not stand in the draw, with the reason that was published."""

    credit_code: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class LotteryResult:
    """A lottery's issue as two officers entered it, with the source they took it from."""

    game: str
    issue: str
    numbers: tuple[tuple[int, ...], ...]
    source: str

    def value(self) -> str:
        """Return the written form that enters the seed."""
        return values.lottery_value(self.game, self.issue, self.numbers)

    def as_field(self, draw_id: str, attempt: int) -> dict[str, Any]:
        """Return the proof's `public_value`."""
        return {
            "game": self.game,
            "issue": self.issue,
            "kind": "lottery",
            "numbers": [list(group) for group in self.numbers],
            "source": self.source,
            "value": self.value(),
        }


@dataclass(frozen=True, slots=True)
class CeremonyResult:
    """All numbers of a ceremony, and which were opened from their sealed copies."""

    numbers: tuple[values.CeremonyNumber, ...]
    opened: frozenset[str] = frozenset()

    def value(self) -> str:
        """Return the written form that enters the seed."""
        return values.ceremony_value(self.numbers)

    def as_field(self, draw_id: str, attempt: int) -> dict[str, Any]:
        """Return the proof's `public_value`, participants in the order of their bytes."""
        return {
            "kind": "ceremony",
            "numbers": [
                {
                    "by": revealed.participant,
                    "commitment": values.number_commitment(
                        draw_id.partition("#")[0], attempt, revealed
                    ),
                    "how": "opened" if revealed.participant in self.opened else "revealed",
                    "number": revealed.number,
                }
                for revealed in sorted(self.numbers, key=lambda each: each.participant.encode())
            ],
            "value": self.value(),
        }


@dataclass(frozen=True, slots=True)
class NoValue:
    """No public value: nobody outside the bureau took part, and the page says so."""

    reason: str

    def value(self) -> str:
        """Return the empty line that enters the seed."""
        return ""

    def as_field(self, draw_id: str, attempt: int) -> dict[str, Any]:
        """Return the proof's `public_value`."""
        return {"kind": "none", "reason": self.reason, "value": ""}


PublicValue = LotteryResult | CeremonyResult | NoValue


@dataclass(frozen=True, slots=True)
class ProofInput:
    """What a proof is built from. `dates` has the instants of DATES as UTC text."""

    about: str
    dates: Mapping[str, str]
    entrants: Sequence[ListedEntrant]
    excluded: Sequence[ExcludedEntry]
    public_value: PublicValue
    receipt_key: str


def instant_text(moment_utc: datetime) -> str:
    """Return an aware UTC datetime as `YYYY-MM-DDThh:mm:ss.mmmZ`, cut to the millisecond."""
    if moment_utc.utcoffset() is None or moment_utc.utcoffset():
        raise ValueError("an instant in a proof is written in UTC")
    return f"{moment_utc:%Y-%m-%dT%H:%M:%S}.{moment_utc.microsecond // 1000:03d}Z"


def canonical(value: Any) -> bytes:
    """Return the canonical bytes of a JSON value: keys sorted, no spaces, UTF-8."""
    text = json.dumps(
        value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
    )
    return text.encode("utf-8")


def build(draw_id: str, attempt: int, secret: str, given: ProofInput) -> tuple[Draw, bytes]:
    """Make the draw and return it with the bytes of its proof.

    Raises DrawInputError or ProofError: what is built is verified before it is handed out.
    """
    drawn = random_draw.draw(
        draw_id,
        attempt,
        [listed.entrant for listed in given.entrants],
        secret,
        given.public_value.value(),
    )
    body: dict[str, Any] = {
        "about": given.about,
        "attempt": attempt,
        "commitment": drawn.commitment,
        "dates": dict(given.dates),
        "entrants": [_entrant_field(each) for each in _by_line(given.entrants)],
        "excluded": [
            {"code": each.credit_code, "name": each.name, "reason": each.reason}
            for each in sorted(given.excluded, key=lambda each: each.credit_code)
        ],
        "format": FORMAT,
        "list_sha256": drawn.list_hash,
        "need": draw_id,
        "order": list(drawn.ranking),
        "public_value": given.public_value.as_field(draw_id, attempt),
        "receipt_key": given.receipt_key,
        "secret": secret,
        "seed": drawn.seed,
    }
    body["sha256"] = hashlib.sha256(canonical(body)).hexdigest()
    proof = canonical(body)
    verify(proof)
    return drawn, proof


def verify(proof: bytes, signature_ok: SignatureCheck | None = None) -> Draw:
    """Recompute a proof and return its draw; raise ProofError naming the first failed check.

    `signature_ok(public key hex, message, signature hex)` checks the receipts; without it they
    are only checked for their form.
    """
    body = _read(proof)
    try:
        return _verify_body(body, signature_ok)
    except DrawInputError as error:
        raise ProofError("form", str(error)) from error


def _read(proof: bytes) -> dict[str, Any]:
    try:
        body = json.loads(proof.decode("utf-8"))
        written = canonical(body)
    except (ValueError, RecursionError) as error:
        raise ProofError("canonical", "不是规范的 JSON 文件") from error
    if written != proof:
        raise ProofError("canonical", "重新写出后与原文件字节不同")
    if not isinstance(body, dict) or tuple(body) != FIELDS or body["format"] != FORMAT:
        raise ProofError("form", "字段不符合 zjcs-draw/1")
    rest = {name: value for name, value in body.items() if name != "sha256"}
    if not _same(hashlib.sha256(canonical(rest)).hexdigest(), body["sha256"]):
        raise ProofError("sha256", "文件摘要不符")
    return body


def _verify_body(body: dict[str, Any], signature_ok: SignatureCheck | None) -> Draw:
    need, attempt = _text(body["need"], "need"), random_draw.check_attempt(body["attempt"])
    random_draw.check_draw_id(need)
    _text(body["about"], "about")
    secret = random_draw.check_hex("secret", _text(body["secret"], "secret"))
    if not _same(random_draw.commitment(secret), body["commitment"]):
        raise ProofError("commitment", "密值与公布的承诺不符")
    listed = _entrants(body["entrants"])
    _check_dates(body["dates"], listed)
    _check_excluded(body["excluded"], listed)
    value = _public_value(body["public_value"], need, attempt)
    drawn = random_draw.draw(need, attempt, [each.entrant for each in listed], secret, value)
    for check, stated, made in (
        ("list", body["list_sha256"], drawn.list_hash),
        ("seed", body["seed"], drawn.seed),
        ("order", body["order"], list(drawn.ranking)),
    ):
        if stated != made:
            raise ProofError(check, "与重新计算的结果不符")
    key = random_draw.check_hex("receipt_key", _text(body["receipt_key"], "receipt_key"))
    if signature_ok is not None:
        _check_receipts(listed, need, attempt, key, signature_ok)
    return drawn


def _entrants(rows: Any) -> list[ListedEntrant]:
    if not isinstance(rows, list):
        raise ProofError("form", "entrants 应为列表")
    listed = []
    for row in rows:
        _keys(row, {"code", "contribution", "name", "receipt"}, "entrants")
        _keys(row["receipt"], {"at", "signature"}, "receipt")
        signature = _text(row["receipt"]["signature"], "signature")
        if not _SIGNATURE.fullmatch(signature):
            raise ProofError("form", "回执签名应为 128 位小写十六进制字符")
        listed.append(
            ListedEntrant(
                entrant=Entrant(
                    _text(row["code"], "code"), _text(row["contribution"], "contribution")
                ),
                name=_text(row["name"], "name"),
                received_at=_instant(row["receipt"]["at"], "receipt.at"),
                signature=signature,
            )
        )
    if listed != _by_line(listed):
        raise ProofError("list", "名单未按字节排序")
    return listed


def _check_dates(field: Any, listed: Sequence[ListedEntrant]) -> None:
    _keys(field, set(DATES), "dates")
    dates = {name: _instant(field[name], name) for name in DATES}
    in_turn = [dates["published"], dates["closed"], dates["value"], dates["drawn"]]
    if in_turn != sorted(in_turn) or dates["published"] == dates["closed"]:
        raise ProofError("dates", "公布、截止、公开值、抽取的先后不对")
    for each in listed:
        if not dates["published"] <= each.received_at < dates["closed"]:
            raise ProofError("dates", f"{each.entrant.credit_code} 的回执不在报名期内")


def _check_excluded(rows: Any, listed: Sequence[ListedEntrant]) -> None:
    if not isinstance(rows, list):
        raise ProofError("form", "excluded 应为列表")
    codes = []
    for row in rows:
        _keys(row, {"code", "name", "reason"}, "excluded")
        codes.append(_text(row["code"], "code"))
        _text(row["name"], "name")
        _text(row["reason"], "reason")
    if codes != sorted(set(codes)):
        raise ProofError("form", "excluded 未排序或有重复")
    if set(codes) & {each.entrant.credit_code for each in listed}:
        raise ProofError("list", "同一机构既在名单又被排除")


def _public_value(field: Any, need: str, attempt: int) -> str:
    kind = field.get("kind") if isinstance(field, dict) else None
    if not isinstance(kind, str) or kind not in VALUE_FIELDS:
        raise ProofError("form", "公开值种类不明")
    _keys(field, VALUE_FIELDS[kind], "public_value")
    rebuilt = _PUBLIC_VALUES[kind](field)
    if rebuilt.as_field(need, attempt) != field:
        raise ProofError("public_value", "公开值与其来源不符")
    return rebuilt.value()


def _lottery(field: dict[str, Any]) -> PublicValue:
    rows = field["numbers"]
    if not isinstance(rows, list) or not all(
        isinstance(row, list) and all(type(number) is int for number in row) for row in rows
    ):
        raise ProofError("form", "彩票号码应为整数的列表")
    return LotteryResult(
        game=_text(field["game"], "game"),
        issue=_text(field["issue"], "issue"),
        numbers=tuple(tuple(row) for row in rows),
        source=_text(field["source"], "source"),
    )


def _ceremony(field: dict[str, Any]) -> PublicValue:
    rows = field["numbers"]
    if not isinstance(rows, list):
        raise ProofError("form", "numbers 应为列表")
    for row in rows:
        _keys(row, {"by", "commitment", "how", "number"}, "numbers")
    return CeremonyResult(
        numbers=tuple(
            values.CeremonyNumber(_text(row["by"], "by"), _text(row["number"], "number"))
            for row in rows
        ),
        opened=frozenset(row["by"] for row in rows if row["how"] == "opened"),
    )


def _no_value(field: dict[str, Any]) -> PublicValue:
    return NoValue(reason=_text(field["reason"], "reason"))


_PUBLIC_VALUES: dict[str, Callable[[dict[str, Any]], PublicValue]] = {
    "lottery": _lottery,
    "ceremony": _ceremony,
    "none": _no_value,
}


def _check_receipts(
    listed: Sequence[ListedEntrant], need: str, attempt: int, key: str, ok: SignatureCheck
) -> None:
    for each in listed:
        message = random_draw.receipt_bytes(need, attempt, each.entrant, each.received_at)
        if not ok(key, message, each.signature):
            raise ProofError("receipts", f"{each.entrant.credit_code} 的回执签名不符")


def _entrant_field(each: ListedEntrant) -> dict[str, Any]:
    return {
        "code": each.entrant.credit_code,
        "contribution": each.entrant.contribution,
        "name": each.name,
        "receipt": {"at": each.received_at, "signature": each.signature},
    }


def _by_line(listed: Sequence[ListedEntrant]) -> list[ListedEntrant]:
    return sorted(listed, key=lambda each: each.entrant.line())


def _keys(field: Any, names: set[str], where: str) -> None:
    if not isinstance(field, dict) or set(field) != names:
        raise ProofError("form", f"{where} 的字段不符")


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not _TEXT.fullmatch(value):
        raise ProofError("form", f"{where} 应为至多 500 字的一行文字")
    return value


def _instant(value: Any, where: str) -> str:
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise ProofError("form", f"{where} 应为 UTC 时刻 YYYY-MM-DDThh:mm:ss.mmmZ")
    return value


def _same(made: str, stated: Any) -> bool:
    return isinstance(stated, str) and hmac.compare_digest(
        made.encode(), stated.encode("utf-8", "replace")
    )
