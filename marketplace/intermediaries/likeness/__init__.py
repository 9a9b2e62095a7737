"""Same people, new name: what firms share, asked about at the gate, decided once and remembered.

Nobody is barred for being related; a sanction follows only where two officers found the same
subject under another name. (RELIABILITY section 2C, row 21)
"""
