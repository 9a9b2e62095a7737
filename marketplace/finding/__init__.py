"""Finding firms, items, needs and notices by words, and narrowing what was found.

Owns the search entries (one for each thing the public may find, written in the transaction that
changes it) and each process's shelves made of them. It knows nothing that is not public, decides
nothing, and does not know who is barred at this instant: whoever shows a firm asks that afresh.
"""
