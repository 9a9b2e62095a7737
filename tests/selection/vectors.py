"""The golden vectors of docs/draw-vectors.json, and proofs made from them for the tests."""

import hashlib
import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
VECTORS: dict[str, Any] = json.loads((ROOT / "docs" / "draw-vectors.json").read_text("utf-8"))


def load_script() -> ModuleType:
    """Import scripts/verify_draw.py from its file, as the separate program it is."""
    spec = importlib.util.spec_from_file_location(
        "verify_draw_script", ROOT / "scripts" / "verify_draw.py"
    )
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


def rewritten(proof: str, change: Callable[[dict[str, Any]], object]) -> bytes:
    """Return a proof changed and digested anew, as a forger would hand it out."""
    body = json.loads(proof)
    change(body)
    body.pop("sha256", None)
    body["sha256"] = hashlib.sha256(_canonical(body)).hexdigest()
    return _canonical(body)


def _canonical(body: Any) -> bytes:
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()
