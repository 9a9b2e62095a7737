"""The page that verifies a proof in the reader's own browser, in a real Chromium."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browsing import NARROW, Visitor
from tests.selection.vectors import VECTORS, rewritten

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("engine_name", ["sqlite"])]

RECOMPUTE = """(vectors) => {
  const text = (value) => DrawHash.hex(DrawHash.sha256(DrawHash.utf8(value)));
  const wrong = [];
  const same = (name, made, told) => {
    if (JSON.stringify(made) !== JSON.stringify(told)) wrong.push(name);
  };
  vectors.commitment.forEach((one) =>
    same("commitment", text("zjcs-commit/1\\n" + one.secret), one.commitment));
  vectors.list.forEach((one) => same("list", text(one.bytes), one.sha256));
  vectors.lottery.forEach((one) => {
    const field = Object.assign({ kind: "lottery", source: "", value: "" }, one);
    same("lottery", DrawProof.lotteryValue(field), one.value);
  });
  vectors.ceremony.forEach((one) => {
    const numbers = one.numbers
      .map((row) => Object.assign({ how: "opened" }, row))
      .sort((a, b) => (a.by < b.by ? -1 : 1));
    const field = { kind: "ceremony", value: "", numbers };
    same("ceremony", DrawProof.ceremonyValue(field, one.need, one.attempt), one.value);
  });
  vectors.draw.forEach((one) => {
    const next = DrawProof.blockStream(one.seed);
    const blocks = one.blocks.map(() => next().toString(16).padStart(64, "0"));
    same("blocks", blocks, one.blocks);
    const codes = one.entrants.map((pair) => pair[0]).sort();
    same("order", DrawProof.shuffled(codes, one.seed), one.order);
  });
  vectors.next_below.forEach((one) => {
    let used = 0;
    const next = () => BigInt("0x" + one.blocks[used++]);
    same("next_below", [DrawProof.nextBelow(next, one.bound), used], [one.number, one.used]);
  });
  vectors.receipt.forEach((one) => {
    const key = DrawHash.unhex(one.public_key);
    const signature = DrawHash.unhex(one.signature);
    const bytes = DrawHash.utf8(one.bytes);
    same("receipt", DrawSignature.verify(key, bytes, signature), true);
    same("forged", DrawSignature.verify(key, DrawHash.utf8(one.bytes + " "), signature), false);
  });
  vectors.proof.forEach((one) => same("proof", DrawProof.verify(DrawHash.utf8(one)).ok, true));
  return wrong;
}"""

FLIPS = """(proof) => {
  const bytes = DrawHash.utf8(proof);
  let accepted = 0;
  for (let k = 0; k < 300; k += 1) {
    const bit = (k * 7919) % (bytes.length * 8);
    const copy = bytes.slice();
    copy[bit >> 3] ^= 1 << (bit & 7);
    accepted += DrawProof.verify(copy).ok ? 1 : 0;
  }
  return accepted;
}"""


def pick(window: Visitor, proof: bytes) -> dict[str, Any]:
    """Choose a file on the page; what the page then says."""
    window.page.locator("#proof-file").set_input_files(
        {"name": "proof.json", "mimeType": "application/json", "buffer": proof}
    )
    window.page.locator("[data-draw-result]:not([hidden])").wait_for()
    lines = window.page.locator("[data-check]").all()
    return {
        str(line.get_attribute("data-check")): line.get_attribute("data-state") for line in lines
    }


def test_the_golden_vectors_hold_in_the_browser(visitor: Callable[..., Visitor]) -> None:
    window = visitor()
    assert window.open("/verify") == 200
    assert window.page.evaluate(RECOMPUTE, VECTORS) == []
    assert window.page.evaluate(FLIPS, VECTORS["proof"][0]) == 0


@pytest.mark.parametrize("proof", VECTORS["proof"])
def test_a_picked_file_is_verified_without_asking_the_site(
    visitor: Callable[..., Visitor], proof: str
) -> None:
    window = visitor(size=NARROW)
    window.open("/verify")
    window.page.wait_for_load_state("networkidle")
    asked: list[str] = []
    window.page.on("request", lambda request: asked.append(request.url))
    states = pick(window, proof.encode())
    assert set(states.values()) == {"ok"}
    assert "证明成立" in window.page.locator("[data-draw-field=verdict]").inner_text()
    assert [address for address in asked if "/img/" not in address] == []


@pytest.mark.parametrize(
    ("check", "change"),
    [
        ("order", lambda proof: proof["order"].reverse()),
        ("commitment", lambda proof: proof.update(secret="0" * 64)),
        ("list", lambda proof: proof["entrants"].pop()),
        ("receipts", lambda proof: proof["entrants"][0]["receipt"].update(signature="0" * 128)),
        ("public_value", lambda proof: proof["public_value"].update(issue="2026135")),
    ],
)
def test_a_forged_file_is_refused_at_its_check(
    visitor: Callable[..., Visitor], check: str, change: Callable[[dict[str, Any]], Any]
) -> None:
    window = visitor()
    window.open("/verify")
    states = pick(window, rewritten(VECTORS["proof"][0], change))
    assert states[check] == "failed"
    assert list(states.values()).count("failed") == 1
    assert "证明不成立" in window.page.locator("[data-draw-field=verdict]").inner_text()
