"""The list of cases by what is due and by what was promised, page by page, with those that have neither at its end; and what is on hold."""

import sqlalchemy as sa
from alembic import op

revision = "operations_0007"
down_revision = "operations_0006"
branch_labels = None
depends_on = None

UNDER_WAY = sa.text("stage NOT IN ('closed', 'declined', 'withdrawn', 'expired')")
ON_HOLD = sa.text("held IS NOT NULL")
COLUMNS = {"due": "due_at", "promise": "promised_by"}


def upgrade() -> None:
    op.drop_index("board_by_due", "board")
    for name, column in COLUMNS.items():
        op.create_index(f"board_by_{name}", "board", [column, "case_id"])
        op.create_index(
            f"board_under_way_by_{name}",
            "board",
            [column, "case_id"],
            sqlite_where=UNDER_WAY,
            postgresql_where=UNDER_WAY,
        )
    op.create_index("board_held", "board", ["held", "case_id"], sqlite_where=ON_HOLD, postgresql_where=ON_HOLD)


def downgrade() -> None:
    op.drop_index("board_held", "board")
    for name in COLUMNS:
        op.drop_index(f"board_under_way_by_{name}", "board")
        op.drop_index(f"board_by_{name}", "board")
    op.create_index("board_by_due", "board", ["due_at"])
