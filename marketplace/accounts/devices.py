"""What a browser says it is, in words a person knows again in the list of own sessions."""

from __future__ import annotations

from flask_babel import gettext as _

_BROWSERS = (
    ("MicroMessenger", "微信"),
    ("Edg", "Edge"),
    ("QQBrowser", "QQ 浏览器"),
    ("Firefox", "Firefox"),
    ("Chrom", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def device_of(agent: str | None) -> str:
    """``Chrome · Windows``; 未知设备 when it says nothing known."""
    said = agent or ""
    parts = [
        next((name for sign, name in known if sign in said), "") for known in (_BROWSERS, _SYSTEMS)
    ]
    return " · ".join(part for part in parts if part) or _("未知设备")
