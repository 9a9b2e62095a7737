"""replies to evaluations, and their reviews

Revises: 0019
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def guard(table: str) -> None:
    """Make a table refuse UPDATE and DELETE (TRUNCATE too on PostgreSQL)."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM PUBLIC")
    op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM CURRENT_USER")


def upgrade() -> None:
    op.create_table(
        "evaluation_replies",
        sa.Column(
            "evaluation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["evaluation_id"],
            ["evaluations.id"],
            name=op.f("fk_evaluation_replies_evaluation_id_evaluations"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_replies")),
        sa.UniqueConstraint("evaluation_id", name=op.f("uq_evaluation_replies_evaluation_id")),
        info={"append_only": True},
    )
    op.create_table(
        "evaluation_reviews",
        sa.Column(
            "evaluation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("cause", sa.String(length=40), nullable=False),
        sa.Column("jurisdiction_code", sa.String(length=12), nullable=False),
        sa.Column("grounds", sa.String(length=1000), nullable=False),
        sa.Column(
            "filed_by_organisation_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
        ),
        sa.Column("opened_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("finding", sa.String(length=1000), nullable=True),
        sa.Column(
            "proposed_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_reason", sa.String(length=1000), nullable=True),
        sa.Column(
            "decided_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "reversal_entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("status", sa.String(length=40), nullable=False),
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
            "(status = 'excluded') = (reversal_entry_id IS NOT NULL)",
            name=op.f("ck_evaluation_reviews_reversed_by_an_entry"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('kept', 'excluded') OR decision_reason IS NOT NULL",
            name=op.f("ck_evaluation_reviews_reasons"),
        ),
        sa.CheckConstraint(
            "decided_by <> proposed_by", name=op.f("ck_evaluation_reviews_two_officers")
        ),
        sa.CheckConstraint("due_at > opened_at", name=op.f("ck_evaluation_reviews_period")),
        sa.ForeignKeyConstraint(
            ["edition_id"],
            ["policy_editions.id"],
            name=op.f("fk_evaluation_reviews_edition_id_policy_editions"),
        ),
        sa.ForeignKeyConstraint(
            ["evaluation_id"],
            ["evaluations.id"],
            name=op.f("fk_evaluation_reviews_evaluation_id_evaluations"),
        ),
        sa.ForeignKeyConstraint(
            ["filed_by_organisation_id"],
            ["organisations.id"],
            name=op.f("fk_evaluation_reviews_filed_by_organisation_id_organisations"),
        ),
        sa.ForeignKeyConstraint(
            ["jurisdiction_code"],
            ["jurisdictions.code"],
            name=op.f("fk_evaluation_reviews_jurisdiction_code_jurisdictions"),
        ),
        sa.ForeignKeyConstraint(
            ["reversal_entry_id"],
            ["rating_ledger.id"],
            name=op.f("fk_evaluation_reviews_reversal_entry_id_rating_ledger"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_reviews")),
        sa.UniqueConstraint("public_id", name=op.f("uq_evaluation_reviews_public_id")),
    )
    with op.batch_alter_table("evaluation_reviews", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_evaluation_reviews_evaluation_id"), ["evaluation_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_evaluation_reviews_jurisdiction_code"),
            ["jurisdiction_code"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_evaluation_reviews_next_check_at"), ["next_check_at"], unique=False
        )
        batch_op.create_index(
            "uq_evaluation_reviews_dispute",
            ["evaluation_id"],
            unique=True,
            sqlite_where=sa.text("cause = 'dispute'"),
            postgresql_where=sa.text("cause = 'dispute'"),
        )
        batch_op.create_index(
            "uq_evaluation_reviews_excluded",
            ["evaluation_id"],
            unique=True,
            sqlite_where=sa.text("status = 'excluded'"),
            postgresql_where=sa.text("status = 'excluded'"),
        )
        batch_op.create_index(
            "uq_evaluation_reviews_live",
            ["evaluation_id"],
            unique=True,
            sqlite_where=sa.text("status IN ('open', 'proposed')"),
            postgresql_where=sa.text("status IN ('open', 'proposed')"),
        )
    guard("evaluation_replies")


def downgrade() -> None:
    with op.batch_alter_table("evaluation_reviews", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_evaluation_reviews_live",
            sqlite_where=sa.text("status IN ('open', 'proposed')"),
            postgresql_where=sa.text("status IN ('open', 'proposed')"),
        )
        batch_op.drop_index(
            "uq_evaluation_reviews_excluded",
            sqlite_where=sa.text("status = 'excluded'"),
            postgresql_where=sa.text("status = 'excluded'"),
        )
        batch_op.drop_index(
            "uq_evaluation_reviews_dispute",
            sqlite_where=sa.text("cause = 'dispute'"),
            postgresql_where=sa.text("cause = 'dispute'"),
        )
        batch_op.drop_index(batch_op.f("ix_evaluation_reviews_next_check_at"))
        batch_op.drop_index(batch_op.f("ix_evaluation_reviews_jurisdiction_code"))
        batch_op.drop_index(batch_op.f("ix_evaluation_reviews_evaluation_id"))

    op.drop_table("evaluation_reviews")
    op.drop_table("evaluation_replies")
