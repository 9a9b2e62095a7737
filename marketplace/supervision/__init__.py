"""Owns what officers see across the packages, and decisions that touch several of them.

Must not hold rules of its own about any of them: it calls their actions, in one transaction.
"""
