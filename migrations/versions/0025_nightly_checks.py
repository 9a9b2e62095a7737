"""what the checks of a night found, unusual events and who acknowledged them

Revises: 0024
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _key() -> sa.Column[int]:
    return sa.Column("id", NUMBER, autoincrement=True, nullable=False)


def upgrade() -> None:
    op.create_table(
        "check_runs",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("part", sa.String(40), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("position", NUMBER, nullable=False),
        sa.Column("checked", NUMBER, nullable=False),
        sa.Column("faults", NUMBER, nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        _key(),
        sa.CheckConstraint("faults >= 0 AND checked >= 0", name=op.f("ck_check_runs_counts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_runs")),
        sa.UniqueConstraint("day", "part", name=op.f("uq_check_runs_day_part")),
    )
    op.create_table(
        "ledger_watch",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("seq", NUMBER, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_ledger_watch_single_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_watch")),
    )
    op.create_table(
        "unusual_events",
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("reference", sa.String(120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seq", NUMBER, nullable=True),
        sa.Column("action", sa.String(80), nullable=True),
        sa.Column("user_id", NUMBER, nullable=True),
        sa.Column("organisation_id", NUMBER, nullable=True),
        sa.Column("about", sa.String(200), nullable=False),
        sa.Column("link", sa.String(300), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("acknowledged_by", NUMBER, nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("public_id", sa.String(13), nullable=False),
        _key(),
        sa.CheckConstraint(
            "(acknowledged_at IS NULL) = (acknowledged_by IS NULL)",
            name=op.f("ck_unusual_events_acknowledged"),
        ),
        sa.CheckConstraint(
            "acknowledged_by <> user_id", name=op.f("ck_unusual_events_acknowledged_by_another")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_unusual_events_organisation_id_organisations"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unusual_events")),
        sa.UniqueConstraint("kind", "reference", name=op.f("uq_unusual_events_kind_reference")),
        sa.UniqueConstraint("public_id", name=op.f("uq_unusual_events_public_id")),
    )
    op.create_index("ix_unusual_events_queue", "unusual_events", ["acknowledged_at", "id"])


def downgrade() -> None:
    op.drop_table("unusual_events")
    op.drop_table("ledger_watch")
    op.drop_table("check_runs")
