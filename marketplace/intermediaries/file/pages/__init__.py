"""The pages of a firm's file."""

from __future__ import annotations

from . import certificates, practitioners, records

__all__ = ["certificates", "practitioners", "records"]
