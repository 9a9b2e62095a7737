"""Who may be chosen for a need, and choosing: entries, closing, the methods, awards, objections.

Owns the entry, the frozen list, the draw and its proof, the award and its letter. Must not know
contracts, evaluations or supervision: they ask this package, never the other way round.
"""
