"""The kit's own tables: events, outbox, inbox, facts and their like, the same in every service."""

import sqlalchemy as sa
from alembic import op

revision = "kit_0001"
down_revision = None
branch_labels = ("kit",)
depends_on = None


def upgrade() -> None:
    op.create_table('blobs',
    sa.Column('object_id', sa.String(), nullable=False),
    sa.Column('person_id', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('wrapped_key', sa.LargeBinary(), nullable=False),
    sa.Column('duplicate_key', sa.String(), nullable=True),
    sa.Column('created_at', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('object_id')
    )
    op.create_index('blobs_by_duplicate', 'blobs', ['person_id', 'duplicate_key'], unique=False)
    op.create_index('blobs_by_person', 'blobs', ['person_id'], unique=False)
    op.create_table('case_parties',
    sa.Column('case_id', sa.String(), nullable=False),
    sa.Column('role', sa.String(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('organisation_id', sa.String(), nullable=False),
    sa.Column('granted', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('case_id', 'role', 'subject', 'organisation_id')
    )
    op.create_index('case_parties_by_organisation', 'case_parties', ['organisation_id'], unique=False)
    op.create_index('case_parties_by_subject', 'case_parties', ['subject', 'role'], unique=False)
    op.create_table('events',
    sa.Column('stream', sa.String(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('event_id', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('schema_version', sa.Integer(), nullable=False),
    sa.Column('data', sa.Text(), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=True),
    sa.Column('meta', sa.Text(), nullable=False),
    sa.Column('recorded_at', sa.String(), nullable=False),
    sa.Column('prev_hash', sa.LargeBinary(), nullable=False),
    sa.Column('hash', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('stream', 'version'),
    sa.UniqueConstraint('event_id')
    )
    op.create_table('facts',
    sa.Column('event_id', sa.String(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('type', sa.String(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('stream', sa.String(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('occurred_at', sa.String(), nullable=False),
    sa.Column('kept_at', sa.String(), nullable=False),
    sa.Column('data', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('event_id')
    )
    op.create_index('facts_by_key', 'facts', ['key', 'type', 'position'], unique=False)
    op.create_index('facts_by_position', 'facts', ['position'], unique=False)
    op.create_table('heads',
    sa.Column('stream', sa.String(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('hash', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('stream')
    )
    op.create_table('idempotency',
    sa.Column('client', sa.String(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('fingerprint', sa.String(), nullable=False),
    sa.Column('status', sa.Integer(), nullable=False),
    sa.Column('response', sa.Text(), nullable=False),
    sa.Column('created_at', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('client', 'key')
    )
    op.create_table('inbox',
    sa.Column('consumer', sa.String(), nullable=False),
    sa.Column('event_id', sa.String(), nullable=False),
    sa.Column('handled_at', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('consumer', 'event_id')
    )
    op.create_table('notices',
    sa.Column('notice_id', sa.String(), nullable=False),
    sa.Column('stream', sa.String(), nullable=False),
    sa.Column('requested_at', sa.String(), nullable=False),
    sa.Column('sent_at', sa.String(), nullable=True),
    sa.PrimaryKeyConstraint('notice_id')
    )
    op.create_index('notices_pending', 'notices', ['notice_id'], unique=False, sqlite_where=sa.text('sent_at IS NULL'), postgresql_where=sa.text('sent_at IS NULL'))
    op.create_table('outbox',
    sa.Column('id', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('event_id', sa.String(), nullable=False),
    sa.Column('topic', sa.String(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('headers', sa.Text(), nullable=False),
    sa.Column('value', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.String(), nullable=False),
    sa.Column('published_at', sa.String(), nullable=True),
    sa.PrimaryKeyConstraint('id'),
    sqlite_autoincrement=True
    )
    op.create_index('outbox_pending', 'outbox', ['id'], unique=False, sqlite_where=sa.text('published_at IS NULL'), postgresql_where=sa.text('published_at IS NULL'))
    op.create_table('parked',
    sa.Column('id', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('consumer', sa.String(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('event_id', sa.String(), nullable=False),
    sa.Column('topic', sa.String(), nullable=False),
    sa.Column('headers', sa.Text(), nullable=False),
    sa.Column('value', sa.LargeBinary(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('parked_at', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('consumer', 'event_id'),
    sqlite_autoincrement=True
    )
    op.create_index('parked_by_key', 'parked', ['consumer', 'key', 'id'], unique=False)
    op.create_table('shadows',
    sa.Column('projection', sa.String(), nullable=False),
    sa.Column('stream', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('projection', 'stream')
    )
