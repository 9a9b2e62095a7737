"""Screens for collusion in selections: patterns that are a reason to look, never a verdict.

Computed each week from what is public after the opening; officers decide on each with reasons, and
what was decided is not raised anew without new facts. docs/selection-screens.md says what each
number is and what it does not show.
"""
