"""PDF: nothing in it that runs, nothing packed into it, no password."""

from __future__ import annotations

import re
import zlib

from .trouble import active, locked, too_large

_MOST = 64 * 1024 * 1024
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
# what acts, what carries another file, what is a form of another kind
_ACTIVE = re.compile(
    rb"/(JavaScript|Launch|EmbeddedFiles?|RichMedia|SubmitForm|ImportData)(?![A-Za-z0-9])"
)
# the same, so short that the bytes of a scan may happen to spell it: looked for around them
_SHORT = re.compile(rb"/(JS|XFA|GoToE)(?![A-Za-z0-9])")
_BODIES = re.compile(rb"(?<!end)stream\r?\n.*?endstream", re.DOTALL)
_ENCRYPT = re.compile(rb"/Encrypt(?![A-Za-z0-9])")
_STREAM = re.compile(rb"(?<!end)stream\r?\n")
# the dictionary of a stream stands before it, and is never long
_BEFORE = 2048
_OTHERS = (b"PK\x03\x04", b"MZ", b"\x7fELF", b"Rar!", b"7z\xbc\xaf")
_END = b"%%EOF"


def screened_pdf(content: bytes) -> bytes:
    """The file as it is, when nothing is wrong with it."""
    _look(content)
    if _SHORT.search(_plain(_BODIES.sub(b"", content))):
        raise active()
    left = _MOST
    for found in _STREAM.finditer(content):
        before = content[max(0, found.start() - _BEFORE) : found.start()]
        before = before[before.rfind(b"obj") :]
        # the only streams that hold objects, which may be any of the above
        told = _plain(before)
        if b"/ObjStm" not in told or b"/Filter" not in told:
            continue
        inside = zlib.decompressobj()
        try:
            piece = inside.decompress(content[found.end() :], left + 1)
        except zlib.error:
            # packed in a way of which nothing can be said
            raise active() from None
        left -= len(piece)
        if left < 0:
            raise too_large()
        _look(piece)
        if _SHORT.search(_plain(piece)):
            raise active()
    end = content.rfind(_END)
    if end >= 0 and content[end + len(_END) :].lstrip().startswith(_OTHERS):
        raise active()
    return content


def _plain(content: bytes) -> bytes:
    """Names as they are read: any letter of them may be written as a number."""
    if b"#" not in content:
        return content
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), content)


def _look(content: bytes) -> None:
    plain = _plain(content)
    if _ENCRYPT.search(plain):
        raise locked()
    if _ACTIVE.search(plain):
        raise active()
