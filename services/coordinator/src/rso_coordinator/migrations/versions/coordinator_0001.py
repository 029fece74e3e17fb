"""The read models of the coordinator: open cases."""

import sqlalchemy as sa
from alembic import op

revision = "coordinator_0001"
down_revision = None
branch_labels = ("coordinator",)
depends_on = None


def upgrade() -> None:
    op.create_table('open_cases',
    sa.Column('case_id', sa.String(), nullable=False),
    sa.Column('stage', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('case_id')
    )
