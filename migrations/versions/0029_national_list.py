"""imports and records of the national list of serious dishonesty

Revises: 0028
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LIVE = sa.text("ended_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "national_imports",
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("jurisdiction_code", sa.String(length=12), nullable=False),
        sa.Column("file_id", WHOLE, nullable=False),
        sa.Column("uploaded_by", WHOLE, nullable=True),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", WHOLE, nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rows", sa.JSON(), nullable=False),
        sa.Column("row_count", WHOLE, nullable=False),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("problem_count", WHOLE, nullable=False),
        sa.Column("public_id", sa.String(length=13), nullable=False),
        sa.Column("status_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_check_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", WHOLE, autoincrement=True, nullable=False),
        sa.CheckConstraint(
            "confirmed_by <> uploaded_by", name=op.f("ck_national_imports_two_officers")
        ),
        sa.CheckConstraint(
            "(status = 'confirmed') = (confirmed_at IS NOT NULL)",
            name=op.f("ck_national_imports_confirmed"),
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_files.id"], name=op.f("fk_national_imports_file_id_stored_files")
        ),
        sa.ForeignKeyConstraint(
            ["jurisdiction_code"],
            ["jurisdictions.code"],
            name=op.f("fk_national_imports_jurisdiction_code_jurisdictions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_national_imports")),
        sa.UniqueConstraint("public_id", name=op.f("uq_national_imports_public_id")),
    )
    op.create_index(
        op.f("ix_national_imports_next_check_at"), "national_imports", ["next_check_at"]
    )
    op.create_index("ix_national_imports_place", "national_imports", ["jurisdiction_code", "id"])
    op.create_table(
        "national_records",
        sa.Column("import_id", WHOLE, nullable=False),
        sa.Column("jurisdiction_code", sa.String(length=12), nullable=False),
        sa.Column("credit_code", sa.String(length=18), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("list_name", sa.String(length=120), nullable=False),
        sa.Column("authority", sa.String(length=120), nullable=False),
        sa.Column("document", sa.String(length=120), nullable=False),
        sa.Column("listed_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_import_id", WHOLE, nullable=True),
        sa.Column("public_id", sa.String(length=13), nullable=False),
        sa.Column("id", WHOLE, autoincrement=True, nullable=False),
        sa.CheckConstraint("until_at > from_at", name=op.f("ck_national_records_period")),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_import_id IS NULL)",
            name=op.f("ck_national_records_ended"),
        ),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["national_imports.id"],
            name=op.f("fk_national_records_import_id_national_imports"),
        ),
        sa.ForeignKeyConstraint(
            ["ended_import_id"],
            ["national_imports.id"],
            name=op.f("fk_national_records_ended_import_id_national_imports"),
        ),
        sa.ForeignKeyConstraint(
            ["jurisdiction_code"],
            ["jurisdictions.code"],
            name=op.f("fk_national_records_jurisdiction_code_jurisdictions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_national_records")),
        sa.UniqueConstraint("public_id", name=op.f("uq_national_records_public_id")),
    )
    op.create_index("ix_national_records_code", "national_records", ["credit_code", "ended_at"])
    op.create_index(
        "uq_national_records_live",
        "national_records",
        ["jurisdiction_code", "credit_code", "list_name", "document"],
        unique=True,
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )


def downgrade() -> None:
    op.drop_table("national_records")
    op.drop_table("national_imports")
