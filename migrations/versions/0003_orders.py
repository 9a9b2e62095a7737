"""orders

Revises: 0002
"""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ALPHABET = "0123456789bcdfghjkmnpqrstvwxyz"
ADDED = {
    "offerings": ("amount", "base_unit", "base_from", "base_to", "paused", "capacity", "areas"),
    "needs": ("channel", "split"),
    "draw_annulments": ("public_id",),
    "contracts": ("accept_working_days", "accept_reminders_after"),
}


def upgrade() -> None:
    op.create_table(
        "orders",
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("need_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("quick", sa.Boolean(), nullable=False),
        sa.Column(
            "offering_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("quantity", sa.String(length=60), nullable=False),
        sa.Column("wanted_by", sa.Date(), nullable=False),
        sa.Column("two_person", sa.Boolean(), nullable=False),
        sa.Column(
            "proposer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "approver_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("concluded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=1000), nullable=False),
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
            "status <> 'concluded' OR (approver_id IS NOT NULL AND concluded_at IS NOT NULL)",
            name=op.f("ck_orders_concluded"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('ended', 'withdrawn') OR outcome <> ''", name=op.f("ck_orders_outcome")
        ),
        sa.CheckConstraint(
            "NOT two_person OR approver_id IS NULL OR approver_id <> proposer_id",
            name=op.f("ck_orders_two_persons"),
        ),
        sa.ForeignKeyConstraint(
            ["approver_id"], ["users.id"], name=op.f("fk_orders_approver_id_users")
        ),
        sa.ForeignKeyConstraint(
            ["edition_id"],
            ["policy_editions.id"],
            name=op.f("fk_orders_edition_id_policy_editions"),
        ),
        sa.ForeignKeyConstraint(["need_id"], ["needs.id"], name=op.f("fk_orders_need_id_needs")),
        sa.ForeignKeyConstraint(
            ["offering_id"], ["offerings.id"], name=op.f("fk_orders_offering_id_offerings")
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["organisations.id"], name=op.f("fk_orders_owner_id_organisations")
        ),
        sa.ForeignKeyConstraint(
            ["proposer_id"], ["users.id"], name=op.f("fk_orders_proposer_id_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("need_id", name=op.f("uq_orders_need_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_orders_public_id")),
    )
    op.create_index(op.f("ix_orders_next_check_at"), "orders", ["next_check_at"], unique=False)
    op.create_index(op.f("ix_orders_offering_id"), "orders", ["offering_id"], unique=False)
    op.create_index("ix_orders_owner", "orders", ["owner_id", "status"], unique=False)
    op.create_table(
        "order_asks",
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("firm_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "answered_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("price", sa.BigInteger(), nullable=True),
        sa.Column("stands_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=False),
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
            "status <> 'asked' OR answer_by IS NOT NULL", name=op.f("ck_order_asks_asked")
        ),
        sa.CheckConstraint(
            "status NOT IN ('quoted', 'taken') OR (price IS NOT NULL AND answered_at IS NOT NULL)",
            name=op.f("ck_order_asks_answered"),
        ),
        sa.CheckConstraint("price IS NULL OR price > 0", name=op.f("ck_order_asks_price")),
        sa.ForeignKeyConstraint(
            ["answered_by"], ["users.id"], name=op.f("fk_order_asks_answered_by_users")
        ),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firms.id"], name=op.f("fk_order_asks_firm_id_firms")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_order_asks_order_id_orders")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_order_asks_organisation_id_organisations"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_asks")),
        sa.UniqueConstraint(
            "order_id", "organisation_id", name=op.f("uq_order_asks_order_id_organisation_id")
        ),
        sa.UniqueConstraint("order_id", "position", name=op.f("uq_order_asks_order_id_position")),
        sa.UniqueConstraint("public_id", name=op.f("uq_order_asks_public_id")),
    )
    op.create_index("ix_order_asks_firm", "order_asks", ["organisation_id", "status"], unique=False)
    op.create_index(
        op.f("ix_order_asks_next_check_at"), "order_asks", ["next_check_at"], unique=False
    )
    op.create_index(
        "uq_order_asks_live",
        "order_asks",
        ["order_id"],
        unique=True,
        sqlite_where=sa.text("status IN ('asked', 'quoted', 'taken')"),
        postgresql_where=sa.text("status IN ('asked', 'quoted', 'taken')"),
    )
    op.add_column(
        "contracts",
        sa.Column(
            "accept_working_days",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
        ),
    )
    op.add_column(
        "contracts", sa.Column("accept_reminders_after", sa.JSON(none_as_null=True), nullable=True)
    )
    op.add_column("draw_annulments", sa.Column("public_id", sa.String(length=13), nullable=True))
    annulments = sa.table("draw_annulments", sa.column("id"), sa.column("public_id"))
    for row in op.get_bind().execute(sa.select(annulments.c.id)).all():
        op.execute(
            annulments.update()
            .where(annulments.c.id == row.id)
            .values(public_id="".join(secrets.choice(ALPHABET) for _ in range(13)))
        )
    op.create_index("uq_draw_annulments_public_id", "draw_annulments", ["public_id"], unique=True)
    op.add_column(
        "needs", sa.Column("channel", sa.String(length=40), server_default="open", nullable=False)
    )
    op.add_column("needs", sa.Column("split", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("offerings", sa.Column("amount", sa.BigInteger(), nullable=True))
    op.add_column("offerings", sa.Column("base_unit", sa.String(length=20), nullable=True))
    op.add_column("offerings", sa.Column("base_from", sa.String(length=64), nullable=True))
    op.add_column("offerings", sa.Column("base_to", sa.String(length=64), nullable=True))
    op.add_column(
        "offerings", sa.Column("paused", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column(
        "offerings",
        sa.Column("capacity", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
    )
    op.add_column("offerings", sa.Column("areas", sa.JSON(), server_default="[]", nullable=False))


def downgrade() -> None:
    op.drop_index("uq_draw_annulments_public_id", table_name="draw_annulments")
    for table, columns in ADDED.items():
        for column in columns:
            op.drop_column(table, column)
    op.drop_table("order_asks")
    op.drop_table("orders")
