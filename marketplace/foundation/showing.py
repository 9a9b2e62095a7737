"""How moments, days, amounts and shares are written on pages, in the reader's language."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from flask import Flask
from flask_babel import gettext as _

from . import clock, languages
from .money import format_wan, format_yuan


def init_app(app: Flask) -> None:
    """Give templates these as filters."""
    app.jinja_env.filters.update(
        datetime=show_datetime,
        deadline=show_deadline,
        date=show_date,
        yuan=format_yuan,
        wan=show_wan,
        remaining=remaining,
        time_of_duty=time_of_duty,
        percent=percent,
        size=show_size,
    )


def show_datetime(instant: datetime | None) -> str:
    """2026年11月22日 17:00 (Shanghai); English: 22 November 2026, 17:00."""
    if instant is None:
        return ""
    local = instant.astimezone(clock.SHANGHAI)
    return f"{show_date(local)}{',' if languages.is_english() else ''} {local:%H:%M}"


def show_deadline(instant: datetime | None) -> str:
    """An end as people count it: midnight is 24:00 of the day that ends, not 00:00 of the next."""
    if instant is None:
        return ""
    local = instant.astimezone(clock.SHANGHAI)
    if local.time() != time.min:
        return show_datetime(instant)
    comma = "," if languages.is_english() else ""
    return f"{show_date(local - timedelta(days=1))}{comma} 24:00"


def show_date(day: Any) -> str:
    """2026年11月22日; English: 22 November 2026."""
    if day is None:
        return ""
    if isinstance(day, datetime):
        day = day.astimezone(clock.SHANGHAI).date()
    if languages.is_english():
        return f"{day.day} {day:%B} {day.year}"
    return f"{day.year}年{day.month}月{day.day}日"


def show_wan(amount: Decimal) -> str:
    """Yuan in the unit the reader counts in: 12.5 万元; English: 125,000 yuan."""
    if languages.is_english():
        return f"{format_yuan(amount).removesuffix('.00')} yuan"
    return f"{format_wan(amount)} 万元"


def remaining(end: datetime | None, now: datetime) -> str:
    """剩 2 天 4 小时; 已截止 when it is over."""
    if end is None:
        return ""
    left: timedelta = end - now
    if left <= timedelta(0):
        return _("已截止")
    days, hours, minutes = left.days, left.seconds // 3600, left.seconds // 60 % 60
    if days:
        return _("剩 %(days)d 天 %(hours)d 小时", days=days, hours=hours)
    if hours:
        return _("剩 %(hours)d 小时 %(minutes)d 分", hours=hours, minutes=minutes)
    return _("剩 %(minutes)d 分钟", minutes=max(1, minutes))


def time_of_duty(due: datetime | None, now: datetime) -> str:
    """剩 2 天 4 小时; once over, by how much (natural time): 超过 13 天."""
    if due is None or due > now:
        return remaining(due, now)
    over: timedelta = now - due
    if over.days:
        return _("超过 %(days)d 天", days=over.days)
    return _(
        "超过 %(hours)d 小时 %(minutes)d 分",
        hours=over.seconds // 3600,
        minutes=over.seconds // 60 % 60,
    )


def percent(rate: Decimal) -> str:
    """0.125 → 12.5%."""
    text = format(rate * 100, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) + "%"


def show_size(size: int) -> str:
    """Bytes in the unit people count files in: 3 KB, 1.5 MB, 2 GB; what is there is never 0."""
    if size < 1024 * 1024:
        return f"{-(-size // 1024)} KB"
    unit, whole = ("GB", 1024**3) if size >= 1024**3 else ("MB", 1024**2)
    tenths = (size * 10 + whole // 2) // whole
    return f"{tenths // 10}.{tenths % 10} {unit}".replace(".0 ", " ")
