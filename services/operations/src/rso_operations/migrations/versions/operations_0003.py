"""What the staff's lists search and sort by: references, who sent, owns and reviews a case, holds, escalations, due instants."""

import sqlalchemy as sa
from alembic import op

revision = "operations_0003"
down_revision = "operations_0002"
branch_labels = None
depends_on = None

COLUMNS = (
    "client_reference", "partner_id", "program_id", "specialist_id", "owner", "held", "escalation", "due_at", "submitted_at",
    "delivered_at",
)  # fmt: skip
INDEXES = {
    "board_by_partner": ["partner_id", "since"],
    "board_by_program": ["program_id", "since"],
    "board_by_specialist": ["specialist_id", "since"],
    "board_by_client_reference": ["client_reference"],
    "board_by_number": ["reference_last_four", "since"],
    "board_by_due": ["due_at"],
    "board_by_delivery": ["delivered_at"],
    "board_by_submission": ["submitted_at"],
}


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column("board", sa.Column(name, sa.String))
    for index, columns in INDEXES.items():
        op.create_index(index, "board", columns)


def downgrade() -> None:
    for index in INDEXES:
        op.drop_index(index, "board")
    for name in COLUMNS:
        op.drop_column("board", name)
