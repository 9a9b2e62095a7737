"""The public room: home, firms, needs, policies, data. Every page is a GET, open to everybody."""

from . import data, firms, home, needs, rules
from .blueprint import bp

__all__ = ["bp", "data", "firms", "home", "needs", "rules"]
