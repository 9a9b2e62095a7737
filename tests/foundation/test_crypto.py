"""Keys, canonical bytes, sealing."""

import os
from decimal import Decimal
from pathlib import Path

import pytest

from marketplace.foundation import crypto


def test_canonical_json_has_one_form_and_no_floats() -> None:
    left = crypto.canonical_json({"b": Decimal("1.50"), "a": ["甲", None, True]})
    assert left == '{"a":["甲",null,true],"b":"1.50"}'.encode()
    with pytest.raises(TypeError):
        crypto.canonical_json({"x": 0.1})


def test_a_key_is_made_once_and_refused_when_others_can_read_it(tmp_path: Path) -> None:
    key = crypto.load_or_create_key(tmp_path, "master")
    assert crypto.load_or_create_key(tmp_path, "master") == key
    os.chmod(tmp_path / "master", 0o644)
    with pytest.raises(crypto.KeyFileError):
        crypto.load_or_create_key(tmp_path, "master")


def test_sealed_bytes_open_only_with_key_and_context() -> None:
    private, public = crypto.new_seal_keys()
    sealed = crypto.seal(public, b"73519.07", "need:1 firm:2")
    assert crypto.unseal(private, sealed, "need:1 firm:2") == b"73519.07"
    assert len(sealed) == len(crypto.seal(public, b"7", "need:1 firm:2"))
    assert b"73519" not in sealed
    with pytest.raises(crypto.SealBroken):
        crypto.unseal(private, sealed, "need:1 firm:3")
    with pytest.raises(crypto.SealBroken):
        crypto.unseal(private, sealed[:-1] + bytes([sealed[-1] ^ 1]), "need:1 firm:2")
    other, _ = crypto.new_seal_keys()
    with pytest.raises(crypto.SealBroken):
        crypto.unseal(other, sealed, "need:1 firm:2")


def test_comparison_works_on_any_text() -> None:
    assert crypto.same("é", "é")
    assert not crypto.same("é", "e")
