"""How long each delivery took, so that Today need not reckon thousands. Rows that are there learn it from a rebuild."""

import sqlalchemy as sa
from alembic import op

from rso_shared.kit.tables import COUNTER

revision = "operations_0006"
down_revision = "operations_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("board", sa.Column("took_seconds", COUNTER))
    op.drop_index("board_by_delivery", "board")
    op.create_index("board_by_delivery", "board", ["delivered_at", "took_seconds", "promised_by"])


def downgrade() -> None:
    op.drop_index("board_by_delivery", "board")
    op.create_index("board_by_delivery", "board", ["delivered_at"])
    op.drop_column("board", "took_seconds")
