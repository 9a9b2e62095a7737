"""Foreign browser code is what its list says: pinned by hash, with its licence beside it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "static" / "vendor"
LIBRARIES = json.loads((FOLDER / "vendor.json").read_text("utf-8"))


def test_every_vendored_file_is_listed_with_its_hash() -> None:
    pinned = {file["name"]: file["sha256"] for entry in LIBRARIES for file in entry["files"]}
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in FOLDER.iterdir()
        if path.name != "vendor.json"
    }
    assert found == pinned


def test_every_library_names_version_licence_and_package() -> None:
    assert {entry["package"]: entry["version"] for entry in LIBRARIES} == {
        "htmx.org": "2.0.11",
        "echarts": "6.1.0",
    }
    for entry in LIBRARIES:
        assert entry["licence"]
        assert any("LICENSE" in file["name"] for file in entry["files"]), entry["name"]


def test_no_list_names_where_packages_come_from() -> None:
    text = (FOLDER / "vendor.json").read_text("utf-8")
    script = (FOLDER.parents[1] / "scripts" / "vendor").read_text("utf-8")
    assert "://" not in text + script
