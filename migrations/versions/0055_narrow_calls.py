"""needs that too few firms could enter when they were published

Revises: 0061
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0061"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAME = "narrow_calls"


def upgrade() -> None:
    op.create_table(
        NAME,
        sa.Column("round_id", KEY, nullable=False),
        sa.Column("eligible", KEY, nullable=False),
        sa.Column("least", KEY, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint("eligible < least", name=op.f("ck_narrow_calls_few")),
        sa.ForeignKeyConstraint(
            ["round_id"],
            ["selection_rounds.id"],
            name=op.f("fk_narrow_calls_round_id_selection_rounds"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_narrow_calls")),
        sa.UniqueConstraint("round_id", name=op.f("uq_narrow_calls_round_id")),
    )
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {NAME}_no_{verb.lower()} BEFORE {verb} ON {NAME} "
                f"BEGIN SELECT RAISE(ABORT, '{NAME} is append-only'); END"
            )
        return
    op.execute(
        f"CREATE TRIGGER {NAME}_append_only BEFORE UPDATE OR DELETE ON {NAME} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER {NAME}_no_truncate BEFORE TRUNCATE ON {NAME} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {NAME} FROM PUBLIC")
    op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {NAME} FROM CURRENT_USER")


def downgrade() -> None:
    op.drop_table(NAME)
