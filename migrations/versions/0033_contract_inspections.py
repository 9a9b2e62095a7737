"""inspections of contracts of firms under key supervision

Revises: 0032
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "contract_inspections",
        sa.Column("contract_id", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("jurisdiction_code", sa.String(length=12), nullable=False),
        sa.Column("grade", sa.String(length=40), nullable=False),
        sa.Column("grade_since", sa.Date(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("edition_id", KEY, nullable=False),
        sa.Column("document", sa.String(length=120), nullable=True),
        sa.Column("findings", sa.String(length=1000), nullable=True),
        sa.Column("evidence_file_id", KEY, nullable=True),
        sa.Column("done_by", KEY, nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("public_id", sa.String(length=13), nullable=False),
        sa.Column("status_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_check_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint("due_at > opened_at", name=op.f("ck_contract_inspections_period")),
        sa.CheckConstraint("grade IN ('C', 'D')", name=op.f("ck_contract_inspections_grade")),
        sa.CheckConstraint(
            "(status = 'due') = (done_at IS NULL) AND (status = 'due') = (done_by IS NULL) "
            "AND (status = 'due') = (document IS NULL) AND (status = 'due') = (findings IS NULL)",
            name=op.f("ck_contract_inspections_done"),
        ),
        *(
            sa.ForeignKeyConstraint(
                [column],
                [f"{table}.{key}"],
                name=op.f(f"fk_contract_inspections_{column}_{table}"),
            )
            for column, table, key in (
                ("contract_id", "contracts", "id"),
                ("organisation_id", "organisations", "id"),
                ("jurisdiction_code", "jurisdictions", "code"),
                ("edition_id", "policy_editions", "id"),
                ("evidence_file_id", "stored_files", "id"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_inspections")),
        sa.UniqueConstraint("contract_id", name=op.f("uq_contract_inspections_contract_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_contract_inspections_public_id")),
    )
    for column in ("organisation_id", "next_check_at"):
        op.create_index(op.f(f"ix_contract_inspections_{column}"), "contract_inspections", [column])
    op.create_index(
        "ix_contract_inspections_area",
        "contract_inspections",
        ["jurisdiction_code", "status", "due_at"],
    )


def downgrade() -> None:
    op.drop_table("contract_inspections")
