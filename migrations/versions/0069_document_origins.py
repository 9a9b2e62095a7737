"""what a document stored says of its making: keyed digest of its author, program, minute

Files stored before have none and are not compared.

Revises: 0068
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0069"
down_revision = "0068"
branch_labels = None
depends_on = None

NAME = "stored_files"


def upgrade() -> None:
    op.add_column(NAME, sa.Column("author_digest", sa.String(length=64), nullable=True))
    op.add_column(NAME, sa.Column("program", sa.String(length=200), nullable=True))
    op.add_column(NAME, sa.Column("made_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    for column in ("made_at", "program", "author_digest"):
        op.drop_column(NAME, column)
