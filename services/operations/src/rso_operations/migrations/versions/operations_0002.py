"""The cases under way, longest in their stage first, are the beginning of an index, however many have ended."""

import sqlalchemy as sa
from alembic import op

revision = "operations_0002"
down_revision = "operations_0001"
branch_labels = None
depends_on = None

UNDER_WAY = sa.text("stage NOT IN ('closed', 'declined', 'withdrawn', 'expired')")


def upgrade() -> None:
    op.create_index(
        "board_under_way", "board", ["since", "case_id"], sqlite_where=UNDER_WAY, postgresql_where=UNDER_WAY
    )


def downgrade() -> None:
    op.drop_index("board_under_way", "board")
