"""What a firm does with the papers and people on its file."""

from __future__ import annotations

from .certificates import add_qualification, advance_qualification
from .people import add_practitioner, set_controller
from .records import end_record

__all__ = [
    "add_practitioner",
    "add_qualification",
    "advance_qualification",
    "end_record",
    "set_controller",
]
