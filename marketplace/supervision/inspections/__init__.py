"""Contracts of firms under key supervision: each is inspected once, with a deadline."""
