"""Whose address is counted: the proxy's word only where a proxy is said to stand in front."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import request

import config
from marketplace.app import create_app
from marketplace.foundation.web import PUBLIC, access


@pytest.mark.parametrize(("trusted", "address"), [("1", "203.0.113.9"), ("0", "127.0.0.1")])
def test_the_proxy_is_believed_only_when_told(tmp_path: Path, trusted: str, address: str) -> None:
    app = create_app(
        config.from_environment(
            {
                "MARKETPLACE_MODE": "test",
                "MARKETPLACE_DATA_DIR": str(tmp_path),
                "TRUSTED_PROXY": trusted,
            }
        )
    )
    app.add_url_rule("/whose", "whose", access(PUBLIC)(lambda: request.remote_addr or ""))
    answer = app.test_client().get("/whose", headers={"X-Forwarded-For": "203.0.113.9"})
    assert answer.text == address
