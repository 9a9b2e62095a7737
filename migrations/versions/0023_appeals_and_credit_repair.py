"""appeals and credit repair

Revises: 0022
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "credit_repairs",
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("card_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("jurisdiction_code", sa.String(length=12), nullable=False),
        sa.Column("severity", sa.String(length=40), nullable=False),
        sa.Column(
            "edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("correction", sa.Text(), nullable=False),
        sa.Column(
            "evidence_file_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("filed_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recommended", sa.Boolean(), nullable=True),
        sa.Column("verification", sa.Text(), nullable=True),
        sa.Column(
            "verified_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column(
            "decided_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
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
            "(status IN ('granted', 'refused')) = (decided_at IS NOT NULL)",
            name=op.f("ck_credit_repairs_decided"),
        ),
        sa.CheckConstraint(
            "(card_id IS NULL) <> (case_id IS NULL)", name=op.f("ck_credit_repairs_one_decision")
        ),
        sa.CheckConstraint(
            "decided_by <> verified_by", name=op.f("ck_credit_repairs_two_officers")
        ),
        sa.ForeignKeyConstraint(
            ["card_id"], ["cards.id"], name=op.f("fk_credit_repairs_card_id_cards")
        ),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["sanction_cases.id"],
            name=op.f("fk_credit_repairs_case_id_sanction_cases"),
        ),
        sa.ForeignKeyConstraint(
            ["edition_id"],
            ["policy_editions.id"],
            name=op.f("fk_credit_repairs_edition_id_policy_editions"),
        ),
        sa.ForeignKeyConstraint(
            ["evidence_file_id"],
            ["stored_files.id"],
            name=op.f("fk_credit_repairs_evidence_file_id_stored_files"),
        ),
        sa.ForeignKeyConstraint(
            ["jurisdiction_code"],
            ["jurisdictions.code"],
            name=op.f("fk_credit_repairs_jurisdiction_code_jurisdictions"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_credit_repairs_organisation_id_organisations"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_repairs")),
        sa.UniqueConstraint("public_id", name=op.f("uq_credit_repairs_public_id")),
    )
    with op.batch_alter_table("credit_repairs", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_credit_repairs_next_check_at"), ["next_check_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_credit_repairs_organisation_id"), ["organisation_id"], unique=False
        )
        batch_op.create_index(
            "uq_credit_repairs_open_card",
            ["card_id"],
            unique=True,
            sqlite_where=sa.text("status IN ('filed', 'verified')"),
            postgresql_where=sa.text("status IN ('filed', 'verified')"),
        )
        batch_op.create_index(
            "uq_credit_repairs_open_case",
            ["case_id"],
            unique=True,
            sqlite_where=sa.text("status IN ('filed', 'verified')"),
            postgresql_where=sa.text("status IN ('filed', 'verified')"),
        )

    op.create_table(
        "sanction_appeals",
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("card_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("jurisdiction_code", sa.String(length=12), nullable=False),
        sa.Column(
            "edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("grounds", sa.Text(), nullable=False),
        sa.Column(
            "evidence_file_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("filed_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stayed", sa.Boolean(), nullable=True),
        sa.Column("stay_reason", sa.Text(), nullable=True),
        sa.Column(
            "stay_decided_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("stay_decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shorter", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("panel", sa.Text(), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column(
            "decided_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
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
            "(status = 'changed') = (shorter IS NOT NULL)", name=op.f("ck_sanction_appeals_changed")
        ),
        sa.CheckConstraint(
            "(status = 'filed') = (decided_at IS NULL)", name=op.f("ck_sanction_appeals_decided")
        ),
        sa.CheckConstraint(
            "(card_id IS NULL) <> (case_id IS NULL)", name=op.f("ck_sanction_appeals_one_decision")
        ),
        sa.CheckConstraint(
            "(stayed IS NULL) = (stay_decided_at IS NULL)", name=op.f("ck_sanction_appeals_stay")
        ),
        sa.ForeignKeyConstraint(
            ["card_id"], ["cards.id"], name=op.f("fk_sanction_appeals_card_id_cards")
        ),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["sanction_cases.id"],
            name=op.f("fk_sanction_appeals_case_id_sanction_cases"),
        ),
        sa.ForeignKeyConstraint(
            ["edition_id"],
            ["policy_editions.id"],
            name=op.f("fk_sanction_appeals_edition_id_policy_editions"),
        ),
        sa.ForeignKeyConstraint(
            ["evidence_file_id"],
            ["stored_files.id"],
            name=op.f("fk_sanction_appeals_evidence_file_id_stored_files"),
        ),
        sa.ForeignKeyConstraint(
            ["jurisdiction_code"],
            ["jurisdictions.code"],
            name=op.f("fk_sanction_appeals_jurisdiction_code_jurisdictions"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_sanction_appeals_organisation_id_organisations"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sanction_appeals")),
        sa.UniqueConstraint("card_id", name=op.f("uq_sanction_appeals_card_id")),
        sa.UniqueConstraint("case_id", name=op.f("uq_sanction_appeals_case_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_sanction_appeals_public_id")),
    )
    with op.batch_alter_table("sanction_appeals", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_sanction_appeals_next_check_at"), ["next_check_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_sanction_appeals_organisation_id"), ["organisation_id"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("sanction_appeals", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sanction_appeals_organisation_id"))
        batch_op.drop_index(batch_op.f("ix_sanction_appeals_next_check_at"))

    op.drop_table("sanction_appeals")
    with op.batch_alter_table("credit_repairs", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_credit_repairs_open_case",
            sqlite_where=sa.text("status IN ('filed', 'verified')"),
            postgresql_where=sa.text("status IN ('filed', 'verified')"),
        )
        batch_op.drop_index(
            "uq_credit_repairs_open_card",
            sqlite_where=sa.text("status IN ('filed', 'verified')"),
            postgresql_where=sa.text("status IN ('filed', 'verified')"),
        )
        batch_op.drop_index(batch_op.f("ix_credit_repairs_organisation_id"))
        batch_op.drop_index(batch_op.f("ix_credit_repairs_next_check_at"))

    op.drop_table("credit_repairs")
