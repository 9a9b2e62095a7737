"""Hashing of passwords with argon2id, at most two at a time.

Hashing takes tens of milliseconds on purpose, so it never runs while a write lock is held:
views hash before their transaction, or end the reading one first. One cost for everybody:
a dearer one for officials would tell by the time of the answer which names are theirs.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type, hash_secret_raw
from flask import current_app

_COSTS = {"standard": (2, 19 * 1024), "cheap": (1, 8)}  # passes, KiB of memory
# what keeps a secret for months, where a thief of the database may guess at leisure
_STRETCHING = {"standard": "argon2id t=3 m=65536", "cheap": "argon2id t=1 m=8"}
_at_most_two = threading.BoundedSemaphore(2)


@dataclass(frozen=True)
class HashedPassword:
    """A password that was checked against the rules and hashed before the transaction."""

    value: str


@lru_cache(maxsize=2)
def _hasher(profile: str) -> PasswordHasher:
    passes, memory = _COSTS[profile]
    return PasswordHasher(time_cost=passes, memory_cost=memory, parallelism=1)


def _profile() -> str:
    """``PASSWORD_PROFILE=cheap`` counts only in demo and tests, where time may be moved too."""
    config = current_app.config
    cheap = config.get("PASSWORD_PROFILE") == "cheap" and config["CLOCK_MOVABLE"]
    return "cheap" if cheap else "standard"


def hashed(password: str) -> HashedPassword:
    """Hash a password; the parameters stand in the hash."""
    with _at_most_two:
        return HashedPassword(_hasher(_profile()).hash(password))


def matches(stored: str, password: str) -> bool:
    """Whether ``password`` is the one ``stored`` was made from."""
    with _at_most_two:
        try:
            return _hasher(_profile()).verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False


@lru_cache(maxsize=2)
def _dummy(profile: str) -> str:
    return _hasher(profile).hash("nobody has this password")


def dummy_hash() -> str:
    """What an unknown name is compared with, so that it takes as long as a known one."""
    return _dummy(_profile())


def stretching_cost() -> str:
    """The cost a new passphrase is stretched at; it is kept with its salt."""
    return _STRETCHING[_profile()]


def stretched(passphrase: str, salt: bytes, cost: str) -> bytes:
    """32 bytes of a passphrase by Argon2id, always the same for the same salt and cost."""
    passes, memory = (int(part.partition("=")[2]) for part in cost.split()[1:])
    with _at_most_two:
        return hash_secret_raw(
            passphrase.encode(), salt, passes, memory, parallelism=1, hash_len=32, type=Type.ID
        )
