"""departments' proposals for the item list, and new editions under way

Revises: 0040
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)


def link(table: str, column: str, other: str, key: str = "id") -> sa.ForeignKeyConstraint:
    """A foreign key by its conventional name."""
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.{key}"], name=op.f(f"fk_{table}_{column}_{other}")
    )


def upgrade() -> None:
    name = "list_drafts"
    op.create_table(
        name,
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("jurisdiction_code", sa.String(length=12), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("document", sa.String(length=120), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("base_id", KEY, nullable=False),
        sa.Column("policy_edition_id", KEY, nullable=True),
        sa.Column("hands", sa.JSON(), nullable=False),
        sa.Column("submitted_by", KEY, nullable=True),
        sa.Column("approved_by", KEY, nullable=True),
        sa.Column("returned_because", sa.Text(), nullable=True),
        sa.Column("notice_id", KEY, nullable=True),
        sa.Column("edition_id", KEY, nullable=True),
        sa.Column("public_id", sa.String(length=13), nullable=False),
        sa.Column("status_since", AT, nullable=False),
        sa.Column("next_check_at", AT, nullable=True),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint(
            "approved_by <> submitted_by", name=op.f(f"ck_{name}_approved_by_another")
        ),
        sa.CheckConstraint(
            "(status = 'published') = (edition_id IS NOT NULL)", name=op.f(f"ck_{name}_edition")
        ),
        link(name, "jurisdiction_code", "jurisdictions", "code"),
        link(name, "base_id", "catalogue_editions"),
        link(name, "policy_edition_id", "policy_editions"),
        link(name, "notice_id", "public_notices"),
        link(name, "edition_id", "catalogue_editions"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("public_id", name=op.f(f"uq_{name}_public_id")),
        sa.UniqueConstraint("edition_id", name=op.f(f"uq_{name}_edition_id")),
    )
    op.create_index(op.f(f"ix_{name}_next_check_at"), name, ["next_check_at"])
    is_open = sa.text("status IN ('draft', 'submitted', 'shown', 'returned')")
    op.create_index(
        "uq_list_drafts_open",
        name,
        ["jurisdiction_code"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    name = "item_proposals"
    op.create_table(
        name,
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("jurisdiction_code", sa.String(length=12), nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("item_code", sa.String(length=20), nullable=False),
        sa.Column("item_name", sa.String(length=120), nullable=False),
        sa.Column("content", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("policy_edition_id", KEY, nullable=False),
        sa.Column("proposed_by", KEY, nullable=True),
        sa.Column("proposed_at", AT, nullable=False),
        sa.Column("due_at", AT, nullable=False),
        sa.Column("answered_by", KEY, nullable=True),
        sa.Column("answered_at", AT, nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("draft_id", KEY, nullable=True),
        sa.Column("public_id", sa.String(length=13), nullable=False),
        sa.Column("status_since", AT, nullable=False),
        sa.Column("next_check_at", AT, nullable=True),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint("(kind = 'drop') = (content IS NULL)", name=op.f(f"ck_{name}_content")),
        sa.CheckConstraint(
            "(status = 'refused') = (answer IS NOT NULL)", name=op.f(f"ck_{name}_answer")
        ),
        sa.CheckConstraint(
            "status <> 'accepted' OR draft_id IS NOT NULL", name=op.f(f"ck_{name}_draft")
        ),
        link(name, "jurisdiction_code", "jurisdictions", "code"),
        link(name, "organisation_id", "organisations"),
        link(name, "policy_edition_id", "policy_editions"),
        link(name, "draft_id", "list_drafts"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("public_id", name=op.f(f"uq_{name}_public_id")),
    )
    for column in ("organisation_id", "draft_id", "next_check_at"):
        op.create_index(op.f(f"ix_{name}_{column}"), name, [column])
    is_open = sa.text("status IN ('proposed', 'accepted')")
    op.create_index(
        "uq_item_proposals_open",
        name,
        ["jurisdiction_code", "item_code"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )


def downgrade() -> None:
    op.drop_table("item_proposals")
    op.drop_table("list_drafts")
