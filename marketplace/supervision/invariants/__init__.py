"""What must hold at all times: asked by a command, every night, and after journeys in tests."""

from .asking import CHECKS, STATEMENTS, Broken, broken

__all__ = ["CHECKS", "STATEMENTS", "Broken", "broken"]
