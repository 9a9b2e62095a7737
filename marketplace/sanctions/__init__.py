"""Owns cards, cases and the blacklist of this marketplace, keyed by organisation.

Must not know needs, entries or contracts: whoever opens a gate asks ``queries.bars`` at that
moment. What a decision does to running entries and contracts is decided from above, in
``supervision``.
"""
