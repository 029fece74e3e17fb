"""Offers of one status, and assignments under way, are found without a look at all the others."""

import sqlalchemy as sa
from alembic import op

revision = "matching_0002"
down_revision = "matching_0001"
branch_labels = None
depends_on = None

ACTIVE = sa.text("status = 'active'")
NEWEST = ["status", "offered_at", "offer_id"]


def upgrade() -> None:
    op.create_index("offers_by_specialist_and_status", "offers", ["specialist_id", *NEWEST])
    op.create_index("offers_by_status", "offers", NEWEST)
    op.drop_index("assignments_by_specialist", "assignments")
    op.create_index(
        "assignments_active", "assignments", ["specialist_id", "case_id"], sqlite_where=ACTIVE, postgresql_where=ACTIVE
    )


def downgrade() -> None:
    op.drop_index("assignments_active", "assignments")
    op.create_index("assignments_by_specialist", "assignments", ["specialist_id", "status"])
    op.drop_index("offers_by_status", "offers")
    op.drop_index("offers_by_specialist_and_status", "offers")
