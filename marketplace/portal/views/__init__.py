"""The public room: home, firms, needs, policies, data. Every page is a GET, open to everybody."""

from . import data, design, firms, home, ledger, needs, offers, rules, standing
from .blueprint import bp

__all__ = [
    "bp",
    "data",
    "design",
    "firms",
    "home",
    "ledger",
    "needs",
    "offers",
    "rules",
    "standing",
]
