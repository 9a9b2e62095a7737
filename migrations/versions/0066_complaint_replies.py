"""what those complained of say of a complaint in writing

Revises: 0064
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0066"
down_revision = "0064"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)
NAME = "complaint_replies"


def upgrade() -> None:
    op.create_table(
        NAME,
        sa.Column("complaint_id", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("asked_at", AT, nullable=False),
        sa.Column("reply_by", AT, nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("file_id", KEY, nullable=True),
        sa.Column("replied_by", KEY, nullable=True),
        sa.Column("replied_at", AT, nullable=True),
        sa.Column("public_id", sa.String(length=13), nullable=False),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint(
            "(text IS NULL) = (replied_at IS NULL) AND (text IS NULL) = (replied_by IS NULL)",
            name=op.f(f"ck_{NAME}_replied"),
        ),
        sa.CheckConstraint("file_id IS NULL OR text IS NOT NULL", name=op.f(f"ck_{NAME}_file")),
        sa.CheckConstraint(
            "replied_at IS NULL OR replied_at < reply_by", name=op.f(f"ck_{NAME}_in_time")
        ),
        sa.ForeignKeyConstraint(
            ["complaint_id"],
            ["selection_complaints.id"],
            name=op.f(f"fk_{NAME}_complaint_id_selection_complaints"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f(f"fk_{NAME}_organisation_id_organisations"),
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_files.id"], name=op.f(f"fk_{NAME}_file_id_stored_files")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{NAME}")),
        sa.UniqueConstraint("public_id", name=op.f(f"uq_{NAME}_public_id")),
        sa.UniqueConstraint(
            "complaint_id", "organisation_id", name=op.f(f"uq_{NAME}_complaint_id_organisation_id")
        ),
    )
    op.create_index(op.f(f"ix_{NAME}_organisation_id"), NAME, ["organisation_id"])


def downgrade() -> None:
    op.drop_table(NAME)
