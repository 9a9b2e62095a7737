"""what bodies share, matters opened because of it, listings that follow a former name, departures

Revises: 0049
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0049"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)
FEATURES, MATCHES, DEPARTURES = "likeness_features", "likeness_matches", "departures"


def link(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    """A foreign key by its conventional name."""
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}")
    )


def upgrade() -> None:
    op.create_table(
        FEATURES,
        sa.Column("organisation_id", KEY, nullable=True),
        sa.Column("record_id", KEY, nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("from_at", AT, nullable=False),
        sa.Column("ended_at", AT, nullable=True),
        sa.Column("next_check_at", AT, nullable=True),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint(
            "(organisation_id IS NULL) <> (record_id IS NULL)",
            name=op.f(f"ck_{FEATURES}_one_holder"),
        ),
        sa.CheckConstraint(
            "ended_at IS NULL OR ended_at >= from_at", name=op.f(f"ck_{FEATURES}_period")
        ),
        link(FEATURES, "organisation_id", "organisations"),
        link(FEATURES, "record_id", "national_records"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{FEATURES}")),
    )
    op.create_index("ix_likeness_features_digest", FEATURES, ["digest", "organisation_id"])
    op.create_index(op.f("ix_likeness_features_record_id"), FEATURES, ["record_id"])
    op.create_index(op.f("ix_likeness_features_next_check_at"), FEATURES, ["next_check_at"])
    live = sa.text("ended_at IS NULL")
    op.create_index(
        "uq_likeness_features_live",
        FEATURES,
        ["organisation_id", "kind", "digest"],
        unique=True,
        sqlite_where=live,
        postgresql_where=live,
    )
    op.create_table(
        MATCHES,
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("firm_id", KEY, nullable=False),
        sa.Column("other_id", KEY, nullable=True),
        sa.Column("record_id", KEY, nullable=True),
        sa.Column("ties", sa.JSON(), nullable=False),
        sa.Column("standings", sa.JSON(), nullable=False),
        sa.Column("edition_id", KEY, nullable=False),
        sa.Column("opened_at", AT, nullable=False),
        sa.Column("statement_due_at", AT, nullable=False),
        sa.Column("decide_by", AT, nullable=False),
        sa.Column("statement", sa.Text(), nullable=True),
        sa.Column("stated_at", AT, nullable=True),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("proposal_reason", sa.Text(), nullable=True),
        sa.Column("proposed_by", KEY, nullable=True),
        sa.Column("proposed_at", AT, nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("decided_by", KEY, nullable=True),
        sa.Column("decided_at", AT, nullable=True),
        sa.Column("public_id", sa.String(length=13), nullable=False),
        sa.Column("status_since", AT, nullable=False),
        sa.Column("next_check_at", AT, nullable=True),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint(
            "(other_id IS NULL) <> (record_id IS NULL)", name=op.f(f"ck_{MATCHES}_one_other")
        ),
        sa.CheckConstraint("decided_by <> proposed_by", name=op.f(f"ck_{MATCHES}_two_officers")),
        sa.CheckConstraint(
            "(status IN ('open', 'proposed')) = (decided_at IS NULL)",
            name=op.f(f"ck_{MATCHES}_decided"),
        ),
        sa.CheckConstraint(
            "decided_at IS NULL OR (outcome = status AND decision_reason IS NOT NULL)",
            name=op.f(f"ck_{MATCHES}_outcome"),
        ),
        link(MATCHES, "firm_id", "firms"),
        link(MATCHES, "other_id", "organisations"),
        link(MATCHES, "record_id", "national_records"),
        link(MATCHES, "edition_id", "policy_editions"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{MATCHES}")),
        sa.UniqueConstraint("public_id", name=op.f(f"uq_{MATCHES}_public_id")),
    )
    for column in ("other_id", "next_check_at"):
        op.create_index(op.f(f"ix_{MATCHES}_{column}"), MATCHES, [column])
    undecided = sa.text("decided_at IS NULL")
    for name, column in (("other", "other_id"), ("record", "record_id")):
        op.create_index(
            f"uq_{MATCHES}_{name}",
            MATCHES,
            ["firm_id", column],
            unique=True,
            sqlite_where=undecided,
            postgresql_where=undecided,
        )
    _departures()
    _follow()


def _departures() -> None:
    texts = ("statement", "hearing_record", "proposal_reason", "decision_reason", "appeal")
    moments = ("stated_at", "hearing_at", "proposed_at", "decided_at", "ended_at", "appeal_until")
    op.create_table(
        DEPARTURES,
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("firm_id", KEY, nullable=False),
        sa.Column("edition_id", KEY, nullable=False),
        sa.Column("ground", sa.String(length=40), nullable=True),
        sa.Column("contracts", sa.String(length=40), nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("begun_at", AT, nullable=False),
        sa.Column("hearing_asked", sa.Boolean(), server_default=sa.false(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=True) for name in (*texts, "review_reason")),
        *(
            sa.Column(name, AT, nullable=True)
            for name in (*moments, "statement_due_at", "appealed_at", "review_by", "reviewed_at")
        ),
        *(
            sa.Column(name, KEY, nullable=True)
            for name in ("begun_by", "proposed_by", "decided_by", "reviewed_by")
        ),
        sa.Column("public_id", sa.String(length=13), nullable=False),
        sa.Column("status_since", AT, nullable=False),
        sa.Column("next_check_at", AT, nullable=True),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        *(
            sa.CheckConstraint(condition, name=op.f(f"ck_{DEPARTURES}_{name}"))
            for name, condition in {
                "ground": "(status IN ('declared', 'taken_back', 'left')) = (ground IS NULL)",
                "ended": "(status IN ('declared', 'noticed', 'heard', 'proposed')) = "
                "(ended_at IS NULL)",
                "two_officers": "decided_by <> proposed_by",
                "opener_does_not_decide": "decided_by <> begun_by",
                "another_reviews": "reviewed_by <> decided_by",
                "heard": "(ground IS NULL) = (statement_due_at IS NULL)",
                "decided": "status <> 'removed' OR proposed_by IS NOT NULL AND "
                "decision_reason IS NOT NULL",
            }.items()
        ),
        link(DEPARTURES, "firm_id", "firms"),
        link(DEPARTURES, "edition_id", "policy_editions"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{DEPARTURES}")),
        sa.UniqueConstraint("public_id", name=op.f(f"uq_{DEPARTURES}_public_id")),
    )
    for column in ("firm_id", "next_check_at"):
        op.create_index(op.f(f"ix_{DEPARTURES}_{column}"), DEPARTURES, [column])
    under_way = sa.text("ended_at IS NULL")
    op.create_index(
        "uq_departures_open",
        DEPARTURES,
        ["firm_id"],
        unique=True,
        sqlite_where=under_way,
        postgresql_where=under_way,
    )


def _follow() -> None:
    """A reference to the same table, added in place."""
    name = "fk_blacklistings_follows_id_blacklistings"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "ALTER TABLE blacklistings ADD COLUMN follows_id INTEGER "
            f"CONSTRAINT {name} REFERENCES blacklistings (id)"
        )
    else:
        op.add_column("blacklistings", sa.Column("follows_id", KEY, nullable=True))
        op.create_foreign_key(op.f(name), "blacklistings", "blacklistings", ["follows_id"], ["id"])
    op.create_index(op.f("ix_blacklistings_follows_id"), "blacklistings", ["follows_id"])


def downgrade() -> None:
    op.drop_table(DEPARTURES)
    op.drop_table(MATCHES)
    op.drop_table(FEATURES)
    op.drop_index(op.f("ix_blacklistings_follows_id"), "blacklistings")
    with op.batch_alter_table("blacklistings") as batch:
        batch.drop_column("follows_id")
