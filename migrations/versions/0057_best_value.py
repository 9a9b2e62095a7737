"""best value: weights of needs, plans, panels, judges, their marks

Revises: 0056
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)


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


def link(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    """A foreign key by its conventional name."""
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}")
    )


def unique(table: str, *columns: str) -> sa.UniqueConstraint:
    """A unique constraint by its conventional name."""
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def key(table: str) -> list[sa.schema.SchemaItem]:
    """The key of a table."""
    return [
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]


def status(table: str) -> list[sa.schema.SchemaItem]:
    """The columns of a thing with a status and an address."""
    return [
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("status_since", AT, nullable=False),
        sa.Column("next_check_at", AT, nullable=True),
        sa.Column("public_id", sa.String(length=13), nullable=False),
        unique(table, "public_id"),
    ]


def check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    """A rule of a table by its conventional name."""
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))


def upgrade() -> None:
    name = "need_weights"
    op.create_table(
        name,
        sa.Column("need_id", KEY, nullable=False),
        sa.Column("price", KEY, nullable=False),
        sa.Column("rating", KEY, nullable=False),
        sa.Column("plan", KEY, nullable=False),
        sa.Column("practitioners", KEY, nullable=False),
        sa.Column("scoring", sa.String(length=40), nullable=False),
        sa.Column("edition_id", KEY, nullable=False),
        *key(name),
        check(name, "hundred", "price + rating + plan + practitioners = 100"),
        check(name, "points", "price >= 0 AND rating >= 0 AND plan >= 0 AND practitioners >= 0"),
        link(name, "need_id", "needs"),
        link(name, "edition_id", "policy_editions"),
        unique(name, "need_id"),
    )
    name = "entry_plans"
    op.create_table(
        name,
        sa.Column("entry_id", KEY, nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("sealed_sha256", sa.String(length=64), nullable=False),
        sa.Column("opened_at", AT, nullable=True),
        sa.Column("alias", KEY, nullable=True),
        sa.Column("plan", sa.Text(), nullable=True),
        sa.Column("team", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("score", sa.String(length=64), nullable=True),
        sa.Column("grade", sa.String(length=12), nullable=True),
        sa.Column("grade_record_id", KEY, nullable=True),
        *key(name),
        check(name, "opened", "(plan IS NULL) = (opened_at IS NULL)"),
        check(name, "alias", "(alias IS NULL) = (opened_at IS NULL)"),
        link(name, "entry_id", "entries"),
        unique(name, "entry_id"),
    )
    name = "panels"
    op.create_table(
        name,
        sa.Column("round_id", KEY, nullable=False),
        sa.Column("edition_id", KEY, nullable=False),
        sa.Column("trade", sa.String(length=120), nullable=False),
        sa.Column("size", KEY, nullable=False),
        sa.Column("plan_key", sa.String(length=64), nullable=False),
        sa.Column("commitment", sa.String(length=64), nullable=False),
        sa.Column("frozen_at", AT, nullable=True),
        sa.Column("list_text", sa.Text(), nullable=True),
        sa.Column("list_sha256", sa.String(length=64), nullable=True),
        sa.Column("excluded", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("drawn_at", AT, nullable=True),
        sa.Column("proof", sa.Text(), nullable=True),
        sa.Column("done_at", AT, nullable=True),
        *status(name),
        *key(name),
        check(name, "size", "size >= 2"),
        check(name, "proof", "(proof IS NULL) = (drawn_at IS NULL)"),
        check(name, "frozen", "(list_sha256 IS NULL) = (frozen_at IS NULL)"),
        check(name, "done", "status <> 'done' OR done_at IS NOT NULL"),
        link(name, "round_id", "selection_rounds"),
        link(name, "edition_id", "policy_editions"),
        unique(name, "round_id"),
    )
    op.create_index(op.f("ix_panels_next_check_at"), name, ["next_check_at"])
    name = "panel_judges"
    op.create_table(
        name,
        sa.Column("panel_id", KEY, nullable=False),
        sa.Column("expert_id", KEY, nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("place", KEY, nullable=False),
        sa.Column("called_at", AT, nullable=False),
        sa.Column("answer_by", AT, nullable=False),
        sa.Column("mark_by", AT, nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        *status(name),
        *key(name),
        check(name, "mark_by", "status <> 'confirmed' OR mark_by IS NOT NULL"),
        check(name, "reason", "status <> 'declined' OR reason IS NOT NULL"),
        link(name, "panel_id", "panels"),
        link(name, "expert_id", "experts"),
        link(name, "user_id", "users"),
        link(name, "organisation_id", "organisations"),
        unique(name, "panel_id", "expert_id"),
        unique(name, "panel_id", "place"),
    )
    op.create_index(op.f("ix_panel_judges_user_id"), name, ["user_id"])
    op.create_index(op.f("ix_panel_judges_next_check_at"), name, ["next_check_at"])
    name = "panel_sheets"
    op.create_table(
        name,
        sa.Column("judge_id", KEY, nullable=False),
        sa.Column("entry_id", KEY, nullable=False),
        sa.Column("plan", KEY, nullable=False),
        sa.Column("practitioners", KEY, nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("given_at", AT, nullable=False),
        *key(name),
        check(name, "plan", "plan BETWEEN 0 AND 1000"),
        check(name, "practitioners", "practitioners BETWEEN 0 AND 1000"),
        link(name, "judge_id", "panel_judges"),
        link(name, "entry_id", "entries"),
        unique(name, "judge_id", "entry_id"),
    )
    op.create_index(op.f("ix_panel_sheets_entry_id"), name, ["entry_id"])
    guard(name)
    name = "panel_questions"
    op.create_table(
        name,
        sa.Column("sheet_id", KEY, nullable=False),
        sa.Column("asked_at", AT, nullable=False),
        sa.Column("explain_by", AT, nullable=False),
        sa.Column("middle", sa.String(length=64), nullable=False),
        sa.Column("text", sa.String(length=1000), nullable=True),
        sa.Column("given_at", AT, nullable=True),
        *key(name),
        check(name, "given", "(text IS NULL) = (given_at IS NULL)"),
        link(name, "sheet_id", "panel_sheets"),
        unique(name, "sheet_id"),
    )
    name = "panel_feedback"
    op.create_table(
        name,
        sa.Column("judge_id", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("mark", KEY, nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("given_by", KEY, nullable=False),
        sa.Column("given_at", AT, nullable=False),
        *key(name),
        check(name, "mark", "mark BETWEEN 1 AND 5"),
        link(name, "judge_id", "panel_judges"),
        link(name, "organisation_id", "organisations"),
        unique(name, "judge_id", "organisation_id"),
    )
    guard(name)


def downgrade() -> None:
    for name in (
        "panel_feedback",
        "panel_questions",
        "panel_sheets",
        "panel_judges",
        "panels",
        "entry_plans",
        "need_weights",
    ):
        op.drop_table(name)
