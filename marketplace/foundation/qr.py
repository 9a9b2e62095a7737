"""QR codes, drawn here: no address of ours is told to anybody who would draw them."""

from __future__ import annotations

from io import BytesIO

import segno
from flask import Response


def picture(content: str, scale: int = 4) -> Response:
    """A text (an address, a key) as a QR code: SVG, dark on white, four modules of margin."""
    drawn = BytesIO()
    segno.make(content, error="m", micro=False).save(
        drawn, kind="svg", scale=scale, border=4, xmldecl=False, light="#ffffff", dark="#1b2430"
    )
    return Response(drawn.getvalue(), mimetype="image/svg+xml")
