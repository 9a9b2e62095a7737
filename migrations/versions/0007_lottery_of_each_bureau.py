"""a lottery's issue is read by each bureau for its own draws

Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLE = "lottery_results"
KEPT = "id, game, day, issue, numbers, value, source, first_user_id, second_user_id, at"
# the office of the officer who read the issue first
OFFICE = (
    "(SELECT min(read.organisation_id) FROM lottery_readings AS read"
    " WHERE read.user_id = former.first_user_id AND read.game = former.game"
    " AND read.day = former.day)"
)


def guard() -> None:
    """Make the table refuse UPDATE and DELETE (TRUNCATE too on PostgreSQL)."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {TABLE}_no_{verb.lower()} BEFORE {verb} ON {TABLE} "
                f"BEGIN SELECT RAISE(ABORT, '{TABLE} is append-only'); END"
            )
        return
    op.execute(
        f"CREATE TRIGGER {TABLE}_append_only BEFORE UPDATE OR DELETE ON {TABLE} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER {TABLE}_no_truncate BEFORE TRUNCATE ON {TABLE} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {TABLE} FROM PUBLIC")
    op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {TABLE} FROM CURRENT_USER")


def rebuild(columns: str, values: str, *more: sa.schema.SchemaItem) -> None:
    """Make the table anew under its name and bring every row over; guards come last."""
    postgresql = op.get_bind().dialect.name == "postgresql"
    op.rename_table(TABLE, "former_lottery_results")
    if postgresql:
        # the names of keys are the schema's, not the table's
        rows = op.get_bind().execute(
            sa.text(
                "SELECT conname FROM pg_constraint WHERE contype IN ('p', 'u')"
                " AND conrelid = 'former_lottery_results'::regclass"
            )
        )
        for name in rows.scalars().all():
            op.drop_constraint(name, "former_lottery_results")
        op.execute(f"ALTER SEQUENCE {TABLE}_id_seq RENAME TO former_lottery_results_id_seq")
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        TABLE,
        sa.Column("game", sa.String(length=8), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("issue", sa.String(length=12), nullable=False),
        sa.Column("numbers", sa.JSON(), nullable=False),
        sa.Column("value", sa.String(length=300), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("first_user_id", number, nullable=False),
        sa.Column("second_user_id", number, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.CheckConstraint(
            "first_user_id <> second_user_id", name=op.f("ck_lottery_results_two_officers")
        ),
        sa.ForeignKeyConstraint(
            ["first_user_id"], ["users.id"], name=op.f("fk_lottery_results_first_user_id_users")
        ),
        sa.ForeignKeyConstraint(
            ["second_user_id"], ["users.id"], name=op.f("fk_lottery_results_second_user_id_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lottery_results")),
        *more,
        info={"append_only": True},
    )
    op.execute(
        f"INSERT INTO {TABLE} ({columns}) SELECT {values}"  # noqa: S608 - constants
        " FROM former_lottery_results AS former ORDER BY id"
    )
    op.drop_table("former_lottery_results")
    if postgresql:
        op.execute(
            f"SELECT setval(pg_get_serial_sequence('{TABLE}', 'id'),"  # noqa: S608 - constants
            f" coalesce(max(id), 1), max(id) IS NOT NULL) FROM {TABLE}"
        )
    guard()


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    rebuild(
        f"{KEPT}, organisation_id",
        f"{KEPT}, {OFFICE}",
        sa.Column("organisation_id", number, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_lottery_results_organisation_id_organisations"),
        ),
        sa.UniqueConstraint(
            "organisation_id",
            "game",
            "day",
            name=op.f("uq_lottery_results_organisation_id_game_day"),
        ),
        sa.UniqueConstraint(
            "organisation_id",
            "game",
            "issue",
            name=op.f("uq_lottery_results_organisation_id_game_issue"),
        ),
    )


def downgrade() -> None:
    rebuild(
        KEPT,
        KEPT,
        sa.UniqueConstraint("game", "day", name=op.f("uq_lottery_results_game_day")),
        sa.UniqueConstraint("game", "issue", name=op.f("uq_lottery_results_game_issue")),
    )
