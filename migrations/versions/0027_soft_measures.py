"""soft measures

Revises: 0026
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "soft_measures",
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column(
            "organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("jurisdiction_code", sa.String(length=12), nullable=False),
        sa.Column(
            "edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("demand", sa.Text(), nullable=False),
        sa.Column("authority", sa.String(length=100), nullable=True),
        sa.Column("reference", sa.String(length=60), nullable=True),
        sa.Column("meeting_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("place", sa.String(length=200), nullable=True),
        sa.Column("letter", sa.Text(), nullable=False),
        sa.Column(
            "evidence_file_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("issued_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "decided_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "received_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column(
            "reply_file_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("replied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("closed_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("public_id", sa.String(length=13), nullable=False),
        sa.Column("status_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_check_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.CheckConstraint(
            "(status = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_soft_measures_closed")
        ),
        sa.CheckConstraint(
            "kind <> 'hotline' OR reference IS NOT NULL", name=op.f("ck_soft_measures_reference")
        ),
        sa.CheckConstraint(
            "kind <> 'transfer' OR authority IS NOT NULL", name=op.f("ck_soft_measures_authority")
        ),
        sa.CheckConstraint("decided_by <> issued_by", name=op.f("ck_soft_measures_two_officers")),
        sa.ForeignKeyConstraint(
            ["edition_id"],
            ["policy_editions.id"],
            name=op.f("fk_soft_measures_edition_id_policy_editions"),
        ),
        sa.ForeignKeyConstraint(
            ["evidence_file_id"],
            ["stored_files.id"],
            name=op.f("fk_soft_measures_evidence_file_id_stored_files"),
        ),
        sa.ForeignKeyConstraint(
            ["jurisdiction_code"],
            ["jurisdictions.code"],
            name=op.f("fk_soft_measures_jurisdiction_code_jurisdictions"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_soft_measures_organisation_id_organisations"),
        ),
        sa.ForeignKeyConstraint(
            ["reply_file_id"],
            ["stored_files.id"],
            name=op.f("fk_soft_measures_reply_file_id_stored_files"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_soft_measures")),
        sa.UniqueConstraint("public_id", name=op.f("uq_soft_measures_public_id")),
    )
    with op.batch_alter_table("soft_measures", schema=None) as batch_op:
        batch_op.create_index("ix_soft_measures_firm", ["organisation_id", "status"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_soft_measures_jurisdiction_code"), ["jurisdiction_code"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_soft_measures_next_check_at"), ["next_check_at"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("soft_measures", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_soft_measures_next_check_at"))
        batch_op.drop_index(batch_op.f("ix_soft_measures_jurisdiction_code"))
        batch_op.drop_index("ix_soft_measures_firm")

    op.drop_table("soft_measures")
