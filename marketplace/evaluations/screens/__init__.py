"""Screens for gaming: patterns in marks that are a reason to look, never a verdict.

A nightly job computes them from the rating ledger; officers decide with reasons, and what was
decided is not raised anew without new facts.
"""
