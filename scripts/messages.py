"""Read the texts of the pages, bring the English catalogue up to date, find what is wrong in it."""

from __future__ import annotations

import hashlib
import io
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
CATALOGUE = ROOT / "marketplace" / "translations" / "en" / "LC_MESSAGES" / "messages.po"
KEYWORDS = {**DEFAULT_KEYWORDS, "_l": None, "lazy_pgettext": ((1, "c"), 2)}
SEARCHED = {
    "marketplace": [("**.py", "python")],
    "templates": [("**.html", "jinja2"), ("**.txt", "jinja2")],
}

_NAMED = re.compile(r"%\((\w+)\)([sdf])")
_COUNTED = re.compile(r"\{(\w+)\|[^{}|]*\|[^{}|]*\}")
_PERCENT = re.compile(r"%(?!\(\w+\)[sdf])")
_NEEDLESS = re.compile(
    rb'^"(?:Project|Report|POT|PO-|Last|Language-Team|Generated|MIME)[^\n]*\n', re.MULTILINE
)
_CHINESE = re.compile("[\u2e80-\u9fff\uff01-\uffef]")


def template() -> Catalog:
    """Every text of the sources, with the files it stands in."""
    found = Catalog(charset="utf-8")
    loud = {pattern: {"silent": "false"} for pattern in ("**.html", "**.txt")}
    for folder, methods in SEARCHED.items():
        for name, _line, text, _comments, context in extract_from_dir(
            ROOT / folder, methods, keywords=KEYWORDS, options_map=loud
        ):
            found.add(text, locations=[(f"{folder}/{name}", None)], context=context)
    return found


def kept() -> Catalog:
    """The English catalogue as it stands in the repository."""
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="en", abort_invalid=True)


def faults(catalogue: Catalog, texts: Catalog) -> list[str]:
    """What is missing, fuzzy, obsolete or mistaken in the catalogue, one line each."""
    wrong = [
        f"missing: {message.id!r} ({_places(message)})"
        for message in texts
        if message.id and not _string_of(catalogue, message)
    ]
    wrong += [f"obsolete, no page says it: {name!r}" for name in catalogue.obsolete]
    for message in catalogue:
        if not message.id:
            continue
        if message.fuzzy:
            wrong.append(f"fuzzy: {message.id!r}")
        if texts.get(message.id, message.context) is None:
            wrong.append(f"obsolete, no page says it: {message.id!r}")
        wrong += [f"{what}: {message.id!r} → {message.string!r}" for what in mistakes(message)]
    return wrong


def _string_of(catalogue: Catalog, message: Message) -> str:
    found = catalogue.get(message.id, message.context)
    return str(found.string or "") if found is not None else ""


def _places(message: Message) -> str:
    return ", ".join(sorted({place for place, _line in message.locations}))


def mistakes(message: Message) -> Iterator[str]:
    """What is wrong in one translation: its placeholders, its numbers' forms, its signs."""
    source, given = str(message.id), str(message.string)
    if not given:
        return
    names = sorted(_NAMED.findall(source))
    counted = _COUNTED.findall(given)
    if sorted(set(_NAMED.findall(given))) != sorted(set(names)):
        yield "other placeholders"
    if set(counted) - {name for name, _kind in names}:
        yield "a form for a number the text does not have"
    rest = _COUNTED.sub("", given)
    if "{" in rest or "}" in rest:
        yield "a form that is not {n|one|many}"
    if ("%%" in source) != ("%%" in given) or (
        (names or "%%" in source) and _PERCENT.search(given.replace("%%", ""))
    ):
        yield "a percent sign that would not come out"
    if _CHINESE.search(given):
        yield "Chinese left"
    if "!" in given:
        yield "an exclamation mark"
    for side in (str.lstrip, str.rstrip):
        if (side(source) == source) != (side(given) == given) and given.strip() != given:
            yield "a space at its end"


def update() -> Catalog:
    """The catalogue brought up to date: new texts empty, texts that are gone left out."""
    texts, old = template(), kept()
    new = Catalog(
        locale="en",
        header_comment="# English texts. Message ids are the Chinese strings; see docs/translating.md.",
        fuzzy=False,
    )
    for message in sorted(
        texts, key=lambda each: (_places(each), str(each.id), each.context or "")
    ):
        if message.id:
            new.add(
                message.id,
                _string_of(old, message),
                locations=sorted(set(message.locations)),
                context=message.context,
            )
    return new


def save(catalogue: Catalog) -> None:
    """Write the catalogue and what the server reads."""
    written = io.BytesIO()
    write_po(written, catalogue, width=0, include_lineno=False, ignore_obsolete=True)
    # dates and addresses in the header would only make two people's work collide
    CATALOGUE.write_bytes(_NEEDLESS.sub(b"", written.getvalue()))
    compile_catalogue()


def compile_catalogue(source: Path = CATALOGUE) -> None:
    """Make the .mo file when it is missing or was made of another .po file.

    The .mo file says what it was made of. Times would not do: a .po file that changes while it is
    compiled, or comes with an older time, leaves a .mo file that looks new and is not.
    """
    text = source.read_bytes()
    digest = hashlib.sha256(text).hexdigest()
    compiled = source.with_suffix(".mo")
    if compiled.exists() and digest.encode() in compiled.read_bytes():
        return
    catalogue = read_po(io.BytesIO(text), locale="en", abort_invalid=True)
    catalogue.project, catalogue.version = "marketplace", digest
    partial = compiled.with_suffix(f".{os.getpid()}")  # two runs may compile at once
    with partial.open("wb") as file:
        write_mo(file, catalogue)
    partial.replace(compiled)


def main() -> int:
    """The command."""
    if sys.argv[1:] == ["--compile"]:
        compile_catalogue()
        return 0
    if sys.argv[1:] not in ([], ["--check"]):
        print("usage: scripts/messages [--check]", file=sys.stderr)
        return 2
    if not sys.argv[1:]:
        save(update())
    found = faults(kept(), template())
    print("\n".join(found) if found else "every text has its English")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
