"""complaints about selections

Revises: 0057
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0057"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)
NAME = "selection_complaints"


def link(column: str, other: str, key: str = "id") -> sa.ForeignKeyConstraint:
    """A foreign key by its conventional name."""
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.{key}"], name=op.f(f"fk_{NAME}_{column}_{other}")
    )


def upgrade() -> None:
    op.create_table(
        NAME,
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("need_id", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("jurisdiction_code", sa.String(length=12), nullable=False),
        sa.Column("edition_id", KEY, nullable=False),
        sa.Column("about", sa.String(length=40), nullable=False),
        sa.Column("objection_id", KEY, nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("evidence_file_id", KEY, nullable=True),
        sa.Column("filed_by", KEY, nullable=True),
        sa.Column("filed_at", AT, nullable=False),
        sa.Column("due_at", AT, nullable=False),
        sa.Column("accepted_by", KEY, nullable=True),
        sa.Column("accepted_at", AT, nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("decided_by", KEY, nullable=True),
        sa.Column("decided_at", AT, nullable=True),
        sa.Column("annulment_id", KEY, nullable=True),
        sa.Column("public_id", sa.String(length=13), nullable=False),
        sa.Column("status_since", AT, nullable=False),
        sa.Column("next_check_at", AT, nullable=True),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint(
            "(status IN ('refused', 'dismissed', 'upheld')) = (decided_at IS NOT NULL)",
            name=op.f(f"ck_{NAME}_decided"),
        ),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (decision_reason IS NULL) "
            "AND (decided_at IS NULL) = (decided_by IS NULL)",
            name=op.f(f"ck_{NAME}_reasoned"),
        ),
        sa.CheckConstraint(
            "status <> 'accepted' OR accepted_at IS NOT NULL", name=op.f(f"ck_{NAME}_accepted")
        ),
        sa.CheckConstraint(
            "annulment_id IS NULL OR status = 'upheld'", name=op.f(f"ck_{NAME}_annulment")
        ),
        link("need_id", "needs"),
        link("organisation_id", "organisations"),
        link("jurisdiction_code", "jurisdictions", "code"),
        link("edition_id", "policy_editions"),
        link("objection_id", "objections"),
        link("evidence_file_id", "stored_files"),
        link("annulment_id", "draw_annulments"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{NAME}")),
        sa.UniqueConstraint("public_id", name=op.f(f"uq_{NAME}_public_id")),
    )
    open_ones = sa.text("status IN ('filed', 'accepted')")
    op.create_index(
        "uq_selection_complaints_open",
        NAME,
        ["need_id", "organisation_id"],
        unique=True,
        sqlite_where=open_ones,
        postgresql_where=open_ones,
    )
    for column in ("need_id", "organisation_id", "next_check_at"):
        op.create_index(op.f(f"ix_{NAME}_{column}"), NAME, [column])


def downgrade() -> None:
    op.drop_table(NAME)
