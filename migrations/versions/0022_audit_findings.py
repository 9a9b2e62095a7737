"""findings of audits, their answers and how they were closed

Revises: 0021
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLE = "audit_findings"


def _to(column: str, table: str, key: str = "id") -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{TABLE}_{column}_{table}")
    return sa.ForeignKeyConstraint([column], [f"{table}.{key}"], name=name)


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("sample_id", NUMBER, nullable=False),
        sa.Column("item_id", NUMBER, nullable=False),
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("severity", sa.String(40), nullable=False),
        sa.Column("status", sa.String(40), nullable=False),
        sa.Column("jurisdiction_code", sa.String(12), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("evidence", sa.String(500), nullable=False),
        sa.Column("entry_number", NUMBER, nullable=True),
        sa.Column("raised_by", NUMBER, nullable=False),
        sa.Column("raised_for", NUMBER, nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_by", NUMBER, nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("judgement", sa.Text(), nullable=True),
        sa.Column("closed_by", NUMBER, nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("public_id", sa.String(13), nullable=False),
        sa.Column("status_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_check_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f(f"ck_{TABLE}_number")),
        sa.CheckConstraint(
            "(answer IS NULL) = (answered_at IS NULL)", name=op.f(f"ck_{TABLE}_answered")
        ),
        sa.CheckConstraint(
            "status = 'open' OR answer IS NOT NULL", name=op.f(f"ck_{TABLE}_answer_first")
        ),
        sa.CheckConstraint(
            "(status = 'closed') = (closed_at IS NOT NULL)", name=op.f(f"ck_{TABLE}_closed")
        ),
        sa.CheckConstraint("closed_by <> answered_by", name=op.f(f"ck_{TABLE}_closed_by_another")),
        _to("sample_id", "audit_samples"),
        _to("item_id", "audit_sample_items"),
        _to("jurisdiction_code", "jurisdictions", "code"),
        _to("entry_number", "rating_ledger"),
        _to("raised_for", "organisations"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        sa.UniqueConstraint("public_id", name=op.f(f"uq_{TABLE}_public_id")),
        sa.UniqueConstraint("sample_id", "number", name=op.f(f"uq_{TABLE}_sample_id_number")),
    )
    for column in ("sample_id", "jurisdiction_code", "next_check_at"):
        op.create_index(op.f(f"ix_{TABLE}_{column}"), TABLE, [column])


def downgrade() -> None:
    op.drop_table(TABLE)
