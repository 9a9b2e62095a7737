"""Call-backs (回访): whether marks are true, asked of the side that gave them.

Every low mark and a verifiably drawn sample of the full ones; only another's decision excludes.
"""
