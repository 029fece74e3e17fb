"""A page of honoraria is a page of one index, whoever asks and however many there are."""

import sqlalchemy as sa
from alembic import op

revision = "billing_0002"
down_revision = "billing_0001"
branch_labels = None
depends_on = None

OPEN = sa.text("approved_at IS NULL")


def upgrade() -> None:
    op.drop_index("honoraria_by_specialist", "honoraria")
    by_time = ["accrued_at", "honorarium_id"]
    op.create_index("honoraria_by_time", "honoraria", by_time)
    op.create_index("honoraria_by_specialist", "honoraria", ["specialist_id", *by_time])
    op.create_index("honoraria_to_approve", "honoraria", by_time, sqlite_where=OPEN, postgresql_where=OPEN)


def downgrade() -> None:
    op.drop_index("honoraria_to_approve", "honoraria")
    op.drop_index("honoraria_by_specialist", "honoraria")
    op.drop_index("honoraria_by_time", "honoraria")
    op.create_index("honoraria_by_specialist", "honoraria", ["specialist_id"])
