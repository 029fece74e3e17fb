"""The read models of the coordinator: open cases and their deadlines."""

import sqlalchemy as sa
from alembic import op

revision = "coordinator_0001"
down_revision = None
branch_labels = ("coordinator",)
depends_on = None


def upgrade() -> None:
    op.create_table('deadlines',
    sa.Column('case_id', sa.String(), nullable=False),
    sa.Column('deadline', sa.String(), nullable=False),
    sa.Column('due_at', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('case_id', 'deadline')
    )
    op.create_table('open_cases',
    sa.Column('case_id', sa.String(), nullable=False),
    sa.Column('stage', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('case_id')
    )
