"""The proof file: built, verified by the package and by the separate script, and not forged."""

import hashlib
import json
import random
import time
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from marketplace.selection.methods import draw_proof, random_draw
from marketplace.selection.methods.draw_proof import ListedEntrant, NoValue, ProofError, ProofInput
from marketplace.selection.methods.random_draw import Entrant
from tests.selection.vectors import VECTORS, load_script, rewritten

PROOFS: list[str] = VECTORS["proof"]
SCRIPT = load_script()


def signature_ok(key: str, message: bytes, signature: str) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(
            bytes.fromhex(signature), message
        )
    except InvalidSignature:
        return False
    return True


def run_script(tmp_path: Path, proof: bytes, *options: str) -> int:
    path = tmp_path / "proof.json"
    path.write_bytes(proof)
    return SCRIPT.main([str(path), *options])


@pytest.mark.parametrize("proof", PROOFS)
def test_golden_proofs_hold_in_both_programs(
    proof: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = draw_proof.verify(proof.encode(), signature_ok)
    assert list(drawn.ranking) == json.loads(proof)["order"]
    assert run_script(tmp_path, proof.encode()) == 0
    told = capsys.readouterr().out
    assert drawn.ranking[0] in told
    assert "Ed25519" in told.split("未查")[1]


def test_the_digest_is_the_last_field() -> None:
    rest, _, last = PROOFS[0].rpartition(',"sha256":"')
    assert last == hashlib.sha256((rest + "}").encode()).hexdigest() + '"}'


def test_a_thousand_single_bit_flips_are_refused_by_the_script(tmp_path: Path) -> None:
    chance = random.Random(20261122)
    refused = 0
    for _ in range(1000):
        flipped = bytearray(PROOFS[chance.randrange(len(PROOFS))].encode())
        flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
        refused += run_script(tmp_path, bytes(flipped)) == 1
        with pytest.raises(ProofError):
            draw_proof.verify(bytes(flipped))
    assert refused == 1000


LOTTERY, CEREMONY, EMPTY, TIE = PROOFS
FORGERIES = {
    "another winner": (LOTTERY, lambda p: p["order"].reverse()),
    "a rival dropped": (LOTTERY, lambda p: p["entrants"].pop()),
    "another contribution": (LOTTERY, lambda p: p["entrants"][0].update(contribution="0" * 64)),
    "entrants out of order": (LOTTERY, lambda p: p["entrants"].reverse()),
    "another secret": (LOTTERY, lambda p: p.update(secret="0" * 64)),
    "another commitment": (LOTTERY, lambda p: p.update(commitment="0" * 64)),
    "another list hash": (LOTTERY, lambda p: p.update(list_sha256="0" * 64)),
    "another seed": (LOTTERY, lambda p: p.update(seed="0" * 64)),
    "another attempt": (LOTTERY, lambda p: p.update(attempt=2)),
    "attempt as a truth value": (LOTTERY, lambda p: p.update(attempt=True)),
    "attempt as a fraction": (LOTTERY, lambda p: p.update(attempt=1.0)),
    "another need": (LOTTERY, lambda p: p.update(need="XQ20261122-0008")),
    "a tie instead of a need": (LOTTERY, lambda p: p.update(need=p["need"] + "#tie-1")),
    "other lottery numbers": (LOTTERY, lambda p: p["public_value"]["numbers"][1].insert(0, 9)),
    "another lottery value": (LOTTERY, lambda p: p["public_value"].update(value="lottery:x")),
    "another issue": (LOTTERY, lambda p: p["public_value"].update(issue="2026135")),
    "a lottery nobody knows": (LOTTERY, lambda p: p["public_value"].update(game="__proto__")),
    "no public value": (
        LOTTERY,
        lambda p: p.update(public_value={"kind": "none", "reason": "", "value": ""}),
    ),
    "an unknown kind": (LOTTERY, lambda p: p["public_value"].update(kind="dice")),
    "entered too late": (LOTTERY, lambda p: p["dates"].update(closed="2026-11-24T03:02:00.000Z")),
    "value before closing": (
        LOTTERY,
        lambda p: p["dates"].update(value="2026-11-24T08:59:59.999Z"),
    ),
    "no such hour": (LOTTERY, lambda p: p["dates"].update(drawn="2026-11-24T29:00:00.000Z")),
    "excluded and listed": (
        LOTTERY,
        lambda p: p["excluded"][0].update(code=p["entrants"][0]["code"]),
    ),
    "a field more": (LOTTERY, lambda p: p.update(about2="x")),
    "a field less": (LOTTERY, lambda p: p.pop("about")),
    "an unknown format": (LOTTERY, lambda p: p.update(format="zjcs-draw/2")),
    "a name of two lines": (LOTTERY, lambda p: p["entrants"][0].update(name="a\nb")),
    "a list for a text": (LOTTERY, lambda p: p.update(about=[])),
    "entrants as an object": (LOTTERY, lambda p: p.update(entrants={})),
    "nobody": (LOTTERY, lambda p: p.update(entrants=[], order=[])),
    "another number": (
        CEREMONY,
        lambda p: p["public_value"]["numbers"][0].update(number="1" * 30),
    ),
    "a number left out": (CEREMONY, lambda p: p["public_value"]["numbers"].pop()),
    "an unknown way to reveal": (
        CEREMONY,
        lambda p: p["public_value"]["numbers"][0].update(how="guessed"),
    ),
    "another group of equals": (TIE, lambda p: p.update(need="XQ20261122-0007#tie-2")),
    "a value out of nothing": (EMPTY, lambda p: p["public_value"].update(value="lottery:x")),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_with_a_fresh_digest_is_refused_by_both(name: str, tmp_path: Path) -> None:
    original, change = FORGERIES[name]
    forged = rewritten(original, change)
    assert forged != original.encode()
    assert run_script(tmp_path, forged) == 1
    with pytest.raises(ProofError):
        draw_proof.verify(forged)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b'"\xff"',
        b"\xef\xbb\xbf" + LOTTERY.encode(),
        LOTTERY.encode() + b"\n",
        LOTTERY.replace(":", ": ", 1).encode(),
        b"[" * 100_000,
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"about":"\\ud800"}',
        b'{"attempt":NaN}',
    ],
)
def test_what_is_no_canonical_file_is_refused_without_a_traceback(
    data: bytes, tmp_path: Path
) -> None:
    assert run_script(tmp_path, data) == 1
    with pytest.raises(ProofError):
        draw_proof.verify(data)


def test_a_false_receipt_is_found_by_the_package_and_not_claimed_by_the_script(
    tmp_path: Path,
) -> None:
    forged = rewritten(LOTTERY, lambda p: p["entrants"][0]["receipt"].update(signature="0" * 128))
    with pytest.raises(ProofError) as refused:
        draw_proof.verify(forged, signature_ok)
    assert refused.value.check == "receipts"
    assert run_script(tmp_path, forged) == 0


def test_the_values_a_reader_noted_are_compared(tmp_path: Path) -> None:
    proof = json.loads(LOTTERY)
    noted = ["--commitment", proof["commitment"], "--list-sha256", proof["list_sha256"]]
    value = ["--public-value", proof["public_value"]["value"]]
    assert run_script(tmp_path, LOTTERY.encode(), *noted, *value) == 0
    for option in ("--commitment", "--list-sha256", "--public-value"):
        assert run_script(tmp_path, LOTTERY.encode(), option, "0" * 64) == 1


def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    assert SCRIPT.main([str(tmp_path / "absent.json")]) == 1


def test_the_script_stands_alone() -> None:
    text = Path(SCRIPT.__file__).read_text("utf-8")
    assert "marketplace." not in text
    assert "import marketplace" not in text


def test_a_hundred_thousand_entrants_are_proved_and_verified_quickly(tmp_path: Path) -> None:
    secret = VECTORS["secret"][0]["secret"]
    dates = json.loads(LOTTERY)["dates"]
    listed = [
        ListedEntrant(
            Entrant(f"91370000MA3G{i:06d}", hashlib.sha256(str(i).encode()).hexdigest()),
            f"机构{i}",
            "2026-11-24T03:00:00.000Z",
            "0" * 128,
        )
        for i in range(100_000)
    ]
    begun = time.monotonic()
    given = ProofInput("大名单", dates, listed, (), NoValue("无人参与"), "0" * 64)
    drawn, proof = draw_proof.build("XQ1", 1, secret, given)
    assert run_script(tmp_path, proof) == 0
    assert time.monotonic() - begun < 60
    assert len(drawn.ranking) == 100_000


@pytest.mark.parametrize("vector", VECTORS["next_below"])
def test_the_script_throws_the_same_blocks_away(vector: dict) -> None:
    stream = iter([int(block, 16) for block in vector["blocks"]])
    assert SCRIPT.below(stream, vector["bound"]) == vector["number"]
    assert len(vector["blocks"]) - len(list(stream)) == vector["used"]


@pytest.mark.parametrize("vector", VECTORS["draw"])
def test_the_script_makes_the_golden_orders(vector: dict) -> None:
    codes = sorted(code for code, _ in vector["entrants"])
    stream = SCRIPT.blocks(vector["seed"])
    assert [f"{next(stream):064x}" for _ in vector["blocks"]] == vector["blocks"]
    assert SCRIPT.order(codes, vector["seed"]) == vector["order"]


def test_both_know_the_same_lotteries() -> None:
    from marketplace.selection.methods.public_value import LOTTERIES

    known = {
        code: (one.issue_digits, [(g.count, g.low, g.high, g.ordered) for g in one.groups])
        for code, one in LOTTERIES.items()
    }
    assert known == SCRIPT.GAMES


def test_receipts_of_the_vectors_are_signed() -> None:
    for vector in VECTORS["receipt"]:
        entrant = Entrant(vector["code"], vector["contribution"])
        message = random_draw.receipt_bytes(
            vector["need"], vector["attempt"], entrant, vector["at"]
        )
        assert signature_ok(vector["public_key"], message, vector["signature"])
