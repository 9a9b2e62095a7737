"""needs of an area by their day, firms of a register by their grade: found without reading all

Revises: 0051
"""

from __future__ import annotations

from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_needs_area", "needs", ["jurisdiction_code", "published_at"])
    op.drop_index("ix_needs_jurisdiction_code", "needs")
    op.create_index("ix_rating_subjects_graded", "rating_subjects", ["register", "grade"])


def downgrade() -> None:
    op.drop_index("ix_rating_subjects_graded", "rating_subjects")
    op.create_index("ix_needs_jurisdiction_code", "needs", ["jurisdiction_code"])
    op.drop_index("ix_needs_area", "needs")
