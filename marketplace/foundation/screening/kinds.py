"""Which screen an upload of each kind passes."""

from __future__ import annotations

from collections.abc import Callable

from flask_babel import gettext as _

from marketplace.foundation.errors import Invalid

from .packages import screened_package
from .papers import screened_pdf
from .pictures import screened_jpeg, screened_png
from .texts import screened_text
from .trouble import Trouble

_SCREENS: dict[str, Callable[[bytes], bytes]] = {
    "jpg": screened_jpeg,
    "jpeg": screened_jpeg,
    "png": screened_png,
    "pdf": screened_pdf,
    "docx": lambda content: screened_package(content, "word/document.xml"),
    "xlsx": lambda content: screened_package(content, "xl/workbook.xml"),
    "csv": screened_text,
}


def screened(content: bytes, extension: str, field: str) -> bytes:
    """The content as it may be kept: of pictures without what tells place, time and device.

    Raises Invalid at ``field`` for what may not be kept.
    """
    try:
        return _SCREENS[extension](content)
    except Trouble as trouble:
        raise Invalid(str(_(trouble.text)), field=field, rule=f"file.{trouble.rule}") from trouble
