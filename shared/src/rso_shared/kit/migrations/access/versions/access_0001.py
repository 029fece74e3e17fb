"""The access log and its head. What there was before there were revisions stays; a log without a head gets the one it ends with."""

import sqlalchemy as sa
from alembic import op

revision = "access_0001"
down_revision = None
branch_labels = ("access",)
depends_on = None

COUNTER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
FIRST_HASH = bytes(32)


def upgrade() -> None:
    schema = op.get_context().version_table_schema
    log = op.create_table(
        "access_log",
        sa.Column("id", COUNTER, autoincrement=True, nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("prev_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        schema=schema,
        sqlite_autoincrement=True,
        if_not_exists=True,
    )
    head = op.create_table(
        "access_head",
        sa.Column("last", COUNTER, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        schema=schema,
        if_not_exists=True,
    )
    bind = op.get_bind()
    if bind.execute(sa.select(head)).first() is None:
        last = bind.execute(sa.select(log.c.id, log.c.hash).order_by(log.c.id.desc()).limit(1)).first()
        bind.execute(sa.insert(head).values(last=last.id if last else 0, hash=last.hash if last else FIRST_HASH))
