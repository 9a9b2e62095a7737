"""Owns the rating ledger, the rating policy, scores and grades A–D with their replay.

Must not know who posts to it: contracts, evaluations and sanctions post entries downward, and this
package imports none of them.
"""
