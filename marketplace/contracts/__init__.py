"""Contracts made from accepted awards: confirmation, amendments, delivery, acceptance, end.

Knows nothing of evaluations; overdue deliveries are posted down to ratings.
"""
