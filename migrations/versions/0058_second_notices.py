"""questions and answers about needs; the second notice of a failed need

Revises: 0063
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0058"
down_revision = "0063"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)
NAME = "need_questions"


def link(column: str, other: str) -> sa.ForeignKeyConstraint:
    """A foreign key by its conventional name."""
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{NAME}_{column}_{other}")
    )


def upgrade() -> None:
    # plain columns: a table made anew would lose what keeps the search in step
    kind = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(
        f"ALTER TABLE needs ADD COLUMN earlier_id {kind} "
        "CONSTRAINT fk_needs_earlier_id_needs REFERENCES needs (id)"
    )
    op.add_column("needs", sa.Column("call_number", KEY, server_default="1", nullable=False))
    op.create_index(
        "uq_needs_again",
        "needs",
        ["earlier_id"],
        unique=True,
        sqlite_where=sa.text("status <> 'withdrawn'"),
        postgresql_where=sa.text("status <> 'withdrawn'"),
    )
    op.create_table(
        NAME,
        sa.Column("need_id", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("user_id", KEY, nullable=True),
        sa.Column("question", sa.String(length=500), nullable=False),
        sa.Column("asked_at", AT, nullable=False),
        sa.Column("answer", sa.String(length=1000), nullable=True),
        sa.Column("answered_by", KEY, nullable=True),
        sa.Column("answered_at", AT, nullable=True),
        sa.Column("public_id", sa.String(length=13), nullable=False),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint("length(question) > 0", name=op.f(f"ck_{NAME}_question")),
        sa.CheckConstraint(
            "(answer IS NULL) = (answered_at IS NULL) AND (answer IS NULL) = (answered_by IS NULL)",
            name=op.f(f"ck_{NAME}_answered"),
        ),
        sa.CheckConstraint("answered_at >= asked_at", name=op.f(f"ck_{NAME}_after_question")),
        link("need_id", "needs"),
        link("organisation_id", "organisations"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{NAME}")),
        sa.UniqueConstraint("public_id", name=op.f(f"uq_{NAME}_public_id")),
    )
    op.create_index("ix_need_questions_need", NAME, ["need_id", "id"])
    op.create_index("ix_need_questions_asker", NAME, ["organisation_id", "need_id"])


def downgrade() -> None:
    op.drop_table(NAME)
    op.drop_index("uq_needs_again", table_name="needs")
    op.drop_column("needs", "call_number")
    op.drop_column("needs", "earlier_id")
