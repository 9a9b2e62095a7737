"""Plain text: in an encoding people use here, without control characters that are none of a text."""

from __future__ import annotations

from .trouble import broken


def screened_text(content: bytes) -> bytes:
    """The text as it is."""
    if b"\x00" in content:
        raise broken()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return content
    raise broken()
