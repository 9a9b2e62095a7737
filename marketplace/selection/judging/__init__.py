"""Judges of a best-value need: drawn from the pool, marking blind, every mark published."""
