"""call-backs of evaluations

Revises: 0023
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
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
        "callback_draws",
        sa.Column("jurisdiction_code", sa.String(length=12), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("population", sa.JSON(), nullable=False),
        sa.Column("population_sha256", sa.String(length=64), nullable=False),
        sa.Column("head_seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("seed", sa.String(length=64), nullable=False),
        sa.Column("drawn", sa.JSON(), nullable=False),
        sa.Column(
            "edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("public_id", sa.String(length=13), nullable=False),
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["edition_id"],
            ["policy_editions.id"],
            name=op.f("fk_callback_draws_edition_id_policy_editions"),
        ),
        sa.ForeignKeyConstraint(
            ["jurisdiction_code"],
            ["jurisdictions.code"],
            name=op.f("fk_callback_draws_jurisdiction_code_jurisdictions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callback_draws")),
        sa.UniqueConstraint(
            "jurisdiction_code", "month", name=op.f("uq_callback_draws_jurisdiction_code_month")
        ),
        sa.UniqueConstraint("public_id", name=op.f("uq_callback_draws_public_id")),
        info={"append_only": True},
    )
    op.create_table(
        "evaluation_callbacks",
        sa.Column(
            "evaluation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("cause", sa.String(length=40), nullable=False),
        sa.Column("draw_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("jurisdiction_code", sa.String(length=12), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("questions", sa.JSON(), nullable=False),
        sa.Column("answers", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("note", sa.String(length=1000), nullable=True),
        sa.Column(
            "evidence_file_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("done_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("review_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
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
            "(cause = 'sampled') = (draw_id IS NOT NULL)",
            name=op.f("ck_evaluation_callbacks_drawn"),
        ),
        sa.CheckConstraint(
            "(status = 'waiting') = (done_at IS NULL)", name=op.f("ck_evaluation_callbacks_done")
        ),
        sa.CheckConstraint("due_at > opened_at", name=op.f("ck_evaluation_callbacks_period")),
        sa.ForeignKeyConstraint(
            ["draw_id"],
            ["callback_draws.id"],
            name=op.f("fk_evaluation_callbacks_draw_id_callback_draws"),
        ),
        sa.ForeignKeyConstraint(
            ["edition_id"],
            ["policy_editions.id"],
            name=op.f("fk_evaluation_callbacks_edition_id_policy_editions"),
        ),
        sa.ForeignKeyConstraint(
            ["evaluation_id"],
            ["evaluations.id"],
            name=op.f("fk_evaluation_callbacks_evaluation_id_evaluations"),
        ),
        sa.ForeignKeyConstraint(
            ["evidence_file_id"],
            ["stored_files.id"],
            name=op.f("fk_evaluation_callbacks_evidence_file_id_stored_files"),
        ),
        sa.ForeignKeyConstraint(
            ["jurisdiction_code"],
            ["jurisdictions.code"],
            name=op.f("fk_evaluation_callbacks_jurisdiction_code_jurisdictions"),
        ),
        sa.ForeignKeyConstraint(
            ["review_id"],
            ["evaluation_reviews.id"],
            name=op.f("fk_evaluation_callbacks_review_id_evaluation_reviews"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_callbacks")),
        sa.UniqueConstraint("evaluation_id", name=op.f("uq_evaluation_callbacks_evaluation_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_evaluation_callbacks_public_id")),
    )
    with op.batch_alter_table("evaluation_callbacks", schema=None) as batch_op:
        batch_op.create_index(
            "ix_evaluation_callbacks_area", ["jurisdiction_code", "month"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_evaluation_callbacks_next_check_at"), ["next_check_at"], unique=False
        )

    op.create_table(
        "callback_attempts",
        sa.Column(
            "callback_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=True),
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["callback_id"],
            ["evaluation_callbacks.id"],
            name=op.f("fk_callback_attempts_callback_id_evaluation_callbacks"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callback_attempts")),
        info={"append_only": True},
    )
    with op.batch_alter_table("callback_attempts", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_callback_attempts_callback_id"), ["callback_id"], unique=False
        )

    with op.batch_alter_table("evaluation_windows", schema=None) as batch_op:
        batch_op.create_index("ix_evaluation_windows_revealed", ["revealed_at"], unique=False)
    guard("callback_draws")
    guard("callback_attempts")


def downgrade() -> None:
    with op.batch_alter_table("evaluation_windows", schema=None) as batch_op:
        batch_op.drop_index("ix_evaluation_windows_revealed")

    with op.batch_alter_table("callback_attempts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_callback_attempts_callback_id"))

    op.drop_table("callback_attempts")
    with op.batch_alter_table("evaluation_callbacks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_evaluation_callbacks_next_check_at"))
        batch_op.drop_index("ix_evaluation_callbacks_area")

    op.drop_table("evaluation_callbacks")
    op.drop_table("callback_draws")
