"""files of charges are judged in the background; how many cells of a file are bad is counted

Revises: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

UPLOADS, IMPORTS = "charge_uploads", "fee_list_imports"


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        UPLOADS,
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("file_id", big, nullable=False),
        sa.Column("jurisdiction_code", sa.String(length=12), nullable=False),
        sa.Column("organisation_id", big, nullable=True),
        sa.Column("organisation_name", sa.String(length=200), nullable=False),
        sa.Column("user_id", big, nullable=True),
        sa.Column("by_office", sa.Boolean(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", big, nullable=False),
        sa.Column("done", big, nullable=False),
        sa.Column("total", big, nullable=True),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("problem_count", big, nullable=False),
        sa.Column("refusal", sa.String(length=300), nullable=True),
        sa.Column("charge_audit_id", big, nullable=True),
        sa.Column("public_id", sa.String(length=13), nullable=False),
        sa.Column("status_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_check_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", big, autoincrement=True, nullable=False),
        sa.CheckConstraint(
            "status <> 'done' OR charge_audit_id IS NOT NULL",
            name=op.f("ck_charge_uploads_done_audit"),
        ),
        sa.ForeignKeyConstraint(
            ["charge_audit_id"],
            ["charge_audits.id"],
            name=op.f("fk_charge_uploads_charge_audit_id_charge_audits"),
        ),
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["stored_files.id"],
            name=op.f("fk_charge_uploads_file_id_stored_files"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charge_uploads")),
        sa.UniqueConstraint("charge_audit_id", name=op.f("uq_charge_uploads_charge_audit_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_charge_uploads_public_id")),
    )
    op.create_index("ix_charge_uploads_organisation", UPLOADS, ["organisation_id", "id"])
    op.create_index("ix_charge_uploads_user", UPLOADS, ["user_id", "uploaded_at"])
    op.create_index(op.f("ix_charge_uploads_next_check_at"), UPLOADS, ["next_check_at"])
    op.add_column(IMPORTS, sa.Column("problem_count", big, nullable=False, server_default="0"))
    op.execute("UPDATE fee_list_imports SET problem_count = json_array_length(problems)")


def downgrade() -> None:
    op.drop_column(IMPORTS, "problem_count")
    op.drop_table(UPLOADS)
