"""rating editions tried on the ledger, and the grades they would change

Revises: 0025
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TRIALS = "rating_trials"
CHANGES = "rating_trial_changes"


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


def _to(own: str, column: str, table: str, key: str = "id") -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{own}_{column}_{table}")
    return sa.ForeignKeyConstraint([column], [f"{table}.{key}"], name=name)


def upgrade() -> None:
    op.create_table(
        TRIALS,
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("jurisdiction_code", sa.String(12), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cursor", NUMBER, nullable=False),
        sa.Column("head_seq", NUMBER, nullable=False),
        sa.Column("head", sa.String(64), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("content_sha256", sa.String(64), nullable=False),
        sa.Column("drafted_by", NUMBER, nullable=False),
        sa.Column("attempts", NUMBER, nullable=False),
        sa.Column("done", NUMBER, nullable=False),
        sa.Column("total", NUMBER, nullable=True),
        sa.Column("result", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("result_sha256", sa.String(64), nullable=True),
        sa.Column("effective_from", sa.Date(), nullable=True),
        sa.Column("legal_basis", sa.Text(), nullable=True),
        sa.Column("review", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("proposed_by", NUMBER, nullable=True),
        sa.Column("decided_by", NUMBER, nullable=True),
        sa.Column("decision_note", sa.String(1000), nullable=True),
        sa.Column("edition_id", NUMBER, nullable=True),
        sa.Column("status", sa.String(40), nullable=False),
        sa.Column("public_id", sa.String(13), nullable=False),
        sa.Column("status_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_check_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> proposed_by",
            name=op.f(f"ck_{TRIALS}_two_officers"),
        ),
        sa.CheckConstraint(
            "(status = 'adopted') = (edition_id IS NOT NULL)", name=op.f(f"ck_{TRIALS}_adopted")
        ),
        sa.CheckConstraint(
            "(result IS NULL) = (result_sha256 IS NULL)", name=op.f(f"ck_{TRIALS}_result")
        ),
        _to(TRIALS, "jurisdiction_code", "jurisdictions", "code"),
        _to(TRIALS, "edition_id", "policy_editions"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TRIALS}")),
        sa.UniqueConstraint("public_id", name=op.f(f"uq_{TRIALS}_public_id")),
    )
    for column in ("jurisdiction_code", "next_check_at"):
        op.create_index(op.f(f"ix_{TRIALS}_{column}"), TRIALS, [column])
    op.create_table(
        CHANGES,
        sa.Column("trial_id", NUMBER, nullable=False),
        sa.Column("subject_id", NUMBER, nullable=False),
        sa.Column("organisation_id", NUMBER, nullable=False),
        sa.Column("register", sa.String(12), nullable=False),
        sa.Column("capacity", sa.String(40), nullable=False),
        sa.Column("grade", sa.String(40), nullable=False),
        sa.Column("before", sa.String(40), nullable=False),
        sa.Column("after", sa.String(40), nullable=False),
        sa.Column("before_hundredths", NUMBER, nullable=True),
        sa.Column("after_hundredths", NUMBER, nullable=True),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        _to(CHANGES, "trial_id", "rating_trials"),
        _to(CHANGES, "subject_id", "rating_subjects"),
        _to(CHANGES, "organisation_id", "organisations"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{CHANGES}")),
        sa.UniqueConstraint(
            "trial_id", "subject_id", name=op.f(f"uq_{CHANGES}_trial_id_subject_id")
        ),
        info={"append_only": True},
    )
    guard(CHANGES)


def downgrade() -> None:
    op.drop_table(CHANGES)
    op.drop_table(TRIALS)
