"""Two of three: a private key parted, each part enciphered to one holder, two parts joined.

The parts are Shamir's (GF(256), byte by byte, as Vault makes them): one part tells nothing about
the key. (RULES section 7, ``two_keys``)
"""

from __future__ import annotations

from collections.abc import Sequence

from pyshamir import combine, split

from marketplace.accounts import passwords
from marketplace.foundation import crypto

PARTS, ENOUGH = 3, 2
_PADDED_TO = 64


class NotTheKey(ValueError):
    """Two shares do not make the key they are said to be of."""


def made_of(passphrase: str, salt: bytes, cost: str) -> tuple[bytes, bytes]:
    """The key pair (private, public; X25519, raw) of a passphrase; always the same for the same
    salt and cost. Slow on purpose: never while a write lock is held."""
    return crypto.seal_keys_of(passwords.stretched(passphrase, salt, cost))


def parted(private: bytes) -> list[bytes]:
    """A private key in three parts of which any two make it again."""
    return [bytes(part) for part in split(private, PARTS, ENOUGH)]


def joined(parts: Sequence[bytes], public: bytes) -> bytes:
    """The private key of two parts. Raises NotTheKey where it is not the one of ``public``."""
    try:
        private = bytes(combine([bytearray(part) for part in parts]))
        matches = crypto.public_half(private) == public
    except ValueError as error:
        raise NotTheKey(str(error)) from error
    if not matches:
        raise NotTheKey("the parts do not belong to this round's key")
    return private


def enciphered(part: bytes, public: bytes, context: str) -> str:
    """A part for one holder, bound to its round and capacity."""
    return crypto.seal(public, part, context, pad_to=_PADDED_TO).hex()


def deciphered(sealed: str, private: bytes, context: str) -> bytes:
    """A holder's part. Raises SealBroken for another holder's key or another round's part."""
    return crypto.unseal(private, bytes.fromhex(sealed), context)
