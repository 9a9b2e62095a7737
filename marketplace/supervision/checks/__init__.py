"""Checks that run every night by themselves: ledgers, grades, what must always hold."""
