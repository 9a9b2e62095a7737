"""Sealed quotes: enciphered on receipt, opened all at once, ranked, low ones explained."""
