"""Keys and exact bytes: canonical JSON, digests, HMAC, signatures, sealing.

Keys live in files outside the database (0600, folder 0700) and are made once, atomically.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.hazmat.primitives.serialization import PublicFormat as Public
from flask import current_app

SEAL_HEADER = b"zjcs-seal/1\n"
PROTECTED = "a1.m1."  # AES-256-GCM under the master key


class KeyFileError(RuntimeError):
    """A key file is readable by others or has the wrong length; the start is refused."""


class SealBroken(ValueError):
    """A sealed value does not open: wrong key, wrong context or altered bytes."""


def canonical_json(value: Any) -> bytes:
    """Sorted keys, no spaces, UTF-8, decimals as strings, floats refused: one byte form each."""
    return json.dumps(
        _plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        raise TypeError("floats have no place in hashed content")
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, str | int | bool) or value is None:
        return value
    return str(value.isoformat()) if hasattr(value, "isoformat") else str(value)


def sha256_hex(data: bytes) -> str:
    """Lower-case hexadecimal SHA-256."""
    return hashlib.sha256(data).hexdigest()


def digest(value: Any) -> str:
    """SHA-256 of the canonical JSON of ``value``."""
    return sha256_hex(canonical_json(value))


def same(left: str, right: str) -> bool:
    """Constant-time comparison on bytes (str would raise on non-ASCII)."""
    return hmac.compare_digest(left.encode(), right.encode())


def load_or_create_key(folder: Path, name: str) -> bytes:
    """32 random bytes kept in ``folder/name``; made once, refused when others could read it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / name
    if not path.exists():
        temporary = folder / f".{name}.{os.getpid()}.{secrets.token_hex(4)}"
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    if path.stat().st_mode & 0o077:
        raise KeyFileError(f"{path} must be readable by its owner only (chmod 600)")
    key = path.read_bytes()
    if len(key) != 32:
        raise KeyFileError(f"{path} must hold exactly 32 bytes")
    return key


def kept_note(name: str) -> str | None:
    """A text kept beside the keys, outside the database; None where there is none."""
    path = Path(current_app.config["KEY_DIR"]) / name
    return path.read_text("utf-8").strip() if path.exists() else None


def keep_note(name: str, content: str | None) -> None:
    """Keep a text beside the keys in place of the one before, whole or not at all; None: none."""
    path = Path(current_app.config["KEY_DIR"]) / name
    if content is None:
        path.unlink(missing_ok=True)
        return
    temporary = path.with_name(f".{name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(content + "\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _key(name: str) -> bytes:
    """A key of this installation, read once by each process."""
    return _kept_key(current_app.config["KEY_DIR"], name)


@cache
def _kept_key(folder: str, name: str) -> bytes:
    return load_or_create_key(Path(folder), name)


def derive_secret(purpose: str, context: str) -> bytes:
    """HMAC-SHA-256(master key, purpose LF context): survives crash and restore."""
    return hmac.new(_key("master"), f"{purpose}\n{context}".encode(), hashlib.sha256).digest()


def keyed_digest(purpose: str, value: str) -> str:
    """Blind index or token digest: HMAC under a derived key, hexadecimal."""
    return hmac.new(derive_secret("digest", purpose), value.encode(), hashlib.sha256).hexdigest()


def protect(purpose: str, text: str) -> str:
    """Encipher a value kept in the database (AES-256-GCM), bound to ``purpose``.

    The first characters name the algorithm and the key, so that either can be changed.
    """
    nonce = secrets.token_bytes(12)
    body = AESGCM(derive_secret("protect", purpose)).encrypt(nonce, text.encode(), purpose.encode())
    return PROTECTED + base64.b64encode(nonce + body).decode()


def unprotect(purpose: str, stored: str) -> str:
    """Read what ``protect`` enciphered for this purpose; raises SealBroken otherwise."""
    try:
        if not stored.startswith(PROTECTED):
            raise ValueError(stored[:8])
        blob = base64.b64decode(stored[len(PROTECTED) :], validate=True)
        key = AESGCM(derive_secret("protect", purpose))
        return key.decrypt(blob[:12], blob[12:], purpose.encode()).decode()
    except (InvalidTag, ValueError) as error:
        raise SealBroken(purpose) from error


def sign(message: bytes) -> str:
    """Ed25519 signature of the site, hexadecimal."""
    return Ed25519PrivateKey.from_private_bytes(_key("signing")).sign(message).hex()


def signing_public_key() -> str:
    """The site's public Ed25519 key, hexadecimal."""
    key = Ed25519PrivateKey.from_private_bytes(_key("signing")).public_key()
    return key.public_bytes(Encoding.Raw, Public.Raw).hex()


def verify_signature(message: bytes, signature: str, public_key: str) -> bool:
    """Whether ``signature`` over ``message`` was made with the key of ``public_key``."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(
            bytes.fromhex(signature), message
        )
    except (InvalidSignature, ValueError):
        return False
    return True


def new_seal_keys() -> tuple[bytes, bytes]:
    """An X25519 key pair (private, public), raw bytes."""
    private = X25519PrivateKey.generate()
    return (
        private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()),
        private.public_key().public_bytes(Encoding.Raw, Public.Raw),
    )


def seal_keys_of(seed: bytes) -> tuple[bytes, bytes]:
    """The X25519 key pair (private, public) of 32 secret bytes."""
    private = X25519PrivateKey.from_private_bytes(seed)
    return seed, private.public_key().public_bytes(Encoding.Raw, Public.Raw)


def public_half(private: bytes) -> bytes:
    """The public key of an X25519 private key, raw. Raises ValueError for what is no key."""
    return seal_keys_of(private)[1]


def store_private_key(name: str, private: bytes) -> None:
    """Keep a private key wrapped under the master key in the key store, outside the database."""
    folder = Path(current_app.config["KEY_DIR"]) / "sealed"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    nonce = secrets.token_bytes(12)
    wrapped = nonce + AESGCM(derive_secret("wrap", name)).encrypt(nonce, private, name.encode())
    handle = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(wrapped)
        file.flush()
        os.fsync(file.fileno())


def release_private_key(name: str) -> bytes:
    """Unwrap a stored private key. The caller checks the time and records the release."""
    blob = (Path(current_app.config["KEY_DIR"]) / "sealed" / name).read_bytes()
    try:
        return AESGCM(derive_secret("wrap", name)).decrypt(blob[:12], blob[12:], name.encode())
    except InvalidTag as error:
        raise SealBroken(name) from error


def _seal_key(shared: bytes, sender: bytes, receiver: bytes) -> bytes:
    kdf = HKDF(hashes.SHA256(), 32, salt=None, info=SEAL_HEADER + sender + receiver)
    return kdf.derive(shared)


def seal(public_key: bytes, plaintext: bytes, context: str, pad_to: int = 256) -> bytes:
    """Encrypt to a public key, bound to ``context``, padded so that length tells nothing."""
    if len(plaintext) > pad_to - 2:
        raise ValueError("too long to seal")
    padded = len(plaintext).to_bytes(2, "big") + plaintext
    padded += b"\0" * (pad_to - len(padded))
    ephemeral = X25519PrivateKey.generate()
    sender = ephemeral.public_key().public_bytes(Encoding.Raw, Public.Raw)
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(public_key))
    nonce = secrets.token_bytes(12)
    body = AESGCM(_seal_key(shared, sender, public_key)).encrypt(nonce, padded, context.encode())
    return sender + nonce + body


def unseal(private_key: bytes, sealed: bytes, context: str) -> bytes:
    """Open what ``seal`` made for this context; raises SealBroken otherwise."""
    private = X25519PrivateKey.from_private_bytes(private_key)
    receiver = private.public_key().public_bytes(Encoding.Raw, Public.Raw)
    sender, nonce, body = sealed[:32], sealed[32:44], sealed[44:]
    try:
        shared = private.exchange(X25519PublicKey.from_public_bytes(sender))
        padded = AESGCM(_seal_key(shared, sender, receiver)).decrypt(nonce, body, context.encode())
    except (InvalidTag, ValueError) as error:
        raise SealBroken(context) from error
    return padded[2 : 2 + int.from_bytes(padded[:2], "big")]
