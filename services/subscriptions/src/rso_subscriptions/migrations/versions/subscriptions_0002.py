"""What was told about a case is found by the case, and what came of it by the event."""

from alembic import op

revision = "subscriptions_0002"
down_revision = "subscriptions_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("feed_by_lane", "feed", ["lane", "occurred_at"])
    op.create_index("queue_by_event", "queue", ["event_id"])
    op.drop_index("attempts_by_event", "attempts")
    op.create_index("attempts_by_event", "attempts", ["event_id", "endpoint_id", "id"])


def downgrade() -> None:
    op.drop_index("attempts_by_event", "attempts")
    op.create_index("attempts_by_event", "attempts", ["endpoint_id", "event_id", "id"])
    op.drop_index("queue_by_event", "queue")
    op.drop_index("feed_by_lane", "feed")
