"""One quote: enciphered on receipt to its round's key, deciphered when all of the round are.

Outside the cipher stands only that the quote passed the price check. Every quote is as long as
every other, and bound to its round, its firm and its own receipt: moved to another it does not
open. The commitment is over the cipher, so that a price, of which there are few, cannot be
guessed from it. (RULES section 7)
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal

from marketplace.fees.models import LONGEST_REASON
from marketplace.foundation import crypto
from marketplace.projects.models import Need

from ..methods.draw_proof import instant_text
from ..models import Entry, SelectionRound

FORMAT, RECEIPT = "zjcs-quote/1", "zjcs-sealed/1"
# a reason's characters take up to four bytes each, the rest is a price and a frame around both
PADDED_TO = LONGEST_REASON * 4 + 256


@dataclass(frozen=True)
class Quoted:
    """What a firm quoted: the price in yuan, why it is far from the standard where it is, and
    the discount it follows from (a share of the need's budget) where that was asked for."""

    price: Decimal
    reason: str
    discount: Decimal | None = None


def make_key(running: SelectionRound) -> None:
    """Give a round the key its quotes are enciphered to.

    The public half stands in the round, the private one wrapped in the key store, which is no part
    of the database: neither a dump nor a backup of it reads a price.
    """
    private, public = crypto.new_seal_keys()
    crypto.store_private_key(_key_name(running), private)
    running.seal_public_key = public.hex()


def release_key(running: SelectionRound) -> bytes:
    """The private half. The caller has asked the time and records that it was released."""
    return crypto.release_private_key(_key_name(running))


def seal(
    need: Need, running: SelectionRound, entry: Entry, credit_code: str, quoted: Quoted
) -> None:
    """Put a quote into its entry, enciphered, with its commitment and the signature over it."""
    told = {"format": FORMAT, "price": quoted.price, "reason": quoted.reason}
    if quoted.discount is not None:
        told["discount"] = quoted.discount
    body = crypto.seal(
        bytes.fromhex(running.seal_public_key or ""),
        crypto.canonical_json(told),
        _context(running, entry, credit_code),
        pad_to=PADDED_TO,
    )
    entry.sealed, entry.sealed_sha256 = body.hex(), crypto.sha256_hex(body)
    entry.sealed_signature = crypto.sign(commitment_bytes(need, running, entry, credit_code))


def commitment_bytes(need: Need, running: SelectionRound, entry: Entry, credit_code: str) -> bytes:
    """What the marketplace signs of a sealed quote: whose it is, its commitment, when it came.
    With it a firm shows that the quote opened is the one it sent."""
    return receipt_of(RECEIPT, need, running, entry, credit_code, entry.sealed_sha256 or "")


def receipt_of(
    title: str,
    need: Need,
    running: SelectionRound,
    entry: Entry,
    credit_code: str,
    commitment: str,
) -> bytes:
    """The text signed of a cipher received with an entry; `title` says what it encloses."""
    lines = (
        need.number,
        str(running.attempt),
        credit_code,
        commitment,
        instant_text(entry.received_at),
    )
    return (f"{title}\n" + "".join(f"{line}\n" for line in lines)).encode()


def unseal(private: bytes, running: SelectionRound, entry: Entry, credit_code: str) -> Quoted:
    """What an entry quoted. Raises SealBroken where the cipher is not the one committed to, was
    not made for this round, firm and receipt, or the commitment is not the one the site signed:
    anybody can encipher to the round's public key, nobody else can sign."""
    body = bytes.fromhex(entry.sealed or "")
    if not crypto.same(crypto.sha256_hex(body), entry.sealed_sha256 or ""):
        raise crypto.SealBroken(f"entry {entry.public_id}: not the cipher committed to")
    committed = commitment_bytes(entry.need, running, entry, credit_code)
    signature, key = entry.sealed_signature or "", crypto.signing_public_key()
    if not crypto.verify_signature(committed, signature, key):
        raise crypto.SealBroken(f"entry {entry.public_id}: not the commitment signed on receipt")
    told = json.loads(crypto.unseal(private, body, _context(running, entry, credit_code)))
    discount = told.get("discount")
    return Quoted(
        Decimal(told["price"]), told["reason"], None if discount is None else Decimal(discount)
    )


def receipt_text(entry: Entry) -> str | None:
    """The text the signature over an entry's commitment stands for; None of an open quote."""
    if entry.sealed_sha256 is None:
        return None
    code = entry.organisation.credit_code or ""
    return commitment_bytes(entry.need, entry.round, entry, code).decode()


def _key_name(running: SelectionRound) -> str:
    return f"quotes-{running.public_id}"


def _context(running: SelectionRound, entry: Entry, credit_code: str) -> str:
    return f"{FORMAT}\n{running.public_id}\n{credit_code}\n{entry.public_id}"
