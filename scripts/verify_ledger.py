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
GENESIS = "0" * 64


def sha256(text: str) -> str:
    """Lower-case hexadecimal SHA-256 of UTF-8 text."""
    return hashlib.sha256(text.encode()).hexdigest()


def chain_hash(previous: str, digest: str) -> str:
    """The hash of a row: over the hash before it and the digest of its own content."""
    return sha256(f"zjcs-audit/1\n{previous}\n{digest}\n")


def lines_of(path: str) -> Iterator[dict[str, Any]]:
    """The lines of a file as JSON objects; one that is none is given as an empty object."""
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            try:
                row = json.loads(line)
            except ValueError:
                row = {}
            yield row if isinstance(row, dict) else {}


def rows_named(first: int, last: int, one: str, many: str) -> Iterator[str]:
    """One finding for a row, or for several that follow each other; none where there is none."""
    if first == last:
        yield f"audit_ledger {first}: {one.format(first)}"
    elif first < last:
        yield f"audit_ledger {first}: rows {first} to {last} {many}"


def findings(path: str, kept: list[tuple[int, str]]) -> Iterator[str]:
    """Everything wrong with a file, one line each."""
    lines = lines_of(path)
    head = next(lines, {})
    if head.get("format") != FORMAT:
        yield f"the file is not of format {FORMAT}"
        return
    if head["holds"] not in ("hashes", "rows"):
        yield "the file holds neither hashes nor rows"
        return
    yield from Chain(head, kept).findings(lines)


class Chain:
    """The rows of a file in their order, held against its first line and the heads kept."""

    def __init__(self, head: dict[str, Any], kept: list[tuple[int, str]]) -> None:
        self.whole = head["holds"] == "rows"
        self.first, self.last = head["from"], head["to"]
        self.heads = [
            (each["seq"], each["hash"], f"published for {each['day']}") for each in head["heads"]
        ]
        self.heads += [(seq, row_hash, "that you kept") for seq, row_hash in kept]
        self.asked = {seq for seq, _hash, _which in self.heads}
        self.found = {self.first["seq"]: self.first["hash"]}
        self.expected = self.first["seq"] + 1
        self.previous: str | None = self.first["hash"]
        self.last_at = ""
        self.audited: dict[int, str] = {}
        self.ratings: set[int] = set()

    def findings(self, lines: Iterator[dict[str, Any]]) -> Iterator[str]:
        """Everything wrong with the lines after the first."""
        if self.first["seq"] == 0 and self.first["hash"] != GENESIS:
            yield "audit_ledger 0: before row 1 there are not 64 zeros"
        for number, row in enumerate(lines, 2):
            try:
                yield from self.rating(row) if "rating" in row else self.row(row)
            except (KeyError, TypeError, ValueError, AttributeError):
                yield f"line {number} of the file cannot be read"
        yield from self.heads_missed()
        yield from self.end()
        for number in self.audited:
            if number not in self.ratings:
                yield f"rating_ledger {number}: it is missing"

    def row(self, row: dict[str, Any]) -> Iterator[str]:
        """What is wrong with a row of the audit ledger."""
        seq = int(row["seq"])
        if seq < self.expected:
            yield f"audit_ledger {seq}: it stands out of order"
            return
        yield from rows_named(self.expected, seq - 1, "row {} is missing", "are missing")
        self.expected = seq + 1
        previous, self.previous = self.previous, row.get("hash")
        if self.previous is None:
            yield f"audit_ledger {seq}: it cannot be read"
            return
        if seq in self.asked:
            self.found[seq] = row["hash"]
        if self.whole:
            yield from self.content(seq, row, previous)
        elif previous is not None and row["hash"] != chain_hash(previous, row["digest"]):
            yield f"audit_ledger {seq}: the hash does not match"

    def content(self, seq: int, row: dict[str, Any], previous: str | None) -> Iterator[str]:
        """What is wrong with a row that is given with its content."""
        if row["hash"] != chain_hash(row["previous"], row["digest"]):
            yield f"audit_ledger {seq}: the hash does not match"
        if previous is not None and row["previous"] != previous:
            yield f"audit_ledger {seq}: the link to the row before is broken"
        if "content" not in row:
            yield f"audit_ledger {seq}: its content is not in the file"
            return
        if sha256(row["content"]) != row["digest"]:
            yield f"audit_ledger {seq}: the content does not match its digest"
        content = json.loads(row["content"])
        if content["seq"] != seq:
            yield f"audit_ledger {seq}: the content is that of row {content['seq']}"
        if content["at"] < self.last_at:
            yield f"audit_ledger {seq}: its time is before that of the row before"
        self.last_at = content["at"]
        if content["subject_type"] == "rating_ledger" and content["action"] == "rating.posted":
            number = int(content["subject_id"])
            if number in self.audited:
                yield f"rating_ledger {number}: it was audited twice"
            else:
                self.audited[number] = content["facts"]["digest"]

    def rating(self, row: dict[str, Any]) -> Iterator[str]:
        """What is wrong with a row of the rating ledger, given what the audit ledger holds of it."""
        number = int(row["rating"])
        if number in self.ratings:
            yield f"rating_ledger {number}: it stands in the file twice"
        self.ratings.add(number)
        if "content" not in row:
            yield f"rating_ledger {number}: it cannot be read"
            return
        if sha256(row["content"]) != row["digest"]:
            yield f"rating_ledger {number}: the content does not match its digest"
        if number not in self.audited:
            yield f"rating_ledger {number}: the audit ledger does not know it"
        elif self.audited[number] != row["digest"]:
            yield f"rating_ledger {number}: the audit ledger holds another digest"

    def heads_missed(self) -> Iterator[str]:
        """Heads, published or kept, that this file does not hold."""
        for seq, row_hash, which in self.heads:
            if seq < self.first["seq"]:
                yield f"audit_ledger {seq}: the head {which} lies before this file"
            elif self.found.get(seq) != row_hash:
                yield f"audit_ledger {seq}: the row is not the head {which}"

    def end(self) -> Iterator[str]:
        """Rows cut off at the end, or added to it."""
        last, newest = self.last["seq"], self.expected - 1
        missing = "row {} is missing at the end"
        yield from rows_named(newest + 1, last, missing, "are missing at the end")
        added = "it stands after the recorded end"
        yield from rows_named(last + 1, newest, added, "stand after the recorded end")
        if newest == last and self.previous != self.last["hash"]:
            yield f"audit_ledger {last}: it is not the recorded end"


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
