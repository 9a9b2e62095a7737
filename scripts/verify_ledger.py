#!/usr/bin/env python3
"""Verify a downloaded ledger of the marketplace, with the Python standard library alone.

    python3 verify_ledger.py FILE [--head SEQ:HASH ...]

FILE is what the page of daily heads gives (hashes) or what an auditor exported (rows); --head is
a head you kept, from the page, a notice or a letter. Every finding is one line; the exit status is
0 only when there is none. The format stands in docs/ledger.md; nothing here is taken from the
marketplace's own code. The signatures of heads are not checked here (the standard library has no
Ed25519): a head that you kept yourself needs none.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator
from typing import Any

FORMAT = "zjcs-ledger/1"


def sha256(text: str) -> str:
    """Lower-case hexadecimal SHA-256 of UTF-8 text."""
    return hashlib.sha256(text.encode()).hexdigest()


def chain_hash(previous: str, digest: str) -> str:
    """The hash of a row: over the hash before it and the digest of its own content."""
    return sha256(f"zjcs-audit/1\n{previous}\n{digest}\n")


def lines_of(path: str) -> Iterator[dict[str, Any]]:
    """The lines of a file as JSON objects."""
    with open(path, encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def findings(path: str, kept: list[tuple[int, str]]) -> Iterator[str]:
    """Everything wrong with a file, one line each."""
    lines = lines_of(path)
    head = next(lines)
    if head.get("format") != FORMAT:
        yield f"the file is not of format {FORMAT}"
        return
    first, last = head["from"], head["to"]
    wanted = [(each["seq"], each["hash"], f"published for {each['day']}") for each in head["heads"]]
    wanted += [(seq, row_hash, "that you kept") for seq, row_hash in kept]
    wanted = [each for each in wanted if each[0] > first["seq"]]
    at = {seq for seq, _hash, _which in wanted}
    found: dict[int, str] = {}
    audited: dict[int, str] = {}
    ratings: set[int] = set()
    expected, previous, last_at = first["seq"] + 1, first["hash"], ""
    for row in lines:
        if "rating" in row:
            yield from rating_findings(row, audited)
            ratings.add(row["rating"])
            continue
        seq = row["seq"]
        for missing in range(expected, seq):
            yield f"audit_ledger {missing}: row {missing} is missing"
        if "content" in row:
            if sha256(row["content"]) != row["digest"]:
                yield f"audit_ledger {seq}: the content does not match its digest"
            if row["previous"] != previous:
                yield f"audit_ledger {seq}: the link to the row before is broken"
            if row["hash"] != chain_hash(row["previous"], row["digest"]):
                yield f"audit_ledger {seq}: the hash does not match"
            content = json.loads(row["content"])
            if content["at"] < last_at:
                yield f"audit_ledger {seq}: its time is before that of the row before"
            last_at = content["at"]
            if content["subject_type"] == "rating_ledger" and content["action"] == "rating.posted":
                number = int(content["subject_id"])
                if number in audited:
                    yield f"rating_ledger {number}: it was audited twice"
                else:
                    audited[number] = content["facts"]["digest"]
        elif row["hash"] != chain_hash(previous, row["digest"]):
            yield f"audit_ledger {seq}: the hash does not match"
        if seq in at:
            found[seq] = row["hash"]
        previous, expected = row["hash"], seq + 1
    for seq, row_hash, which in wanted:
        if found.get(seq) != row_hash:
            yield f"audit_ledger {seq}: the row is not the head {which}"
    for missing in range(expected, last["seq"] + 1):
        yield f"audit_ledger {missing}: row {missing} is missing at the end"
    for more in range(last["seq"] + 1, expected):
        yield f"audit_ledger {more}: it stands after the recorded end"
    if expected == last["seq"] + 1 and previous != last["hash"]:
        yield f"audit_ledger {last['seq']}: it is not the recorded end"
    for number in audited:
        if number not in ratings:
            yield f"rating_ledger {number}: it is missing"


def rating_findings(row: dict[str, Any], audited: dict[int, str]) -> Iterator[str]:
    """What is wrong with a row of the rating ledger, given what the audit ledger holds of it."""
    number = row["rating"]
    if sha256(row["content"]) != row["digest"]:
        yield f"rating_ledger {number}: the content does not match its digest"
    if number not in audited:
        yield f"rating_ledger {number}: the audit ledger does not know it"
    elif audited[number] != row["digest"]:
        yield f"rating_ledger {number}: the audit ledger holds another digest"


def read_head(text: str) -> tuple[int, str]:
    """SEQ:HASH from the command line."""
    seq, _colon, row_hash = text.partition(":")
    if not seq.isdigit() or len(row_hash) != 64:
        raise argparse.ArgumentTypeError("a head is SEQ:HASH")
    return int(seq), row_hash.lower()


def main() -> int:
    """Read the arguments, print the findings."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("file")
    parser.add_argument("--head", action="append", default=[], type=read_head, metavar="SEQ:HASH")
    options = parser.parse_args()
    count = 0
    for finding in findings(options.file, options.head):
        count += 1
        print(finding)
    print(f"{count} differences")
    return int(count > 0)


if __name__ == "__main__":
    sys.exit(main())
