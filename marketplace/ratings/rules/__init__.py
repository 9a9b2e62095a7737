"""Scores and grades as pure functions of ledger entries (rules of the marketplace, section 10).

`entries` are the facts, `policy` the numbers of an edition, `scoring.score` the points of one day
with every line that made them, `grading.grade_in_force` the fold that turns days into a grade.
Nothing here reads a clock, a session or a float.
"""
