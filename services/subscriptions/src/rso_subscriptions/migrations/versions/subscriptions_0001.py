"""Endpoints, grants, feeds and what is on its way to subscribers."""

import sqlalchemy as sa
from alembic import op

revision = "subscriptions_0001"
down_revision = None
branch_labels = ("subscriptions",)
depends_on = None

KEPT = sa.text("status <> 'removed'")
COUNTER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "endpoints",
        sa.Column("endpoint_id", sa.String, primary_key=True),
        sa.Column("organisation_id", sa.String, nullable=False),
        sa.Column("url", sa.String, nullable=False),
        sa.Column("types", sa.Text, nullable=False),
        sa.Column("programs", sa.Text, nullable=False),
        sa.Column("sponsors", sa.Text, nullable=False),
        sa.Column("rate", sa.Integer, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("pause_reason", sa.String),
        sa.Column("created_at", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_index("endpoints_by_status", "endpoints", ["status", "endpoint_id"])
    op.create_index("endpoints_by_url", "endpoints", ["organisation_id", "url"], unique=True, sqlite_where=KEPT, postgresql_where=KEPT)
    op.create_table(
        "grants",
        sa.Column("grant_id", sa.String, primary_key=True),
        sa.Column("sponsor_id", sa.String, nullable=False),
        sa.Column("platform_id", sa.String, nullable=False),
        sa.Column("external_id", sa.String, nullable=False),
        sa.Column("level", sa.String, nullable=False),
        sa.Column("effective_from", sa.String, nullable=False),
        sa.Column("until", sa.String),
    )
    op.create_index("grants_by_platform", "grants", ["platform_id", "sponsor_id"])
    op.create_index("grants_by_sponsor", "grants", ["sponsor_id", "effective_from"])
    op.create_table(
        "organisations",
        sa.Column("organisation_id", sa.String, primary_key=True),
        sa.Column("kind", sa.String),
        sa.Column("covered_lives", sa.BigInteger),
        sa.Column("since", sa.String, nullable=False),
        sa.Column("next", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "programs",
        sa.Column("program_id", sa.String, primary_key=True),
        sa.Column("organisation_id", sa.String, nullable=False),
    )
    op.create_table(
        "cases",
        sa.Column("case_id", sa.String, primary_key=True),
        sa.Column("sponsor_id", sa.String, nullable=False),
        sa.Column("opened_at", sa.String, nullable=False),
        sa.Column("delivered_at", sa.String),
        sa.Column("ended_at", sa.String),
    )
    op.create_index("cases_delivered", "cases", ["sponsor_id", "delivered_at"])
    op.create_index("cases_ended", "cases", ["sponsor_id", "ended_at"])
    op.create_index("cases_opened", "cases", ["sponsor_id", "opened_at"])
    op.create_table(
        "months",
        sa.Column("sponsor_id", sa.String, nullable=False),
        sa.Column("month", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("sponsor_id", "month"),
    )
    op.create_table(
        "feed",
        sa.Column("organisation_id", sa.String, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("event_id", sa.String, nullable=False),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("level", sa.String),
        sa.Column("lane", sa.String, nullable=False),
        sa.Column("sponsor_id", sa.String),
        sa.Column("program_id", sa.String),
        sa.Column("occurred_at", sa.String, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "sequence"),
    )
    op.create_index("feed_by_event", "feed", ["organisation_id", "event_id"], unique=True)
    op.create_table(
        "positions",
        sa.Column("endpoint_id", sa.String, primary_key=True),
        sa.Column("cursor", sa.BigInteger, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("failing_since", sa.String),
        sa.Column("rest_until", sa.String),
    )
    op.create_table(
        "queue",
        sa.Column("endpoint_id", sa.String, nullable=False),
        sa.Column("event_id", sa.String, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("lane", sa.String, nullable=False),
        sa.Column("payload", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("strikes", sa.Integer, nullable=False),
        sa.Column("next_at", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("why", sa.String),
        sa.PrimaryKeyConstraint("endpoint_id", "event_id"),
    )
    op.create_index("queue_by_lane", "queue", ["endpoint_id", "state", "lane", "sequence"])
    op.create_index("queue_due", "queue", ["state", "next_at", "endpoint_id"])
    op.create_table(
        "attempts",
        sa.Column("id", COUNTER, primary_key=True, autoincrement=True),
        sa.Column("endpoint_id", sa.String, nullable=False),
        sa.Column("event_id", sa.String, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("at", sa.String, nullable=False),
        sa.Column("ms", sa.Integer, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("outcome", sa.String, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("attempts_by_endpoint", "attempts", ["endpoint_id", "id"])
    op.create_index("attempts_by_event", "attempts", ["endpoint_id", "event_id", "id"])
    op.create_index("attempts_by_time", "attempts", ["at"])


def downgrade() -> None:
    op.drop_table("attempts")
    op.drop_table("queue")
    op.drop_table("positions")
    op.drop_table("feed")
    op.drop_table("months")
    op.drop_table("cases")
    op.drop_table("programs")
    op.drop_table("organisations")
    op.drop_table("grants")
    op.drop_table("endpoints")
