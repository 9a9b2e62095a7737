#!/usr/bin/env python3
"""Check the sample of a month's call-backs with the Python standard library alone.

    python3 verify_callbacks.py RECORD.json [--ledger FILE]

RECORD.json is what the page of call-backs gives for a month, or what it gives auditors, which says
besides whose mark each line is; FILE is a ledger of the same days (docs/ledger.md): the public file
of hashes shows that the list stood in the ledger before the seed could be known; the auditors' file
of rows shows, with the auditors' record, that the list is complete. Verify FILE itself with
verify_ledger.py. Every finding is one line; the exit status is 0 only when there is none. Nothing
here is taken from the marketplace's own code.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

FORMAT = "zjcs-callback/3"
LINE = "zjcs-callback-line/1"
LEDGER = "zjcs-ledger/1"
SHANGHAI = timezone(timedelta(hours=8))
FULL = 10_000


def sha256(text: str) -> str:
    """Lower-case hexadecimal SHA-256 of UTF-8 text."""
    return hashlib.sha256(text.encode()).hexdigest()


def shuffled(names: list[str], seed: str) -> list[str]:
    """The order that a seed gives (docs/draw.md): Fisher–Yates over HMAC-SHA-256 blocks."""
    order, block = sorted(names, key=str.encode), 0
    for last in range(len(order) - 1, 0, -1):
        limit = 2**256 - 2**256 % (last + 1)
        while True:
            drawn = hmac.new(seed.encode(), block.to_bytes(8, "big"), hashlib.sha256).digest()
            block += 1
            number = int.from_bytes(drawn, "big")
            if number < limit:
                break
        other = number % (last + 1)
        order[last], order[other] = order[other], order[last]
    return order


def findings(record: dict[str, Any]) -> Iterator[str]:
    """What is wrong with a record in itself, one line each."""
    if record.get("format") != FORMAT:
        yield f"the record is not of format {FORMAT}"
        return
    lines = record.get("lines")
    if lines is not None:
        if lines != sorted(set(lines)) or len(lines) != record["count"]:
            yield "the list is not in its order, names one twice or is not of its length"
        if sha256("".join(f"{line}\n" for line in lines)) != record["list_sha256"]:
            yield "the list does not match its hash"
    row = record["row"]
    content = json.loads(row["content"])
    if sha256(row["content"]) != row["digest"]:
        yield "the content of the ledger's row does not match its digest"
    said = {
        "action": content["action"],
        "seq": content["seq"],
        "subject_type": content["subject_type"],
        **content["facts"],
    }
    wanted = {
        "action": "callback.listed",
        "seq": row["seq"],
        "subject_type": "callback_lists",
        "jurisdiction": record["jurisdiction"],
        "month": record["month"],
        "list": record["list_sha256"],
        "count": record["count"],
    }
    for name, value in wanted.items():
        if said.get(name) != value:
            yield f"the ledger's row says {name} {said.get(name)}, the record {value}"
    if record["draw"] is not None:
        yield from seed_findings(record, content["at"])
        if lines is not None and "drawn" in record:
            yield from draw_findings(record, lines)
    if lines is not None and record.get("openings") is not None:
        for line, opening in zip(lines, record["openings"], strict=True):
            token, drawn_from = line.split("\t")
            standing = opening.split("\t")[2]
            if sha256(f"{LINE}\n{opening}\n") != token:
                yield f"line {token}: the opening is not its own"
            elif (standing == "full") != (drawn_from == "full"):
                yield f"line {token}: opened as {standing}, listed as {drawn_from}"


def seed_findings(record: dict[str, Any], listed_at: str) -> Iterator[str]:
    """What is wrong with the seed."""
    draw = record["draw"]
    day = datetime.fromisoformat(listed_at).astimezone(SHANGHAI).date().isoformat()
    if draw["head_day"] != day:
        yield f"the list went into the ledger on {day}, the seed is from {draw['head_day']}"
    if draw["head_seq"] < record["row"]["seq"]:
        yield "the seed is from a head that does not cover the list"
    text = "\n".join(
        (
            FORMAT,
            record["jurisdiction"],
            record["month"],
            record["list_sha256"],
            str(draw["head_seq"]),
            draw["head"],
            "",
        )
    )
    if sha256(text) != draw["seed"]:
        yield "the seed is not that of the list and the head"


def draw_findings(record: dict[str, Any], lines: list[str]) -> Iterator[str]:
    """What is wrong with the draw."""
    pairs = (line.split("\t") for line in lines)
    full = [token for token, drawn_from in pairs if drawn_from == "full"]
    share = -(-len(full) * record["sample_percent"] // 100)
    size = min(len(full), max(share, record["sample_least"]))
    if record["drawn"] != shuffled(full, record["draw"]["seed"])[:size]:
        yield f"the {size} drawn are not those that the seed gives"


def ledger_findings(record: dict[str, Any], path: str) -> Iterator[str]:
    """What a ledger says against a record, one line each."""
    row, draw = record["row"], record["draw"]
    wanted = {row["seq"]: row["hash"]}
    if draw is not None:
        wanted[draw["head_seq"]] = draw["head"]
    found: dict[int, str] = {}
    posted: dict[int, dict[str, Any]] = {}
    with open(path, encoding="utf-8") as file:
        head = json.loads(next(file, "{}"))
        if head.get("format") != LEDGER:
            yield f"the ledger is not of format {LEDGER}"
            return
        for line in file:
            each = json.loads(line)
            if "rating" in each:
                posted[int(each["rating"])] = json.loads(each["content"])
            elif each["seq"] in wanted:
                found[each["seq"]] = each["hash"]
                if each["seq"] == row["seq"] and each["digest"] != row["digest"]:
                    yield f"audit_ledger {row['seq']}: the row is not that of the record"
    for seq, row_hash in wanted.items():
        if found.get(seq) != row_hash:
            yield f"audit_ledger {seq}: the ledger does not hold this row"
    if head["holds"] == "rows" and record.get("openings") is not None:
        yield from missing(record, posted)


def missing(record: dict[str, Any], posted: dict[int, dict[str, Any]]) -> Iterator[str]:
    """Marks of the month that are not on the list, and lines that no mark stands behind."""
    rows = (opening.split("\t") for opening in record["openings"])
    listed = {int(row[0]): (row[2], int(row[3])) for row in rows}
    undone = {each["reverses_id"] for each in posted.values() if each["kind"] == "reversal"}
    for number, each in posted.items():
        if each["kind"] != "mark" or each["side"] not in ("owner", "firm", "assessor"):
            continue
        at = datetime.fromisoformat(each["recorded_at"]).astimezone(SHANGHAI)
        here = each["jurisdiction_code"] == record["jurisdiction"]
        if not here or f"{at:%Y-%m}" != record["month"]:
            continue
        found = listed.pop(number, None)
        if found is None:
            yield f"rating_ledger {number}: the mark is not on the list"
            continue
        # what was low is a matter of the edition of the reveal: the opening says which it was
        standing, low_up_to = found
        low = min(each["parts"].values()) <= low_up_to
        expected = "low" if low else "full" if each["hundredths"] == FULL else "other"
        if standing == "excluded" and number not in undone:
            yield f"rating_ledger {number}: listed as excluded, but nothing reversed it"
        elif standing not in ("excluded", expected):
            yield f"rating_ledger {number}: listed as {standing}, the marks are {expected}"
    for number in listed:
        yield f"rating_ledger {number}: listed, but no mark of this month and area"


def main() -> int:
    """Read the arguments, print the findings."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("record")
    parser.add_argument("--ledger")
    options = parser.parse_args()
    count = 0
    try:
        with open(options.record, encoding="utf-8") as file:
            record = json.load(file)
        found = [*findings(record)]
        if options.ledger and not found:
            found += ledger_findings(record, options.ledger)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        found = [f"a file cannot be read: {error}"]
    for finding in found:
        count += 1
        print(finding)
    if not count and record["draw"] is None:
        print("nothing is drawn yet")
    elif not count and "drawn" not in record:
        print("the lines and those drawn are published once the calls are made")
    print(f"{count} differences")
    return int(count > 0)


if __name__ == "__main__":
    sys.exit(main())
