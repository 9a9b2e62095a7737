"""Scores and grades as pure functions of ledger entries (rules of the marketplace, section 10).

`entries` are the facts, `policy` the numbers of an edition, `scoring.score` the points of one day
with every line that made them, `grading.grade_in_force` the fold that turns days into a grade.
Nothing here reads a clock, a session or a float.
"""

from marketplace.ratings.rules.entries import (
    ConductEntry,
    ConductKind,
    DecisionEntry,
    DecisionStep,
    Entry,
    Grade,
    InspectionEntry,
    MarkEntry,
    RaterSide,
    ReversingEntry,
    VetoEntry,
    VetoKind,
)
from marketplace.ratings.rules.grades import (
    DueDecision,
    Evaluation,
    GradeChange,
    GradeInForce,
    OpenProposal,
)
from marketplace.ratings.rules.grading import grade_in_force
from marketplace.ratings.rules.policy import DatedPolicy, RatingPolicy, policy_on
from marketplace.ratings.rules.scoring import Score, score

__all__ = [
    "ConductEntry",
    "ConductKind",
    "DatedPolicy",
    "DecisionEntry",
    "DecisionStep",
    "DueDecision",
    "Entry",
    "Evaluation",
    "Grade",
    "GradeChange",
    "GradeInForce",
    "InspectionEntry",
    "MarkEntry",
    "OpenProposal",
    "RaterSide",
    "RatingPolicy",
    "ReversingEntry",
    "Score",
    "VetoEntry",
    "VetoKind",
    "grade_in_force",
    "policy_on",
    "score",
]
