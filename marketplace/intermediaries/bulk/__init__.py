"""Owns what is taken over from a register kept elsewhere before: read from a spreadsheet, shown
with every cell that cannot be used, confirmed by another officer, taken over in pieces; and the
register as a spreadsheet again.

Nothing of an upload touches the register before it is confirmed, and nothing that already stands
on the register is ever changed by it.
"""
