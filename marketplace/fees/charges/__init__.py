"""Audits of real charges: a spreadsheet of what was charged, each row judged on its own day.

Owns the audits and their rows. Must not know: contracts, needs, firms of the register; a charge
names its firm in words only.
"""
