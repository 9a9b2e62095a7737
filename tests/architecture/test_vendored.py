"""Foreign browser code is what its list says: pinned by hash, with its licence beside it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = (ROOT / "static" / "vendor", ROOT / "tests" / "browser" / "vendor")
LIBRARIES = [
    entry for folder in FOLDERS for entry in json.loads((folder / "vendor.json").read_text("utf-8"))
]


@pytest.mark.parametrize("folder", FOLDERS, ids=["site", "checks"])
def test_every_vendored_file_is_listed_with_its_hash(folder: Path) -> None:
    libraries = json.loads((folder / "vendor.json").read_text("utf-8"))
    pinned = {file["name"]: file["sha256"] for entry in libraries for file in entry["files"]}
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if path.name != "vendor.json"
    }
    assert found == pinned


def test_every_library_names_version_licence_and_package() -> None:
    assert {entry["package"]: entry["version"] for entry in LIBRARIES} == {
        "htmx.org": "2.0.11",
        "echarts": "6.1.0",
        "axe-core": "4.14.1",
    }
    for entry in LIBRARIES:
        assert entry["licence"]
        assert any("LICENSE" in file["name"] for file in entry["files"]), entry["name"]


def test_no_list_names_where_packages_come_from() -> None:
    lists = "".join((folder / "vendor.json").read_text("utf-8") for folder in FOLDERS)
    script = (ROOT / "scripts" / "vendor").read_text("utf-8")
    assert "://" not in lists + script
