"""ratings of the bureau's own service

Revises: 0034
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


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
        "service_ratings",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", KEY, nullable=False),
        sa.Column("round", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("jurisdiction_code", sa.String(length=12), nullable=False),
        sa.Column("handled_by", KEY, nullable=True),
        sa.Column("decided_by", KEY, nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("grade", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=True),
        sa.Column("edition_id", KEY, nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given_by", KEY, nullable=True),
        sa.Column("public_id", sa.String(length=13), nullable=False),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint(
            "grade NOT IN ('bad', 'very_bad') OR reason IS NOT NULL",
            name=op.f("ck_service_ratings_bad_has_reason"),
        ),
        sa.CheckConstraint(
            "given_by IS NULL OR ((handled_by IS NULL OR given_by <> handled_by) "
            "AND given_by <> decided_by)",
            name=op.f("ck_service_ratings_never_the_staff"),
        ),
        sa.ForeignKeyConstraint(
            ["edition_id"],
            ["policy_editions.id"],
            name=op.f("fk_service_ratings_edition_id_policy_editions"),
        ),
        sa.ForeignKeyConstraint(
            ["jurisdiction_code"],
            ["jurisdictions.code"],
            name=op.f("fk_service_ratings_jurisdiction_code_jurisdictions"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_service_ratings_organisation_id_organisations"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_ratings")),
        sa.UniqueConstraint(
            "kind", "subject_id", "round", name=op.f("uq_service_ratings_kind_subject_id_round")
        ),
        sa.UniqueConstraint("public_id", name=op.f("uq_service_ratings_public_id")),
        info={"append_only": True},
    )
    op.create_index(
        op.f("ix_service_ratings_organisation_id"), "service_ratings", ["organisation_id"]
    )
    op.create_index("ix_service_ratings_area", "service_ratings", ["jurisdiction_code", "given_at"])
    guard("service_ratings")
    op.create_table(
        "service_follow_ups",
        sa.Column("rating_id", KEY, nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("answer", sa.String(length=1000), nullable=True),
        sa.Column("answered_by", KEY, nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("public_id", sa.String(length=13), nullable=False),
        sa.Column("status_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_check_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint(
            "(status = 'answered') = (answered_at IS NOT NULL) AND "
            "(answered_at IS NULL) = (answer IS NULL) AND "
            "(answered_at IS NULL) = (outcome IS NULL)",
            name=op.f("ck_service_follow_ups_answered"),
        ),
        sa.CheckConstraint("due_at > opened_at", name=op.f("ck_service_follow_ups_period")),
        sa.ForeignKeyConstraint(
            ["rating_id"],
            ["service_ratings.id"],
            name=op.f("fk_service_follow_ups_rating_id_service_ratings"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_follow_ups")),
        sa.UniqueConstraint("public_id", name=op.f("uq_service_follow_ups_public_id")),
        sa.UniqueConstraint("rating_id", name=op.f("uq_service_follow_ups_rating_id")),
    )
    with op.batch_alter_table("service_follow_ups", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_service_follow_ups_next_check_at"), ["next_check_at"], unique=False
        )


def downgrade() -> None:
    op.drop_table("service_follow_ups")
    op.drop_table("service_ratings")
