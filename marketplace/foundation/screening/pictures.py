"""Photographs and scans: within bounds, and without what they tell besides the picture.

The picture itself is not decoded: its parts are copied, and those that hold place, time, device or
comments are left out, with whatever stands behind the end.
"""

from __future__ import annotations

import struct
import zlib

from marketplace.foundation.languages import N_

from .trouble import Trouble, broken

MOST_PIXELS = 40_000_000
_PNG = b"\x89PNG\r\n\x1a\n"
# what a PNG needs to be shown as it is; texts, times and camera data are not among it
_KEPT = frozenset(
    (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"bKGD",
     b"pHYs", b"sBIT")
)  # fmt: skip
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_EXIF = b"Exif\x00\x00"
_ORIENTATION = 0x0112


def _within(width: int, height: int) -> None:
    if not width or not height:
        raise broken()
    if width * height > MOST_PIXELS:
        raise Trouble("pixels", N_("图片超过 4000 万像素，请缩小后再上传"))


def screened_png(content: bytes) -> bytes:
    """The picture's own chunks, each with the sum it was written with."""
    pieces, place, seen = [_PNG], len(_PNG), set[bytes]()
    while place + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, place)
        kind = content[place + 4 : place + 8]
        end = place + 12 + length
        if length > len(content) or end > len(content):
            raise broken()
        chunk = content[place:end]
        if zlib.crc32(chunk[4:-4]) != struct.unpack(">I", chunk[-4:])[0]:
            raise broken()
        if not seen and kind != b"IHDR":
            raise broken()
        if kind == b"IHDR":
            if length != 13 or seen:
                raise broken()
            _within(*struct.unpack_from(">II", chunk, 8))
        seen.add(kind)
        if kind in _KEPT:
            pieces.append(chunk)
        elif not kind[0] & 0x20:
            raise broken()  # something that must be understood and is not known
        place = end
        if kind == b"IEND":
            break
    if not {b"IHDR", b"IDAT", b"IEND"} <= seen:
        raise broken()
    return b"".join(pieces)


def screened_jpeg(content: bytes) -> bytes:
    """The picture's segments; of the camera's data only which way is up."""
    pieces, place, framed = [b"\xff\xd8"], 2, False
    turned: bytes | None = None
    while True:
        if place + 4 > len(content) or content[place] != 0xFF:
            raise broken()
        marker = content[place + 1]
        if marker == 0xFF:
            place += 1
            continue
        if marker == 0xD9:
            break
        (length,) = struct.unpack_from(">H", content, place + 2)
        end = place + 2 + length
        if length < 2 or end > len(content):
            raise broken()
        segment = content[place:end]
        if marker in _FRAMES:
            if length < 8:
                raise broken()
            height, width = struct.unpack_from(">HH", segment, 5)
            _within(width, height)
            framed = True
        if marker == 0xE1 and turned is None and segment[4:10] == _EXIF:
            turned = _orientation(segment[10:])
        elif marker in (0xE0, 0xE2, 0xEE) or not (0xE0 <= marker <= 0xEF or marker == 0xFE):
            pieces.append(segment)
        place = end
        if marker == 0xDA:
            end = _scan(content, place)
            pieces.append(content[place:end])
            place = end
            if content[place : place + 2] == b"\xff\xd9":
                break
    if not framed:
        raise broken()
    if turned:
        pieces.insert(1, turned)
    return b"".join([*pieces, b"\xff\xd9"])


def _scan(content: bytes, place: int) -> int:
    """Where the compressed part that begins at ``place`` ends: at the next marker of its own."""
    while True:
        place = content.find(b"\xff", place)
        if place < 0 or place + 1 >= len(content):
            raise broken()
        following = content[place + 1]
        if following == 0 or 0xD0 <= following <= 0xD7:
            place += 2
        elif following == 0xFF:
            place += 1
        else:
            return place


def _orientation(tiff: bytes) -> bytes | None:
    """A segment that says which way is up and nothing else, when the camera turned the picture."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < 10:
        return None
    try:
        (start,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, start)
        for number in range(min(count, 100)):
            tag, kind, many, value = struct.unpack_from(
                f"{order}HHIH", tiff, start + 2 + 12 * number
            )
            if tag == _ORIENTATION and kind == 3 and many == 1 and 2 <= value <= 8:
                data = b"MM\x00*" + struct.pack(">IHHHIHHI", 8, 1, tag, 3, 1, value, 0, 0)
                return b"\xff\xe1" + struct.pack(">H", 2 + len(_EXIF) + len(data)) + _EXIF + data
    except struct.error:
        return None
    return None
