"""The project codes of the demo: invented serials of its own places."""

from __future__ import annotations

# what the demo's approved projects are called, and the code the investment platform gave each, by
# how the titles of their needs begin
CODES = {
    "麦浪食品二期": ("麦浪食品二期扩建", "2024-379902-13-03-000417"),
    "县道 216 线大修": ("县道 216 线大修", "2024-379921-48-01-000226"),
}
