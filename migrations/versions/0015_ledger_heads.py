"""daily published heads of the audit ledger, and its end as the last transaction left it

Revises: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
HEADS = "ledger_heads"


def upgrade() -> None:
    op.create_table(
        "audit_tail",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("seq", NUMBER, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_tail_single_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_tail")),
    )
    op.execute(
        "INSERT INTO audit_tail (id, seq, hash) "
        "SELECT 1, seq, hash FROM audit_ledger ORDER BY seq DESC LIMIT 1"
    )
    op.create_table(
        HEADS,
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("seq", NUMBER, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signature", sa.String(128), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_ledger_heads")),
    )
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {HEADS}_no_{verb.lower()} BEFORE {verb} ON {HEADS} "
                f"BEGIN SELECT RAISE(ABORT, '{HEADS} is append-only'); END"
            )
        return
    op.execute(
        f"CREATE TRIGGER {HEADS}_append_only BEFORE UPDATE OR DELETE ON {HEADS} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER {HEADS}_no_truncate BEFORE TRUNCATE ON {HEADS} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    for whom in ("PUBLIC", "CURRENT_USER"):
        op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {HEADS} FROM {whom}")


def downgrade() -> None:
    op.drop_table(HEADS)
    op.drop_table("audit_tail")
