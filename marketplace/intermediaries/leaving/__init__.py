"""Leaving a register: of one's own will, by a decision after a hearing, and coming back.

Knows no needs and no contracts: what becomes of those is decided from above
(``supervision.leaving``).
"""
